"""Make records rows of a table: which columns each field makes, and their values."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import orjson
from django.db import models
from django.utils.html import strip_tags
from django.utils.text import capfirst
from rest_framework import serializers

from clusters.published import fields as api_fields
from clusters.published.serializers import RecordSerializer
from clusters.records.schema import record_schema
from clusters.values.codelists import COUNTRIES, codelist_of


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
    # Whether a row holds several of the choices.
    is_several: bool = False


def columns_of(serializer: RecordSerializer) -> list[TableColumn]:
    """Return the columns of a kind of record, in the order of its fields."""
    return [
        column
        for name, field in serializer.fields.items()
        if not isinstance(field, serializers.ListSerializer)
        for column in _columns(name, field)
    ]


def as_day(value: str | None) -> date | None:
    """Return a day as a date, for files that have a type for it."""
    return date.fromisoformat(value) if value else None


def row_of(columns: Iterable[TableColumn], record: dict[str, Any]) -> list[Any]:
    return [column.value(record) for column in columns]


def _columns(name: str, field: Any) -> list[TableColumn]:
    """Return the columns that one field makes; a plain value makes one."""
    about = about_of(field.parent.Meta.model, name)
    if isinstance(field, api_fields.UncertainDateField):
        parts = {"": ("edtf", "string"), "_printed": ("printed", "string")}
        days = {"_earliest": ("earliest", "date"), "_latest": ("latest", "date")}
        return _parts(name, {**parts, **days}, about)
    if isinstance(field, api_fields.CodedListField):
        codes = _joined(name, "code", about, tuple(_labels(field)))
        if field.labels is COUNTRIES.names:
            return [codes, replace(_joined(name, "label", about), name=f"{name}_label")]
        return [codes]
    if isinstance(field, api_fields.CodedField):
        parts = {"": ("code", "string"), "_label": ("label", "string")}
        code, label = _parts(name, parts, about)
        return [replace(code, choices=tuple(_labels(field))), label]
    if isinstance(field, api_fields.LinkListField):
        return [_joined(name, "id", about)]
    if isinstance(field, api_fields.LinkField):
        return _parts(name, {"": ("id", "string"), "_title": ("title", "string")}, about)
    if isinstance(field, api_fields.CitationsField):
        return [TableColumn(name, "string", lambda record: _cited(record[name]), about)]
    if isinstance(field, api_fields.FlatField):
        return _parts(name, {f"_{path}": (path, "string") for path in field.paths}, about)
    kind = next((kind for cls, kind in TYPES.items() if isinstance(field, cls)), "string")
    if kind == "array":
        return [
            TableColumn(
                name,
                "string",
                lambda record: "; ".join(map(str, record[name] or ())),
                f"{about} {SEVERAL}",
            )
        ]
    if isinstance(field, serializers.JSONField):
        return [TableColumn(name, "string", lambda record: _as_json(record[name]), about)]
    column = TableColumn(name, kind, lambda record: record[name], about)
    spec = record_schema(field.parent.Meta.model).field(name)
    if spec is not None and codelist_of(spec.field) is COUNTRIES:
        return [column, _named_country(name, about)]
    return [column]


TYPES = {
    serializers.ListField: "array",
    serializers.BooleanField: "boolean",
    serializers.IntegerField: "integer",
    serializers.FloatField: "number",
}


def about_of(model: type[models.Model], name: str) -> str:
    """Return in words what a field of a record holds, by its name and help text."""
    spec = record_schema(model).field(name)
    if spec is not None:
        column = spec.field
    elif name == getattr(model, "parent_field", None):
        column = model._meta.get_field(name)
    else:
        return ABOUT[name]
    help_text = strip_tags(str(column.help_text)).strip()
    return f"{capfirst(str(column.verbose_name))}. {help_text}".strip()


SEVERAL = "Several values, with “; ” between them."
# What the casebook writes itself.
ABOUT = {
    "url": "Address of the record in the API.",
    "id": "What names the record: the slug of its root, then its key, with a slash.",
    "version": "Version of the record. Any change to it or its parts raises it.",
    "state": "How far the record is: what is public is published.",
    "countries": "Countries of its clusters.",
    "derived": "Status of the project, as the casebook derives it.",
    "iati_type": "Its type in IATI’s codelist, where there is one.",
    "iati_role": "Its role in IATI’s codelist, where there is one.",
    "citations": "Where the values are written: publication, place and, in brackets, the field.",
}
# What the columns of one value hold, by how their names end.
ENDINGS = {
    "_printed": "As the source prints it.",
    "_earliest": "The first day it can be.",
    "_latest": "The last day it can be.",
    "_label": "In words.",
    "_title": "Title of the record.",
    "_status.code": "Its code in IATI’s list of activity statuses.",
    "_status.label": "In words.",
    "_rule": "Name of the rule.",
}


def _parts(name: str, parts: dict[str, tuple[str, str]], about: str) -> list[TableColumn]:
    """Return a column for each part of a value that is an object or null; dots go further down."""

    def reader(path: str) -> Callable[[dict[str, Any]], Any]:
        def read(record: dict[str, Any]) -> Any:
            value: Any = record[name]
            for step in path.split("."):
                value = None if value is None else value.get(step)
            return value

        return read

    return [
        TableColumn(
            f"{name}{ending.replace('.', '_')}",
            kind,
            reader(path),
            f"{about} {ENDINGS.get(ending, '')}".strip(),
        )
        for ending, (path, kind) in parts.items()
    ]


def _named_country(name: str, about: str) -> TableColumn:
    """Return the column of a country's name: programs that read tables take `NA` for no value."""
    return TableColumn(
        f"{name}_label",
        "string",
        lambda record: COUNTRIES.names.get(record[name]),
        f"{about} {ENDINGS['_label']}",
    )


def _joined(
    name: str, part: str, about: str, choices: tuple[tuple[str, str], ...] = ()
) -> TableColumn:
    return TableColumn(
        name,
        "string",
        lambda record: "; ".join(item[part] for item in record[name]),
        f"{about} {SEVERAL}",
        choices,
        is_several=True,
    )


def _cited(citations: list[dict[str, Any]]) -> str:
    """Return citations as a text: publication, place, and the field that each is for."""
    return "; ".join(
        f"{citation['publication']}: {citation['locator']}{_about(citation)}"
        for citation in citations
    )


def _about(citation: dict[str, Any]) -> str:
    if citation["not_for"]:
        return f" [not {', '.join(citation['not_for'])}]"
    return f" [{citation['field']}]" if citation["field"] else ""


def _as_json(value: Any) -> str:
    return orjson.dumps(value).decode() if value else ""


def _labels(field: api_fields.CodedField) -> Iterable[tuple[str, str]]:
    return ((str(code), str(label)) for code, label in field.labels.items() if code != "")
