"""Lists of literature read into publications: BibTeX, RIS, CSL-JSON, and works by their DOI.

Whatever cannot be read is told with its line and does not keep the others out.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

import bibtexparser
import rispy
from bibtexparser.middlewares.names import (
    parse_single_name_into_parts,
    split_multiple_persons_names,
)
from bibtexparser.model import Entry as BibtexEntry
from django.conf import settings
from django.core.cache import cache
from django.db.models import Func, Q, TextField, Value
from django.db.models.functions import Lower
from django.utils.text import slugify
from django.utils.translation import gettext as _
from pylatexenc.latex2text import LatexNodes2Text

from clusters.casefiles.document import Document
from clusters.casefiles.saver import find_by_slug
from clusters.citing import BIBTEX_TYPES, RIS_TYPES
from clusters.models import Publication, PublicationType

LARGEST = 2_000_000
MOST_WORKS = 2_000
SECONDS_TO_WAIT = 5
KEPT_FOR = 24 * 60 * 60
FROM_BIBTEX = {bibtex: csl for csl, bibtex in BIBTEX_TYPES.items()} | {
    "inbook": "chapter",
    "mastersthesis": "thesis",
    "online": "webpage",
}
FROM_RIS = {ris: csl for csl, ris in RIS_TYPES.items()}


@dataclass
class Work:
    """One work of a list: where it stands, what it says, or why it cannot be read.

    `duplicate_of` is the publication that it is already, or the line of the same work above.
    """

    line: int
    document: Document | None = None
    problem: str = ""
    duplicate_of: Any = None

    @property
    def is_new(self) -> bool:
        return self.document is not None and self.duplicate_of is None

    def __str__(self) -> str:
        document = self.document or {}
        return ": ".join(filter(None, [document.get("cited_as", ""), document.get("title", "")]))


class Unreadable(Exception):
    """The list as a whole, or the service that was asked, gives nothing."""


def read(content: bytes) -> list[Work]:
    """Read a list of works in whichever of the formats it is. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(_("The list is larger than %(n)s MB.") % {"n": LARGEST // 1_000_000})
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable(_("Line %(line)s is not UTF-8.") % {"line": line}) from None
    if "\x00" in text:
        raise Unreadable(_("It holds a NUL, which no text has."))
    start = text.lstrip()[:2]
    if start[:1] in ("[", "{"):
        works = list(_from_csl(text))
    elif re.search(r"^TY {1,2}- ", text, re.MULTILINE):
        works = list(_from_ris(text))
    elif "@" in text:
        works = list(_from_bibtex(text))
    else:
        raise Unreadable(_("This is neither BibTeX nor RIS nor CSL-JSON."))
    if len(works) > MOST_WORKS:
        raise Unreadable(_("It has more than %(n)s works.") % {"n": MOST_WORKS})
    return works


def fetch(doi: str) -> Work:
    """Return the work that Crossref has under a DOI, asked once a day. Raises Unreadable."""
    wanted = bare_doi(doi)
    if not re.fullmatch(r"10\.\d{4,9}/\S+", wanted):
        message = _("“%(doi)s” is not a DOI, such as 10.1007/s10551-015-2940-6.")
        raise Unreadable(message % {"doi": doi})
    if not settings.CROSSREF_URL:
        raise Unreadable(_("Looking DOIs up is switched off here: fill in the form by hand."))
    key = f"crossref:{wanted}"
    item = cache.get(key)
    if item is None:
        path = f"works/{quote(wanted, safe='')}/transform/application/vnd.citationstyles.csl+json"
        request = Request(  # noqa: S310 - an address of the settings
            f"{settings.CROSSREF_URL.rstrip('/')}/{path}",
            headers={"User-Agent": f"ClusterCasebook ({settings.DEFAULT_FROM_EMAIL})"},
        )
        try:
            with urlopen(request, timeout=SECONDS_TO_WAIT) as answer:  # noqa: S310
                item = json.loads(answer.read(LARGEST))
        except HTTPError as error:
            if error.code == 404:
                raise Unreadable(_("Crossref has no work of that DOI.")) from None
            raise Unreadable(_out_of_reach()) from None
        except (URLError, TimeoutError, OSError, ValueError):
            raise Unreadable(_out_of_reach()) from None
        cache.set(key, item, KEPT_FOR)
    (work,) = _from_csl(json.dumps([item]))
    return work


def _out_of_reach() -> str:
    return _("Crossref cannot be reached: fill in the form by hand, or upload a list.")


def mark_duplicates(works: Sequence[Work], user: Any) -> None:
    """Say which works are known already: by DOI, else by title, year and first author."""
    documents = [work.document for work in works if work.document]
    dois = {bare_doi(one["doi"]) for one in documents if one.get("doi")}
    titles = {plain(one["title"]) for one in documents if one.get("title")}
    letters = Func(
        Func(Lower("title"), function="unaccent"),
        Value("[^[:alnum:]]"),
        Value(""),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
    rows = Publication.objects.visible_to(user).annotate(
        small_doi=Lower("doi"), letters_of_title=letters
    )
    known: dict[Any, Any] = {}
    for row in rows.filter(Q(small_doi__in=dois) | Q(letters_of_title__in=titles)):
        document = {"doi": row.doi, "title": row.title, "authors": row.authors}
        for identity in identities({**document, "issued": {"edtf": row.issued}}):
            known.setdefault(identity, row)
    for work in works:
        if work.document is None:
            continue
        found = identities(work.document)
        work.duplicate_of = next((known[one] for one in found if one in known), None)
        for identity in found:
            known.setdefault(identity, work.line)


def identities(document: Document) -> list[tuple[str, ...]]:
    """Return what tells a work from others, the surest first."""
    found: list[tuple[str, ...]] = []
    if document.get("doi"):
        found.append(("doi", bare_doi(document["doi"])))
    authors = document.get("authors") or [{}]
    first = authors[0].get("family") or authors[0].get("literal") or ""
    year = (document.get("issued") or {}).get("edtf", "")[:4]
    if document.get("title"):
        found.append(("title", plain(document["title"]), year, plain(first)))
    return found


def plain(text: str) -> str:
    """Letters and digits alone, small and without accents, for comparison."""
    parts = unicodedata.normalize("NFKD", text.lower())
    return "".join(one for one in parts if one.isalnum())


def bare_doi(text: str) -> str:
    """Return a DOI without the address of its resolver, in small letters as DOIs compare."""
    return re.sub(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", "", text.strip(), flags=re.I).lower()


def name_new(works: Iterable[Work]) -> list[Document]:
    """Return the documents of the new works, each with a slug that no record has."""
    found, taken = [], set()
    for work in works:
        if not work.is_new or work.document is None:
            continue
        stem = slugify(re.sub(r"[()]", "", work.document["cited_as"]))[:80] or "work"
        slug, number = stem, 2
        while slug in taken or any(find_by_slug(Publication, slug)):
            slug, number = f"{stem}-{number}", number + 1
        taken.add(slug)
        found.append({"slug": slug, **work.document})
    return found


def _work(line: int, values: dict[str, Any]) -> Work:
    """Make a work of what one entry says; empty values are left out."""
    document = {name: value for name, value in values.items() if value}
    if not document.get("title"):
        return Work(line, problem=_("It has no title."))
    for name in document:
        column: Any = Publication._meta.get_field(name)
        if column.max_length and len(str(document[name])) > column.max_length and name != "authors":
            return Work(line, problem=_("Its %(name)s is too long.") % {"name": name})
    year = (document.get("issued") or {}).get("edtf", "")[:4]
    document["cited_as"] = cited_as(document.get("authors", []), year, document["title"])
    return Work(line, document)


def cited_as(authors: Sequence[dict[str, str]], year: str, title: str) -> str:
    """Call a work as texts do: Khan (2004), Lund-Thomsen and Nadvi (2010), Fayyaz et al. (2017)."""
    names = [one.get("family") or one.get("literal") or "" for one in authors]
    if not names:
        who = title[:60]
    elif len(names) == 1:
        who = names[0]
    elif len(names) == 2:
        who = _("%(one)s and %(other)s") % {"one": names[0], "other": names[1]}
    else:
        who = _("%(one)s et al.") % {"one": names[0]}
    return f"{who[:100]} ({year or _('no year')})"


def _year(text: str) -> dict[str, str] | None:
    match = re.search(r"\b(\d{4})(?:[/-](\d{2}))?(?:[/-](\d{2}))?", text or "")
    return {"edtf": "-".join(filter(None, match.groups()))} if match else None


def _pages(text: str) -> str:
    return re.sub(r"\s*-+\s*", "–", text or "")


# --- BibTeX ---------------------------------------------------------------------------------


def _from_bibtex(text: str) -> Iterator[Work]:
    for block in bibtexparser.parse_string(text).blocks:
        line = (block.start_line or 0) + 1
        entry = getattr(block, "ignore_error_block", block)
        if isinstance(entry, BibtexEntry):
            values = {one.key.lower(): str(one.value) for one in entry.fields}
            yield _work(line, _bibtex_values(entry.entry_type.lower(), values))
        elif getattr(block, "error", None) is not None:
            yield Work(line, problem=_("This entry cannot be read: a brace or comma is missing."))


def _bibtex_values(kind: str, values: dict[str, str]) -> dict[str, Any]:
    def words(name: str) -> str:
        return _from_latex(values.get(name, ""))

    return {
        "csl_type": FROM_BIBTEX.get(kind, PublicationType.DOCUMENT),
        "authors": [_bibtex_name(one) for one in _bibtex_names(values.get("author", ""))],
        "title": words("title"),
        "issued": _year(values.get("year", "") or values.get("date", "")),
        "container_title": words("journal") or words("journaltitle") or words("booktitle"),
        "volume": words("volume"),
        "issue": words("number"),
        "page": _pages(words("pages")),
        "publisher": words("publisher") or words("institution") or words("school"),
        "doi": bare_doi(values.get("doi", "")),
        "url": values.get("url", "").strip(),
    }


def _bibtex_names(text: str) -> list[str]:
    found: list[str] = split_multiple_persons_names(text)
    return [one for one in found if one.strip()]


def _bibtex_name(text: str) -> dict[str, str]:
    stripped = text.strip()
    if stripped.startswith("{") and stripped.endswith("}") and "}" not in stripped[1:-1]:
        return {"literal": _from_latex(stripped)}
    try:
        parts = parse_single_name_into_parts(stripped)
    except ValueError:
        return {"literal": _from_latex(stripped)}
    family = _from_latex(" ".join([*parts.von, *parts.last, *parts.jr]))
    given = _from_latex(" ".join(parts.first))
    return {"family": family, **({"given": given} if given else {})}


def _from_latex(text: str) -> str:
    """Return the letters that LaTeX stands for; what it cannot read stays as it is."""
    decoded: str = LatexNodes2Text(math_mode="verbatim").latex_to_text(text)
    return " ".join(decoded.split())


# --- RIS --------------------------------------------------------------------------------------


def _from_ris(text: str) -> Iterator[Work]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [n for n, line in enumerate(lines) if re.match(r"TY {1,2}- ", line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        record = "\n".join(lines[start:end]).rstrip()
        if not re.search(r"^ER {1,2}-", record, re.MULTILINE):
            yield Work(start + 1, problem=_("This record has no end (ER)."))
            continue
        try:
            (values,) = rispy.loads(f"{record}\n")
        except (ValueError, OSError, KeyError) as error:
            yield Work(start + 1, problem=_("This record cannot be read: %(why)s") % {"why": error})
            continue
        yield _work(start + 1, _ris_values(values))


def _ris_values(values: dict[str, Any]) -> dict[str, Any]:
    def first(*names: str) -> str:
        return next((str(values[name]).strip() for name in names if values.get(name)), "")

    pages = "–".join(filter(None, [first("start_page"), first("end_page")]))
    urls = values.get("urls") or []
    return {
        "csl_type": FROM_RIS.get(values.get("type_of_reference", ""), PublicationType.DOCUMENT),
        "authors": [
            _comma_name(one) for one in values.get("authors") or values.get("first_authors") or []
        ],
        "title": first("title", "primary_title"),
        "issued": _year(first("date", "year", "publication_year")),
        "container_title": first("secondary_title", "journal_name", "alternate_title3"),
        "volume": first("volume"),
        "issue": first("number"),
        "page": _pages(pages),
        "publisher": first("publisher"),
        "doi": bare_doi(first("doi")),
        "url": str(urls[0]).strip() if urls else "",
    }


def _comma_name(text: str) -> dict[str, str]:
    family, comma, given = text.partition(",")
    if not comma:
        return {"literal": text.strip()}
    return {"family": family.strip(), **({"given": given.strip()} if given.strip() else {})}


# --- CSL-JSON ---------------------------------------------------------------------------------


def _from_csl(text: str) -> Iterator[Work]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise Unreadable(_("This is not JSON, at line %(line)s.") % {"line": line}) from None
    items = found if isinstance(found, list) else [found]
    line = 1
    for item in items:
        # Where an item begins is where its identity stands first, after the item before it.
        mark = json.dumps(item["id"]) if isinstance(item, dict) and item.get("id") else ""
        place = text.find(mark, 0) if mark else -1
        line = text[:place].count("\n") + 1 if place >= 0 else line
        if not isinstance(item, dict):
            yield Work(line, problem=_("An item is an object with a title."))
            continue
        try:
            yield _work(line, _csl_values(item))
        except (TypeError, AttributeError, ValueError, KeyError, IndexError):
            yield Work(line, problem=_("A value of this item is not of the kind that CSL has."))


def _csl_values(item: dict[str, Any]) -> dict[str, Any]:
    def words(name: str) -> str:
        value = item.get(name) or ""
        value = value[0] if isinstance(value, list) else value
        return " ".join(str(value).split())

    kind = item.get("type")
    return {
        "csl_type": kind if kind in PublicationType.values else PublicationType.DOCUMENT,
        "authors": [
            {part: str(one[part]) for part in ("family", "given", "literal") if one.get(part)}
            for one in item.get("author") or []
        ],
        "title": words("title"),
        "issued": _csl_date(item.get("issued") or {}),
        "container_title": words("container-title"),
        "volume": words("volume"),
        "issue": words("issue"),
        "page": _pages(words("page")),
        "publisher": words("publisher"),
        "doi": bare_doi(words("DOI")),
        "url": words("URL"),
    }


def _csl_date(issued: dict[str, Any]) -> dict[str, str] | None:
    parts = issued.get("date-parts") or []
    if not parts or not parts[0] or parts[0][0] is None:
        return _year(str(issued.get("raw") or issued.get("literal") or ""))
    year, *rest = (int(one) for one in parts[0])
    return {"edtf": "-".join([f"{year:04}", *(f"{one:02}" for one in rest)])}
