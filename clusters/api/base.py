"""One kind of endpoint for every kind of record: list and detail of what is published."""

import re
from typing import Any, ClassVar

import django_filters
from django.db import models
from django.db.models import F
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import serializers, viewsets
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

from clusters.api import fields as api_fields
from clusters.casefiles.shape import Field, shape_of
from clusters.filters import StrictFilterSet
from clusters.lookup import find_published
from clusters.models import Root

# A slug or key, in any case of letters, so that an old spelling can be redirected.
NAME = "[-a-zA-Z0-9_]+"


class Pagination(PageNumberPagination):
    """`page` and `page_size`, 50 rows a page, 200 at most."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int | None:
        asked = request.query_params.get("page_size")
        if asked is not None and not (
            re.fullmatch(r"[0-9]{1,3}", asked) and 1 <= int(asked) <= self.max_page_size
        ):
            raise ValidationError({"page_size": f"Ask for 1 to {self.max_page_size} rows."})
        return super().get_page_size(request)


class RecordOrdering(OrderingFilter):
    """`ordering=-actual_start`: unknown values come last, and ties keep the order of entry."""

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> list[Any]:
        asked = [part.strip() for part in request.query_params.get("ordering", "").split(",")]
        known = view.ordering_columns()
        ordering: list[Any] = []
        for part in filter(None, asked):
            name = part.removeprefix("-")
            if name not in known:
                raise ValidationError(
                    {"ordering": f"One cannot order by “{name}”. Known: {', '.join(known)}."}
                )
            column = F(known[name])
            ordering.append(
                column.desc(nulls_last=True) if part[0] == "-" else column.asc(nulls_last=True)
            )
        return [*(ordering or queryset.query.order_by or queryset.model._meta.ordering), "pk"]


class RecordSerializer(serializers.Serializer[Any]):
    """A record as the API shows it, read off the same shape as its case file.

    What the public never sees has no field here at all.
    """

    class Meta:
        model: type[models.Model]

    def get_fields(self) -> dict[str, serializers.Field]:
        model: Any = self.Meta.model
        shape = shape_of(model)
        found: dict[str, serializers.Field] = {"url": api_fields.UrlField()}
        if parent := getattr(model, "parent_field", None):
            found["id"] = serializers.SerializerMethodField()
            found[parent] = api_fields.LinkField()
        for spec in shape.fields:
            if spec.name not in model.private:
                found[spec.name] = _field(spec)
        if issubclass(model, Root):
            found["version"] = serializers.IntegerField(read_only=True)
        found |= dict(super().get_fields())
        if shape.citations is not None:
            found["citations"] = api_fields.CitationsField()
        return self._asked_for(found)

    def get_id(self, instance: Any) -> str:
        return api_fields.reference(instance)

    def _asked_for(self, found: dict[str, serializers.Field]) -> dict[str, serializers.Field]:
        """Keep what `fields=` names, and what identifies a record."""
        request = self.context.get("request")
        asked = request.query_params.get("fields") if request is not None else None
        if not asked:
            return found
        wanted = [name.strip() for name in asked.split(",")]
        if unknown := [name for name in wanted if name not in found]:
            raise ValidationError(
                {"fields": f"There is no field “{unknown[0]}”. Known: {', '.join(found)}."}
            )
        always = {"url", "id", "slug"}
        return {name: field for name, field in found.items() if name in always or name in wanted}


def _field(spec: Field) -> serializers.Field:
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
        return serializers.FloatField(read_only=True)
    if isinstance(column, models.BooleanField):
        return serializers.BooleanField(read_only=True)
    if isinstance(column, models.IntegerField):
        return serializers.IntegerField(read_only=True)
    if column.choices:
        return api_fields.CodedField(dict(column.flatchoices))
    return serializers.CharField(read_only=True)


def to_join(model: Any) -> list[str]:
    """Return the foreign keys whose rows a record's answer names, with what names those."""
    names = [spec.name for spec in shape_of(model).fields if spec.kind == "reference"]
    names = [name for name in names if name not in model.private]
    if hasattr(model, "parent_field"):
        names.append(model.parent_field)
    further = []
    for name in names:
        target: Any = model._meta.get_field(name).related_model
        further += [f"{name}__{column}" for column in getattr(target, "named_by", ())]
        if hasattr(target, "parent_field"):
            further.append(f"{name}__{target.parent_field}")
    return [*names, *further]


def serializer_for(model: type[models.Model], **extra: Any) -> type[RecordSerializer]:
    """Declare the serializer of a model; `extra` adds fields, such as `derived`."""
    meta = type("Meta", (), {"model": model})
    return type(f"{model.__name__}Serializer", (RecordSerializer,), {"Meta": meta, **extra})


def filterset_for(model: type[models.Model]) -> type[StrictFilterSet]:
    """Declare filters for what a record points to (by slug) and for its coded values."""
    parent = getattr(model, "parent_field", None)
    filters: dict[str, Any] = {}
    for column in model._meta.concrete_fields:
        name = column.name
        if column.is_relation and (name == parent or shape_of(model).field(name)):
            target: Any = column.related_model
            if hasattr(target, "parent_field"):
                above = target.parent_field
                filters[name] = django_filters.CharFilter(
                    field_name=f"{name}__key", label=f"{name} (key)"
                )
                filters[above] = django_filters.CharFilter(
                    field_name=f"{name}__{above}__slug", label=f"{above} (slug)"
                )
            else:
                filters[name] = django_filters.CharFilter(
                    field_name=f"{name}__slug", label=f"{name} (slug)"
                )
        elif (
            isinstance(column, models.CharField) and column.choices and shape_of(model).field(name)
        ):
            filters[name] = django_filters.ChoiceFilter(choices=column.flatchoices)
    meta = type("Meta", (StrictFilterSet.Meta,), {"model": model, "fields": []})
    return type(f"{model.__name__}Filter", (StrictFilterSet,), {**filters, "Meta": meta})


class RecordViewSet(viewsets.ReadOnlyModelViewSet[Any]):
    """List and detail of one kind of record. Subclasses name the model, and more where needed."""

    model: ClassVar[type[models.Model]]
    filterset_class: Any = None
    pagination_class = Pagination
    filter_backends = [DjangoFilterBackend, RecordOrdering]
    lookup_field = "slug"
    lookup_value_regex = NAME

    def get_queryset(self) -> Any:
        manager: Any = self.model._default_manager
        shape = shape_of(self.model)
        related = to_join(self.model)
        many = [spec.name for spec in shape.fields if spec.kind == "references"]
        if shape.citations is not None:
            many.append("citations__citation__publication")
        queryset = manager.published().prefetch_related(*many)
        return queryset.select_related(*related) if related else queryset

    @classmethod
    def ordering_columns(cls) -> dict[str, str]:
        """Names one can order by, with their columns; dates order by their first day."""
        columns = {}
        for spec in shape_of(cls.model).fields:
            if spec.kind == "date":
                columns[spec.name] = f"{spec.name}_earliest"
            elif spec.kind == "scalar" and not isinstance(spec.field, models.TextField):
                columns[spec.name] = spec.name
        return columns

    def get_object(self) -> Any:
        for name in self.request.query_params:
            if name not in ("fields", "format"):
                raise ValidationError({name: "A record takes no parameter but “fields”."})
        name = self.kwargs[self.lookup_url_kwarg or self.lookup_field]
        try:
            if not hasattr(self.model, "parent_field"):
                return find_published(self.get_queryset(), name)
            root, _, key = name.partition("/")
            parent = self.model.parent_field
            roots: Any = self.model._meta.get_field(parent).related_model
            found = find_published(roots.objects.published(), root)
            return self.get_queryset().get(**{parent: found, "key": key})
        except (Http404, self.model.DoesNotExist):  # type: ignore[attr-defined]
            raise NotFound(
                f"There is no published {self.model._meta.verbose_name} “{name}”."
            ) from None


def endpoint(model: type[models.Model], **attributes: Any) -> type[RecordViewSet]:
    """Declare the endpoint of a model."""
    is_child = hasattr(model, "parent_field")
    return type(
        f"{model.__name__}ViewSet",
        (RecordViewSet,),
        {
            "__doc__": model.__doc__,
            "model": model,
            "queryset": model._default_manager.none(),
            "serializer_class": serializer_for(model),
            "filterset_class": filterset_for(model),
            "lookup_value_regex": f"{NAME}/{NAME}" if is_child else NAME,
            **attributes,
        },
    )
