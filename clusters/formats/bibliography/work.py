"""One work of a list, as its format gives it, and what the casebook can keep of it."""

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pycountry
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from clusters.formats.bibliography.names import MOST_NAMES, Name, cited_as
from clusters.models import Publication, PublicationType
from clusters.records.serialization import Document
from clusters.values.codelists import LANGUAGES
from clusters.values.date_words import read_date
from clusters.values.doi import bare_doi, doi_of_address

_ATTRIBUTE = r"""\s+[\w:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)"""
_MARKUP = re.compile(
    r"</?(?:i|b|em|strong|sub|sup|scp|sc|span|u|tt|p|br|inf|italic|bold)"
    rf"(?:{_ATTRIBUTE}){{0,9}}\s*/?>",
    re.IGNORECASE,
)
LONGEST_SAID = 60
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Unreadable(Exception):
    """The list as a whole, or the service that was asked, gives nothing."""


@dataclass
class Entry:
    """What one entry of a list says, before anything is left out. Texts are plain.

    `dates` are tried in their order; `dropped` names what its format has and nothing here keeps.
    """

    line: int
    csl_type: str = PublicationType.DOCUMENT.value
    authors: list[Name] = field(default_factory=list)
    has_others: bool = False
    editors: list[Name] = field(default_factory=list)
    title: str = ""
    dates: list[str] = field(default_factory=list)
    container_title: str = ""
    volume: str = ""
    issue: str = ""
    page: str = ""
    publisher: str = ""
    dois: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    language: str = ""
    dropped: list[str] = field(default_factory=list)


@dataclass
class Work:
    """One work of a list: where it stands, what is kept of it, or why it cannot be read.

    `duplicate_of` is the publication that it is already, or the number of the same work above, for
    certain where both have one DOI; `resembles` one that has the same title and may be another.
    `left_out` says what is not kept.
    """

    line: int
    document: Document | None = None
    problem: str = ""
    duplicate_of: Publication | int | None = None
    is_certain: bool = False
    resembles: Publication | int | None = None
    left_out: list[str] = field(default_factory=list)
    number: int = 0

    @property
    def is_new(self) -> bool:
        return self.document is not None and self.duplicate_of is None

    @property
    def may_be_chosen(self) -> bool:
        """Whether somebody can enter it, if only after looking whether it is another work."""
        return self.document is not None and not self.is_certain

    @property
    def names(self) -> str:
        """The authors in one line, to be looked at."""
        return "; ".join(
            author.get("literal")
            or ", ".join(filter(None, (author["family"], author.get("given"))))
            for author in (self.document or {}).get("authors", [])
        )

    @property
    def kind(self) -> str:
        code = (self.document or {}).get("csl_type", "")
        return str(dict(PublicationType.choices).get(code, code))

    def __str__(self) -> str:
        document = self.document or {}
        return ": ".join(filter(None, [document.get("cited_as", ""), document.get("title", "")]))


def plain_text(text: object) -> str:
    """Return a text without markup, HTML's signs as letters, white space as single spaces."""
    # Some exporters write &amp;amp;.
    decoded = html.unescape(html.unescape(str(text)))
    return " ".join(_MARKUP.sub("", decoded).split())


def pages(text: str) -> str:
    return re.sub(r" ?[-–—]+ ?", "–", " ".join((text or "").split()))


def work_of(entry: Entry) -> Work:
    """Return the work of an entry; what does not fit its field is left out, and said to be."""
    left_out = [_("Not kept: %(names)s.") % {"names": ", ".join(entry.dropped)}] * bool(
        entry.dropped
    )
    if not entry.title:
        return Work(entry.line, problem=_("It has no title."))
    if words := _mistake("title", entry.title):
        return Work(entry.line, problem=f"{_('Title')}: {words}")
    if len(entry.authors) > MOST_NAMES:
        left_out.append(_("Authors after the first %(n)s are left out.") % {"n": MOST_NAMES})
    if entry.has_others:
        left_out.append(_("It has further authors, whom the list does not name."))
    document: Document = {
        "csl_type": entry.csl_type,
        "authors": entry.authors[:MOST_NAMES],
        "title": entry.title,
        "container_title": entry.container_title,
        "volume": entry.volume,
        "issue": entry.issue,
        "page": pages(entry.page),
        "publisher": entry.publisher,
        "issued": _issued(entry.dates, left_out),
        "doi": _first([*entry.dois, *map(doi_of_address, entry.urls)], bare_doi, left_out),
        "web_address": _first(
            (url for url in entry.urls if not doi_of_address(url)), _web_address, left_out
        ),
        "language": _first([entry.language], _language, left_out),
        "note": _edited_by(entry) if entry.editors and not entry.authors else "",
    }
    if entry.editors and entry.authors:
        left_out.append(_("Not kept: editors."))
    document = _without_mistakes(document, left_out)
    year = (document.get("issued") or {}).get("edtf", "")
    document["cited_as"] = cited_as(
        entry.authors or entry.editors,
        "".join(re.findall(r"\d{4}", year)[:1]),
        entry.title,
        has_others=entry.has_others,
    )
    return Work(entry.line, document, left_out=left_out)


def _without_mistakes(document: Document, left_out: list[str]) -> Document:
    """Return the values that fit their fields; add to `left_out` what keeps the others out."""
    fitting: Document = {}
    for name, value in document.items():
        if not value:
            continue
        if words := _mistake(name, value):
            said = str(value)[:LONGEST_SAID]
            left_out.append(
                f"{_label(name)}: {words} {_('Left out: “%(value)s”.') % {'value': said}}"
            )
        else:
            fitting[name] = value
    return fitting


def _edited_by(entry: Entry) -> str:
    names = "; ".join(
        editor.get("literal") or ", ".join(filter(None, (editor["family"], editor.get("given"))))
        for editor in entry.editors[:MOST_NAMES]
    )
    return _("Edited by %(names)s.") % {"names": names}


def _label(name: str) -> str:
    return str(Publication._meta.get_field(name).verbose_name).capitalize()  # type: ignore[union-attr]


def _mistake(name: str, value: Any) -> str:
    """Return what keeps a value out of its field; empty where nothing does."""
    column: Any = Publication._meta.get_field(name)
    stored = value["edtf"] if name == "issued" else value
    try:
        column.clean(stored, None)
    except ValidationError as error:
        return " ".join(error.messages)
    return ""


def _issued(dates: Iterable[str], left_out: list[str]) -> dict[str, str] | None:
    """Return the first date that can be read; what could not be, before it, is said."""
    year = ""
    for text in filter(str.strip, dates):
        try:
            found = read_date(text)
        except ValueError as error:
            left_out.append(str(error))
            years = re.findall(r"(?<!\d)\d{4}(?!\d)", text)
            year = year or (years[0] if len(set(years)) == 1 else "")
        else:
            return {"edtf": found}
    if year:
        left_out.append(_("Of this date only the year %(year)s is kept.") % {"year": year})
        return {"edtf": year}
    return None


def _first(texts: Iterable[str], read: Callable[[str], str], left_out: list[str]) -> str:
    """Return the first value that can be read; the others, and what cannot be read, is said."""
    found: list[str] = []
    for text in texts:
        try:
            value = read(text)
        except ValueError as error:
            left_out.append(str(error))
            continue
        if value and value not in found:
            found.append(value)
    if found[1:]:
        left_out.append(_("Not kept: %(names)s.") % {"names": ", ".join(found[1:])})
    return found[0] if found else ""


# What babel (BibLaTeX) calls languages that have another name.
_BABEL = {
    "british": "en-GB",
    "ukenglish": "en-GB",
    "american": "en-US",
    "usenglish": "en-US",
    "ngerman": "de",
    "naustrian": "de-AT",
    "nswissgerman": "de-CH",
    "brazilian": "pt-BR",
    "brazil": "pt-BR",
    "portuges": "pt",
    "francais": "fr",
}


def _language(text: str) -> str:
    """Return the BCP 47 tag of a language's code or name."""
    name = _BABEL.get(text.strip().lower(), text.strip())
    if not name:
        return ""
    # Catalogues of libraries use three letters, some of them of the name in English.
    known = pycountry.languages.get(alpha_3=name.lower()) or pycountry.languages.get(
        bibliographic=name.lower()
    )
    try:
        return LANGUAGES.find(getattr(known, "alpha_2", name))
    except ValueError as error:
        words = _("%(problem)s The language is left out.")
        raise ValueError(words % {"problem": error}) from None


def _web_address(text: str) -> str:
    address = text.strip()
    if address[:4].lower() == "www.":
        address = f"https://{address}"
    if address and not re.match(r"(https?|ftp)://[^\s<>]+$", address, re.IGNORECASE):
        words = _("“%(text)s” is no web address. It is left out.")
        raise ValueError(words % {"text": address[:LONGEST_SAID]})
    return address
