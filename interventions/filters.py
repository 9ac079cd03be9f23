"""Filters of projects and what hangs on them, shared by page, API and export."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from clusters.filters import LONGEST_QUERY, StrictFilterSet, search
from clusters.models import Cluster
from interventions.models import Direction, Donor, Ending, Factor, Issue, Project
from interventions.models.projects import ProjectQuerySet


class ProjectFilter(StrictFilterSet):
    q = django_filters.CharFilter(method="filter_q", label="Words", max_length=LONGEST_QUERY)
    country = django_filters.CharFilter(
        field_name="clusters__country",
        lookup_expr="iexact",
        label="Country (ISO 3166 code)",
        distinct=True,
    )
    cluster = django_filters.ModelChoiceFilter(
        field_name="clusters",
        to_field_name="slug",
        queryset=lambda request: Cluster.objects.published(),
        label="Cluster",
        empty_label="any",
        distinct=True,
    )
    donor = django_filters.ModelChoiceFilter(
        field_name="fundings__provider",
        to_field_name="slug",
        queryset=lambda request: Donor.objects.published().select_related("stakeholder"),
        label="Donor",
        empty_label="any",
        distinct=True,
    )
    issue = django_filters.ChoiceFilter(
        field_name="issues",
        lookup_expr="contains",
        choices=Issue,
        label="Issue",
        empty_label="any",
        method="filter_issue",
    )
    ending = django_filters.ChoiceFilter(choices=Ending, label="How it ended", empty_label="any")
    outcome = django_filters.ChoiceFilter(
        field_name="outcomes__direction",
        choices=Direction,
        label="Some outcome is",
        empty_label="any",
        distinct=True,
    )
    factor_present = django_filters.ChoiceFilter(
        method="filter_factor_present",
        choices=lambda: Factor.objects.published().as_choices(),
        label="Factor more present than absent",
        empty_label="any",
    )
    running_on = django_filters.DateFilter(
        method="filter_running_on",
        label="Running on the day",
        widget=forms.DateInput(attrs={"type": "date"}),
    )

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
