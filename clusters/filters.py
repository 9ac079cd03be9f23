"""Filters that page, API and export share. Every filter has a twin that negates it."""

import copy
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from clusters.models import Cluster, Publication, Stakeholder

# Parameters of lists that are not filters.
LIST_PARAMETERS = frozenset({"page", "page_size", "ordering", "format", "fields"})


class StrictForm(forms.Form):
    """Refuses parameters that nothing reads."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.data:
            if name not in self.fields and name not in LIST_PARAMETERS:
                known = ", ".join(self.fields)
                self.add_error(None, f"There is no filter “{name}”. Known: {known}.")
        return cleaned


class StrictFilterSet(django_filters.FilterSet):
    """A filterset in which `country__not=PK` leaves out what `country=PK` finds."""

    class Meta:
        form = StrictForm

    @classmethod
    def get_filters(cls) -> Any:
        filters = super().get_filters()
        for name, declared in list(filters.items()):
            if name == "q":
                continue
            negated = copy.deepcopy(declared)
            negated.exclude = True
            negated.field_name = declared.field_name
            filters[f"{name}__not"] = negated
        return filters

    def get_form_class(self) -> type[forms.Form]:
        fields = {name: found.field for name, found in self.filters.items()}
        return type(f"{type(self).__name__}Form", (StrictForm,), fields)


def search(queryset: QuerySet[Any], name: str, value: str, fields: list[str]) -> QuerySet[Any]:
    """Keep rows in which every word of the query occurs in one of the fields."""
    for word in value.split():
        found = Q()
        for field in fields:
            found |= Q(**{f"{field}__icontains": word})
        queryset = queryset.filter(found)
    return queryset.distinct()


def yes_no(**options: Any) -> django_filters.TypedChoiceFilter:
    """A filter by true or false, which refuses anything else."""
    return django_filters.TypedChoiceFilter(
        choices=[("true", "yes"), ("false", "no")],
        coerce=lambda value: value == "true",
        empty_label="any",
        **options,
    )


class ClusterFilter(StrictFilterSet):
    q = django_filters.CharFilter(method="filter_q", label="Words")
    country = django_filters.CharFilter(lookup_expr="iexact", label="Country (ISO 3166 code)")
    isic = django_filters.CharFilter(label="ISIC class")

    class Meta(StrictFilterSet.Meta):
        model = Cluster
        fields: list[str] = []

    def filter_q(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return search(queryset, name, value, ["name", "industry", "summary", "region"])


class StakeholderFilter(StrictFilterSet):
    q = django_filters.CharFilter(method="filter_q", label="Words")
    group = django_filters.CharFilter(field_name="group__slug", label="Group")
    country = django_filters.CharFilter(lookup_expr="iexact", label="Country (ISO 3166 code)")
    is_pseudonym = yes_no(label="Is a pseudonym")

    class Meta(StrictFilterSet.Meta):
        model = Stakeholder
        fields: list[str] = []

    def filter_q(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return search(queryset, name, value, ["name", "aliases", "summary"])


class PublicationFilter(StrictFilterSet):
    q = django_filters.CharFilter(method="filter_q", label="Words")
    year_from = django_filters.NumberFilter(
        field_name="issued_latest__year",
        lookup_expr="gte",
        label="From year",
        min_value=1,
        max_value=9999,
    )
    year_to = django_filters.NumberFilter(
        field_name="issued_earliest__year",
        lookup_expr="lte",
        label="To year",
        min_value=1,
        max_value=9999,
    )
    reviewed = yes_no(method="filter_reviewed", label="Is reviewed here")

    class Meta(StrictFilterSet.Meta):
        model = Publication
        fields: list[str] = []

    def filter_q(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return search(queryset, name, value, ["cited_as", "title", "container_title", "method"])

    def filter_reviewed(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        reviewed = queryset.model.objects.filter(reviewed_in__isnull=False).values("pk")
        return queryset.filter(pk__in=reviewed) if value else queryset.exclude(pk__in=reviewed)
