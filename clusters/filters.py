"""Filters that page, API and export share. Every filter has a twin that negates it."""

import copy
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict

from clusters.models import Cluster, Publication, Stakeholder

# Parameters of lists that are not filters: of pages, and of the API.
PAGE_PARAMETERS = frozenset({"page"})
API_PARAMETERS = frozenset({"page", "page_size", "ordering", "format", "fields"})
LONGEST_QUERY = 200


class StrictForm(forms.Form):
    """Refuses parameters that nothing reads, and a second value for one that takes one."""

    other_parameters: frozenset[str] = frozenset()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.data:
            if name not in self.fields and name not in self.other_parameters:
                known = ", ".join(self.fields)
                self.add_error(None, f"There is no filter “{name}”. Known: {known}.")
            elif isinstance(self.data, QueryDict) and len(self.data.getlist(name)) > 1:
                self.add_error(None, f"“{name}” stands here twice; it takes one value.")
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
            if declared.method:
                negated.method = cls._negate(declared.method)
            else:
                negated.exclude = True
            filters[f"{name}__not"] = negated
        return filters

    @classmethod
    def _negate(cls, method: str) -> str:
        """Give the class a method that leaves out what another one finds."""

        def leave_out(self: Any, queryset: Any, name: str, value: Any) -> Any:
            found = getattr(self, method)(queryset, name, value)
            return queryset.exclude(pk__in=found.order_by().values("pk"))

        setattr(cls, f"{method}__not", leave_out)
        return f"{method}__not"

    def get_form_class(self) -> type[forms.Form]:
        fields = {name: found.field for name, found in self.filters.items()}
        # Only the API's backend hands the request on.
        others = PAGE_PARAMETERS if self.request is None else API_PARAMETERS
        return type(
            f"{type(self).__name__}Form", (StrictForm,), {**fields, "other_parameters": others}
        )


def search(queryset: QuerySet[Any], name: str, value: str, fields: list[str]) -> QuerySet[Any]:
    """Keep rows in which every word of the query occurs in one of the fields."""
    every = Q()
    for word in value.split():
        some = Q()
        for field in fields:
            some |= Q(**{f"{field}__icontains": word})
        every &= some
    return queryset.filter(every)


def yes_no(**options: Any) -> django_filters.TypedChoiceFilter:
    """A filter by true or false, which refuses anything else."""
    return django_filters.TypedChoiceFilter(
        choices=[("", "any"), ("true", "yes"), ("false", "no")],
        coerce=lambda value: value == "true",
        **options,
    )


class ClusterFilter(StrictFilterSet):
    q = django_filters.CharFilter(method="filter_q", label="Words", max_length=LONGEST_QUERY)
    country = django_filters.CharFilter(lookup_expr="iexact", label="Country (ISO 3166 code)")
    isic = django_filters.CharFilter(label="ISIC class")

    class Meta(StrictFilterSet.Meta):
        model = Cluster
        fields: list[str] = []

    def filter_q(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return search(queryset, name, value, ["name", "industry", "summary", "region"])


class StakeholderFilter(StrictFilterSet):
    q = django_filters.CharFilter(method="filter_q", label="Words", max_length=LONGEST_QUERY)
    group = django_filters.CharFilter(field_name="group__slug", label="Group")
    country = django_filters.CharFilter(lookup_expr="iexact", label="Country (ISO 3166 code)")
    is_pseudonym = yes_no(label="Is a pseudonym")

    class Meta(StrictFilterSet.Meta):
        model = Stakeholder
        fields: list[str] = []

    def filter_q(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return search(queryset, name, value, ["name", "aliases", "summary"])


class PublicationFilter(StrictFilterSet):
    q = django_filters.CharFilter(method="filter_q", label="Words", max_length=LONGEST_QUERY)
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
