"""JSON Schema of records: of their case files, for editors that complete and check while one types,
and of the bodies of API writes, which are the same records.
"""

from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from clusters.models import Citation, LocatorType, Stance
from clusters.models.fields import CodeField
from clusters.records.schema import FieldSpec, RecordSchema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NULL: dict[str, Any] = {"type": "null"}
# What `clusters.models.base.SLUG` takes, in the regular expressions of JSON Schema.
SLUG_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"
# Of dates: longer texts are no dates, and take long to find so.
LONGEST_DATE = 60
# YAML takes `2004` for a number where a text is meant; so may whoever writes a file.
LOOSE = {"string": ["string", "integer"], "integer": ["integer", "string"]}
# Where the schemas are that others refer to.
IN_FILES, IN_API = "#/$defs/", "#/components/schemas/"


def case_file_schema(shape: RecordSchema) -> dict[str, Any]:
    """Return the schema of one kind of case file, whole in itself."""
    return {
        "$schema": DIALECT,
        "title": str(shape.model._meta.verbose_name).capitalize(),
        **ref(document_name(shape.model), IN_FILES),
        "$defs": _loosened(definitions(shape, IN_FILES)),
    }


def _loosened(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_loosened(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    found = {name: _loosened(part) for name, part in schema.items()}
    if isinstance(kind, str) and kind in LOOSE and "enum" not in schema:
        found["type"] = LOOSE[kind]
    return found


def ref(name: str, place: str = IN_API) -> dict[str, Any]:
    """Return a reference to a schema by its name."""
    return {"$ref": f"{place}{name}"}


def document_name(model: type[models.Model]) -> str:
    """Return the name of the schema of a whole record, with its parts."""
    return f"{model.__name__}Document"


def definitions(shape: RecordSchema, place: str) -> dict[str, Any]:
    """Return the schemas of a record and of all that it is made of, by name."""
    found = {"DateDocument": DATE, "CitationDocument": citation_schema()}
    for part in with_parts(shape):
        found[document_name(part.model)] = _record(part, place)
    return found


def with_parts(shape: RecordSchema) -> Iterator[RecordSchema]:
    yield shape
    for child in shape.children.values():
        yield from with_parts(child)


def _record(shape: RecordSchema, place: str) -> dict[str, Any]:
    properties = {field.name: _value(field, place) for field in shape.fields}
    if shape.citations is not None:
        properties["citations"] = {"type": "array", "items": ref("CitationDocument", place)}
    for name, child in shape.children.items():
        properties[name] = {"type": "array", "items": ref(document_name(child.model), place)}
    return {
        "type": "object",
        "description": (shape.model.__doc__ or "").strip().split("\n")[0],
        "required": [field.name for field in shape.fields if field.required],
        "properties": properties,
        "additionalProperties": False,
    }


def _value(field: FieldSpec, place: str) -> dict[str, Any]:
    column = field.field
    words = [str(column.help_text)] if column.help_text else []
    if labels := labels_of(column):
        words.append("; ".join(f"`{code}`: {label}" for code, label in labels))
    described = {"description": " ".join(words)} if words else {}
    schema = {**_type(field, place), **described}
    return schema if field.required else {"anyOf": [schema, NULL], **described}


def _type(field: FieldSpec, place: str) -> dict[str, Any]:
    column = field.field
    if field.kind == "date":
        return ref("DateDocument", place)
    if field.kind == "json":
        return {"type": "array", "items": {}}
    if field.kind == "references":
        return {"type": "array", "items": {"type": "string"}}
    if isinstance(column, ArrayField):
        return {"type": "array", "items": _text(column.base_field)}
    if isinstance(column, models.BooleanField):
        return {"type": "boolean"}
    if isinstance(column, models.IntegerField):
        return {"type": "integer"}
    if isinstance(column, models.DecimalField):
        # Exact numbers may come as texts, as case files have them.
        return {"type": ["number", "string"], "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
    if column.name in ("slug", "key"):
        return {"type": "string", "pattern": SLUG_PATTERN, "maxLength": column.max_length}
    return _text(column)


def _text(column: models.Field[Any, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if codes := [code for code, _label in labels_of(column)]:
        schema["enum"] = codes
    elif isinstance(column, CodeField):
        return schema  # a name is read as well, and is longer than its code
    elif column.max_length and not column.is_relation and not column.choices:
        schema["maxLength"] = column.max_length
    return schema


def labels_of(column: models.Field[Any, Any]) -> list[tuple[Any, str]]:
    """Return the codes of a column with their labels; none for long lists, such as countries."""
    base = getattr(column, "base_field", column)
    found = [(code, str(label)) for code, label in base.flatchoices if code != ""]
    return found if len(found) < 60 else []


DATE: dict[str, Any] = {
    "description": "EDTF (ISO 8601-2) text, or with the words of the source.",
    "anyOf": [
        {"type": "string", "maxLength": LONGEST_DATE},
        {
            "type": "object",
            "properties": {
                "edtf": {"type": "string", "maxLength": LONGEST_DATE},
                "printed": {"type": "string", "maxLength": 120},
            },
            "additionalProperties": False,
        },
    ],
}


def citation_schema() -> dict[str, Any]:
    """Return the schema of a place: a publication, and one kind of locator."""
    longest = Citation._meta.get_field("locator").max_length
    return {
        "type": "object",
        "description": "One place in one publication: its slug, and one kind of locator.",
        "required": ["publication"],
        "properties": {
            "publication": {"type": "string"},
            "for": {"type": "string", "description": "The field it is for; left out: all of them."},
            "not_for": {
                "type": "array",
                "items": {"type": "string"},
                "description": "Where it is for all fields: those changed after it was cited.",
            },
            "stance": {"type": "string", "enum": list(Stance.values)},
            **{
                name: {"type": "string", "maxLength": longest, "description": str(label)}
                for name, label in LocatorType.choices
            },
        },
        "oneOf": [{"required": [name]} for name in LocatorType.values],
        "additionalProperties": False,
    }
