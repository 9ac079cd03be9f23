"""BibTeX and BibLaTeX: values joined and named elsewhere, cross-references, LaTeX's letters."""

import logging
import re
import unicodedata
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import bibtexparser
from bibtexparser.middlewares.names import parse_single_name_into_parts
from bibtexparser.model import Entry as Block
from bibtexparser.model import ImplicitComment, String
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from pylatexenc.latex2text import LatexNodes2Text

from clusters.formats.bibliography.names import (
    Name,
    has_particle,
    is_organisation,
    is_others,
    person,
)
from clusters.formats.bibliography.work import MONTHS, Entry, Unreadable, Work, plain_text, work_of
from clusters.formats.citations import BIBTEX_TYPES

# It writes a line for each mistake in a stranger's file.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)
logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)

BROKEN = gettext_noop("This entry cannot be read: a brace, quotation mark or comma is missing.")
KINDS = {bibtex: csl for csl, bibtex in BIBTEX_TYPES.items()} | {
    "conference": "paper-conference",
    "proceedings": "book",
    "inbook": "chapter",
    "collection": "book",
    "mvbook": "book",
    "booklet": "book",
    "report": "report",
    "thesis": "thesis",
    "mastersthesis": "thesis",
    "online": "webpage",
    "electronic": "webpage",
    "www": "webpage",
    "dataset": "dataset",
    "unpublished": "manuscript",
}
READ = frozenset(
    [
        "author",
        "editor",
        "title",
        "subtitle",
        "year",
        "date",
        "month",
        "journal",
        "journaltitle",
        "booktitle",
        "volume",
        "number",
        "issue",
        "pages",
        "publisher",
        "institution",
        "school",
        "organization",
        "doi",
        "url",
        "crossref",
        "langid",
        "language",
    ]
)
# What a chapter takes from the book that it names by `crossref`.
INHERITED = {"title": "booktitle", "subtitle": "", "author": "", "pages": "", "doi": "", "url": ""}
# LaTeX is read by a parser in Python: longer values are none of a reference.
LONGEST_VALUE, LONGEST_NAMES = 5_000, 50_000
MOST_CONVERTED = 50
# What strings of BibTeX, which name each other, may make of a value and of a list; and how many
# braces are read in each other.
LONGEST_JOINED, MOST_LETTERS, MOST_BRACES = 100_000, 20_000_000, 20


def from_bibtex(text: str) -> Iterator[Work]:
    text = re.sub(r"@(string)\s*\(([^()@]*)\)", r"@\1{\2}", text, flags=re.IGNORECASE)
    strings = {name: name.title() for name in MONTHS}
    length = 0
    blocks = bibtexparser.parse_string(text, parse_stack=[]).blocks
    entries: list[tuple[int, str, dict[str, str]]] = []
    named: dict[str, dict[str, str]] = {}
    failed: list[Work] = []
    for block in blocks:
        line = (block.start_line or 0) + 1
        entry = getattr(block, "ignore_error_block", None) or block
        try:
            values = _values(entry, strings)
        except _NoComma:
            failed.append(Work(line, problem=_(BROKEN)))
            continue
        if isinstance(entry, String):
            strings[entry.key.lower()] = values[entry.key]
        elif isinstance(entry, Block):
            length += sum(map(len, values.values()))
            if length > MOST_LETTERS:
                raise Unreadable(_("Its strings (@string) make too much of it."))
            entries.append((line, entry.entry_type.lower(), values))
            named.setdefault(entry.key.lower(), values)
        elif getattr(block, "error", None) is not None:
            failed.append(Work(line, problem=_(BROKEN)))
        elif isinstance(entry, ImplicitComment) and re.search(r"@\w+\s*\(", entry.comment):
            failed.append(Work(line, problem=_("This entry stands in (…): write it in {…}.")))
    works = [
        work_of(_entry(line, kind, _with_inherited(values, named)))
        for line, kind, values in entries
    ]
    yield from sorted([*works, *failed], key=lambda work: work.line)


class _NoComma(Exception):
    """Two values stand beside each other, or the name of the next field in this one's value."""


def _values(entry: Any, strings: dict[str, str]) -> dict[str, str]:
    """Return the values of an entry, or of a string under its name; of other blocks none.

    Raises _NoComma.
    """
    fields = entry.fields if isinstance(entry, Block) else [entry] * isinstance(entry, String)
    values: dict[str, str] = {}
    for field in fields:
        name = field.key.lower() if isinstance(entry, Block) else field.key
        values.setdefault(name, _value(str(field.value), strings))
    return values


def _value(raw: str, strings: dict[str, str]) -> str:
    """Return what a value says: its parts joined, names of strings replaced, without its braces."""
    found: list[str] = []
    at = length = 0
    while (gap := _NEXT.match(raw, at)) and (start := gap.end()) < len(raw):
        if found and "#" not in gap[0]:
            raise _NoComma
        at = start
        if raw[at] == "{":
            end = _end_of_braces(raw, at)
            part, at = raw[at + 1 : end], end + 1
        elif raw[at] == '"':
            end = _end_of_quotes(raw, at)
            part, at = raw[at + 1 : end], end + 1
        else:
            word = _WORD.match(raw, at)[0]  # type: ignore[index]
            part, at = strings.get(word.lower(), word), at + len(word)
        length += len(part)
        if length > LONGEST_JOINED and found:
            raise Unreadable(_("Its strings (@string) make too much of it."))
        found.append(part)
    return "".join(found)


_NEXT, _WORD = re.compile(r"[\s#]*+"), re.compile(r"[^\s#]+")


def _end_of_braces(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at
    return len(text)


def _end_of_quotes(text: str, start: int) -> int:
    depth = 0
    for at in range(start + 1, len(text)):
        depth += (text[at] == "{") - (text[at] == "}")
        if text[at] == '"' and depth <= 0:
            return at
    return len(text)


def _depth(text: str) -> int:
    """Return how many braces are open at once, at most."""
    steps = ((sign == "{") - (sign == "}") for sign in text)
    return max(accumulate(steps), default=0)


def _with_inherited(values: dict[str, str], named: dict[str, dict[str, str]]) -> dict[str, str]:
    name = values.get("crossref", "").lower()
    whole = named.get(name) if name else None  # entries without a key are nobody's book
    if whole is None or whole is values:
        return values
    inherited = {INHERITED.get(name, name): value for name, value in whole.items()}
    return {**{name: value for name, value in inherited.items() if name}, **values}


def _entry(line: int, kind: str, values: dict[str, str]) -> Entry:
    def words(*names: str) -> str:
        value = next((values[name] for name in names if values.get(name)), "")
        return plain_text(from_latex(value))

    authors, has_others = names_of(values.get("author", ""))
    editors, _more = names_of(values.get("editor", ""))
    title = ": ".join(filter(None, (words("title"), words("subtitle"))))
    return Entry(
        line,
        csl_type=str(KINDS.get(kind, "document")),
        authors=authors,
        has_others=has_others or (_more and not authors),
        editors=editors,
        title=title,
        # No words: a tilde after a year says “about”.
        dates=_dates(*(_undashed(values.get(name, "")) for name in ("date", "year", "month"))),
        container_title=words("journal", "journaltitle", "booktitle"),
        volume=words("volume"),
        issue=words("number", "issue"),
        page=words("pages"),
        publisher=words("publisher", "institution", "school", "organization"),
        dois=[unescaped(values.get("doi", ""))],
        urls=[unescaped(values.get("url", ""))],
        language=values.get("langid") or words("language"),
        dropped=sorted(values.keys() - READ),
    )


def _undashed(text: str) -> str:
    """Return a date with LaTeX's dashes as signs: 2006--07 is two years, not a month."""
    return re.sub("-{2,3}", "–", text.strip("{} "))


def _dates(date: str, year: str, month: str) -> list[str]:
    """Return the dates to try: the most exact first."""
    found = [date]
    if year and month:
        word = month.rstrip(".").lower()
        # jul # "~15", or the other way round
        day = re.fullmatch(r"([a-z]+)\.?[~ ]+(\d{1,2})|(\d{1,2})[~ ]+([a-z]+)", word)
        days = f"{int(day[2] or day[3])} " if day else ""
        word = (day[1] or day[4]) if day else word
        is_month = word.isalpha() and word[:3] in MONTHS  # no span of them, as July--August
        is_number = word.isdecimal() and 1 <= int(word[:9]) <= 12
        if is_month:
            found.append(f"{days}{word[:3]} {year}")
        else:
            found.append(f"{year}-{int(word):02}" if is_number else f"{month} {year}")
    return [*found, year]


def names_of(text: str) -> tuple[list[Name], bool]:
    """Return the names of a list joined by “and”, and whether it ends with “and others”."""
    # Accents first: a tilde left standing would part a name.
    decoded = from_latex(text[:LONGEST_NAMES], keeps_braces=True)
    parts = [part.strip() for part in _split_names(decoded) if part.strip()]
    # “Khan, F. R.; Nadvi, K.” is no BibTeX, but often written.
    if len(parts) == 1 and ";" in decoded and not re.search(r"[{}]", decoded):
        parts = [part.strip() for part in decoded.split(";") if part.strip()]
    return [_name(part) for part in parts if not is_others(part)], any(map(is_others, parts))


def _split_names(text: str) -> Iterator[str]:
    """Yield what stands between “and”s outside of braces."""
    start = depth = 0
    for match in re.finditer(r"[{}]|\s+and(?=\s)", text, re.IGNORECASE):
        if match[0] in "{}":
            depth += 1 if match[0] == "{" else -1
        elif depth <= 0:
            yield text[start : match.start()]
            start = match.end()
    yield text[start:]


def _name(text: str) -> Name:
    is_whole = text.startswith("{") and _end_of_braces(text, 0) == len(text) - 1
    bare = re.sub(r"[{}]", "", text).strip()
    # Braces also keep a family name of several words together: {De Neve}.
    if is_whole and not is_organisation(bare) and has_particle(bare):
        return {"family": bare}
    if is_whole or ("," not in text and is_organisation(bare)):
        return {"literal": bare}
    try:
        parts = parse_single_name_into_parts(text)
    except ValueError:
        return {"literal": bare}
    family = " ".join([*parts.von, *parts.last, *parts.jr])
    return person(re.sub(r"[{}]", "", family), re.sub(r"[{}]", "", " ".join(parts.first)))


def unescaped(text: str) -> str:
    """Return a DOI or web address without what LaTeX wants before its signs."""
    return re.sub(r"\\([\\_%&#$~{}^])", r"\1", re.sub(r"\{(\\[_%&#$~^])\}", r"\1", text)).strip(
        "{} \n"
    )


_ACCENTS = {
    "c": "\u0327",
    "k": "\u0328",
    "~": "\u0303",
    "v": "\u030c",
    "u": "\u0306",
    "H": "\u030b",
}


def from_latex(text: str, *, keeps_braces: bool = False) -> str:
    """Return the letters that LaTeX stands for; what it cannot read stays as it is."""
    if len(text) > (LONGEST_NAMES if keeps_braces else LONGEST_VALUE) or not re.search(
        r"[\\{}$~%]|--|``|''", text
    ):
        return text
    if _depth(text) > MOST_BRACES:
        return text
    # Accents of which the parser loses the letter, or takes the sign for a space.
    text = re.sub(r"\{\\([~ckvuH])\s*\{?([A-Za-z])\}?\}", _accented, text)
    text = re.sub(r"\\([~ckvuH])\{([A-Za-z])\}|\\(~)([A-Za-z])", _accented, text)
    text = text.replace(r"\pounds", "£").replace(r"\texteuro", "€").replace(r"\euro", "€")
    # In a reference a percent sign is a percent sign.
    text = re.sub(r"(?<!\\)%", r"\\%", text)
    try:
        decoded: str = LatexNodes2Text(
            math_mode="verbatim", keep_braced_groups=keeps_braces, keep_braced_groups_minlen=2
        ).latex_to_text(text)
    except (ValueError, IndexError, RecursionError, AttributeError):
        return text
    return " ".join(decoded.split())


def _accented(match: re.Match[str]) -> str:
    sign, letter = [group for group in match.groups() if group]
    return unicodedata.normalize("NFC", letter + _ACCENTS[sign])


__all__: list[Any] = ["from_bibtex"]
