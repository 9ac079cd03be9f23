"""Take bodies that were read here: turn what the API answers into what a case file has.

A coded value counts as its code, a link as its id, an uncertain date as its text and its words, a
place as its locator. What the casebook writes itself is left out where it is as it was read; where
it was changed it stays, and the schema of bodies refuses it.
"""

from typing import Any

from clusters.records.schema import RecordSchema
from clusters.records.serialization import Document

CODED = {"code", "label"}
LINKED = {"id", "title", "url"}
DATED = {"edtf", "words", "printed", "earliest", "latest"}
# Members of every record, or of some, that nobody writes.
READ_ONLY = {"url", "id", "version", "state", "countries", "derived", "iati_type", "iati_role"}


def as_written(body: Any, shape: RecordSchema, was: Document | None = None) -> Any:
    """Return a body in the form of case files; `was` is the answer that it may be made from."""
    if not isinstance(body, dict):
        return body
    was = was or {}
    parent = getattr(shape.model, "parent_field", None)
    found = {}
    for name, value in body.items():
        if name in (READ_ONLY | {parent}) and name in was and value == was[name]:
            continue
        if name in shape.children and isinstance(value, list):
            known = {part["key"]: part for part in was.get(name, ())}
            child = shape.children[name]
            found[name] = [as_written(part, child, known.get(_key_of(part))) for part in value]
        elif name == "citations" and isinstance(value, list):
            found[name] = [_place(citation) for citation in value]
        elif shape.field(name) is not None:
            found[name] = _value(value, was.get(name))
        else:
            found[name] = value
    return found


def _key_of(part: Any) -> Any:
    key = part.get("key") if isinstance(part, dict) else None
    return key if isinstance(key, str) else None


def _value(value: Any, was: Any) -> Any:
    if isinstance(value, list):
        before = {_written(item): item for item in was or () if isinstance(item, dict)}
        return [_single(item, before.get(_written(item))) for item in value]
    return _single(value, was)


def _single(value: Any, was: Any) -> Any:
    """Return what is written of one value, unless only what is read of it was changed."""
    if not isinstance(value, dict):
        return value
    written = _written(value)
    if written is None or (isinstance(was, dict) and _written(was) == written and was != value):
        return value
    if isinstance(written, tuple):
        return {name: text for name, text in zip(("edtf", "printed"), written, strict=True) if text}
    return written


def _written(value: Any) -> Any:
    """Return the part of a value that is written; None where it was not read here."""
    if not isinstance(value, dict):
        return None
    found: Any
    if value.keys() == CODED:
        found = value["code"]
    elif "id" in value and value.keys() <= LINKED:
        found = value["id"]
    elif value.keys() == DATED:
        found = (value["edtf"], value["printed"])
    else:
        found = None
    return found if _is_plain(found) else None


def _is_plain(value: Any) -> bool:
    return all(isinstance(part, str) for part in (value if isinstance(value, tuple) else (value,)))


def _place(value: Any) -> Any:
    """Return a citation as a case file has it, with the kind of its locator as the name."""
    if not isinstance(value, dict) or not isinstance(value.get("locator_type"), str):
        return value
    rest = {
        name: content
        for name, content in value.items()
        if name not in ("locator_type", "locator", "field", "url")
    }
    about = {"for": value["field"]} if value.get("field") else {}
    return {**rest, value["locator_type"]: value.get("locator"), **about}
