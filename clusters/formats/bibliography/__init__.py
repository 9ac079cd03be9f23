"""Lists of literature read into publications, and works by their DOI.

BibTeX, RIS, CSL-JSON, PubMed, Web of Science and EndNote XML. Whatever cannot be read is told with
its line and does not keep the others out.
"""

import json
import re
import string
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from django.conf import settings
from django.core.cache import cache
from django.db.models import Func, Q, TextField, Value
from django.db.models.functions import Lower
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.formats.bibliography.bibtex import from_bibtex
from clusters.formats.bibliography.csl import from_csl
from clusters.formats.bibliography.names import cited_as
from clusters.formats.bibliography.ris import from_ris
from clusters.formats.bibliography.tagged import (
    ENDNOTE,
    PUBMED,
    WEB_OF_SCIENCE,
    from_endnote,
    from_pubmed,
    from_web_of_science,
)
from clusters.formats.bibliography.work import Unreadable, Work
from clusters.models import Publication
from clusters.models.roles import Visitor
from clusters.records.serialization import Document
from clusters.records.writer import find_by_slugs
from clusters.values.doi import bare_doi

__all__ = [
    "LARGEST",
    "Unreadable",
    "Work",
    "cited_as",
    "fetch",
    "mark_duplicates",
    "name_new",
    "read",
]

LARGEST = 2_000_000
MOST_WORKS = 2_000
SECONDS_TO_WAIT = 5
KEPT_FOR = 24 * 60 * 60
FORMATS = gettext_lazy("BibTeX, RIS, CSL-JSON, PubMed (.nbib), Web of Science text or EndNote XML")


def read(content: bytes) -> list[Work]:
    """Read a list of works in whichever of the formats it is. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(_("The list is larger than %(n)s MB.") % {"n": LARGEST // 1_000_000})
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        words = _("Line %(line)s is not UTF-8. Export the list again as UTF-8 (Unicode).")
        raise Unreadable(words % {"line": line}) from None
    if "\x00" in text:
        raise Unreadable(_("It holds a NUL, which no text has."))
    works = list(_works(text))
    if len(works) > MOST_WORKS:
        raise Unreadable(_("It has more than %(n)s works.") % {"n": MOST_WORKS})
    if not works:
        words = _("No work was found in it. It may be: %(formats)s.")
        raise Unreadable(words % {"formats": FORMATS})
    for number, work in enumerate(works, start=1):
        work.number = number
    return works


def _works(text: str) -> Iterable[Work]:
    start = text.lstrip()
    if start[:1] in ("[", "{"):
        return from_csl(text, MOST_WORKS)
    if re.search(r"^TY {1,2}-(?: |$)", text.replace("\r", "\n"), re.MULTILINE):
        _check_count(len(re.findall(r"^TY {1,2}-", text.replace("\r", "\n"), re.MULTILINE)))
        return from_ris(text)
    if PUBMED.search(text):
        _check_count(len(PUBMED.findall(text)))
        return from_pubmed(text)
    if WEB_OF_SCIENCE.search(text):
        _check_count(len(WEB_OF_SCIENCE.findall(text)))
        return from_web_of_science(text)
    if ENDNOTE.match(text):
        _check_count(len(re.findall(r"<record\b", text)))
        return from_endnote(text)
    if re.search(r"@\w+\s*[{(]", text):
        _check_count(len(re.findall(r"^[ \t]*+@\w+[ \t]*+[{(]", text, re.MULTILINE)))
        return from_bibtex(text)
    raise Unreadable(_("This is none of: %(formats)s.") % {"formats": FORMATS})


def _check_count(number: int) -> None:
    # Strings and comments of BibTeX are counted as well; twice as many are no list of works.
    if number > 2 * MOST_WORKS:
        raise Unreadable(_("It has more than %(n)s works.") % {"n": MOST_WORKS})


def fetch(doi: str) -> Work:
    """Return the work that Crossref has under a DOI, asked once a day. Raises Unreadable."""
    try:
        wanted = bare_doi(doi)
    except ValueError as error:
        raise Unreadable(str(error)) from None
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
    (work,) = from_csl(json.dumps([item]), 1)
    work.number = 1
    return work


def _out_of_reach() -> str:
    return _("Crossref cannot be reached: fill in the form by hand, or upload a list.")


# --- What is known already ------------------------------------------------------------------------


# What tells a work from others, with the publication, or the number of the work above, that it
# tells, and the DOI of this.
type Known = dict[tuple[str, ...], tuple[Publication | int, str]]


def mark_duplicates(works: Sequence[Work], user: Visitor) -> None:
    """Set on each work which publication it is, by DOI, else by title, year and first author.

    A work of the same title that differs in year, author or DOI only resembles: people decide.
    """
    documents = [work.document for work in works if work.document]
    dois = {document["doi"] for document in documents if document.get("doi")}
    titles = {letters(document["title"]) for document in documents if document.get("title")}
    letters_of_title = Func(
        Func(Lower("title"), function="unaccent"),
        Value("[^[:alnum:]]"),
        Value(""),
        Value("g"),
        function="regexp_replace",
        output_field=TextField(),
    )
    rows = Publication.objects.annotate(small_doi=Lower("doi"), letters_of_title=letters_of_title)
    found = rows.filter(Q(small_doi__in=dois) | Q(letters_of_title__in=titles))
    visible = set(
        Publication.objects.visible_to(user).values_list("pk", flat=True).filter(pk__in=found)
    )
    known: Known = {}
    for row in found:
        document: Document = {"doi": row.doi}
        if row.pk in visible:
            document |= {"title": row.title, "authors": row.authors, "issued": {"edtf": row.issued}}
        _know(known, document, row)
    for work in works:
        if work.document is None:
            continue
        _compare(work, known)
        same = work.duplicate_of
        if isinstance(same, Publication) and same.pk not in visible:
            # Two publications cannot have one DOI: that there is one is all that may be said.
            work.duplicate_of, work.document = None, None
            work.problem = _("Another publication has this DOI: a draft of someone else.")
        if work.document is not None:
            _know(known, work.document, work.number)


def _know(known: Known, document: Document, as_what: Publication | int) -> None:
    for identity in _identities(document):
        known.setdefault(identity, (as_what, document.get("doi", "")))


def _compare(work: Work, known: Known) -> None:
    assert work.document is not None  # noqa: S101 - only what could be read is compared
    doi = work.document.get("doi", "")
    for identity in _identities(work.document):
        if identity not in known:
            continue
        other, other_doi = known[identity]
        is_other = doi and other_doi and doi != other_doi.lower()
        if identity[0] == "same title" or is_other:
            work.resembles = work.resembles or other
        else:
            work.duplicate_of, work.is_certain = other, identity[0] == "doi"
            return


def _identities(document: Document) -> list[tuple[str, ...]]:
    """Return what tells a work from others, the surest first."""
    found: list[tuple[str, ...]] = []
    if document.get("doi"):
        found.append(("doi", document["doi"].lower()))
    authors = document.get("authors") or [{}]
    first = authors[0].get("family") or authors[0].get("literal") or ""
    year = (document.get("issued") or {}).get("edtf", "")[:4]
    if title := letters(document.get("title", "")):
        found.append(("title", title, year, letters(first)))
        found.append(("same title", title))
    return found


def letters(text: str) -> str:
    """Return the letters and digits of a text, small and without accents, for comparison."""
    parts = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in parts if letter.isalnum())


# --- Names of new ones ----------------------------------------------------------------------------


def name_new(works: Iterable[Work]) -> list[Document]:
    """Return the documents of works, each with a slug and a short reference that no record has."""
    documents = [dict(work.document) for work in works if work.document is not None]
    labels = free_labels([document["cited_as"] for document in documents])
    stems = [slugify(re.sub(r"[()]", "", label))[:80] or "work" for label in labels]
    slugs = _free(stems, _slugs_taken, lambda stem, n: f"{stem}-{n}")
    return [
        {"slug": slug, **document, "cited_as": label}
        for slug, label, document in zip(slugs, labels, documents, strict=True)
    ]


def free_labels(wanted: Sequence[str]) -> list[str]:
    """Return short references that no publication has: Khan (2007), then Khan (2007b)."""
    return _free(wanted, _labels_taken, _with_letter)


def _with_letter(label: str, number: int) -> str:
    letter = string.ascii_lowercase[number - 1] if number <= 26 else f"-{number}"
    return re.sub(r"\)$", f"{letter})", label) if label.endswith(")") else f"{label} {letter}"


def _labels_taken(wanted: set[str]) -> set[str]:
    rows = Publication.objects.annotate(small=Lower("cited_as"))
    small = {label.lower(): label for label in wanted}
    return {
        small[lowered] for lowered in rows.filter(small__in=small).values_list("small", flat=True)
    }


def _slugs_taken(wanted: set[str]) -> set[str]:
    return {slug for slug, found in find_by_slugs(Publication, wanted).items() if any(found)}


def _free(
    wanted: Sequence[str],
    taken_of: Callable[[set[str]], set[str]],
    nth: Callable[[str, int], str],
) -> list[str]:
    """Return each name, or the next form of it that is free; every round asks for all at once."""
    numbers = [1] * len(wanted)
    given: dict[str, int] = {}
    waiting = list(range(len(wanted)))
    while waiting:
        names = {
            at: nth(wanted[at], numbers[at]) if numbers[at] > 1 else wanted[at] for at in waiting
        }
        taken = taken_of(set(names.values()))
        again = []
        for at, name in names.items():
            if name in taken or name.lower() in given:
                numbers[at] += 1
                again.append(at)
            else:
                given[name.lower()] = at
        waiting = again
    return [_nth(text, number, nth) for text, number in zip(wanted, numbers, strict=True)]


def _nth(text: str, number: int, nth: Callable[[str, int], str]) -> str:
    return nth(text, number) if number > 1 else text
