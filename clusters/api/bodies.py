"""What bodies of writes may hold: JSON Schema, for the API's description and for the check alike.

A body is a case file's record as JSON: codes, slugs and texts as they are stored.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models
from jsonschema import Draft202012Validator, ValidationError

from clusters.api.reading import READ_ONLY
from clusters.i18n import known_words, not_known, short
from clusters.models import Root
from clusters.records.json_schema import (
    IN_API,
    NULL,
    SLUG_PATTERN,
    definitions,
    document_name,
    ref,
    with_parts,
)
from clusters.records.schema import record_schema
from clusters.records.validation import REQUIRED


def create_name(model: type[models.Model]) -> str:
    """Return the name of the schema of a body that creates a record."""
    return document_name(model) if issubclass(model, Root) else f"{model.__name__}Create"


def patch_name(model: type[models.Model]) -> str:
    """Return the name of the schema of a body that changes a record."""
    return f"{model.__name__}Patch"


@cache
def components() -> dict[str, Any]:
    """Return every schema of a body, by name."""
    found: dict[str, Any] = {}
    roots = [record_schema(model) for model in apps.get_models() if issubclass(model, Root)]
    for root in roots:
        found |= definitions(root, IN_API)
    for model in [shape.model for root in roots for shape in with_parts(root)]:
        record = found[document_name(model)]
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


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({**ref(name), "components": {"schemas": components()}})


def iter_errors(name: str, body: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield where a body is not as its schema allows, and why, in words."""
    for error in _validator(name).iter_errors(body):
        cause = error
        # Of several ways to be right, tell what is wrong with the one that is no null.
        while cause.context and cause.validator != "oneOf":
            cause = cause.context[0]
        if cause.validator == "oneOf":
            continue  # the reader says which kinds of places there are
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


def said_of(error: ValidationError) -> str:
    """Return in words what a schema refuses, and what would be right."""
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
