"""CSL-JSON, as reference managers and Crossref write it."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from clusters.formats.bibliography.names import Name, is_others, person
from clusters.formats.bibliography.work import MONTHS, Entry, Unreadable, Work, plain_text, work_of
from clusters.models import PublicationType
from clusters.values.cleaning import read_json

# What Crossref calls kinds that CSL has another name for.
KINDS = {
    "journal-article": "article-journal",
    "article": "article-journal",
    "book-chapter": "chapter",
    "proceedings-article": "paper-conference",
    "monograph": "book",
    "edited-book": "book",
    "reference-book": "book",
    "dissertation": "thesis",
    "report-component": "report",
    "post": "webpage",
    "post-weblog": "webpage",
}
READ = frozenset(
    [
        "id",
        "type",
        "author",
        "editor",
        "title",
        "issued",
        "container-title",
        "volume",
        "issue",
        "page",
        "publisher",
        "DOI",
        "URL",
        "language",
        "citation-key",
    ]
)


def from_csl(text: str, most: int) -> Iterator[Work]:
    try:
        found = read_json(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise Unreadable(_("This is not JSON, at line %(line)s.") % {"line": line}) from None
    items = found if isinstance(found, list) else [found]
    if len(items) > most:
        raise Unreadable(_("It has more than %(n)s works.") % {"n": most})
    places: dict[str, list[int]] = {}
    for match in re.finditer(r'"id"\s*+:\s*+"?([^",}\]\s]*+)', text):
        places.setdefault(match[1], []).append(match.start())
    place, line = 0, 1
    for item in items:
        # Where an item begins is where its identity is, after the item before it.
        known = places.get(str(item.get("id")), []) if isinstance(item, dict) else []
        if (number := bisect_left(known, place)) < len(known):
            line += text.count("\n", place, known[number])
            place = known[number] + 1
        yield _work(line, item)


def _work(line: int, item: Any) -> Work:
    if not isinstance(item, dict):
        return Work(line, problem=_("An item is an object with a title."))
    try:
        return work_of(_entry(line, item))
    except (TypeError, AttributeError, ValueError, KeyError, IndexError):
        return Work(line, problem=_("A value of this item is not of the kind that CSL has."))


def _entry(line: int, item: dict[str, Any]) -> Entry:
    def words(name: str) -> str:
        value = item.get(name)
        value = value[0] if isinstance(value, list) and value else value
        return plain_text(value) if isinstance(value, str | int | float) else ""

    kind = str(item.get("type") or "")
    kind = KINDS.get(kind, kind)
    authors, has_others = _names(item.get("author") or [])
    editors, _more = _names(item.get("editor") or [])
    return Entry(
        line,
        csl_type=str(kind if kind in PublicationType.values else PublicationType.DOCUMENT.value),
        authors=authors,
        has_others=has_others,
        editors=editors,
        title=words("title"),
        dates=_dates(item.get("issued") or {}),
        container_title=words("container-title"),
        volume=words("volume"),
        issue=words("issue"),
        page=words("page"),
        publisher=words("publisher"),
        dois=[words("DOI")],
        urls=[words("URL")],
        language=words("language"),
        dropped=sorted(map(str, item.keys() - READ)),
    )


# What is said of a family name, in the order in which it is written.
_OF_FAMILY = ("dropping-particle", "non-dropping-particle", "family", "suffix")
_PARTS = (*_OF_FAMILY, "given", "literal", "name")


def _names(names: list[dict[str, Any]]) -> tuple[list[Name], bool]:
    found: list[Name] = []
    has_others = False
    for name in names:
        part = {
            key: plain_text(value) for key, value in name.items() if value and key != "affiliation"
        }
        whole = part.get("literal") or part.get("name") or ""
        if is_others(whole or part.get("family", "")):
            has_others = True
        elif whole and not part.get("family"):
            found.append({"literal": whole})
        elif part.get("family") or part.get("given"):
            particles = (part.get("dropping-particle", ""), part.get("non-dropping-particle", ""))
            family = " ".join(
                filter(None, (*particles, part.get("family", ""), part.get("suffix", "")))
            )
            found.append(person(family, part.get("given", "")))
    return found, has_others


def _dates(issued: Any) -> list[str]:
    if isinstance(issued, str | int):
        return [str(issued)]
    dates = [
        _date(parts)
        for parts in (issued.get("date-parts") or [])[:2]
        if parts and parts[0] is not None
    ]
    mark = "~" if issued.get("circa") else ""
    # CSL counts seasons from 1; EDTF writes spring as 21.
    season = issued.get("season")
    if len(dates) == 1 and len(dates[0]) == 4 and season not in (None, ""):
        is_number = str(season) in ("1", "2", "3", "4")
        dates = [f"{dates[0]}-2{season}" if is_number else f"{season} {dates[0]}"]
    joined = "/".join(f"{date}{mark}" for date in dates)
    return [joined, str(issued.get("raw") or ""), str(issued.get("literal") or "")]


def _date(parts: list[Any]) -> str:
    # Some write zeros where there is no month or day, and months as words.
    year, *rest = (_number(part) for part in parts[:3] if part not in (None, "", 0, "0"))
    if rest and not (1 <= rest[0] <= 12 or 21 <= rest[0] <= 24):  # 21 to 24 are seasons
        raise ValueError(rest[0])  # 2006-13 would be read as two years
    return "-".join([f"{year:04}", *(f"{part:02}" for part in rest)])


def _number(part: Any) -> int:
    word = str(part)[:3].lower()
    return MONTHS.index(word) + 1 if word in MONTHS else int(part)
