"""What the page of a project shows: its parts, and who says what by holder, reason and factor."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Prefetch, Q
from django.utils.translation import gettext_lazy as _

from clusters.models import Event
from clusters.models.citations import CITED
from clusters.models.fields import EDTF
from interventions.analysis.disagreement import NAMED_REASONS
from interventions.analysis.rounds import Figures, Unit, figures
from interventions.matrix import holder_of
from interventions.models import (
    Account,
    Coding,
    Factor,
    Funding,
    Outcome,
    Participation,
    Project,
    ProjectLink,
    Reply,
    Role,
)
from interventions.rounds import code_of

OWN_DATES = {
    "planned_start": _("The project is to start"),
    "actual_start": _("The project starts"),
    "planned_end": _("The project is to end"),
    "actual_end": _("The project ends"),
}


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
            ).prefetch_related(
                CITED,
                Prefetch(
                    "provider_project__fundings",
                    Funding.objects.select_related("provider__stakeholder"),
                ),
            ),
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
            .select_related("factor__framework", "dimension", "coder")
            .prefetch_related(CITED)
            .order_by("factor__framework", "factor__position", "dimension__name", "coder", "key"),
        ),
    )


@dataclass(frozen=True)
class Dated:
    """One line of what happened by date: of the project itself, or around it in its cluster."""

    day: date
    words: str
    title: str
    field: str = ""
    event: Event | None = None

    @property
    def url(self) -> str:
        return self.event.get_absolute_url() if self.event else ""


def dates_of(project: Project) -> list[Dated]:
    """The project's own dates, and the events of its clusters while it ran, in order.

    Without an actual start nothing can be said to have happened meanwhile.
    """
    found = []
    for field, title in OWN_DATES.items():
        day, when = getattr(project, f"{field}_earliest"), EDTF(getattr(project, field))
        if day is not None:
            found.append(Dated(day, when.words, str(title), field=field))
    start = project.actual_start_earliest  # type: ignore[attr-defined]
    end = project.actual_end_latest  # type: ignore[attr-defined]
    if start is not None:
        meanwhile = Event.objects.filter(
            Q(when_latest=None) | Q(when_latest__gte=start),
            cluster__in=project.clusters.all(),
            when_earliest__isnull=False,
        )
        if end is not None:
            meanwhile = meanwhile.filter(when_earliest__lte=end)
        for event in meanwhile.select_related("cluster").prefetch_related(CITED):
            words = EDTF(event.when).words
            found.append(Dated(event.when_earliest, words, event.title, event=event))  # type: ignore[attr-defined]
    return sorted(found, key=lambda one: (one.day, one.event is not None, one.title))


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
    """One column a holder, with the reasons it names for how the project ended."""
    columns: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        columns[holder_of(account)].append(account)
    return [
        {
            "holder": found[0].holder,
            "name": found[0].holder_words,
            "group": found[0].holder_group,
            "main": list(
                dict.fromkeys(
                    account.subject for account in found if account.as_reason in NAMED_REASONS
                )
            ),
            "accounts": found,
        }
        for found in sorted(
            columns.values(),
            key=lambda found: (
                -sum(one.as_reason in NAMED_REASONS for one in found),
                found[0].holder_words,
            ),
        )
    ]


def named_reasons(accounts: list[Account]) -> list[tuple[Any, list[str]]]:
    """Each reason for the end with whoever names it, the one that most name first."""
    found: dict[Any, dict[str, None]] = defaultdict(dict)
    for account in accounts:
        if account.as_reason in NAMED_REASONS:
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


RUNNERS = (Role.LEAD, Role.IMPLEMENTER)


def parts_taken(project: Project) -> tuple[list[Participation], list[Participation]]:
    """Who ran it, and who took part without running it; each body once in either."""
    ran: dict[int, Participation] = {}
    others: dict[int, Participation] = {}
    for part in project.participations.all():
        (ran if part.role in RUNNERS else others).setdefault(part.stakeholder_id, part)
    rest = [part for body, part in others.items() if body not in ran]
    return list(ran.values()), rest


def agreement_of(lines: Sequence[dict[str, Any]]) -> Figures | None:
    """How far those who coded a project apart agree, by lines of `by_subject`; None for one coder.

    What is coded from one perspective only is not counted.
    """
    overall = [
        [
            one
            for one in line["independent"]
            if one.perspective_group_id is None and one.perspective_holder_id is None
        ]
        for line in lines
    ]
    coders = sorted({one.coder_id for codings in overall for one in codings})
    if len(coders) < 2:
        return None
    codes = [{one.coder_id: _code_of(one) for one in codings} for codings in overall]
    return figures(
        [Unit("", str(number), tuple(map(each.get, coders))) for number, each in enumerate(codes)]
    )


def _code_of(coding: Coding) -> str:
    is_silent = coding.degree is None
    return code_of({"no_value": coding.no_value} if is_silent else {"degree": coding.degree})


def by_subject(codings: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Agreed and independent codings side by side: of each factor, and of each outcome."""
    found: dict[Any, dict[str, Any]] = {}
    for coding in codings:
        subject = coding.factor or coding.dimension
        line = found.setdefault(subject, {"subject": subject, "agreed": None, "independent": []})
        if coding.coder is None:
            line["agreed"] = coding
        else:
            line["independent"].append(coding)
    lines = list(found.values())
    of_factors = [line for line in lines if isinstance(line["subject"], Factor)]
    return of_factors, [line for line in lines if line not in of_factors]
