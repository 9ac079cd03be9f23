"""Tags and filters of our own."""

from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("clusters/_sources.html")
def sources(record: Any, field: str = "") -> dict[str, Any]:
    """Show where a record, or one field of it, is written.

    For a field: the citations for it, else those for the whole record. The record's `citations`
    should be prefetched with `citations__citation__publication`.
    """
    uses = sorted(record.citations.all(), key=lambda use: (use.field, use.pk))
    if field:
        uses = [use for use in uses if use.field == field] or [
            use for use in uses if use.field == ""
        ]
    seen: dict[int, Any] = {}
    for use in uses:
        seen.setdefault(use.citation_id, use)
    return {"uses": list(seen.values())}


@register.filter
def authors(names: list[dict[str, str]]) -> str:
    """Write CSL names out: Fayyaz, A., Lund-Thomsen, P., & Lindgreen, A."""
    written = [
        name.get("literal")
        or ", ".join(filter(None, [name.get("family", ""), name.get("given", "")]))
        for name in names
    ]
    return " and ".join(filter(None, [", ".join(written[:-1]), written[-1]])) if written else ""


@register.filter
def months(number: int | None) -> str:
    """Write months as people do: 36 is “3 years”, 18 stays “18 months”."""
    if number is None:
        return "not stated"
    years, rest = divmod(number, 12)
    if rest == 0 and years:
        return f"{years} year{'s' if years != 1 else ''}"
    return f"{number} month{'s' if number != 1 else ''}"


@register.filter
def amount(value: Any) -> str:
    """Write a number with thousands apart and no empty decimals."""
    if value is None:
        return ""
    text = f"{value:,.2f}"
    return text.removesuffix(".00")
