"""Filters of projects and what hangs on them, shared by page, chart, API and export."""

import datetime
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from clusters.models import Cluster, Stakeholder
from clusters.web.filters import (
    PAGE_PARAMETERS,
    CodeFilter,
    CountryFilter,
    PartField,
    PartFilter,
    RecordFilter,
    RecordFilterSet,
    SeveralFilter,
    StrictFilterSet,
    WordsFilter,
    yes_no,
)
from interventions.analysis.status import CLOSED, IMPLEMENTATION, NOT_KNOWN
from interventions.models import (
    SCORES,
    Account,
    Coding,
    Direction,
    Donor,
    DonorGuideline,
    DonorType,
    Ending,
    Factor,
    Framework,
    Funding,
    Issue,
    Outcome,
    OutcomeDimension,
    Participant,
    Project,
    ProjectLink,
    Reply,
)
from interventions.models.project_queries import ProjectQuerySet

UNKNOWN_STATUS = "unknown"
STATUSES = [IMPLEMENTATION, CLOSED, (UNKNOWN_STATUS, NOT_KNOWN[1])]
# No code of IATI's: for donors of which no source says what they are.
UNSTATED_TYPE = "unknown"
DONOR_TYPES = [*DonorType.choices, (UNSTATED_TYPE, _("Not stated"))]


def stored_types(asked: list[str]) -> list[str]:
    """Return the types as they are stored: empty where no source states one."""
    return ["" if kind == UNSTATED_TYPE else kind for kind in asked]


class FactorChoiceFilter(PartFilter):
    """Names factors of published frameworks as `framework/factor`, in a list to choose from."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"model": Factor, **options})


class ScoreField(PartField):
    """A factor and one of the scores: `framework/factor/0.67`."""

    def fetch(self, names: list[str]) -> dict[str, Any]:
        return super().fetch([name.rpartition("/")[0] for name in names])

    def clean(self, value: Any) -> Any:
        name, _slash, score = value.rpartition("/")
        known = {f"{float(number):g}": number for number in SCORES}
        if score not in known:
            self.refuse(value, [f"{name or 'framework/factor'}/{code}" for code in known])
        return FactorScore(super().clean(name), known[score])


class FactorScore(NamedTuple):
    """One factor at one score, as a list says it."""

    factor: Factor
    score: Decimal

    def __str__(self) -> str:
        return f"{self.factor}, {float(self.score):g}"


class ScoreFilter(SeveralFilter):
    """Keeps projects whose agreed coding gives a factor exactly this score."""

    example_ending = "/1"

    field_class = ScoreField

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"model": Factor, **options})


class DonorFilter(StrictFilterSet):
    q = WordsFilter()
    type = CodeFilter(method="filter_type", choices=DONOR_TYPES, label=_("Type"))

    class Meta(StrictFilterSet.Meta):
        model = Donor
        fields: list[str] = []

    def filter_type(
        self, queryset: QuerySet[Donor], name: str, value: list[str]
    ) -> QuerySet[Donor]:
        return queryset.filter(organisation_type__in=stored_types(value))


class ProjectFilter(StrictFilterSet):
    """Every state of the list of projects; the year filters go by actual dates, else planned."""

    page_parameters = PAGE_PARAMETERS | {"view"}

    q = WordsFilter()
    country = CountryFilter(field_name="clusters__country", label=_("Country"), distinct=True)
    cluster = RecordFilter(Cluster, field_name="clusters", label=_("Cluster"), distinct=True)
    donor = RecordFilter(
        Donor,
        method="filter_donor",
        queryset=lambda request: Donor.objects.published().select_related("stakeholder"),
        label=_("Donor that paid or took part"),
    )
    donor_type = CodeFilter(
        method="filter_donor_type", choices=DONOR_TYPES, label=_("Type of donor")
    )
    issue = CodeFilter(field_name="issues", lookup_expr="overlap", choices=Issue, label=_("Issue"))
    status = CodeFilter(method="filter_status", choices=STATUSES, label=_("Status"))
    ending = CodeFilter(choices=Ending, label=_("How it ended"))
    year_from = django_filters.NumberFilter(
        method="filter_year_from", label=_("Ran in or after"), min_value=1, max_value=9999
    )
    year_to = django_filters.NumberFilter(
        method="filter_year_to", label=_("Ran in or before"), min_value=1, max_value=9999
    )
    factor_present = FactorChoiceFilter(
        method="filter_factor_present", label=_("Factor present (0.67 or 1)")
    )
    factor_absent = FactorChoiceFilter(
        method="filter_factor_absent", label=_("Factor absent (0 or 0.33)")
    )
    factor_unknown = FactorChoiceFilter(method="filter_factor_unknown", label=_("Factor not known"))
    outcome = CodeFilter(
        field_name="outcomes__direction",
        choices=Direction,
        label=_("An outcome is"),
        distinct=True,
    )
    dimension = RecordFilter(
        OutcomeDimension,
        field_name="outcomes__dimension",
        label=_("An outcome concerns"),
        distinct=True,
    )
    factor_score = ScoreFilter(method="filter_factor_score", label=_("Agreed score of a factor"))
    overall_outcome = CodeFilter(
        method="filter_overall_outcome", choices=Direction, label=_("All outcomes together are")
    )
    accounts_disagree = yes_no(method="filter_accounts_disagree", label=_("Accounts disagree"))
    stakeholder = RecordFilter(
        Stakeholder,
        field_name="participants__stakeholder",
        label=_("Who took part"),
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

    def filter_donor(
        self, queryset: ProjectQuerySet, name: str, value: list[Donor]
    ) -> ProjectQuerySet:
        return queryset.of_donors(value)

    def filter_donor_type(
        self, queryset: ProjectQuerySet, name: str, value: list[str]
    ) -> ProjectQuerySet:
        donors = Donor.objects.published().filter(organisation_type__in=stored_types(value))
        return queryset.of_donors(donors)

    def filter_status(
        self, queryset: ProjectQuerySet, name: str, value: list[str]
    ) -> ProjectQuerySet:
        return queryset.with_status(
            *("" if status == UNKNOWN_STATUS else status for status in value)
        )

    def filter_year_from(
        self, queryset: ProjectQuerySet, name: str, value: Decimal
    ) -> ProjectQuerySet:
        return queryset.running_between(datetime.date(int(value), 1, 1), None)

    def filter_year_to(
        self, queryset: ProjectQuerySet, name: str, value: Decimal
    ) -> ProjectQuerySet:
        return queryset.running_between(None, datetime.date(int(value), 12, 31))

    def filter_factor_present(
        self, queryset: ProjectQuerySet, name: str, value: list[Factor]
    ) -> ProjectQuerySet:
        return queryset.with_factor_present(value)

    def filter_factor_absent(
        self, queryset: ProjectQuerySet, name: str, value: list[Factor]
    ) -> ProjectQuerySet:
        return queryset.with_factor_absent(value)

    def filter_factor_unknown(
        self, queryset: ProjectQuerySet, name: str, value: list[Factor]
    ) -> ProjectQuerySet:
        return queryset.with_factor_unknown(value)

    def filter_factor_score(
        self, queryset: ProjectQuerySet, name: str, value: list[tuple[Factor, Decimal]]
    ) -> ProjectQuerySet:
        found = [Project.objects.with_score(*pair).order_by().values("pk") for pair in value]
        return queryset.filter(reduce(or_, (Q(pk__in=projects) for projects in found)))

    def filter_overall_outcome(
        self, queryset: ProjectQuerySet, name: str, value: list[str]
    ) -> ProjectQuerySet:
        return queryset.with_outcome(*value)

    def filter_accounts_disagree(
        self, queryset: ProjectQuerySet, name: str, value: bool
    ) -> ProjectQuerySet:
        disagreeing = Project.objects.with_accounts_disagreeing().values("pk")
        return (
            queryset.filter(pk__in=disagreeing) if value else queryset.exclude(pk__in=disagreeing)
        )

    def filter_running_on(
        self, queryset: ProjectQuerySet, name: str, value: datetime.date
    ) -> ProjectQuerySet:
        return queryset.running_on(value)


class DonorGuidelineFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = DonorGuideline
        fields: list[str] = []


class ProjectLinkFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = ProjectLink
        fields: list[str] = []


class FundingFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = Funding
        fields: list[str] = []


class ParticipantFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = Participant
        fields: list[str] = []


class FrameworkFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = Framework
        fields: list[str] = []


class FactorFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = Factor
        fields: list[str] = []


class AccountFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = Account
        fields: list[str] = []


class CodingFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = Coding
        fields: list[str] = []


class ReplyFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = Reply
        fields: list[str] = []


class OutcomeDimensionFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = OutcomeDimension
        fields: list[str] = []


class OutcomeFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = Outcome
        fields: list[str] = []
