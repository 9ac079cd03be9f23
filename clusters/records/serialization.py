"""Make a record a document: dictionaries and lists that can be compared, written and merged."""

import copy
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models

from clusters.models import CitationUse, LocatorType, Stance
from clusters.records.schema import FieldSpec, RecordSchema, record_schema

type Document = dict[str, Any]

EMPTY: tuple[Any, ...] = (None, "", [], {})


def document_of(
    instance: models.Model, *, public: bool = False, private: bool | None = None
) -> Document:
    """Return the whole aggregate of a record as one document, in a fixed number of queries.

    `public` leaves out what the public never sees, open codings and private fields; the latter
    come with `private` all the same.
    """
    # A copy, so that what is fetched here is not taken for current later on.
    read = copy.copy(instance)
    read._prefetched_objects_cache = {}  # type: ignore[attr-defined]
    models.prefetch_related_objects([read], *lookups(record_schema(type(instance))))
    return document_from(read, public=public, private=private)


def documents_of(instances: Sequence[Any], *, public: bool = False) -> list[Document]:
    """Return the documents of records of one kind, in as many queries as that of one takes."""
    if not instances:
        return []
    read = [copy.copy(instance) for instance in instances]
    for record in read:
        record._prefetched_objects_cache = {}
    model: Any = type(read[0])
    models.prefetch_related_objects(read, *lookups(record_schema(model)))
    return [document_from(record, public=public) for record in read]


def document_from(
    instance: models.Model, *, public: bool = False, private: bool | None = None
) -> Document:
    """Return the document of a record whose parts, places and ties are fetched already."""
    shape = record_schema(type(instance))
    hides_private = public if private is None else not private
    document = _fields_of(instance, shape, public=hides_private)
    if shape.citations is not None:
        uses = instance.citations.all()  # type: ignore[attr-defined]
        if found := [citation_document(use) for use in uses]:
            document["citations"] = sorted(found, key=citation_order)
    for name in shape.children:
        rows = list(getattr(instance, name).all())
        rows.sort(key=lambda row: (getattr(row, "sort_order", 0), row.key))
        children = [document_from(row, public=public, private=private) for row in rows]
        if children:
            document[name] = children
    return document


def public_part(document: Document, shape: RecordSchema) -> Document:
    """Return what the public may see of a whole document."""
    private: frozenset[str] = getattr(shape.model, "private", frozenset())
    found = {name: value for name, value in document.items() if name not in private}
    for name, child in shape.children.items():
        if name in found:
            found[name] = [public_part(part, child) for part in found[name]]
    return found


def lookups(shape: RecordSchema, path: str = "") -> list[Any]:
    """Return what to prefetch of a record: its ties, places and parts, and whom these name."""
    found: list[Any] = [
        f"{path}{field.name}" for field in shape.fields if field.kind == "references"
    ]
    if not path:
        found += [field.name for field in shape.fields if field.kind == "reference"]
    if shape.citations is not None:
        found.append(f"{path}citations__citation__publication")
    for name, child_shape in shape.children.items():
        manager: Any = child_shape.model._default_manager
        found.append(models.Prefetch(f"{path}{name}", _with_references(manager, child_shape)))
        found += lookups(child_shape, f"{path}{name}__")
    return found


def _with_references(rows: models.Manager[Any], shape: RecordSchema) -> models.QuerySet[Any]:
    references = [field.name for field in shape.fields if field.kind == "reference"]
    nested = [
        f"{name}__{parent}"
        for name in references
        if (
            parent := getattr(shape.model._meta.get_field(name).related_model, "parent_field", None)
        )
    ]
    return rows.select_related(*references, *nested) if references else rows.all()


def _fields_of(instance: models.Model, shape: RecordSchema, *, public: bool) -> Document:
    document: Document = {}
    for field in shape.fields:
        if public and field.name in getattr(instance, "private", ()):
            continue
        value = value_of(instance, field)
        if value in EMPTY or value == plain(default_of(field)):
            continue
        document[field.name] = value
    return document


def default_of(field: FieldSpec) -> Any:
    """Return what a field holds when a file leaves it out."""
    if field.kind == "references":
        return []
    return field.field.get_default() if field.field.has_default() else None


def value_of(instance: models.Model, field: FieldSpec) -> Any:
    """Return one value in the plain form that documents use."""
    if field.kind == "references":
        return sorted(row.slug for row in getattr(instance, field.name).all())
    value = getattr(instance, field.name)
    if field.kind == "reference":
        return None if value is None else reference(value)
    if field.kind == "date":
        printed = getattr(instance, f"{field.name}_printed")
        if not value and not printed:
            return None
        return {"edtf": str(value), **({"printed": printed} if printed else {})}
    return plain(value)


def plain(value: Any) -> Any:
    """Return a value as text, whole number, boolean or list of these."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value.normalize())
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return str(value)


def reference(target: Any) -> str:
    """Return what names a record in another one's file: a slug, or `root-slug/key` of a child."""
    if hasattr(target, "key"):
        return f"{reference(target.parent)}/{target.key}"
    return str(target.slug)


def citation_document(use: CitationUse) -> Document:
    """Return a citation as `{publication, <locator type>, for, not_for, stance}`.

    Defaults are left out.
    """
    place = use.citation
    document: Document = {
        "publication": place.publication.slug,
        place.locator_type: place.locator,
    }
    if use.field:
        document["for"] = use.field
    if use.not_for:
        document["not_for"] = list(use.not_for)
    if use.stance != Stance.SUPPORTS:
        document["stance"] = str(use.stance)
    return document


def citation_order(document: Document) -> tuple[str, ...]:
    """Return the key to sort a citation by: those of the whole record first, then by field."""
    locator_type = locator_type_of(document)
    return (document.get("for", ""), document["publication"], locator_type, document[locator_type])


def locator_type_of(document: Document) -> str:
    return next(name for name in LocatorType.values if name in document)
