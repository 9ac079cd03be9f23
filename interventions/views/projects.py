from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clusters.charts.style import PALETTE
from clusters.published.lookup import find_published
from clusters.views.records import about_record
from clusters.web.caching import public_page
from clusters.web.pagination import page_of
from clusters.web.query_params import check_parameters
from interventions.analysis.status import activity_status
from interventions.models import Project
from interventions.models.project_queries import ORDERINGS
from interventions.selectors.chart_data import guidelines_of, length_of, longest_minimum
from interventions.selectors.factor_matrix import (
    disagreement_of,
    outcome_of,
    subject_of,
    what_differs,
)
from interventions.selectors.project_detail import (
    agreement_of,
    by_stakeholder,
    by_subject,
    dates_of,
    named_reasons,
    parts_taken,
    reasons_by_stakeholder,
    siblings_of,
    sources_of,
    with_everything,
)
from interventions.web.charts import CHARTS, chart_of
from interventions.web.facets import facets, loosened, without_any
from interventions.web.filters import ProjectFilter

# What the list of projects can be seen as, besides the list itself.
VIEWS = {
    "": _("List"),
    **{name: entry.tab for name, entry in CHARTS.items() if entry.tab is not None},
}
ORDER_WORDS = {
    "": _("Place, then start"),
    "title": _("Title"),
    "-actual_start": _("Latest start first"),
    "actual_start": _("Earliest start first"),
    "-stated_months": _("Longest first"),
    "stated_months": _("Shortest first"),
}


@public_page
def project_list(request: HttpRequest) -> HttpResponse:
    """Show the explorer: one set of filters over a list and over every chart of projects."""
    filterset = list_filter(request)
    context = page_of(request, filterset)
    view = request.GET.get("view", "")
    if view not in VIEWS:
        raise BadRequest(
            _("view: there is no “%(view)s”. Known: %(known)s.")
            % {"view": view, "known": ", ".join(filter(None, VIEWS))}
        )
    if filterset.is_valid():
        context["facets"] = facets(filterset)
        if view:
            context["chart"] = chart_of(view, filterset.qs.in_order(), request.GET)
            context["palette"] = PALETTE
        if not context["page"].paginator.count:
            context["loosened"] = loosened(filterset, context["asked"])
    for project in context["page"]:
        project.overall_outcome = outcome_of(project.found)
    boxes = {"q", "year_from", "year_to", *(facet.name for facet in context.get("facets", []))}
    context |= {
        "view": view,
        "views": VIEWS,
        "order_words": ORDER_WORDS,
        "ordering": request.GET.get("ordering", ""),
        "all_rows": without_any(filterset),
        # Filters without a box of their own stay; so do all where a wrong one leaves no boxes.
        "kept": [
            (name, value)
            for name, value in request.GET.items()
            if value and name in filterset.filters and name not in boxes
        ],
    }
    status = 200 if filterset.is_valid() else 400
    return render(request, "interventions/project_list.html", context, status=status)


def list_filter(request: HttpRequest) -> ProjectFilter:
    """Return the filterset of the list, its rows in the order asked for. Raises BadRequest."""
    ordering = request.GET.get("ordering", "")
    if ordering and ordering not in ORDERINGS:
        raise BadRequest(_("ordering: choose one of %(known)s.") % {"known": ", ".join(ORDERINGS)})
    return ProjectFilter(request.GET, Project.objects.published().ordered_by(ordering).for_list())


@public_page
def project_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a project as a history that a person can read, its top as a memo."""
    check_parameters(request, set())
    project = find_published(with_everything(), slug)
    guidelines = guidelines_of([project])[project.pk]
    accounts = list(project.accounts.all())
    differing = disagreement_of(accounts)
    subjects = {
        subject_of(factor=account.factor, dimension=account.dimension) for account in accounts
    }
    status = activity_status(project.ending, has_start=bool(project.actual_start))
    codings, coded_outcomes = by_subject(project.codings.all())
    ran, others = parts_taken(project)
    context = {
        "project": project,
        "outcome": outcome_of(list(project.outcomes.all())),
        "guidelines": guidelines,
        "length": length_of(project, longest_minimum(guidelines)),
        "status": status[1],
        "stakeholders": by_stakeholder(accounts),
        "reasons": reasons_by_stakeholder(accounts),
        "named_reasons": named_reasons(accounts),
        "disagrees_on": what_differs(accounts, differing),
        "contested_share": (len(differing.contested), len(subjects)),
        "codings": codings,
        "coded_outcomes": coded_outcomes,
        "agreement": agreement_of([*codings, *coded_outcomes]),
        "is_double_coded": any(len(line["independent"]) > 1 for line in codings),
        "parts_taken": [(_("Run by"), ran), (_("Who took part"), others)],
        "intended": [outcome for outcome in project.outcomes.all() if outcome.intended != "no"],
        "unintended": [outcome for outcome in project.outcomes.all() if outcome.intended == "no"],
        "dates": dates_of(project),
        "siblings": siblings_of(project),
        "sources": sources_of(project),
        "api_url": reverse("api-project-detail", args=[project.slug]),
        **about_record(request, project),
    }
    return render(request, "interventions/project_detail.html", context)
