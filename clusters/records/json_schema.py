"""JSON Schema of case files, for editors that complete and check while one types."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from clusters.models import LocatorType, Stance
from clusters.records.schema import FieldSpec, RecordSchema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DATE = {
    "description": "EDTF (ISO 8601-2) text, or with the words of the source.",
    "anyOf": [
        {"type": ["string", "integer"]},
        {
            "type": "object",
            "properties": {"edtf": {"type": ["string", "integer"]}, "printed": {"type": "string"}},
            "additionalProperties": False,
        },
    ],
}
CITATION = {
    "type": "object",
    "description": "One place in one publication: its slug, and one kind of locator.",
    "properties": {
        "publication": {"type": "string"},
        "for": {"type": "string", "description": "The field it is for; left out: all of them."},
        "not_for": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Where it is for all fields: those changed after it was cited.",
        },
        "stance": {"enum": list(Stance.values)},
        **{name: {"type": ["string", "integer"]} for name in LocatorType.values},
    },
    "required": ["publication"],
    "oneOf": [{"required": [name]} for name in LocatorType.values],
    "additionalProperties": False,
}


def json_schema_of(shape: RecordSchema) -> dict[str, Any]:
    """Return the schema of one kind of case file."""
    return {
        "$schema": DIALECT,
        "title": str(shape.model._meta.verbose_name).capitalize(),
        **_record(shape),
        "$defs": {"citation": CITATION, "date": DATE},
    }


def _record(shape: RecordSchema) -> dict[str, Any]:
    properties: dict[str, Any] = {field.name: _value(field) for field in shape.fields}
    if shape.citations is not None:
        properties["citations"] = {"type": "array", "items": {"$ref": "#/$defs/citation"}}
    for name, child in shape.children.items():
        properties[name] = {"type": "array", "items": _record(child)}
    return {
        "type": "object",
        "description": (shape.model.__doc__ or "").strip().split("\n")[0],
        "properties": properties,
        "required": [field.name for field in shape.fields if field.required],
        "additionalProperties": False,
    }


def _value(field: FieldSpec) -> dict[str, Any]:
    column = field.field
    described: dict[str, Any] = {"description": str(column.help_text)} if column.help_text else {}
    if field.kind == "date":
        return {"$ref": "#/$defs/date", **described}
    if field.kind == "json":
        return {"type": "array", **described}
    if field.kind == "references":
        return {"type": "array", "items": {"type": "string"}, **described}
    if isinstance(column, ArrayField):
        base = column.base_field
        items: dict[str, Any] = {"type": "string"}
        if base.choices:
            items = {"enum": [code for code, _ in base.flatchoices]}
        return {"type": "array", "items": items, **described}
    if isinstance(column, models.BooleanField):
        return {"type": "boolean", **described}
    if isinstance(column, models.DecimalField | models.IntegerField):
        return {"type": ["number", "string"], **described}
    if column.choices and len(column.flatchoices) < 60:
        return {"enum": [code for code, _ in column.flatchoices], **described}
    return {"type": ["string", "integer"], **described}
