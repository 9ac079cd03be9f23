"""Whole tables as Parquet: an optional extra, since what writes it is larger than the casebook."""

import importlib.util
from collections.abc import Iterable
from itertools import batched
from typing import TYPE_CHECKING, Any

import orjson
from django.db.models import QuerySet

from clusters.api.files import (
    LICENCE,
    Chunks,
    FileRenderer,
    Source,
    records_of,
    table_columns,
)
from clusters.api.linked import contributors
from clusters.api.tables import as_day, row_of

if TYPE_CHECKING:
    from clusters.api.base import RecordViewSet

# Rows of a group, which is written and read at once.
GROUP = 10_000


class ParquetRenderer(FileRenderer):
    """One row a record, with types; where it is from stands in the file's own description."""

    media_type = "application/vnd.apache.parquet"
    content_type = media_type
    format = suffix = "parquet"

    def lines(
        self, view: "RecordViewSet", queryset: QuerySet[Any], source: Source
    ) -> Iterable[bytes]:
        import pyarrow
        from pyarrow import parquet

        types = {
            "boolean": pyarrow.bool_(),
            "integer": pyarrow.int64(),
            "number": pyarrow.float64(),
            "date": pyarrow.date32(),
        }
        columns = table_columns(view)
        fields = [
            pyarrow.field(
                column.name,
                types.get(column.type, pyarrow.string()),
                metadata={"description": column.about},
            )
            for column in columns
        ]
        about = {
            "source": str(source),
            "licence": LICENCE,
            "contributors": orjson.dumps([*contributors()]),
        }
        schema = pyarrow.schema(fields, metadata=about)
        chunks = Chunks()
        with parquet.ParquetWriter(chunks.file, schema, compression="zstd") as writer:
            for some in batched(records_of(view, queryset, whole=view.is_wide), GROUP):
                rows = [
                    row_of(columns, orjson.loads(source.at_home(text.decode()))) for text in some
                ]
                values = zip(*rows, strict=True)
                arrays = [
                    pyarrow.array([_plain(value, field.type) for value in column], field.type)
                    for column, field in zip(values, fields, strict=True)
                ]
                writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
        return chunks


def _plain(value: Any, kind: Any) -> Any:
    """Return a value as its column takes it: a column of several kinds is one of texts."""
    if kind == "date32[day]":
        return as_day(value)
    return str(value) if kind == "string" and value is not None else value


# What lists offer where the extra is installed.
OPTIONAL = [ParquetRenderer] if importlib.util.find_spec("pyarrow") else []
