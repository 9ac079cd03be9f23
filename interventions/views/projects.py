from collections import defaultdict
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from clusters.asked import without
from clusters.caching import public_page
from clusters.charts.style import PALETTE
from clusters.lookup import find_published
from clusters.paging import page_of
from clusters.parameters import check_parameters
from clusters.tables import csv_response
from clusters.views.records import about_record
from interventions.analysis.status import activity_status
from interventions.facets import facets, loosened, without_any
from interventions.filters import ProjectFilter
from interventions.gather import length_of, longest_minimum, norms_of
from interventions.matrix import (
    disagreement_of,
    holder_of,
    outcome_of,
    subject_of,
    what_differs,
)
from interventions.models import (
    Account,
    Coding,
    Funding,
    Outcome,
    Participation,
    Project,
    ProjectLink,
    Reply,
)
from interventions.models.projects import ORDERINGS
from interventions.views.charts import CHARTS, chart_of
from interventions.views.evidence import CITED

# What the list of projects can be seen as, besides the list itself.
VIEWS = {
    "": "List",
    **{name: entry.tab for name, entry in CHARTS.items() if entry.tab},
}
ORDER_WORDS = {
    "": "Place, then start",
    "title": "Title",
    "-actual_start": "Latest start first",
    "actual_start": "Earliest start first",
    "-stated_months": "Longest first",
    "stated_months": "Shortest first",
}


@public_page
def project_list(request: HttpRequest) -> HttpResponse:
    """The explorer: one set of filters over a list and over every chart of projects."""
    filterset = list_filter(request)
    context = page_of(request, filterset)
    view = request.GET.get("view", "")
    if view not in VIEWS:
        raise BadRequest(f"view: there is no “{view}”. Known: {', '.join(filter(None, VIEWS))}.")
    if filterset.is_valid():
        context["facets"] = facets(filterset)
        if view:
            context["chart"] = chart_of(view, filterset.qs.in_order(), request.GET)
            context["palette"] = PALETTE
        if not context["page"].paginator.count:
            context["loosened"] = loosened(filterset, context["asked"])
    for project in context["page"]:
        project.came_of_it = outcome_of(project.found)
    boxes = {"q", "year_from", "year_to", *(facet.name for facet in context.get("facets", []))}
    context |= {
        "view": view,
        "views": VIEWS,
        "order_words": ORDER_WORDS,
        "ordering": request.GET.get("ordering", ""),
        "all_rows": without_any(filterset),
        "csv_query": without(request.GET, ["view", "page_size"]),
        "api_query": without(request.GET, ["view"]),
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
    """The filterset of the list, in the order that the address asks for. Raises BadRequest."""
    ordering = request.GET.get("ordering", "")
    if ordering and ordering not in ORDERINGS:
        raise BadRequest(f"ordering: choose one of {', '.join(ORDERINGS)}.")
    return ProjectFilter(request.GET, Project.objects.published().ordered_by(ordering).for_list())


@public_page
def project_csv(request: HttpRequest) -> HttpResponse:
    """What the list shows, all pages of it, one row a project."""
    filterset = list_filter(request)
    if not filterset.is_valid():
        raise BadRequest(str(filterset.form.errors.as_text()))
    head = (
        "slug",
        "title",
        "clusters",
        "countries",
        "start",
        "end",
        "dated by plan",
        "stated months",
        "ending",
        "status",
        "outcomes",
        "address",
    )
    rows = [
        (
            project.slug,
            project.title,
            "; ".join(cluster.name for cluster in project.clusters.all()),
            "; ".join(sorted({str(cluster.country) for cluster in project.clusters.all()})),
            str(project.planned_start if project.is_dated_by_plan else project.actual_start),
            str(project.planned_end if project.is_dated_by_plan else project.actual_end),
            "yes" if project.is_dated_by_plan else "no",
            "" if project.stated_months is None else str(project.stated_months),
            project.get_ending_display(),
            activity_status(project.ending, has_start=bool(project.actual_start))[1],
            "; ".join(f"{one.title} ({one.direction})" for one in project.found),
            request.build_absolute_uri(project.get_absolute_url()),
        )
        for project in filterset.qs
    ]
    return csv_response("projects", head, rows)


@public_page
def project_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A history that a person can read, from the top as a memo."""
    check_parameters(request, set())
    project = find_published(with_everything(), slug)
    norms = norms_of([project])[project.pk]
    accounts = list(project.accounts.all())
    differing = disagreement_of(accounts)
    subjects = {
        subject_of(factor=account.factor, dimension=account.dimension) for account in accounts
    }
    status = activity_status(project.ending, has_start=bool(project.actual_start))
    context = {
        "project": project,
        "outcome": outcome_of(list(project.outcomes.all())),
        "norms": norms,
        "length": length_of(project, longest_minimum(norms)),
        "status": status[1],
        "holders": by_holder(accounts),
        "reasons": reasons_by_holder(accounts),
        "main_reasons": main_reasons(accounts),
        "disagrees_on": what_differs(accounts, differing),
        "contested_share": (len(differing.contested), len(subjects)),
        "codings": by_factor(project.codings.all()),
        "intended": [one for one in project.outcomes.all() if one.intended != "no"],
        "unintended": [one for one in project.outcomes.all() if one.intended == "no"],
        "siblings": siblings_of(project),
        "sources": sources_of(project),
        "api_url": reverse("api-project-detail", args=[project.slug]),
        **about_record(request, project),
    }
    return render(request, "interventions/project_detail.html", context)


def with_everything() -> Any:
    """Published projects with all that their page shows, in a fixed number of queries."""
    replies = Reply.objects.select_related("by").prefetch_related(CITED)
    accounts = Account.objects.with_holders().prefetch_related(CITED, Prefetch("replies", replies))
    return Project.objects.published().prefetch_related(
        "clusters",
        CITED,
        Prefetch("accounts", accounts),
        Prefetch("outcomes", Outcome.objects.select_related("dimension").prefetch_related(CITED)),
        Prefetch(
            "fundings",
            Funding.objects.select_related(
                "provider__stakeholder", "provider_project", "receiver"
            ).prefetch_related(CITED),
        ),
        Prefetch(
            "participations",
            Participation.objects.select_related("stakeholder").prefetch_related(CITED),
        ),
        Prefetch("links", ProjectLink.objects.select_related("other").prefetch_related(CITED)),
        Prefetch(
            "links_here",
            ProjectLink.objects.published().select_related("project").prefetch_related(CITED),
        ),
        Prefetch(
            "codings",
            Coding.objects.published()
            .overall()
            .filter(factor__isnull=False)
            .select_related("factor__framework", "coder")
            .prefetch_related(CITED)
            .order_by("factor__framework", "factor__position", "coder", "key"),
        ),
    )


def siblings_of(project: Project) -> list[Project]:
    """Other published parts of the programmes that this project is part of."""
    programmes = [link.other_id for link in project.links.all() if link.type == "part_of"]
    return list(
        Project.objects.published()
        .filter(links__type="part_of", links__other__in=programmes)
        .exclude(pk=project.pk)
        .distinct()
    )


def sources_of(project: Project) -> list[tuple[Any, list[Any]]]:
    """Every publication that something on the page rests on, with the places in it."""
    parts = [
        project.accounts.all(),
        project.outcomes.all(),
        project.fundings.all(),
        project.participations.all(),
        project.links.all(),
        project.codings.all(),
    ]
    uses = [*project.citations.all()]
    uses += [use for rows in parts for row in rows for use in row.citations.all()]
    places = {use.citation_id: use.citation for use in uses}
    found: dict[Any, list[Any]] = defaultdict(list)
    for place in sorted(places.values(), key=lambda place: (place.locator_type, place.locator)):
        found[place.publication].append(place)
    return sorted(found.items(), key=lambda item: str(item[0]))


def by_holder(accounts: list[Account]) -> list[dict[str, Any]]:
    """One column a holder, with the main reasons it names for how the project ended."""
    columns: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        columns[holder_of(account)].append(account)
    return [
        {
            "holder": found[0].holder,
            "name": found[0].holder_words,
            "group": found[0].holder_group,
            "main": list(
                dict.fromkeys(account.subject for account in found if account.as_reason == "main")
            ),
            "accounts": found,
        }
        for found in sorted(
            columns.values(),
            key=lambda found: (
                -sum(one.as_reason == "main" for one in found),
                found[0].holder_words,
            ),
        )
    ]


def main_reasons(accounts: list[Account]) -> list[tuple[Any, list[str]]]:
    """Each main reason for the end with whoever names it, the one that most name first."""
    found: dict[Any, dict[str, None]] = defaultdict(dict)
    for account in accounts:
        if account.as_reason == "main":
            found[account.subject][account.holder_words] = None
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), str(item[0])))
    return [(subject, list(holders)) for subject, holders in ranked]


REASON_RANK = {"main": 3, "contributing": 2, "denied": 1}


def reasons_by_holder(accounts: list[Account]) -> dict[str, Any]:
    """A table of reasons by holders: who names what as a reason for the end, and how strongly."""
    named = [account for account in accounts if account.as_reason in REASON_RANK]
    words = {holder_of(account): account.holder_words for account in named}
    holders = sorted(words, key=lambda holder: (words[holder], holder))
    strongest: dict[tuple[Any, str], Account] = {}
    for account in named:
        place = (account.subject, holder_of(account))
        known = strongest.get(place)
        if known is None or REASON_RANK[account.as_reason] > REASON_RANK[known.as_reason]:
            strongest[place] = account
    subjects = {subject for subject, _ in strongest}
    rows = [
        {
            "subject": subject,
            "cells": [strongest.get((subject, holder)) for holder in holders],
            "weight": sum(
                REASON_RANK[account.as_reason]
                for (found, _), account in strongest.items()
                if found == subject
            ),
        }
        for subject in subjects
    ]
    rows.sort(key=lambda row: (-row["weight"], str(row["subject"])))  # type: ignore[operator]
    return {"holders": [words[holder] for holder in holders], "rows": rows}


def by_factor(codings: Any) -> list[dict[str, Any]]:
    """Agreed and independent codings side by side, factor by factor."""
    found: dict[Any, dict[str, Any]] = {}
    for coding in codings:
        line = found.setdefault(
            coding.factor, {"factor": coding.factor, "agreed": None, "independent": []}
        )
        if coding.coder is None:
            line["agreed"] = coding
        else:
            line["independent"].append(coding)
    return list(found.values())
