"""What bodies of writes may hold: JSON Schema, for the API's description and for the check alike.

A body is a case file's record as JSON: codes, slugs and texts as they are stored.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from jsonschema import Draft202012Validator

from clusters.api.reading import READ_ONLY
from clusters.i18n import known_words, not_known, short
from clusters.models import Citation, LocatorType, Root, Stance
from clusters.models.fields import CodeField
from clusters.records.schema import FieldSpec, RecordSchema, record_schema
from clusters.records.validation import REQUIRED

PLACE = "#/components/schemas/"
NULL: dict[str, Any] = {"type": "null"}
# What `clusters.models.base.SLUG` takes, in the regular expressions of JSON Schema.
SLUG_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"
# Of dates: longer texts are no dates, and take long to find so.
LONGEST_DATE = 60


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"{PLACE}{name}"}


def document_name(model: Any) -> str:
    """The name of the schema of a whole record, with its parts."""
    return f"{model.__name__}Document"


def create_name(model: Any) -> str:
    """The name of the schema of a body that creates a record."""
    return document_name(model) if issubclass(model, Root) else f"{model.__name__}Create"


def patch_name(model: Any) -> str:
    """The name of the schema of a body that changes a record."""
    return f"{model.__name__}Patch"


@cache
def components() -> dict[str, Any]:
    """Return every schema of a body, by name."""
    found: dict[str, Any] = {"DateDocument": DATE, "CitationDocument": citation()}
    roots = [model for model in apps.get_models() if issubclass(model, Root)]
    for shape in (each for model in roots for each in _with_parts(record_schema(model))):
        model: Any = shape.model
        record = _record(shape)
        found[document_name(model)] = record
        found[patch_name(model)] = {
            **record,
            "description": "What changes (RFC 7396): null takes a value away, a list replaces one.",
            "required": [],
            "properties": {
                name: value if NULL in value.get("anyOf", ()) else {"anyOf": [value, NULL]}
                for name, value in record["properties"].items()
            },
        }
        if parent := getattr(model, "parent_field", None):
            named = {"type": "string", "description": "What it is a part of: a slug, then keys."}
            found[create_name(model)] = {
                **record,
                "required": [parent, *record["required"]],
                "properties": {parent: named, **record["properties"]},
            }
    for schema in found.values():
        if not schema.get("required", True):
            del schema["required"]
    return found


def _with_parts(shape: RecordSchema) -> Iterator[RecordSchema]:
    yield shape
    for child in shape.children.values():
        yield from _with_parts(child)


def _record(shape: RecordSchema) -> dict[str, Any]:
    properties = {field.name: _value(field) for field in shape.fields}
    if shape.citations is not None:
        properties["citations"] = {"type": "array", "items": ref("CitationDocument")}
    for name, child in shape.children.items():
        properties[name] = {"type": "array", "items": ref(document_name(child.model))}
    return {
        "type": "object",
        "description": (shape.model.__doc__ or "").strip().split("\n")[0],
        "required": [field.name for field in shape.fields if field.required],
        "properties": properties,
        "additionalProperties": False,
    }


def _value(field: FieldSpec) -> dict[str, Any]:
    column = field.field
    words = [str(column.help_text)] if column.help_text else []
    if labels := labels_of(column):
        words.append("; ".join(f"`{code}`: {label}" for code, label in labels))
    described = {"description": " ".join(words)} if words else {}
    schema = {**_type(field), **described}
    return schema if field.required else {"anyOf": [schema, NULL], **described}


def _type(field: FieldSpec) -> dict[str, Any]:
    column = field.field
    if field.kind == "date":
        return ref("DateDocument")
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


def _text(column: Any) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if codes := [code for code, _label in labels_of(column)]:
        schema["enum"] = codes
    elif isinstance(column, CodeField):
        return schema  # a name is read as well, and is longer than its code
    elif column.max_length and not column.is_relation and not column.choices:
        schema["maxLength"] = column.max_length
    return schema


def labels_of(column: Any) -> list[tuple[Any, str]]:
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


def citation() -> dict[str, Any]:
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
        "additionalProperties": False,
    }


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({**ref(name), "components": {"schemas": components()}})


def iter_errors(name: str, body: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what a body has that its schema does not allow, and where."""
    for error in _validator(name).iter_errors(body):
        cause = error
        # Of several ways to be right, tell what is wrong with the one that is no null.
        while cause.context:
            cause = cause.context[0]
        where = tuple(map(str, cause.absolute_path))
        if cause.validator == "additionalProperties" and isinstance(cause.instance, dict):
            known = cause.schema["properties"]
            for extra in cause.instance.keys() - known.keys():
                yield (*where, extra), ITSELF if extra in READ_ONLY else no_field(extra, known)
        elif cause.validator == "required":
            for missing in cause.validator_value:
                if missing not in cause.instance:
                    yield (*where, missing), REQUIRED
        else:
            yield where, said_of(cause)


def no_field(name: str, known: Iterable[str]) -> str:
    return f"There is no field “{short(name)}”. {known_words(name, known)}"


def said_of(error: Any) -> str:
    """Say in words what a schema refuses, and what would be right."""
    value, wanted = error.instance, error.validator_value
    if error.validator == "enum":
        return not_known(value, wanted)
    if error.validator == "type":
        kinds = wanted if isinstance(wanted, list) else [wanted]
        return f"Send {' or '.join(KINDS[kind] for kind in kinds)}."
    if error.validator == "maxLength":
        return f"This has {len(value):,} characters. At most {wanted:,} are kept."
    if error.validator == "pattern" and wanted == SLUG_PATTERN:
        return f"“{short(value)}” is no slug. Use small letters, digits and hyphens: my-case."
    return f"“{short(value)}” is not what this field takes."


# What JSON calls values, in words.
KINDS = {
    "array": "a list",
    "object": "an object",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
ITSELF = "The casebook writes this itself. Leave it out, or send it back as you read it."
