from collections import defaultdict
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from clusters.lookup import find_published
from clusters.models import Change
from clusters.paging import render_list
from clusters.parameters import check_parameters
from interventions.filters import ProjectFilter
from interventions.matrix import (
    disagreement_of,
    holder_of,
    holder_words,
    outcome_of,
    subject_of,
    what_differs,
)
from interventions.models import (
    Account,
    Coding,
    DonorNorm,
    Funding,
    Outcome,
    Participation,
    Project,
    ProjectLink,
)
from interventions.views.evidence import CITED


@require_safe
def project_list(request: HttpRequest) -> HttpResponse:
    projects = Project.objects.published().for_list()
    return render_list(
        request, "interventions/project_list.html", ProjectFilter(request.GET, projects)
    )


@require_safe
def project_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """A history that a person can read, from the top as a memo."""
    check_parameters(request, set())
    project = find_published(with_everything(), slug)
    accounts = list(project.accounts.all())
    differing = disagreement_of(accounts)
    subjects = {
        subject_of(factor=account.factor, dimension=account.dimension) for account in accounts
    }
    context = {
        "project": project,
        "outcome": outcome_of(list(project.outcomes.all())),
        "norms": norms_for(project),
        "holders": by_holder(accounts),
        "reasons": reasons_by_holder(accounts),
        "disagrees_on": what_differs(accounts, differing),
        "contested_share": (len(differing.contested), len(subjects)),
        "codings": by_factor(project.codings.all()),
        "changes": list(Change.objects.of("projects", project.pk)),
        "api_url": reverse("api-project-detail", args=[project.slug]),
    }
    return render(request, "interventions/project_detail.html", context)


def with_everything() -> Any:
    """Published projects with all that their page shows, in a fixed number of queries."""
    return Project.objects.published().prefetch_related(
        "clusters",
        CITED,
        Prefetch("accounts", Account.objects.with_holders().prefetch_related(CITED)),
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


def norms_for(project: Project) -> list[DonorNorm]:
    """The rules of the donors that led or paid for it."""
    stakeholders = {participation.stakeholder_id for participation in project.participations.all()}
    donors = {funding.provider_id for funding in project.fundings.all() if funding.provider_id}
    norms = DonorNorm.objects.published().select_related("donor__stakeholder")
    return list(
        (norms.filter(donor__stakeholder__in=stakeholders) | norms.filter(donor__in=donors))
        .distinct()
        .prefetch_related(CITED)
    )


def by_holder(accounts: list[Account]) -> list[dict[str, Any]]:
    """One column a holder, with the main reasons it names for how the project ended."""
    columns: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        columns[holder_of(account)].append(account)
    return [
        {
            "holder": found[0].holder,
            "name": holder_words(found[0]),
            "group": found[0].holder_group,
            "main": [account for account in found if account.as_reason == "main"],
            "accounts": found,
        }
        for found in sorted(
            columns.values(),
            key=lambda found: (
                -sum(one.as_reason == "main" for one in found),
                holder_words(found[0]),
            ),
        )
    ]


REASON_RANK = {"main": 3, "contributing": 2, "denied": 1}


def reasons_by_holder(accounts: list[Account]) -> dict[str, Any]:
    """A table of reasons by holders: who names what as a reason for the end, and how strongly."""
    named = [account for account in accounts if account.as_reason in REASON_RANK]
    words = {holder_of(account): holder_words(account) for account in named}
    holders = sorted(words, key=lambda holder: (words[holder], holder))
    strongest: dict[tuple[Any, str], Account] = {}
    for account in named:
        place = (account.factor or account.dimension, holder_of(account))
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
