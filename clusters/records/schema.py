"""What a case file may hold, read off the models, so that a new field needs no code here."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.text import slugify

from clusters.models import CitationUse, Contributor, Root
from clusters.models.fields import UncertainDateField, companion_names

# Written by the casebook itself, never by whoever writes a file.
NOT_IN_FILES = {
    *("id", "state", "version", "version_transaction", "entered_by"),
    *("sort_order", "user"),
}


@dataclass(frozen=True)
class FieldSpec:
    """One field of a file. `kind` says how its value is written."""

    name: str
    kind: str  # scalar, date, list, json, reference or references
    field: Any

    @property
    def required(self) -> bool:
        return not (self.field.blank or self.field.null or self.field.has_default())


@dataclass(frozen=True)
class RecordSchema:
    """What one model's part of a file holds."""

    model: type[models.Model]
    fields: tuple[FieldSpec, ...]
    children: dict[str, "RecordSchema"]
    citations: type[CitationUse] | None

    @property
    def kind(self) -> str:
        return str(self.model._meta.model_name)

    @property
    def folder(self) -> str:
        return slugify(str(self.model._meta.verbose_name_plural))

    @property
    def identity(self) -> str:
        """The field that names a record: `slug` of roots, `key` of children."""
        return "slug" if any(field.name == "slug" for field in self.fields) else "key"

    @property
    def is_ordered(self) -> bool:
        """Whether the order in the file says something."""
        return any(field.name == "sort_order" for field in self.model._meta.concrete_fields)

    def has_place(self, where: Sequence[str]) -> bool:
        """Return whether a record may have something there: a field, a part by its key, places."""
        if not where:
            return True
        step, *rest = where
        if step in self.children:
            return self.children[step].has_place(rest[1:])
        is_known = step == "citations" or self.field(step) is not None
        return is_known and not rest

    def field(self, name: str) -> FieldSpec | None:
        return next((field for field in self.fields if field.name == name), None)


@cache
def record_schemas() -> dict[str, RecordSchema]:
    """Return the shape of every kind of record that has files, by folder.

    Kinds that others refer to come first, so that loading in this order meets every reference.
    """
    waiting: list[type[models.Model]] = [
        Contributor,
        *(model for model in apps.get_models() if issubclass(model, Root)),
    ]
    ordered: list[type[models.Model]] = []
    while waiting:
        ready = [
            model
            for model in waiting
            if not any(target in waiting for target in _refers_to(model) if target is not model)
        ]
        ordered += ready
        waiting = [model for model in waiting if model not in ready]
    found = [record_schema(model) for model in ordered]
    return {shape.folder: shape for shape in found}


def _refers_to(model: type[models.Model]) -> set[Any]:
    return {field.related_model for field in model._meta.concrete_fields if field.is_relation}


@cache
def record_schema(model: type[models.Model]) -> RecordSchema:
    """Return the shape of one model, with the children below it."""
    parent = getattr(model, "parent_field", None)
    left_out = NOT_IN_FILES | {parent} | companion_names(model).keys()
    fields = [
        FieldSpec(field.name, _kind(field), field)
        for field in (*model._meta.concrete_fields, *model._meta.many_to_many)
        if field.name not in left_out
    ]
    fields.sort(key=lambda field: field.name not in ("slug", "key"))
    children: dict[str, RecordSchema] = {}
    citations = None
    for relation in model._meta.related_objects:
        child: Any = relation.related_model
        if getattr(child, "parent_field", None) != relation.field.name:
            continue
        if issubclass(child, CitationUse):
            citations = child
        elif hasattr(child, "key"):
            children[str(relation.get_accessor_name())] = record_schema(child)
    return RecordSchema(model, tuple(fields), children, citations)


def _kind(field: models.Field[Any, Any]) -> str:
    if isinstance(field, UncertainDateField):
        return "date"
    if isinstance(field, ArrayField):
        return "list"
    if isinstance(field, models.JSONField):
        return "json"
    if isinstance(field, models.ManyToManyField):
        return "references"
    if field.is_relation:
        return "reference"
    return "scalar"
