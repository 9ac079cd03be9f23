"""The whole data set as one file: a Frictionless Data Package, streamed.

A table for each kind of record and of part, with its schema, keys and foreign keys, and the
codebook. All tables are of one state of the data, and no table is ever in memory as a whole.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from operator import itemgetter
from stat import S_IFREG
from typing import Any

import orjson
from django.db import connection, transaction
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from stream_zip import ZIP_AUTO, stream_zip

from clusters.api.caching import cacheable
from clusters.api.files import Source, csv_chunks, written
from clusters.api.linked import (
    CONTRIBUTORS,
    contributors,
    link_columns,
    link_name,
    linked_rows,
    name_of,
)
from clusters.api.renderers import JSONRenderer
from clusters.api.tables import TableColumn, columns_of, row_of
from clusters.api.views import PublicView
from clusters.formats.citations import CASEBOOK
from clusters.models import Contributor, Root
from clusters.published import documents
from clusters.published.serializers import serializer_for
from clusters.published.state import data_state
from clusters.records.codebook import codebook
from clusters.records.schema import FieldSpec, RecordSchema, record_schema

LICENCE = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
# Zip files know no time before.
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
MODE = S_IFREG | 0o644
# Larger than any table may become, so that a member may turn out longer than four gigabytes.
LARGEST = 2**40


CITATIONS = [
    TableColumn(name, "string", itemgetter(name), about)
    for name, about in {
        "table": "The table of the record that rests on it.",
        "record": "Its slug or id.",
        "field": "The column that it is for; empty for all of it.",
        "stance": "supports, disputes or context.",
        "publication": "Slug of the publication.",
        "locator_type": "How the place is found.",
        "locator": "The place.",
        "url": "The place here.",
    }.items()
]


class MovedOn(APIException):
    """Something was published between the question and the answer."""

    status_code = 503
    default_detail = "The data changed while the file was begun: ask again."
    wait = 1  # second; becomes Retry-After


class ZipRenderer(JSONRenderer):
    """The type of the file; what is refused is still told as JSON."""

    media_type = "application/zip"
    format = "zip"
    also = ()


class DatasetView(PublicView):
    """Everything published, in one file."""

    renderer_classes = [ZipRenderer]
    is_heavy = True

    @extend_schema(
        operation_id="dataset", responses={(200, "application/zip"): OpenApiTypes.BINARY}
    )
    @cacheable
    def get(self, request: Request) -> StreamingHttpResponse:
        source = Source.of(request, self.state)
        content = written(package(source))
        response = StreamingHttpResponse(content, content_type="application/zip")
        name = f"casebook-{source.number}.zip"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


def package(source: Source) -> Iterator[bytes]:
    """Yield the zip file piece by piece; the same data give the same bytes.

    Raises MovedOn where the data are not any more as `source` says.
    """
    member = (source.changed or EARLIEST, MODE, ZIP_AUTO(LARGEST))

    def members() -> Iterator[tuple[str, datetime, int, Any, Iterable[bytes]]]:
        for name, content in (
            ("datapackage.json", descriptor(source)),
            ("codebook.json", {"kinds": codebook()}),
        ):
            text = orjson.dumps(content, default=str, option=orjson.OPT_INDENT_2)
            yield name, *member, (text,)
        for root, shape in tables():
            columns = columns_of(serializer_for(shape.model)())
            rows = (row_of(columns, record) for record in records(root, shape))
            head = [column.name for column in columns]
            yield f"{shape.folder}.csv", *member, csv_chunks(head, rows, source)
        for root, shape, spec in links():
            head = [column.name for column in link_columns(shape, spec)]
            pairs = linked(root, shape, spec)
            yield f"{link_name(shape, spec)}.csv", *member, csv_chunks(head, pairs, source)
        head = [column.name for column in CITATIONS]
        yield "citations.csv", *member, csv_chunks(head, citations(), source)
        head = [column.name for column in CONTRIBUTORS]
        people = (row_of(CONTRIBUTORS, person) for person in contributors())
        yield "contributors.csv", *member, csv_chunks(head, people, source)

    with one_state():
        if data_state().number != source.number:
            raise MovedOn
        yield from stream_zip(members())


@contextmanager
def one_state() -> Iterator[None]:
    """Let the block read everything as of one moment, whatever is written meanwhile."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def tables() -> Iterator[tuple[type[Root], RecordSchema]]:
    """Yield every table with the kind of root whose documents hold its rows."""

    def below(root: type[Root], shape: RecordSchema) -> Iterator[tuple[type[Root], RecordSchema]]:
        yield root, shape
        for child in shape.children.values():
            yield from below(root, child)

    for root in documents.roots():
        yield from below(root, record_schema(root))


def links() -> Iterator[tuple[type[Root], RecordSchema, FieldSpec]]:
    """Yield what lists other records, as projects do clusters."""
    for root, shape in tables():
        for spec in shape.fields:
            if spec.kind == "references":
                yield root, shape, spec


def linked(root: type[Root], shape: RecordSchema, spec: FieldSpec) -> Iterator[list[Any]]:
    """Yield a row for each record that another one lists."""
    for record in records(root, shape):
        yield from linked_rows(shape, spec, record)


def records(root: type[Root], shape: RecordSchema) -> Iterator[dict[str, Any]]:
    """Yield every published record of a table."""
    if shape.model is not root:
        return documents.parts_of(shape.model, answers(root))
    return (orjson.loads(answer.record) for answer in answers(root))


def answers(root: type[Root]) -> Iterator[documents.Answer]:
    """Yield what the API answers of every published root of a kind."""
    manager: Any = root._default_manager
    numbers = manager.published().order_by("pk").values_list("pk", flat=True)
    return documents.stream(root, numbers.iterator(documents.BATCH))


def citations() -> Iterator[list[Any]]:
    """Yield a row for each place that something rests on, and what that is."""
    for root in documents.roots():
        for answer in answers(root):
            yield from cited(record_schema(root), orjson.loads(answer.whole))


def cited(shape: RecordSchema, record: dict[str, Any]) -> Iterator[list[Any]]:
    """Yield the places of one record, then those of its parts."""
    if shape.citations is not None:
        name = record["slug" if issubclass(shape.model, Root) else "id"]
        for citation in record["citations"]:
            yield row_of(CITATIONS, {"table": shape.folder, "record": name, **citation})
    for children, child_shape in shape.children.items():
        for child in record[children]:
            yield from cited(child_shape, child)


def descriptor(source: Source) -> dict[str, Any]:
    """Return datapackage.json."""
    return {
        "profile": "tabular-data-package",
        "name": "cluster-casebook",
        "title": CASEBOOK,
        "description": "What donor-financed CSR interventions did in industrial clusters of "
        "developing countries, who says why, and where it is written.",
        "homepage": source.site,
        "version": str(source.number),
        "created": (source.changed or EARLIEST).isoformat(),
        "licenses": [LICENCE],
        "sources": [{"title": str(source), "path": source.address}],
        "contributors": [
            {"title": person["name"], "role": "contributor"} for person in contributors()
        ],
        "resources": [
            *(resource(shape) for _root, shape in tables()),
            *(link_resource(shape, spec) for _root, shape, spec in links()),
            citation_resource(),
            {
                **tabular("contributors", "Who coded what is published, named by consent only."),
                "schema": {
                    "fields": [field(column) for column in CONTRIBUTORS],
                    "missingValues": [""],
                    "primaryKey": ["slug"],
                },
            },
        ],
    }


def link_resource(shape: RecordSchema, spec: FieldSpec) -> dict[str, Any]:
    """Return the description of a table of which record names which."""
    columns = link_columns(shape, spec)
    keys = [(shape, columns[0].name), (record_schema(spec.field.related_model), columns[1].name)]
    return {
        **tabular(link_name(shape, spec), f"{columns[1].about} A row for each."),
        "schema": {
            "fields": [field(column) for column in columns],
            "missingValues": [""],
            "primaryKey": [column.name for column in columns],
            "foreignKeys": [
                {
                    "fields": [name],
                    "reference": {"resource": target.folder, "fields": [name_of(target.model)]},
                }
                for target, name in keys
            ],
        },
    }


def citation_resource() -> dict[str, Any]:
    return {
        **tabular("citations", "Where each value is written."),
        "schema": {
            "fields": [field(column) for column in CITATIONS],
            "missingValues": [""],
            "foreignKeys": [
                {
                    "fields": ["publication"],
                    "reference": {"resource": "publications", "fields": ["slug"]},
                }
            ],
        },
    }


def tabular(name: str, description: str) -> dict[str, Any]:
    return {
        "profile": "tabular-data-resource",
        "name": name,
        "description": description,
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
    }


def resource(shape: RecordSchema) -> dict[str, Any]:
    """Return the description of one table: its columns, what names a row, what it points to."""
    columns = columns_of(serializer_for(shape.model)())
    key = "slug" if issubclass(shape.model, Root) else "id"
    return {
        **tabular(shape.folder, (shape.model.__doc__ or "").strip().partition("\n")[0]),
        "schema": {
            "fields": [field(column) for column in columns],
            "missingValues": [""],
            "primaryKey": [key],
            "foreignKeys": list(foreign_keys(shape, {column.name for column in columns})),
        },
    }


def field(column: TableColumn) -> dict[str, Any]:
    found: dict[str, Any] = {"name": column.name, "type": column.type}
    if column.about:
        found["description"] = column.about
    if column.choices and not column.is_several:
        found["constraints"] = {"enum": [code for code, _label in column.choices]}
    return found


def foreign_keys(shape: RecordSchema, columns: set[str]) -> Iterator[dict[str, Any]]:
    """Yield what the rows of a table point to, as far as that has a table here."""
    model: Any = shape.model
    names = [spec.name for spec in shape.fields if spec.kind == "reference"]
    if parent := getattr(model, "parent_field", None):
        names.append(parent)
    known = {Contributor, *(table.model for _root, table in tables())}
    for name in names:
        target = model._meta.get_field(name).related_model
        if name in columns and target in known:
            key = "slug" if target is Contributor else name_of(target)
            yield {
                "fields": [name],
                "reference": {"resource": record_schema(target).folder, "fields": [key]},
            }
