"""Lists as files: every row that the filters leave, streamed, each file saying where it is from.

The same data and address give the same bytes: nothing in a file says when it was made, only of
which state of the data it is.
"""

import csv
import io
import tempfile
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import batched, chain
from typing import TYPE_CHECKING, Any, ClassVar

import bibtexparser
import orjson
import xlsxwriter
from bibtexparser.model import ExplicitComment
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from clusters.api.linked import CONTRIBUTORS, contributors, link_columns, link_name, linked_rows
from clusters.api.paging import in_order
from clusters.api.renderers import JSONRenderer
from clusters.api.tables import TableColumn, as_day, columns_of, row_of
from clusters.formats.citations import CASEBOOK, csl_of, work_reference
from clusters.formats.csv_files import harmless
from clusters.formats.spreadsheets.files import LONGEST_IN_XLSX
from clusters.models import Publication
from clusters.models.base import name_path, root_path
from clusters.published import documents
from clusters.published.documents import BATCH
from clusters.published.fields import BASE
from clusters.published.serializers import serializer_for
from clusters.published.state import DataState
from clusters.records.schema import record_schema

if TYPE_CHECKING:
    from clusters.api.base import RecordViewSet

LICENCE = "CC BY 4.0"
# Larger files are written to disk before they are sent.
IN_MEMORY = 4_000_000
# Rows that a sheet can hold, its head included.
MOST_SHEET_ROWS = 1_048_576
CHUNK = 64 * 1024
# Spreadsheets know no day before; an older one stays a text.
EARLIEST_DAY = "1900-03-01"


@dataclass(frozen=True)
class Source:
    """What every file says of itself."""

    address: str
    site: str
    number: int
    changed: datetime | None

    @classmethod
    def of(cls, request: Request, state: DataState) -> "Source":
        site = request.build_absolute_uri("/").rstrip("/")
        return cls(request.build_absolute_uri(), site, state.number, state.day)

    def __str__(self) -> str:
        day = f" ({self.changed:%Y-%m-%d})" if self.changed else ""
        return f"{CASEBOOK}, data version {self.number}{day}, {LICENCE}, {self.address}"

    def at_home(self, text: str) -> str:
        """Return what was written ahead with the site's own address in it."""
        return text.replace(BASE, self.site)


class FileRenderer(JSONRenderer, ABC):
    """A format of whole lists. What is refused is still told as JSON."""

    suffix: ClassVar[str]
    also = ()

    @abstractmethod
    def lines(
        self, view: "RecordViewSet", queryset: QuerySet[Any], source: Source
    ) -> Iterable[bytes]:
        """Yield the file piece by piece."""


def file_of(
    view: "RecordViewSet", request: Request, queryset: QuerySet[Any]
) -> StreamingHttpResponse:
    """Return the answer of all rows of a list as one file. Raises ValidationError for paging."""
    for name in ("page", "page_size", "cursor", "fields"):
        if name in request.query_params:
            raise ValidationError({name: "A file holds every row, with all fields."})
    renderer: Any = request.accepted_renderer
    source = Source.of(request, view.state)
    response = StreamingHttpResponse(
        written(renderer.lines(view, queryset, source)), content_type=renderer.content_type
    )
    name = f"casebook-{record_schema(view.model).folder}-{source.number}.{renderer.suffix}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def written(pieces: Iterable[bytes]) -> "Chunks":
    """Return a file that is written as a whole before its first byte leaves.

    Whatever fails is raised here.
    The server ends a stream that fails as it ends one that is complete: a file cut short would
    look whole.
    """
    if isinstance(pieces, Chunks):
        return pieces
    chunks = Chunks()
    for piece in pieces:
        chunks.file.write(piece)
    return chunks


def answers_of(
    view: "RecordViewSet", queryset: QuerySet[Any], *, parts: bool = True
) -> Iterator[documents.Answer]:
    """Yield the answer of each root of a list, in its order."""
    root: Any = view.model
    numbers = in_order(queryset, view.columns()).values_list("pk", flat=True)
    return documents.stream(root, numbers.iterator(BATCH), parts=parts)


def records_of(
    view: "RecordViewSet", queryset: QuerySet[Any], *, whole: bool = False
) -> Iterator[bytes]:
    """Yield each record of a list as JSON; of a root with its parts, if they are wanted."""
    if view.is_root:
        for answer in answers_of(view, queryset, parts=whole):
            yield answer.whole if whole else answer.record
        return
    columns = (f"{root_path(view.model)}__pk", *name_path(view.model))
    rows = in_order(queryset, view.columns()).values_list(*columns)
    for some in batched(rows.iterator(BATCH), BATCH):
        yield from documents.named_parts(view.model, some)


class JSONLinesRenderer(FileRenderer):
    """One record a line."""

    media_type = "application/jsonl"
    content_type = "application/jsonl; charset=utf-8"
    format = suffix = "jsonl"

    def lines(
        self, view: "RecordViewSet", queryset: QuerySet[Any], source: Source
    ) -> Iterator[bytes]:
        ending = b',"source":' + orjson.dumps(str(source)) + b"}\n"
        base, site = BASE.encode(), source.site.encode()
        for some in batched(records_of(view, queryset), BATCH):
            yield b"".join(record[:-1] + ending for record in some).replace(base, site)


class CSVRenderer(FileRenderer):
    """One row a record; of a project also its agreed coding of every factor."""

    media_type = "text/csv"
    content_type = "text/csv; charset=utf-8"
    format = suffix = "csv"

    def lines(
        self, view: "RecordViewSet", queryset: QuerySet[Any], source: Source
    ) -> Iterator[bytes]:
        columns = table_columns(view)
        rows = (orjson.loads(record) for record in records_of(view, queryset, whole=view.is_wide))
        yield from csv_lines(columns, rows, source)


class TidyRenderer(FileRenderer):
    """One row for each final coding of the projects of a list: tidy data, for statistics.

    Each coder's own would count a factor twice; they are in the list of codings.
    """

    media_type = "application/vnd.casebook.tidy+csv"
    content_type = "text/csv; charset=utf-8"
    format = "tidy"
    suffix = "tidy.csv"

    def lines(
        self, view: "RecordViewSet", queryset: QuerySet[Any], source: Source
    ) -> Iterator[bytes]:
        columns = [*columns_of(serializer_for(view.long_model)()), IS_FINAL]
        codings = documents.parts_of(view.long_model, answers_of(view, queryset))
        yield from csv_lines(columns, filter(IS_FINAL.value, codings), source)


IS_FINAL = TableColumn(
    "is_final",
    "boolean",
    lambda record: record["coder"] is None,
    "Whether it is the final coding; each coder's own are in the list of codings.",
)


def table_columns(view: "RecordViewSet") -> list[TableColumn]:
    """Return the columns of a kind of record, and those that its endpoint adds."""
    return [*columns_of(serializer_for(view.model)()), *view.further_columns()]


def csv_lines(
    columns: list[TableColumn], records: Iterable[dict[str, Any]], source: Source
) -> Iterator[bytes]:
    """Yield records as CSV with their source (UTF-8 with its mark, so that Excel reads it)."""
    said = str(source)
    head = [*(column.name for column in columns), "source"]
    rows = ([*row_of(columns, record), said] for record in records)
    yield "\ufeff".encode()
    yield from csv_chunks(head, rows, source)


def csv_chunks(
    head: Iterable[str], rows: Iterable[Iterable[Any]], source: Source
) -> Iterator[bytes]:
    """Yield rows as CSV, a batch at a time, with addresses of the site's own."""
    lines = chain([head], ([as_text(value) for value in row] for row in rows))
    for some in batched(lines, BATCH):
        out = io.StringIO()
        csv.writer(out).writerows(some)
        yield source.at_home(out.getvalue()).encode()


def as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.15g}"
    return harmless(value)


class XLSXRenderer(FileRenderer):
    """A workbook: the list, a sheet for each kind of part, the codebook, and where it is from."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    content_type = media_type
    format = suffix = "xlsx"

    def lines(
        self, view: "RecordViewSet", queryset: QuerySet[Any], source: Source
    ) -> Iterable[bytes]:
        # Written as a whole before the first byte leaves, so that it can still be refused.
        chunks = Chunks()
        with workbook(chunks.file) as book:
            fill_workbook(book, view, queryset, source)
        return chunks


class Chunks:
    """A file to write, then as a response sends it: piece by piece, closed with the response."""

    def __init__(self) -> None:
        self.file: Any = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed below
        # Also where writing fails, and of an answer that nobody reads or closes.
        self.close = weakref.finalize(self, self.file.close)

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(0)
        try:
            while piece := self.file.read(CHUNK):
                yield piece
        finally:
            self.close()


@contextmanager
def workbook(file: Any) -> Iterator[Any]:
    """Give the block a workbook to write row by row, and close it.

    Also one that fails leaves nothing open and nothing behind.
    """
    with tempfile.TemporaryDirectory() as folder:
        options = {"strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(file, options | {"constant_memory": True, "tmpdir": folder})
        try:
            yield book
            book.close()
        except BaseException:
            for sheet in book.worksheets():
                sheet.row_data_fh.close()
            raise


def fill_workbook(
    book: Any, view: "RecordViewSet", queryset: QuerySet[Any], source: Source
) -> None:
    """Write a list, and the parts of its records, into a workbook."""
    created = source.changed or datetime(1980, 1, 1, tzinfo=UTC)
    book.set_properties({"comments": str(source), "created": created.replace(tzinfo=None)})
    bold = book.add_format({"bold": True})
    shape = record_schema(view.model)
    parts = {
        name: columns_of(serializer_for(child.model)()) for name, child in shape.children.items()
    }
    links = {link_name(shape, spec): spec for spec in shape.fields if spec.kind == "references"}
    tables = {shape.folder: table_columns(view), **parts}
    tables |= {name: link_columns(shape, spec) for name, spec in links.items()}
    tables["contributors"] = CONTRIBUTORS
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheets = {
        name: Sheet(book.add_worksheet(name[:31]), columns, bold, day)
        for name, columns in tables.items()
    }
    for text in records_of(view, queryset, whole=view.is_root):
        record = orjson.loads(source.at_home(text.decode()))
        sheets[shape.folder].add(record)
        for name in parts:
            for part in record.get(name, ()):
                sheets[name].add(part)
        for name, spec in links.items():
            for row in linked_rows(shape, spec, record):
                sheets[name].write(row)
    for person in contributors():
        sheets["contributors"].add(person)
    _add_codebook(book.add_worksheet("codebook"), tables, bold)
    about = book.add_worksheet("about")
    about.write_row(0, 0, ["source", str(source)])
    about.write_row(1, 0, ["licence", "https://creativecommons.org/licenses/by/4.0/"])


class Sheet:
    """A table in a workbook, written from top to bottom."""

    def __init__(self, sheet: Any, columns: list[TableColumn], bold: Any, day: Any) -> None:
        self.sheet, self.columns, self.day, self.rows = sheet, columns, day, 0
        sheet.freeze_panes(1, 0)
        self.write([column.name for column in columns], bold)

    def add(self, record: dict[str, Any]) -> None:
        values = row_of(self.columns, record)
        self.write(
            [
                as_day(value) if column.type == "date" and (value or "") >= EARLIEST_DAY else value
                for column, value in zip(self.columns, values, strict=True)
            ]
        )

    def write(self, values: list[Any], style: Any = None) -> None:
        if self.rows >= MOST_SHEET_ROWS:
            raise ValidationError(
                {"format": "A sheet holds a million rows, and these are more: take csv or jsonl."}
            )
        for number, value in enumerate(values):
            if isinstance(value, str) and len(value) > LONGEST_IN_XLSX:
                words = f"A text of {self.columns[number].name} is longer than a cell of XLSX holds"
                raise ValidationError(
                    {"format": f"{words} ({LONGEST_IN_XLSX:,}): take csv or jsonl."}
                )
            if value is not None:
                shown = harmless(value) if isinstance(value, str) else value
                kept = self.day if isinstance(value, date) else style
                self.sheet.write(self.rows, number, shown, kept)
        self.rows += 1


def _add_codebook(sheet: Any, tables: dict[str, list[TableColumn]], bold: Any) -> None:
    sheet.write_row(0, 0, ["table", "column", "type", "about", "codes"], bold)
    number = 1
    for table, columns in tables.items():
        for column in columns:
            codes = "; ".join(f"{code}: {label}" for code, label in column.choices)
            sheet.write_row(number, 0, [table, column.name, column.type, column.about, codes])
            number += 1


class GeoJSONRenderer(FileRenderer):
    """Clusters as points; what has none stands without a geometry."""

    media_type = "application/geo+json"
    content_type = media_type
    format = suffix = "geojson"

    def lines(
        self, view: "RecordViewSet", queryset: QuerySet[Any], source: Source
    ) -> Iterator[bytes]:
        columns = table_columns(view)
        start = b'{"type":"FeatureCollection","source":' + orjson.dumps(str(source))
        yield start + b',"features":['
        for number, text in enumerate(records_of(view, queryset)):
            record = orjson.loads(source.at_home(text.decode()))
            feature = {
                "type": "Feature",
                "id": record["slug"],
                "geometry": _point(record),
                "properties": dict(
                    zip([column.name for column in columns], row_of(columns, record), strict=True)
                ),
            }
            yield (b"," if number else b"") + orjson.dumps(feature)
        yield b"]}"


def _point(record: dict[str, Any]) -> dict[str, Any] | None:
    if record["latitude"] is None or record["longitude"] is None:
        return None
    return {"type": "Point", "coordinates": [record["longitude"], record["latitude"]]}


class BibTeXRenderer(FileRenderer):
    """Works as BibTeX, after a comment that says where they are from."""

    media_type = "application/x-bibtex"
    content_type = f"{media_type}; charset=utf-8"
    format = "bibtex"
    suffix = "bib"

    def lines(
        self, view: "RecordViewSet", queryset: QuerySet[Any], source: Source
    ) -> Iterator[bytes]:
        comment = bibtexparser.Library([ExplicitComment(str(source))])
        yield bibtexparser.write_string(comment).encode()
        for work in works_of(view, queryset):
            yield f"{work_reference(work).bibtex}\n".encode()


class RISRenderer(FileRenderer):
    """Works as RIS, each with where it is from as its database."""

    media_type = "application/x-research-info-systems"
    content_type = f"{media_type}; charset=utf-8"
    format = suffix = "ris"

    def lines(
        self, view: "RecordViewSet", queryset: QuerySet[Any], source: Source
    ) -> Iterator[bytes]:
        for work in works_of(view, queryset):
            yield replace(work_reference(work), database=str(source)).ris.encode()


def works_of(view: "RecordViewSet", queryset: QuerySet[Any]) -> Iterator[Publication]:
    """Yield the works of a list, in its order."""
    yield from in_order(queryset, view.columns()).iterator(BATCH)


class CSLJSONRenderer(FileRenderer):
    """Works as CSL-JSON, each with where it is from."""

    media_type = "application/vnd.citationstyles.csl+json"
    content_type = media_type
    format = "csljson"
    suffix = "csl.json"

    def lines(
        self, view: "RecordViewSet", queryset: QuerySet[Any], source: Source
    ) -> Iterator[bytes]:
        yield b"["
        for number, work in enumerate(works_of(view, queryset)):
            item = {**csl_of(work), "source": str(source)}
            yield (b"," if number else b"") + orjson.dumps(item)
        yield b"]"
