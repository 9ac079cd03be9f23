"""Count for each choice of a filter how many projects it would leave."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, F, Func, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django_countries import countries
from django_filters import FilterSet

from clusters.models import Cluster, Root, Stakeholder
from clusters.web.active_filters import ActiveFilter, in_words, without
from interventions.models import (
    Coding,
    Direction,
    Donor,
    Ending,
    Factor,
    Issue,
    OutcomeDimension,
    Project,
)
from interventions.models.project_queries import DONORS_OF_PROJECTS, ProjectQuerySet
from interventions.selectors.facet_counts import Counts, counts_of, counts_of_all
from interventions.web.filters import DONOR_TYPES, STATUSES, UNKNOWN_STATUS, UNSTATED_TYPE

type Rows = Iterable[tuple[str, str, int]]


@dataclass(frozen=True)
class Option:
    """One choice: its value in the address, its words, and how many projects it leaves."""

    value: str
    label: str
    count: int
    selected: bool


@dataclass(frozen=True)
class Facet:
    """One filter with its choices; those that would leave nothing are not offered."""

    name: str
    label: str
    options: list[Option]


def filtered(filterset: FilterSet, besides: str = "") -> QuerySet[Any]:
    """Return what a valid filterset finds, leaving one filter out."""
    queryset = filterset.queryset.all()
    for name, value in filterset.form.cleaned_data.items():
        if name in filterset.filters and name != besides:
            queryset = filterset.filters[name].filter(queryset, value)
    return queryset


def facets(filterset: FilterSet, names: Iterable[str] = ()) -> list[Facet]:
    """Return some facets, or all, counted over what the other filters leave.

    From the facts that are kept of every project, in a query for each filter that is set; where
    these are not all ready, in a query for each facet.
    """
    found = []
    wanted = list(names) or list(COUNTS)
    left = cache(partial(left_by, filterset))
    ready = ready_counts(filterset, wanted)
    for name in wanted:
        chosen = filterset.data.get(name, "")
        if name in ready:
            rows = in_words_of(name, ready[name])
        else:  # until every document is written
            rows = COUNTS[name](left(name if chosen else ""))
        options = [
            Option(value, label, number, value.lower() == chosen.lower())
            for value, label, number in rows
            if number or value == chosen
        ]
        if chosen and not any(option.selected for option in options):
            options.append(Option(chosen, in_words(filterset, name), 0, selected=True))
        found.append(Facet(name, str(type(filterset).base_filters[name].label), options))
    return found


def left_by(filterset: FilterSet, besides: str) -> ProjectQuerySet:
    """Return the projects that a filterset leaves, leaving one filter out."""
    return Project.objects.filter(pk__in=filtered(filterset, besides).order_by().values("pk"))


def loosened(
    filterset: FilterSet, set_filters: list[ActiveFilter]
) -> list[tuple[ActiveFilter, int]]:
    """Return each filter that is set, with how many projects a list has without it.

    Shown where a list has no results.
    """
    return [(chosen, filtered(filterset, chosen.name).count()) for chosen in set_filters]


def _grouped(projects: ProjectQuerySet, *columns: str) -> Any:
    rows = projects.order_by().values(*columns).annotate(number=Count("pk", distinct=True))
    return rows.values_list(*columns, "number")


def _countries(projects: ProjectQuerySet) -> Rows:
    rows = _grouped(projects.filter(clusters__isnull=False), "clusters__country")
    return sorted(((code, countries.name(code), n) for code, n in rows), key=lambda row: row[1])


def _clusters(projects: ProjectQuerySet) -> Rows:
    rows = _grouped(projects.filter(clusters__isnull=False), "clusters__slug", "clusters__name")
    return sorted(rows, key=lambda row: row[1])


def _dimensions(projects: ProjectQuerySet) -> Rows:
    rows = _grouped(
        projects.filter(outcomes__isnull=False),
        "outcomes__dimension__slug",
        "outcomes__dimension__name",
    )
    return sorted(rows, key=lambda row: row[1])


def _choices(
    column: str, choices: Sequence[tuple[str, object]]
) -> Callable[[ProjectQuerySet], Rows]:
    def count(projects: ProjectQuerySet) -> Rows:
        numbers = dict(_grouped(projects, column))
        return [(code, str(label), numbers.get(code, 0)) for code, label in choices]

    return count


def _issues(projects: ProjectQuerySet) -> Rows:
    each = Func(F("issues"), function="unnest")
    rows = projects.order_by().annotate(one=each).values("one").annotate(number=Count("pk"))
    numbers = dict(rows.values_list("one", "number"))
    return [(code, str(label), numbers.get(code, 0)) for code, label in Issue.choices]


def _statuses(projects: ProjectQuerySet) -> Rows:
    counts = projects.aggregate(
        **{
            f"status_{code}": Count(
                "pk",
                filter=_in(
                    projects.model.objects.with_status("" if code == UNKNOWN_STATUS else code)
                ),
            )
            for code, label in STATUSES
        }
    )
    return [(code, str(label), counts[f"status_{code}"]) for code, label in STATUSES]


def _in(queryset: QuerySet[Any]) -> Q:
    return Q(pk__in=queryset.order_by().values("pk"))


def _disagreeing(projects: ProjectQuerySet) -> Rows:
    counts = projects.aggregate(
        all=Count("pk"), yes=Count("pk", filter=_in(Project.objects.with_accounts_disagreeing()))
    )
    return [("true", _("yes"), counts["yes"]), ("false", _("no"), counts["all"] - counts["yes"])]


def _by_donor(projects: ProjectQuerySet, columns: str) -> list[tuple[Any, ...]]:
    try:
        wanted, parameters = projects.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:  # Django knows that nothing can be left, and makes no SQL of it
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns}, count(DISTINCT project_id) FROM ({DONORS_OF_PROJECTS}) pairs "
            "JOIN interventions_donor donor "
            "ON donor.id = pairs.donor_id AND donor.state = 'published' "
            "JOIN clusters_stakeholder stakeholder ON stakeholder.id = donor.stakeholder_id "
            f"WHERE project_id IN ({wanted}) GROUP BY {columns}",
            parameters,
        )
        return cursor.fetchall()


def _donors(projects: ProjectQuerySet) -> Rows:
    columns = "donor.slug, stakeholder.name, stakeholder.is_pseudonym"
    rows = [
        (slug, str(Stakeholder(name=name, is_pseudonym=is_pseudonym)), number)
        for slug, name, is_pseudonym, number in _by_donor(projects, columns)
    ]
    return sorted(rows, key=lambda row: row[1])


def _donor_types(projects: ProjectQuerySet) -> Rows:
    numbers = dict(_by_donor(projects, "organisation_type"))
    return [
        (code, str(label), numbers.get("" if code == UNSTATED_TYPE else code, 0))
        for code, label in DONOR_TYPES
    ]


def _factors(**score: float) -> Callable[[ProjectQuerySet], Rows]:
    def count(projects: ProjectQuerySet) -> Rows:
        codings = Coding.objects.published().agreed().overall().filter(project__in=projects)
        columns = ("factor__framework__slug", "factor__key", "factor__name")
        rows = (
            codings.filter(factor__framework__state="published", **score)
            .order_by("factor__framework", "factor__sort_order", "factor__key")
            .values(*columns, "factor__framework", "factor__sort_order")
            .annotate(number=Count("project", distinct=True))
        )
        return [
            (f"{framework}/{key}", name, number)
            for framework, key, name, number in rows.values_list(*columns, "number")
        ]

    return count


COUNTS: dict[str, Callable[[ProjectQuerySet], Rows]] = {
    "country": _countries,
    "cluster": _clusters,
    "donor": _donors,
    "donor_type": _donor_types,
    "issue": _issues,
    "status": _statuses,
    "ending": _choices("ending", Ending.choices),
    "factor_present": _factors(score__gt=0.5),
    "factor_absent": _factors(score__lt=0.5),
    "outcome": _choices("outcomes__direction", Direction.choices),
    "dimension": _dimensions,
    "accounts_disagree": _disagreeing,
}


def ready_counts(filterset: FilterSet, names: Iterable[str]) -> Counts:
    """Return what can be counted from kept facts: each facet over what the other filters leave."""
    asked = {name for name in filterset.filters if filterset.data.get(name)}
    others = [name for name in names if name not in asked]
    found = _ready(filterset, asked, "", others) or {}
    for name in names:
        if name in asked:
            found |= _ready(filterset, asked - {name}, name, [name]) or {}
    return found


def _ready(filterset: FilterSet, asked: set[str], besides: str, names: list[str]) -> Counts | None:
    if not names:
        return {}
    return counts_of(filtered(filterset, besides), names) if asked else counts_of_all(names)


def in_words_of(name: str, numbers: dict[str, int]) -> Rows:
    """Return the choices of a facet in words and in their order."""
    if name == "country":
        rows = [(code, countries.name(code), number) for code, number in numbers.items()]
        return sorted(rows, key=lambda row: row[1])
    if name in NAMES:
        return [(value, label, numbers[value]) for value, label in NAMES[name](numbers)]
    return [(str(code), str(label), numbers.get(str(code), 0)) for code, label in CHOICES[name]]


def _named(
    model: type[Root], related: str | None = None
) -> Callable[[Iterable[str]], Iterable[tuple[str, str]]]:
    def names(slugs: Iterable[str]) -> Iterable[tuple[str, str]]:
        found = model.objects.filter(slug__in=list(slugs)).select_related(related)
        return sorted(((row.slug, str(row)) for row in found), key=lambda row: row[1])

    return names


def _factor_names(values: Iterable[str]) -> Iterable[tuple[str, str]]:
    factors = Factor.objects.published().order_by("framework", "sort_order", "key")
    rows = factors.values_list("framework__slug", "key", "name")
    wanted = set(values)
    return [(f"{slug}/{key}", name) for slug, key, name in rows if f"{slug}/{key}" in wanted]


# Facets whose choices are records, by what finds their names, in order.
NAMES = {
    "cluster": _named(Cluster),
    "dimension": _named(OutcomeDimension),
    "donor": _named(Donor, "stakeholder"),
    "factor_present": _factor_names,
    "factor_absent": _factor_names,
}
# Facets whose choices are codes.
CHOICES = {
    "donor_type": DONOR_TYPES,
    "issue": Issue.choices,
    "status": STATUSES,
    "ending": Ending.choices,
    "outcome": Direction.choices,
    "accounts_disagree": [("true", _lazy("yes")), ("false", _lazy("no"))],
}


def without_any(filterset: FilterSet) -> str:
    """Return the address of the whole list, in the same view and order."""
    return without(filterset.data, filterset.filters)
