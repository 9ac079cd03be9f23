"""One definition of what the API shows of each record: of answers, documents and schema alike."""

import copy
from functools import cache
from typing import Any, ClassVar

from django.db import models
from django.db.models import Prefetch
from rest_framework import serializers

from clusters.models import (
    Cluster,
    Contributor,
    Event,
    Identifier,
    LiteratureSummary,
    Publication,
    Root,
    Stakeholder,
    StakeholderGroup,
    State,
    Statistic,
    StudySample,
)
from clusters.models.citations import CITED
from clusters.published import fields as api_fields
from clusters.records.schema import FieldSpec, record_schema


class RecordSerializer(serializers.Serializer[Any]):
    """A record as the API shows it, read off the same schema as its case file.

    Each kind of record has a subclass, which adds what is computed. What the public never sees has
    no field here at all.
    """

    # The serializer of each model that has been declared.
    declared: ClassVar[dict[type[models.Model], type["RecordSerializer"]]] = {}

    class Meta:
        model: type[models.Model]
        has_parts = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.Meta.has_parts:
            cls.declared[cls.Meta.model] = cls
        cls.__doc__ = cls.__doc__ or cls.Meta.model.__doc__

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        model: Any = self.Meta.model
        shape = record_schema(model)
        found: dict[str, serializers.Field[Any, Any, Any, Any]] = {"url": api_fields.UrlField()}
        if parent := getattr(model, "parent_field", None):
            found["id"] = api_fields.IdField()
            found[parent] = api_fields.LinkField()
        for spec in shape.fields:
            if spec.name not in model.private:
                found[spec.name] = field_of(spec)
        if issubclass(model, Root):
            found["version"] = serializers.IntegerField(read_only=True)
            found["state"] = api_fields.CodedField({state: str(state.label) for state in State})
        found |= copy.deepcopy(self._declared_fields)  # a field belongs to one serializer
        if shape.citations is not None:
            found["citations"] = api_fields.CitationsField()
        if self.Meta.has_parts:
            found |= {
                name: serializer_for(child.model, has_parts=True)(
                    many=True, read_only=True, source=f"shown_{name}"
                )
                for name, child in shape.children.items()
            }
        return found


def serializer_for(model: type[models.Model], *, has_parts: bool = False) -> type[RecordSerializer]:
    """Return the serializer of a model, alone as in a list, or with the parts below it."""
    found = RecordSerializer.declared[model]
    return _with_parts(found) if has_parts and record_schema(model).children else found


@cache
def _with_parts(serializer: type[RecordSerializer]) -> type[RecordSerializer]:
    """Return the serializer of a whole record, which the description names by itself."""
    meta = type("Meta", (serializer.Meta,), {"has_parts": True})
    name = f"{serializer.Meta.model.__name__}WithPartsSerializer"
    return type(name, (serializer,), {"Meta": meta, "__doc__": serializer.__doc__})


def declared_shape(field: Any) -> list[Any]:
    """Return what a serializer or field declares: its type, source, labels, and what is in it."""
    if isinstance(field, serializers.ListSerializer):
        return ["many", *declared_shape(field.child)]
    within = getattr(field, "fields", {})
    labels = [[str(code), str(label)] for code, label in getattr(field, "labels", {}).items()]
    return [
        type(field).__name__,
        field.source,
        labels,
        [[name, declared_shape(part)] for name, part in within.items()],
    ]


def field_of(spec: FieldSpec) -> serializers.Field[Any, Any, Any, Any]:
    """Return the serializer field of one field of a record."""
    column = spec.field
    if spec.kind == "date":
        return api_fields.UncertainDateField(spec.name)
    if spec.kind == "reference":
        return api_fields.LinkField()
    if spec.kind == "references":
        return api_fields.LinkListField()
    if spec.kind == "json":
        return serializers.JSONField(read_only=True)
    if spec.kind == "list":
        if column.base_field.choices:
            return api_fields.CodedListField(dict(column.base_field.flatchoices))
        return serializers.ListField(child=serializers.CharField(), read_only=True)
    if isinstance(column, models.DecimalField):
        return serializers.FloatField(read_only=True, allow_null=column.null)
    if isinstance(column, models.BooleanField):
        return serializers.BooleanField(read_only=True)
    if isinstance(column, models.IntegerField):
        return serializers.IntegerField(read_only=True, allow_null=column.null)
    if column.choices:
        return api_fields.CodedField(dict(column.flatchoices))
    return serializers.CharField(read_only=True)


def with_links(queryset: models.QuerySet[Any], *, has_parts: bool = False) -> models.QuerySet[Any]:
    """Return records with all that their serializer shows, in a fixed number of queries."""
    model: type[models.Model] = queryset.model
    shape = record_schema(model)
    many: list[Any] = [spec.name for spec in shape.fields if spec.kind == "references"]
    if shape.citations is not None:
        many.append(CITED)
    if has_parts:
        for name, child in shape.children.items():
            rows: Any = child.model._default_manager
            ordering = [*(["sort_order"] if child.is_ordered else []), "key"]
            parts = with_links(rows.order_by(*ordering), has_parts=True)
            # A list of its own: as a manager's, each record's would be cloned again.
            many.append(Prefetch(name, parts, to_attr=f"shown_{name}"))
    joined = _to_join(model)
    found = queryset.prefetch_related(*many)
    return found.select_related(*joined) if joined else found


def _to_join(model: Any) -> list[str]:
    """Return the foreign keys whose rows an answer names, with what names those."""
    names = [spec.name for spec in record_schema(model).fields if spec.kind == "reference"]
    names = [name for name in names if name not in model.private]
    above = model
    path = ""
    while parent := getattr(above, "parent_field", None):
        path = f"{path}__{parent}" if path else parent
        names.append(path)
        above = above._meta.get_field(parent).related_model
    further = []
    for name in names:
        target: Any = model
        for step in name.split("__"):
            target = target._meta.get_field(step).related_model
        further += [f"{name}__{column}" for column in getattr(target, "named_by", ())]
        if hasattr(target, "parent_field"):
            further.append(f"{name}__{target.parent_field}")
    return list(dict.fromkeys([*names, *further]))


class ClusterSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Cluster


class StatisticSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Statistic


class EventSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Event


class StakeholderGroupSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = StakeholderGroup


class StakeholderSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Stakeholder


class IdentifierSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Identifier


class PublicationSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Publication


class LiteratureSummarySerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = LiteratureSummary


class StudySampleSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = StudySample


class ContributorSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Contributor
