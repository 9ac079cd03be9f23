"""Filters of projects and what hangs on them, shared by page, chart, API and export."""

import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from clusters.filters import PAGE_PARAMETERS, CountryFilter, StrictFilterSet, WordsFilter, yes_no
from clusters.models import Cluster, Stakeholder
from interventions.analysis.status import CLOSED, IMPLEMENTATION, NOT_KNOWN
from interventions.models import (
    Direction,
    Donor,
    DonorType,
    Ending,
    Factor,
    Issue,
    OutcomeDimension,
    Project,
)
from interventions.models.project_queries import ProjectQuerySet

UNKNOWN_STATUS = "unknown"
STATUSES = [IMPLEMENTATION, CLOSED, (UNKNOWN_STATUS, NOT_KNOWN[1])]
# No code of IATI's: for donors of which no source says what they are.
UNSTATED_TYPE = "unknown"
DONOR_TYPES = [*DonorType.choices, (UNSTATED_TYPE, _("Not stated"))]


class DonorFilter(StrictFilterSet):
    q = WordsFilter()
    type = django_filters.ChoiceFilter(
        method="filter_type", choices=DONOR_TYPES, label=_("Type"), empty_label=_("any")
    )

    class Meta(StrictFilterSet.Meta):
        model = Donor
        fields: list[str] = []

    def filter_type(self, queryset: QuerySet[Donor], name: str, value: str) -> QuerySet[Donor]:
        return queryset.filter(organisation_type="" if value == UNSTATED_TYPE else value)


class ProjectFilter(StrictFilterSet):
    """Every state of the list of projects; the year filters go by actual dates, else planned."""

    page_parameters = PAGE_PARAMETERS | {"view"}

    q = WordsFilter()
    country = CountryFilter(field_name="clusters__country", label=_("Country"), distinct=True)
    cluster = django_filters.ModelChoiceFilter(
        field_name="clusters",
        to_field_name="slug",
        queryset=lambda request: Cluster.objects.published(),
        label=_("Cluster"),
        empty_label=_("any"),
        distinct=True,
    )
    donor = django_filters.ModelChoiceFilter(
        method="filter_donor",
        to_field_name="slug",
        queryset=lambda request: Donor.objects.published().select_related("stakeholder"),
        label=_("Donor that paid or took part"),
        empty_label=_("any"),
    )
    donor_type = django_filters.ChoiceFilter(
        method="filter_donor_type",
        choices=DONOR_TYPES,
        label=_("Type of donor"),
        empty_label=_("any"),
    )
    issue = django_filters.ChoiceFilter(
        method="filter_issue", choices=Issue, label=_("Issue"), empty_label=_("any")
    )
    status = django_filters.ChoiceFilter(
        method="filter_status", choices=STATUSES, label=_("Status"), empty_label=_("any")
    )
    ending = django_filters.ChoiceFilter(
        choices=Ending, label=_("How it ended"), empty_label=_("any")
    )
    year_from = django_filters.NumberFilter(
        method="filter_year_from", label=_("Ran in or after"), min_value=1, max_value=9999
    )
    year_to = django_filters.NumberFilter(
        method="filter_year_to", label=_("Ran in or before"), min_value=1, max_value=9999
    )
    factor_present = django_filters.ChoiceFilter(
        method="filter_factor_present",
        choices=lambda: Factor.objects.published().as_choices(),
        label=_("Factor present"),
        empty_label=_("any"),
    )
    factor_absent = django_filters.ChoiceFilter(
        method="filter_factor_absent",
        choices=lambda: Factor.objects.published().as_choices(),
        label=_("Factor absent"),
        empty_label=_("any"),
    )
    factor_unknown = django_filters.ChoiceFilter(
        method="filter_factor_unknown",
        choices=lambda: Factor.objects.published().as_choices(),
        label=_("Factor not known"),
        empty_label=_("any"),
    )
    outcome = django_filters.ChoiceFilter(
        field_name="outcomes__direction",
        choices=Direction,
        label=_("An outcome is"),
        empty_label=_("any"),
        distinct=True,
    )
    dimension = django_filters.ModelChoiceFilter(
        field_name="outcomes__dimension",
        to_field_name="slug",
        queryset=lambda request: OutcomeDimension.objects.published(),
        label=_("An outcome concerns"),
        empty_label=_("any"),
        distinct=True,
    )
    accounts_disagree = yes_no(method="filter_accounts_disagree", label=_("Accounts disagree"))
    stakeholder = django_filters.ModelChoiceFilter(
        field_name="participations__stakeholder",
        to_field_name="slug",
        queryset=lambda request: Stakeholder.objects.published(),
        label=_("Who took part"),
        empty_label=_("any"),
        distinct=True,
    )
    running_on = django_filters.DateFilter(
        method="filter_running_on",
        label=_("Running on the day"),
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    class Meta(StrictFilterSet.Meta):
        model = Project
        fields: list[str] = []

    def filter_donor(self, queryset: ProjectQuerySet, name: str, value: Donor) -> ProjectQuerySet:
        return queryset.of_donors([value])

    def filter_donor_type(
        self, queryset: ProjectQuerySet, name: str, value: str
    ) -> ProjectQuerySet:
        stored = "" if value == UNSTATED_TYPE else value
        return queryset.of_donors(Donor.objects.published().filter(organisation_type=stored))

    def filter_issue(self, queryset: ProjectQuerySet, name: str, value: str) -> ProjectQuerySet:
        return queryset.filter(issues__contains=[value])

    def filter_status(self, queryset: ProjectQuerySet, name: str, value: str) -> ProjectQuerySet:
        return queryset.with_status("" if value == UNKNOWN_STATUS else value)

    def filter_year_from(self, queryset: ProjectQuerySet, name: str, value: Any) -> ProjectQuerySet:
        return queryset.running_between(datetime.date(int(value), 1, 1), None)

    def filter_year_to(self, queryset: ProjectQuerySet, name: str, value: Any) -> ProjectQuerySet:
        return queryset.running_between(None, datetime.date(int(value), 12, 31))

    def filter_factor_present(
        self, queryset: ProjectQuerySet, name: str, value: str
    ) -> ProjectQuerySet:
        return queryset.with_factor_present(*value.split("/"))

    def filter_factor_absent(
        self, queryset: ProjectQuerySet, name: str, value: str
    ) -> ProjectQuerySet:
        return queryset.with_factor_absent(*value.split("/"))

    def filter_factor_unknown(
        self, queryset: ProjectQuerySet, name: str, value: str
    ) -> ProjectQuerySet:
        return queryset.with_factor_unknown(*value.split("/"))

    def filter_accounts_disagree(
        self, queryset: ProjectQuerySet, name: str, value: bool
    ) -> ProjectQuerySet:
        disagreeing = Project.objects.with_accounts_disagreeing().values("pk")
        return (
            queryset.filter(pk__in=disagreeing) if value else queryset.exclude(pk__in=disagreeing)
        )

    def filter_running_on(
        self, queryset: ProjectQuerySet, name: str, value: Any
    ) -> ProjectQuerySet:
        return queryset.running_on(value)
