"""PubMed (.nbib), Web of Science text and EndNote XML: formats of one service each."""

import re
from collections.abc import Iterator
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from django.utils.translation import gettext as _

from clusters.formats.bibliography.names import is_others, names_of
from clusters.formats.bibliography.work import Entry, Unreadable, Work, plain_text, work_of

PUBMED = re.compile(r"^PMID- ", re.MULTILINE)
WEB_OF_SCIENCE = re.compile(r"^PT [A-Z]\s*$", re.MULTILINE)
ENDNOTE = re.compile(r"\s*(<\?xml[^>]*\?>\s*)?(<!DOCTYPE[^>]*>\s*)?<xml>|<records>", re.IGNORECASE)

type Fields = dict[str, list[str]]


def _records(text: str, tag: str, first: str) -> Iterator[tuple[int, Fields]]:
    """Yield records of lines “TAG value”; lines that begin with spaces go on with the last tag."""
    fields: Fields = {}
    begun, current = 0, ""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, start=1):
        match = re.match(tag, line)
        if match:
            current = match[1]
            if current == first:
                if begun:
                    yield begun, fields
                fields, begun = {}, number
            fields.setdefault(current, []).append((match[2] or "").strip())
        elif line.startswith("  ") and current and fields:
            fields[current].append(line.strip())
        else:
            current = ""
    if fields and first in fields:
        yield begun, fields


# --- PubMed ---------------------------------------------------------------------------------------

_PUBMED_READ = frozenset(
    [
        "PMID",
        "TI",
        "BTI",
        "FAU",
        "AU",
        "CN",
        "ED",
        "FED",
        "DP",
        "JT",
        "TA",
        "VI",
        "IP",
        "PG",
        "AID",
        "LID",
        "PT",
        "PB",
        "LA",
    ]
)


def from_pubmed(text: str) -> Iterator[Work]:
    for line, fields in _records(text, r"([A-Z]{2,4}) *- ?(.*)$", "PMID"):
        yield work_of(_pubmed_entry(line, fields))


def _pubmed_entry(line: int, fields: Fields) -> Entry:
    kinds = " ".join(fields.get("PT", [])).lower()
    in_book = "BTI" in fields
    kind = "article-journal" if not in_book else "chapter" if "TI" in fields else "book"
    container = (fields.get("BTI") if in_book and "TI" in fields else None) or fields.get("JT")
    identifiers = [*fields.get("AID", []), *fields.get("LID", [])]
    dois = [
        identifier.removesuffix("[doi]").strip()
        for identifier in identifiers
        if identifier.endswith("[doi]")
    ]
    names = fields.get("FAU") or fields.get("AU") or []
    return Entry(
        line,
        csl_type="dataset" if "dataset" in kinds else kind,
        authors=[
            *names_of(names),
            *({"literal": organisation} for organisation in fields.get("CN", [])),
        ],
        has_others=any(map(is_others, names)),
        editors=names_of(fields.get("FED") or fields.get("ED") or []),
        title=plain_text(" ".join(fields.get("TI") or fields.get("BTI") or [])).rstrip("."),
        dates=_dates(" ".join(fields.get("DP", []))),
        container_title=plain_text(" ".join(container or fields.get("TA", [])[:1])).rstrip("."),
        volume=" ".join(fields.get("VI", [])[:1]),
        issue=" ".join(fields.get("IP", [])[:1]),
        page=" ".join(fields.get("PG", [])[:1]),
        publisher=plain_text(" ".join(fields.get("PB", [])[:1])),
        dois=dois,
        language=" ".join(fields.get("LA", [])[:1]),
        dropped=sorted(fields.keys() - _PUBMED_READ),
    )


# How Web of Science calls them.
_SEASONS = {"SPR": "spring", "SUM": "summer", "FAL": "fall", "WIN": "winter"}


def _dates(text: str) -> list[str]:
    """Return the dates to try for one that is written year first: 2017 Nov 15, 2017 Nov-Dec."""
    year, _space, rest = text.partition(" ")
    if match := re.fullmatch(r"(\d{4}) ([A-Za-z]+)-(\d{4}) ([A-Za-z]+)", text):
        return [f"{match[2]} {match[1]} to {match[4]} {match[3]}", match[1]]
    if re.findall(r"\d{4}", rest) == [year]:
        return [rest]  # the year stands in both
    if rest in _SEASONS:
        return [f"{_SEASONS[rest]} {year}"]
    if match := re.fullmatch(r"(\d{4}) ([A-Za-z]+)\.? (\d{1,2})", text):
        return [f"{match[3]} {match[2]} {match[1]}"]
    if match := re.fullmatch(r"(\d{4}) (\d{1,2}) ([A-Za-z]+)\.?", text):
        return [f"{match[2]} {match[3]} {match[1]}"]
    if match := re.fullmatch(r"(\d{4}) ([A-Za-z]+)-([A-Za-z]+)", text):
        return [f"{match[2]} {match[1]} to {match[3]} {match[1]}", match[1]]
    return [text, *re.findall(r"^\d{4}", text)]


# --- Web of Science -------------------------------------------------------------------------------

_WOS_READ = frozenset(
    [
        "PT",
        "AU",
        "AF",
        "TI",
        "SO",
        "PD",
        "PY",
        "VL",
        "IS",
        "BP",
        "EP",
        "DI",
        "PU",
        "BE",
        "ER",
        "EF",
        "FN",
        "VR",
        "DT",
        "UT",
        "AR",
        "LA",
    ]
)


def from_web_of_science(text: str) -> Iterator[Work]:
    for line, fields in _records(text, r"([A-Z][A-Z0-9])(?: (.*))?$", "PT"):
        yield work_of(_wos_entry(line, fields))


def _wos_entry(line: int, fields: Fields) -> Entry:
    def joined(name: str) -> str:
        return plain_text(" ".join(fields.get(name, [])))

    year, day = joined("PY"), joined("PD")
    kind = {"J": "article-journal", "B": "book", "C": "paper-conference"}.get(joined("PT"))
    names = [name for name in fields.get("AF") or fields.get("AU") or [] if name]
    return Entry(
        line,
        csl_type=kind or ("chapter" if "chapter" in joined("DT").lower() else "document"),
        authors=names_of(names),
        has_others=any(map(is_others, names)),
        editors=names_of(fields.get("BE", [])),
        title=joined("TI"),
        dates=[*(_dates(f"{year} {day}") if day else []), year],
        container_title=joined("SO"),
        volume=joined("VL"),
        issue=joined("IS"),
        page="–".join(filter(None, (joined("BP"), joined("EP")))) or joined("AR"),
        publisher=joined("PU"),
        dois=[joined("DI")],
        language=joined("LA"),
        dropped=sorted(fields.keys() - _WOS_READ),
    )


# --- EndNote XML ----------------------------------------------------------------------------------

_ENDNOTE_KINDS = {
    "journal article": "article-journal",
    "electronic article": "article-journal",
    "book": "book",
    "edited book": "book",
    "book section": "chapter",
    "report": "report",
    "government document": "report",
    "thesis": "thesis",
    "conference paper": "paper-conference",
    "conference proceedings": "paper-conference",
    "newspaper article": "article-newspaper",
    "magazine article": "article-magazine",
    "dataset": "dataset",
    "standard": "standard",
    "web page": "webpage",
}
_ENDNOTE_READ = frozenset(
    [
        "ref-type",
        "contributors",
        "titles",
        "periodical",
        "dates",
        "pages",
        "volume",
        "number",
        "publisher",
        "urls",
        "language",
        "electronic-resource-num",
        "database",
        "source-app",
        "rec-number",
        "foreign-keys",
    ]
)


def from_endnote(text: str) -> Iterator[Work]:
    try:
        root = fromstring(text)
    except DefusedXmlException:
        raise Unreadable(_("It has XML entities, which no reference manager writes.")) from None
    except (ParseError, ValueError) as error:
        line = getattr(error, "position", (1, 0))[0]
        raise Unreadable(_("This is not XML, at line %(line)s.") % {"line": line}) from None
    places = [match.start() for match in re.finditer(r"<record\b", text)]
    at, line = 0, 1
    inside: set[Any] = set()  # records in records, which are read with the outer one
    for number, record in enumerate(root.iter("record")):
        if record in inside:
            continue
        inside.update(record.iter("record"))
        if number < len(places):
            line += text.count("\n", at, places[number])
            at = places[number]
        yield work_of(_endnote_entry(line, record))


def _endnote_entry(line: int, record: Any) -> Entry:
    def words(*paths: str) -> str:
        found = (record.find(path) for path in paths)
        return next(filter(None, (_text(element) for element in found if element is not None)), "")

    kind = record.find("ref-type")
    name = (kind.get("name") or "").lower() if kind is not None else ""
    authors = [_text(author) for author in record.findall("contributors/authors/author")]
    editors = [_text(editor) for editor in record.findall("contributors/secondary-authors/author")]
    year, day = words("dates/year"), words("dates/pub-dates/date")
    return Entry(
        line,
        csl_type=_ENDNOTE_KINDS.get(name, "document"),
        authors=names_of(authors),
        has_others=any(map(is_others, authors)),
        editors=names_of(editors),
        title=words("titles/title"),
        dates=[*(_dates(f"{year} {day}") if day else []), year],
        container_title=words("titles/secondary-title", "periodical/full-title"),
        volume=words("volume"),
        issue=words("number"),
        page=words("pages"),
        publisher=words("publisher"),
        dois=[words("electronic-resource-num")],
        urls=[_text(url) for url in record.findall("urls/related-urls/url")],
        language=words("language"),
        dropped=sorted({str(element.tag) for element in record} - _ENDNOTE_READ),
    )


def _text(element: Any) -> str:
    return plain_text("".join(element.itertext()))
