"""RIS, as EndNote, Zotero, Mendeley, Scopus and Web of Science write it."""

import re
from collections.abc import Iterator
from typing import Any

import rispy
from django.utils.translation import gettext as _

from clusters.formats.bibliography.names import Name, is_others, names_of
from clusters.formats.bibliography.work import MONTHS, Entry, Unreadable, Work, plain_text, work_of
from clusters.formats.citations import RIS_TYPES

KINDS = {ris: csl for csl, ris in RIS_TYPES.items()} | {
    "CPAPER": "paper-conference",
    "MGZN": "article-magazine",
    "UNPB": "manuscript",
    "EBOOK": "book",
    "EDBOOK": "book",
    "ECHAP": "chapter",
    "EJOUR": "article-journal",
    "JFULL": "article-journal",
    "INPR": "article-journal",
    "GOVDOC": "report",
    "BLOG": "webpage",
}
START = re.compile(r"TY {1,2}-(?: |$)")
TAG = re.compile(r"[A-Z][A-Z0-9] {1,2}-(?: |$)")
# Lines that go on with the one before; each is joined to all that came before it.
MOST_CONTINUED = 20_000
# What rispy calls the tags that are read; the rest is named as not kept.
READ = frozenset(
    [
        "type_of_reference",
        "authors",
        "first_authors",
        "secondary_authors",
        "title",
        "primary_title",
        "date",
        "year",
        "publication_year",
        "secondary_title",
        "journal_name",
        "alternate_title3",
        "alternate_title1",
        "alternate_title2",
        "volume",
        "number",
        "start_page",
        "end_page",
        "publisher",
        "doi",
        "urls",
        "language",
        "id",
    ]
)


def from_ris(text: str) -> Iterator[Work]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [n for n, line in enumerate(lines) if START.match(line)]
    if sum(not TAG.match(line) for line in lines if line.strip()) > MOST_CONTINUED:
        raise Unreadable(_("Too many of its lines begin with no tag (two letters and a hyphen)."))
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield _work(start + 1, lines[start:end])


def _work(line: int, lines: list[str]) -> Work:
    # One space before the hyphen, or none after it, is a habit of some programs.
    tidy = [re.sub(r"^([A-Z][A-Z0-9]) {1,2}-(?: |$)", r"\1  - ", text) for text in lines]
    end = next((n for n, text in enumerate(tidy) if text.startswith("ER  -")), None)
    if end is None:
        return Work(line, problem=_("This record has no end (ER)."))
    try:
        (values,) = rispy.loads("\n".join([*tidy[:end], "ER  - "]) + "\n")
    except Exception:  # rispy raises whatever a broken record makes it stumble on
        return Work(line, problem=_("This record cannot be read: a line is not “XX  - value”."))
    return work_of(_entry(line, values))


def _entry(line: int, values: dict[str, Any]) -> Entry:
    def first(*names: str) -> str:
        return next((plain_text(_one(values[name])) for name in names if values.get(name)), "")

    authors = [*(values.get("first_authors") or []), *(values.get("authors") or [])]
    unknown = values.get("unknown_tag") or {}
    return Entry(
        line,
        csl_type=str(KINDS.get(values.get("type_of_reference", ""), "document")),
        authors=_names(authors),
        has_others=any(map(is_others, authors)),
        editors=_names(values.get("secondary_authors") or []),
        title=first("title", "primary_title"),
        dates=_dates(*(_date(first(name)) for name in ("date", "year", "publication_year"))),
        container_title=first(
            # The full names before the abbreviated ones.
            *("secondary_title", "alternate_title3", "journal_name"),
            *("alternate_title1", "alternate_title2"),
        ),
        volume=first("volume"),
        issue=first("number"),
        page="–".join(filter(None, (first("start_page"), first("end_page")))),
        publisher=first("publisher"),
        dois=[first("doi")],
        urls=[str(url) for url in values.get("urls") or []],
        language=first("language"),
        dropped=sorted(({*values} - READ - {"unknown_tag"}) | {*unknown}),
    )


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _names(texts: list[str]) -> list[Name]:
    return names_of(plain_text(text) for text in texts)


def _date(text: str) -> str:
    """Return a date of RIS, year/month/day/words, as one that can be read."""
    year, *parts = (part.strip() for part in text.split("/"))
    if not re.fullmatch(r"\d{4}", year) or not parts:
        return text
    if parts[0].isalpha():  # 2006/Jul/15, or a season
        if (word := parts[0][:3].lower()) not in MONTHS:
            return f"{parts[0]} {year}"
        parts[0] = str(MONTHS.index(word) + 1)
    numbers = parts[:2]
    # Zeros, or nothing, where there is no month or day.
    while numbers and numbers[-1].strip("0") == "":
        numbers.pop()
    if not numbers and parts[-1].isalpha():  # 2006///Spring
        return f"{parts[-1]} {year}"
    is_date = all(re.fullmatch(r"\d{1,2}", number) for number in numbers)
    # 1999/2000 and 1999/00 are double years.
    is_span = len(parts) == 1 and parts[0] in ("0", "00")
    if is_span or not is_date or (numbers and int(numbers[0]) > 12):
        return text
    return "-".join([year, *(f"{int(number):02}" for number in numbers)])


def _dates(date: str, *years: str) -> list[str]:
    """Return the dates to try; a day without its year, such as JUN 10, is put to the year."""
    found = [date]
    year = next((given for given in years if re.match(r"\d{4}", given)), "")
    if date and year and not re.search(r"\d{4}", date):
        day = re.fullmatch(r"([A-Za-z]{3,9})\.? ?(\d{1,2})?", date)
        words = f"{int(day[2])} {day[1]}" if day and day[2] else (day[1] if day else "")
        if re.fullmatch(r"\d{1,2} [A-Za-z]{3,9}\.?", date):
            words = date
        months = re.fullmatch(r"([A-Za-z]{3,9})[-–/]([A-Za-z]{3,9})", date)
        if months:
            words = f"{months[1]} {year[:4]} to {months[2]}"
        found = [f"{words} {year[:4]}"] if words else []
    return [*found, *years]
