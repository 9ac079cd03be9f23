"""Records as rows of a table: which columns each field of a record makes, and their values."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from rest_framework import serializers

from clusters.api import fields as api_fields
from clusters.api.serializers import RecordSerializer


@dataclass(frozen=True)
class TableColumn:
    """One column: its name, its type as Table Schema names it, and how to read its value.

    `about` says what it holds; `choices` are its codes, where it has any.
    """

    name: str
    type: str
    value: Callable[[dict[str, Any]], Any]
    about: str = ""
    choices: tuple[tuple[str, str], ...] = ()


def columns_of(serializer: RecordSerializer) -> list[TableColumn]:
    """Return the columns of a kind of record, in the order of its fields."""
    return [
        column
        for name, field in serializer.fields.items()
        if not isinstance(field, serializers.ListSerializer)
        for column in _columns(name, field)
    ]


def row_of(columns: Iterable[TableColumn], record: dict[str, Any]) -> list[Any]:
    return [column.value(record) for column in columns]


def _columns(name: str, field: Any) -> list[TableColumn]:
    """Return what one field makes of itself; plain values are one column each."""
    about = str(getattr(field, "help_text", "") or "")
    if isinstance(field, api_fields.UncertainDateField):
        return _parts(name, {"": ("edtf", "string"), "_printed": ("printed", "string")}) + _parts(
            name, {"_earliest": ("earliest", "date"), "_latest": ("latest", "date")}
        )
    if isinstance(field, api_fields.CodedListField):
        return [_joined(name, "code", tuple(_labels(field)))]
    if isinstance(field, api_fields.CodedField):
        code, label = _parts(name, {"": ("code", "string"), "_label": ("label", "string")})
        return [TableColumn(code.name, code.type, code.value, about, tuple(_labels(field))), label]
    if isinstance(field, api_fields.LinkListField):
        return [_joined(name, "id")]
    if isinstance(field, api_fields.LinkField):
        return _parts(name, {"": ("id", "string"), "_title": ("title", "string")})
    if isinstance(field, api_fields.CitationsField):
        return [TableColumn(name, "string", lambda record: _cited(record[name]))]
    if isinstance(field, api_fields.FlatField):
        return _parts(name, {f"_{path}": (path, "string") for path in field.paths})
    kind = next((kind for cls, kind in TYPES.items() if isinstance(field, cls)), "string")
    if kind == "array":
        return [TableColumn(name, "string", lambda record: "; ".join(map(str, record[name] or ())))]
    if isinstance(field, serializers.JSONField):
        return [TableColumn(name, "string", lambda record: _as_json(record[name]), about)]
    return [TableColumn(name, kind, lambda record: record[name], about)]


TYPES = {
    serializers.ListField: "array",
    serializers.BooleanField: "boolean",
    serializers.IntegerField: "integer",
    serializers.FloatField: "number",
}


def _parts(name: str, parts: dict[str, tuple[str, str]]) -> list[TableColumn]:
    """Return a column for each part of a value that is an object or null; dots go further down."""

    def reader(path: str) -> Callable[[dict[str, Any]], Any]:
        def read(record: dict[str, Any]) -> Any:
            value: Any = record[name]
            for step in path.split("."):
                value = None if value is None else value.get(step)
            return value

        return read

    return [
        TableColumn(f"{name}{ending.replace('.', '_')}", kind, reader(path))
        for ending, (path, kind) in parts.items()
    ]


def _joined(name: str, part: str, choices: tuple[tuple[str, str], ...] = ()) -> TableColumn:
    return TableColumn(
        name,
        "string",
        lambda record: "; ".join(one[part] for one in record[name]),
        "Several values, with “; ” between them.",
        choices,
    )


def _cited(citations: list[dict[str, Any]]) -> str:
    """Write citations out: publication, place, and the field that it is for."""
    return "; ".join(
        f"{one['publication']}: {one['locator']}" + (f" [{one['field']}]" if one["field"] else "")
        for one in citations
    )


def _as_json(value: Any) -> str:
    return orjson.dumps(value).decode() if value else ""


def _labels(field: Any) -> Iterable[tuple[str, str]]:
    return ((str(code), str(label)) for code, label in field.labels.items() if code != "")
