"""Every chart by its name: what it draws of which rows, for pages, API and files alike."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clusters.charts.chart import Chart
from clusters.charts.cluster_map import cluster_map
from clusters.charts.timeline import cluster_timeline
from clusters.i18n import PROJECTS, counted
from clusters.models import Cluster, Event
from clusters.models.base import RootQuerySet
from clusters.published.lookup import GoneError, MovedError, find_published
from clusters.published.state import data_state
from clusters.web.active_filters import ActiveFilter, active_filters
from clusters.web.filters import ClusterFilter
from clusters.web.query_params import check_parameters
from interventions.analysis.outcomes import outcomes_by_factor
from interventions.charts.accounts_by_stakeholder import accounts_by_stakeholder
from interventions.charts.evidence_map import evidence_map
from interventions.charts.factor_matrix import factor_matrix
from interventions.charts.factor_outcomes import factor_outcomes
from interventions.charts.factor_shares import factor_shares
from interventions.charts.money import money_by_donor
from interventions.charts.participants import draw_participants
from interventions.charts.project_length import project_length
from interventions.models import Framework, Project
from interventions.models.project_queries import ProjectQuerySet
from interventions.selectors.chart_data import (
    evidence_on,
    happenings_of,
    lengths_of,
    main_framework,
    parts_of,
    payments_of,
    places_of,
    shares_for,
    views_of,
)
from interventions.selectors.factor_matrix import columns_of, matrix_of
from interventions.web.filters import ProjectFilter

MAIN_FRAMEWORK = "donor-financed-csr-and-collective-action"
# A chart of more projects than this could not be read; its table says what was left out.
MOST_PROJECTS = 200
CHART_PARAMETERS = frozenset({"embed", "format", "framework", "works", "cluster"})


def source_line() -> str:
    """Return what every chart says of where it comes from."""
    return _("Source: Cluster Casebook, data version %(number)s, CC BY 4.0.") % {
        "number": data_state().number
    }


def framework_of(query: QueryDict) -> Framework:
    """Return the framework of the address, else the main one. Raises BadRequest or Http404."""
    slug = query.get("framework", MAIN_FRAMEWORK)
    found = main_framework(slug)
    if found is not None:
        return found
    if "framework" not in query:
        raise Http404(_("The main framework is not published."))
    known = Framework.objects.published().values_list("slug", flat=True)
    raise BadRequest(
        _("framework: there is no “%(slug)s”. Known: %(known)s.")
        % {"slug": slug, "known": ", ".join(known)}
    )


def filters_of(query: QueryDict) -> QueryDict:
    """Return what of an address filters projects, for the list that a mark leads to."""
    kept = query.copy()
    for name in (*CHART_PARAMETERS - {"cluster"}, "view", "page"):
        kept.pop(name, None)
    return kept


def draw_matrix(projects: ProjectQuerySet, query: QueryDict) -> Chart:
    return factor_matrix(matrix_of(projects, framework_of(query)), source_line())


def draw_shares(projects: ProjectQuerySet, query: QueryDict) -> Chart:
    framework = framework_of(query)
    shares = shares_for(projects, framework, columns_of(framework))

    def links(factor: str, score: float | None) -> str:
        kept = filters_of(query)
        if score is None:
            kept["factor_unknown"] = f"{framework.slug}/{factor}"
        else:
            kept["factor_score"] = f"{framework.slug}/{factor}/{score:g}"
        return f"{reverse('projects')}?{kept.urlencode()}"

    return factor_shares(shares, projects=projects.count(), links=links, source=source_line())


def draw_outcomes(projects: ProjectQuerySet, query: QueryDict) -> Chart:
    framework = framework_of(query)
    matrix = matrix_of(projects, framework)

    def links(factor: str, presence: str, direction: str = "") -> str:
        kept = filters_of(query)
        wanted = f"{framework.slug}/{factor}"
        if query.get(f"factor_{presence}", wanted) != wanted:
            return ""  # the list takes one factor there, and another one stands there already
        kept[f"factor_{presence}"] = wanted
        if direction:
            if query.get("overall_outcome", direction) != direction:
                return ""
            kept["overall_outcome"] = direction
        return f"{reverse('projects')}?{kept.urlencode()}"

    return factor_outcomes(
        outcomes_by_factor(matrix), projects=len(matrix.rows), links=links, source=source_line()
    )


def draw_accounts(projects: ProjectQuerySet, query: QueryDict) -> Chart:
    return accounts_by_stakeholder(views_of(projects), source_line())


def draw_lengths(projects: ProjectQuerySet, query: QueryDict) -> Chart:
    return project_length(lengths_of(projects), source_line())


def draw_money(projects: ProjectQuerySet, query: QueryDict) -> Chart:
    payments, unstated = payments_of(projects)
    return money_by_donor(payments, unstated=unstated, source=source_line())


def draw_taking_part(projects: ProjectQuerySet, query: QueryDict) -> Chart:
    return draw_participants(parts_of(projects), source_line())


def draw_map(clusters: RootQuerySet, query: QueryDict) -> Chart:
    return cluster_map(places_of(clusters), source_line())


def draw_evidence_map(projects: ProjectQuerySet, query: QueryDict) -> Chart:
    framework = framework_of(query)
    works = query.get("works", "each")
    if works not in ("each", "independent"):
        raise BadRequest(_("works: each or independent."))
    by_study = works == "independent"
    return evidence_map(
        evidence_on(framework, by_study=by_study),
        [(column.key, column.short_name) for column in columns_of(framework)],
        by_study=by_study,
        source=source_line(),
    )


def draw_timeline(clusters: RootQuerySet, query: QueryDict) -> Chart:
    slug = query.get("cluster", "")
    if not slug:
        known = ", ".join(clusters.values_list("slug", flat=True)[:20])
        raise BadRequest(
            _("cluster: name the cluster whose timeline you want, such as %(known)s.")
            % {"known": known}
        )
    try:
        cluster = find_published(clusters, slug)
    except (Http404, GoneError, MovedError):
        raise BadRequest(
            _("cluster: no published cluster is called “%(slug)s”.") % {"slug": slug}
        ) from None
    return timeline_of(
        cluster,
        Event.objects.in_order().filter(cluster=cluster),
        Project.objects.published().in_order().filter(clusters=cluster),
    )


def timeline_of(cluster: Cluster, events: Iterable[Event], projects: Iterable[Project]) -> Chart:
    """Return the timeline of a cluster from its events and projects, fetched or not."""
    for event in events:
        event.cluster = cluster  # known: no query for each
    return cluster_timeline(cluster.name, happenings_of(events, projects), source_line())


@dataclass(frozen=True)
class Entry:
    """A chart at an address: what draws it, from which records, by which filters."""

    draw: Callable[[Any, QueryDict], Chart]
    words: str | Promise
    of: str = "projects"
    # A word for it above a list that can be seen in several ways.
    tab: str | Promise | None = None


CHARTS = {
    "factor-matrix": Entry(draw_matrix, _("Factor matrix"), tab=_("Matrix")),
    "factor-shares": Entry(draw_shares, _("How often each factor was present"), tab=_("Factors")),
    "factor-outcomes": Entry(draw_outcomes, _("Outcomes by factor"), tab=_("Outcomes")),
    "accounts-by-stakeholder": Entry(
        draw_accounts, _("Accounts by stakeholder"), tab=_("Accounts")
    ),
    "project-length": Entry(draw_lengths, _("Length against the donor’s minimum"), tab=_("Length")),
    "money": Entry(draw_money, _("Money by donor and year"), tab=_("Money")),
    "participants": Entry(draw_taking_part, _("Who took part in what"), tab=_("Participants")),
    "cluster-map": Entry(draw_map, _("Map of clusters"), of="clusters"),
    "cluster-timeline": Entry(draw_timeline, _("Timeline of a cluster"), of="cluster"),
    "evidence-map": Entry(draw_evidence_map, _("Which factor rests on which work"), of="works"),
}


class ChartProjectFilter(ProjectFilter):
    page_parameters = frozenset({"embed", "format", "framework", "view", "ordering"})


class ChartClusterFilter(ClusterFilter):
    page_parameters = frozenset({"embed", "format"})


def chart_of(name: str, rows: Any, query: QueryDict) -> Chart:
    """Return one chart of these rows, with the address at which it stands by itself.

    More projects than can be read are cut off, and the chart says so.
    """
    entry = CHARTS[name]
    left_out = 0
    if entry.of == "projects" and name != "factor-shares":
        left_out = max(rows.count() - MOST_PROJECTS, 0)
        rows = rows[:MOST_PROJECTS] if left_out and name != "money" else rows
    chart = entry.draw(rows, query)
    kept = query.copy()
    for parameter in ("embed", "format", "view", "page", "page_size", "ordering", "cell", "order"):
        kept.pop(parameter, None)
    address = reverse("chart", args=[name])
    if left_out and name != "money":
        chart = replace(
            chart,
            reading=f"{chart.reading} "
            + _("Only the first %(most)s are drawn; %(projects)s left out: filter to see them.")
            % {"most": MOST_PROJECTS, "projects": counted(left_out, PROJECTS)},
        )
    return replace(chart, address=f"{address}?{kept.urlencode()}" if kept else address)


def rows_of(request: HttpRequest, entry: Entry) -> tuple[RootQuerySet, list[ActiveFilter]]:
    """Return the records that a chart draws, and the filters that are set. Raises BadRequest."""
    query = request.GET
    filterset: Any
    if entry.of == "projects":
        filterset = ChartProjectFilter(query, Project.objects.published().in_order())
    elif entry.of == "clusters":
        filterset = ChartClusterFilter(query, Cluster.objects.published().order_by("name", "pk"))
    else:
        own = {"cluster": {"cluster"}, "works": {"framework", "works"}}[entry.of]
        check_parameters(request, own | {"embed", "format"})
        return Cluster.objects.published().order_by("name", "pk"), []
    if not filterset.is_valid():
        raise BadRequest(_first_error(filterset.form))
    return filterset.qs, active_filters(filterset)


def _first_error(form: forms.Form) -> str:
    name, messages = next(iter(form.errors.items()))
    return str(messages[0]) if name == "__all__" else f"{name}: {messages[0]}"
