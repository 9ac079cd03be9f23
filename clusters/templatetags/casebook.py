"""Tags and filters of our own."""

import json
from collections.abc import Sequence
from typing import Any

from django import template
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clusters.published.search import START, STOP
from clusters.records import display
from clusters.records.schema import record_schemas

register = template.Library()


@register.inclusion_tag("clusters/_sources.html")
def sources(record: Any, field: str = "") -> dict[str, Any]:
    """Show where a record, or one field of it, is written.

    For a field: the citations for it, else those for the whole record, which is said; also where
    the field was changed after all of these. The record's `citations` should be prefetched with
    `citations__citation__publication`.
    """
    uses = sorted(record.citations.all(), key=lambda use: (use.field, use.pk))
    named = [use for use in uses if use.field == field]
    if field:
        of_the_whole = [use for use in uses if use.field == ""]
        current = [use for use in of_the_whole if field not in use.not_for]
        uses = named or current or of_the_whole
    is_named = bool(not field or named)
    seen: dict[int, Any] = {}
    for use in uses:
        seen.setdefault(use.citation_id, use)
    return {
        "uses": list(seen.values()),
        "are_of_the_whole": not is_named,
        "are_outdated": not is_named and not current,
    }


@register.filter
def kind_words(kind: str) -> str:
    """What people call one record of a kind: “outcome-dimensions” is “outcome dimension”."""
    shape = record_schemas().get(kind)
    return kind.replace("-", " ") if shape is None else str(shape.model._meta.verbose_name)


@register.simple_tag(takes_context=True)
def dataset_card(context: dict[str, Any], counts: dict[str, int]) -> SafeString:
    """Describe the casebook to machines that read pages, as a schema.org Dataset.

    A block of data, not a script: the policy lets it stand.
    """
    request = context["request"]
    card = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": "Cluster Casebook",
        "description": _(
            "What donor-financed CSR interventions did in industrial clusters of developing "
            "countries, who says why, and where it is written: %(projects)s projects, "
            "%(accounts)s accounts, %(publications)s publications."
        )
        % counts,
        "url": request.build_absolute_uri("/"),
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "isAccessibleForFree": True,
        "keywords": ["CSR", "industrial clusters", "donor funding", "collective action"],
        "distribution": {
            "@type": "DataDownload",
            "encodingFormat": "application/json",
            "contentUrl": request.build_absolute_uri("/api/v1/"),
        },
    }
    text = json.dumps(card, ensure_ascii=False).translate(JSON_ESCAPES)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))  # noqa: S308


# As Django's own json_script: nothing in the text can end the element.
JSON_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


@register.simple_tag
def highwire(work: Any) -> SafeString:
    """The meta tags by which reference managers and Google Scholar know a work."""
    first, _dash, last = work.page.partition("–")
    named = [
        ("title", work.title),
        *(("author", authors([name])) for name in work.authors),
        ("publication_date", str(work.issued)[:4] if work.issued else ""),
        ("journal_title", work.container_title),
        ("volume", work.volume),
        ("issue", work.issue),
        ("firstpage", first),
        ("lastpage", last),
        ("doi", work.doi),
        ("language", work.language),
    ]
    if not work.title:  # the source gives no title: there is nothing to cite it by
        return SafeString("")
    rows = [(name, value) for name, value in named if value]
    return format_html_join("\n", '<meta name="citation_{}" content="{}">', rows)


@register.simple_tag
def highwire_record(reference: Any) -> SafeString:
    """The same tags for a record of the casebook, from how it is cited."""
    rows = [
        ("title", reference.title),
        *(("author", name) for name in reference.authors),
        ("publication_date", reference.date or reference.year),
        ("publisher", reference.publisher),
        ("public_url", reference.url),
    ]
    return format_html_join(
        "\n", '<meta name="citation_{}" content="{}">', (row for row in rows if row[1])
    )


@register.filter
def authors(names: list[dict[str, str]]) -> str:
    """Write CSL names out: Fayyaz, A., Lund-Thomsen, P., & Lindgreen, A."""
    written = [
        name.get("literal")
        or ", ".join(filter(None, [name.get("family", ""), name.get("given", "")]))
        for name in names
    ]
    return _(" and ").join(filter(None, [", ".join(written[:-1]), written[-1]])) if written else ""


@register.filter
def months(number: int | None) -> str:
    """Write months as people do: 36 is “3 years”, 18 stays “18 months”."""
    if number is None:
        return _("not stated")
    years, rest = divmod(number, 12)
    if rest == 0 and years:
        return ngettext("%(n)s year", "%(n)s years", years) % {"n": years}
    return ngettext("%(n)s month", "%(n)s months", number) % {"n": number}


@register.filter
def amount(value: Any) -> str:
    """Write a number with thousands apart and no empty decimals."""
    if value is None:
        return ""
    text = f"{value:,.2f}"
    return text.removesuffix(".00")


@register.filter
def marked(text: str) -> SafeString:
    """Show the hits of a search; whatever else is in the text is escaped."""
    escaped = conditional_escape(text)
    return mark_safe(escaped.replace(START, "<mark>").replace(STOP, "</mark>"))  # noqa: S308


@register.simple_tag
def value_words(value: Any, where: Sequence[str] | str, kind: str) -> str:
    """Write a value of a document out as its form does; nothing there says so."""
    return _("nothing") if value is None else display.value_words(value, where, kind)


@register.filter
def field_words(where: Sequence[str] | str, kind: str) -> str:
    """Say where a value stands, as its form does."""
    return display.field_words(where, kind)


@register.filter
def as_document(value: Any) -> SafeString:
    """Write a document as nested lists of terms: names and values, parts under their keys."""
    if isinstance(value, dict):
        rows = [(display.label(name), as_document(part)) for name, part in value.items()]
        return format_html(
            '<dl class="document">{}</dl>',
            format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", rows),
        )
    if isinstance(value, list):
        if all(not isinstance(part, dict | list) for part in value):
            return format_html("{}", "; ".join(map(str, value)))
        items = format_html_join("", "<li>{}</li>", ((as_document(part),) for part in value))
        return format_html('<ul class="plain">{}</ul>', items)
    return format_html("{}", value)
