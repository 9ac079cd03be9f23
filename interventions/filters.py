"""Filters of projects and what hangs on them, shared by page, API and export."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from clusters.filters import StrictFilterSet, search
from interventions.models import Direction, Ending, Issue, Project
from interventions.models.projects import ProjectQuerySet


class ProjectFilter(StrictFilterSet):
    q = django_filters.CharFilter(method="filter_q", label="Words")
    country = django_filters.CharFilter(
        field_name="clusters__country",
        lookup_expr="iexact",
        label="Country (ISO 3166 code)",
        distinct=True,
    )
    cluster = django_filters.CharFilter(field_name="clusters__slug", label="Cluster", distinct=True)
    donor = django_filters.CharFilter(
        field_name="fundings__provider__slug", label="Donor", distinct=True
    )
    issue = django_filters.ChoiceFilter(
        field_name="issues",
        lookup_expr="contains",
        choices=Issue,
        label="Issue",
        method="filter_issue",
    )
    ending = django_filters.ChoiceFilter(choices=Ending, label="How it ended")
    outcome = django_filters.ChoiceFilter(
        field_name="outcomes__direction", choices=Direction, label="Some outcome is", distinct=True
    )
    factor_present = django_filters.CharFilter(
        method="filter_factor_present", label="Factor more present than absent (framework/factor)"
    )
    running_on = django_filters.DateFilter(method="filter_running_on", label="Running on (day)")

    class Meta(StrictFilterSet.Meta):
        model = Project
        fields: list[str] = []

    def filter_q(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return search(queryset, name, value, ["title", "aliases", "summary", "aims", "activities"])

    def filter_issue(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(issues__contains=[value])

    def filter_factor_present(
        self, queryset: ProjectQuerySet, name: str, value: str
    ) -> ProjectQuerySet:
        framework, _, key = value.partition("/")
        return queryset.with_factor_present(framework, key)

    def filter_running_on(
        self, queryset: ProjectQuerySet, name: str, value: Any
    ) -> ProjectQuerySet:
        return queryset.running_on(value)
