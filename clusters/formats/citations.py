"""How to cite a record of the casebook, or a work: as text, BibTeX, RIS and CSL-JSON."""

import re
from dataclasses import dataclass
from typing import Any

import bibtexparser
import rispy
from bibtexparser.model import Entry, Field
from django.utils.translation import gettext as _
from pylatexenc.latexencode import unicode_to_latex as latex

from clusters.models import Change, Publication, Root
from clusters.models.fields import EDTF
from clusters.records.schema import record_schema

CASEBOOK = "Cluster Casebook"
BIBTEX_TYPES = {
    "article-journal": "article",
    "book": "book",
    "chapter": "incollection",
    "report": "techreport",
    "thesis": "phdthesis",
    "paper-conference": "inproceedings",
    "manuscript": "unpublished",
}
RIS_TYPES = {
    "article-journal": "JOUR",
    "book": "BOOK",
    "chapter": "CHAP",
    "report": "RPRT",
    "thesis": "THES",
    "dataset": "DATA",
    "webpage": "ELEC",
    "standard": "STAND",
    "paper-conference": "CONF",
    "article-newspaper": "NEWS",
    "article-magazine": "MGZN",
    "manuscript": "UNPB",
}


class RisWriter(rispy.RisWriter):  # type: ignore[misc]
    """Writes records alone: the number that rispy puts before each is not part of RIS."""

    def set_header(self, count: int) -> str:
        return ""


@dataclass(frozen=True)
class Reference:
    """What a reference says; empty parts are left out. `key` names it in BibTeX."""

    key: str
    bibtex_type: str
    ris_type: str
    title: str
    authors: tuple[str, ...] = ()
    # Those of the authors that are organisations, whose names have no parts.
    organisations: frozenset[str] = frozenset()
    year: str = ""
    month: str = ""
    # Year, month and day with slashes, as RIS has them.
    date: str = ""
    # The same in EDTF, where it is more than a year and a month.
    edtf: str = ""
    container: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    publisher: str = ""
    doi: str = ""
    url: str = ""
    note: str = ""
    # Where the reference was taken from, for RIS.
    database: str = ""

    @property
    def bibtex(self) -> str:
        """Return one BibTeX entry, with its letters and signs as LaTeX writes them."""
        words = {
            "title": self.title,
            "year": self.year,
            "month": self.month,
            "journal" if self.bibtex_type == "article" else "booktitle": self.container,
            "volume": self.volume,
            "number": self.number,
            "pages": self.pages.replace("–", "--"),
            "publisher": self.publisher,
            "note": self.note,
        }
        values = {
            # An organisation is one name, whatever words are in it.
            "author": " and ".join(
                # So is a family name alone, of which BibTeX would take the last word.
                f"{{{latex(name)}}}"
                if name in self.organisations or "," not in name
                else latex(name)
                for name in self.authors
            ),
            **{name: latex(value) for name, value in words.items()},
            # No words: a tilde in an address or a date stays a tilde.
            "date": self.edtf,
            "doi": self.doi,
            "url": self.url,
        }
        fields = [Field(name, value) for name, value in values.items() if value]
        entry = Entry(self.bibtex_type, self.key, fields)
        return str(bibtexparser.write_string(bibtexparser.Library([entry])))

    @property
    def ris(self) -> str:
        """Return one RIS record."""
        start, _dash, end = self.pages.partition("–")
        values: dict[str, Any] = {
            "type_of_reference": self.ris_type,
            # With its comma, a family name alone is no organisation's.
            "authors": [
                name if "," in name or name in self.organisations else f"{name},"
                for name in self.authors
            ],
            "title": self.title,
            "year": self.year,
            "date": self.date,
            "secondary_title": self.container,
            "volume": self.volume,
            "number": self.number,
            "start_page": start,
            "end_page": end,
            "publisher": self.publisher,
            "doi": self.doi,
            "urls": [self.url] if self.url else [],
            "notes": [self.note] if self.note else [],
            "name_of_database": self.database,
        }
        record = {name: value for name, value in values.items() if value}
        return str(rispy.dumps([record], implementation=RisWriter))


def record_reference(record: Root, version: int, change: Change | None, address: str) -> Reference:
    """Return how to cite one version of a record of the casebook, which stands at `address`."""
    kind = record_schema(type(record)).kind
    return Reference(
        key=f"casebook-{kind}-{record.slug}-{version}",
        bibtex_type="misc",
        ris_type="DATA",
        title=_("%(record)s, version %(number)s") % {"record": record, "number": version},
        authors=(CASEBOOK,),
        organisations=frozenset({CASEBOOK}),
        year=f"{change.at:%Y}" if change else "",
        date=f"{change.at:%Y/%m/%d}" if change else "",
        publisher=CASEBOOK,
        url=address,
        note="CC BY 4.0",
    )


def work_reference(work: Publication) -> Reference:
    """Return how to cite a work itself; parts that are not known stay empty."""
    issued = issued_of(work.issued)
    return Reference(
        key=work.slug,
        bibtex_type=BIBTEX_TYPES.get(work.csl_type, "misc"),
        ris_type=RIS_TYPES.get(work.csl_type, "GEN"),
        title=work.title or str(work),
        authors=tuple(
            name.get("literal")
            or ", ".join(filter(None, [name.get("family", ""), name.get("given", "")]))
            for name in work.authors
        ),
        organisations=frozenset(name["literal"] for name in work.authors if name.get("literal")),
        **issued,
        container=work.container_title,
        volume=work.volume,
        number=work.issue,
        pages=work.page,
        publisher=work.publisher,
        doi=work.doi,
        url=work.web_address,
        note="" if work.title else _("Title not in the sources that the casebook has read."),
    )


_PLAIN = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(\d\d))?)?")


def issued_of(edtf: str) -> dict[str, str]:
    """Return year, month, date and EDTF of a reference; months only where they are known."""
    whole = _PLAIN.fullmatch(edtf.rstrip("~?%"))
    years = re.findall(r"(?<!\d)\d{4}(?!\d)", edtf)
    if whole is None:
        return {"year": years[0] if years else "", "edtf": edtf if "/" in edtf else ""}
    year, month, day = (part or "" for part in whole.groups())
    is_exact = edtf[-1] not in "~?%"
    return {
        "year": year,
        "month": str(int(month)) if month else "",
        "date": "/".join(filter(None, (year, month, day))) if month else "",
        "edtf": edtf if day or not is_exact else "",
    }


def csl_date(edtf: str) -> dict[str, Any]:
    """Return an EDTF date as CSL has dates: one or two, and whether they are about."""
    if not edtf:
        return {}
    dates = [
        [int(part) for part in match.groups() if part]
        for match in re.finditer(rf"(?<!\d){_PLAIN.pattern}(?!\d|X)", edtf)
    ]
    if not dates:
        return {"literal": EDTF(edtf).words}
    if "/" not in edtf:
        # One of several: only what they share is known, or from which year to which.
        years = sorted({date[0] for date in dates})
        dates = dates if len(dates) == 1 else [[year] for year in (years[0], years[-1])]
        dates = dates[:1] if len(years) == 1 else dates
    found: dict[str, Any] = {"date-parts": dates[:2]}
    if "~" in edtf or "%" in edtf:
        found["circa"] = True
    if season := re.search(r"-2([1-4])$", edtf):
        found["season"] = int(season[1])
    return found


def csl_of(work: Publication) -> dict[str, Any]:
    """Return a work as CSL-JSON, which reference managers share, without what is unknown."""
    values = {
        "title": work.title,
        "author": work.authors,
        "issued": csl_date(work.issued),
        "container-title": work.container_title,
        "volume": work.volume,
        "issue": work.issue,
        "page": work.page.replace("–", "-"),
        "publisher": work.publisher,
        "DOI": work.doi,
        "URL": work.web_address,
        "language": work.language,
    }
    known = {name: value for name, value in values.items() if value}
    return {"id": work.slug, "type": work.csl_type, **known}
