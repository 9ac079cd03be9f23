"""What the page of a project shows: its parts, and accounts by stakeholder, reason and factor."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from django.db.models import Prefetch, Q
from django.utils.translation import gettext_lazy as _

from clusters.models import Citation, Event, Publication, Stakeholder, StakeholderGroup
from clusters.models.citations import CITED
from clusters.models.fields import EDTF
from interventions.analysis.disagreement import NAMED_REASONS
from interventions.analysis.rounds import Figures, Unit, figures
from interventions.models import (
    Account,
    Coding,
    Factor,
    Funding,
    Outcome,
    OutcomeDimension,
    Participant,
    Project,
    ProjectLink,
    Reply,
    Role,
)
from interventions.models.project_queries import ProjectQuerySet
from interventions.selectors.coding_rounds import code_of
from interventions.selectors.factor_matrix import stakeholder_of

OWN_DATES = {
    "planned_start": _("The project is to start"),
    "actual_start": _("The project starts"),
    "planned_end": _("The project is to end"),
    "actual_end": _("The project ends"),
}


def with_everything() -> ProjectQuerySet:
    """Return published projects with all that their page shows, in a fixed number of queries."""
    replies = Reply.objects.select_related("by").prefetch_related(CITED)
    accounts = Account.objects.with_stakeholders().prefetch_related(
        CITED, Prefetch("replies", replies)
    )
    return Project.objects.published().prefetch_related(
        "clusters",
        CITED,
        Prefetch("accounts", accounts),
        Prefetch("outcomes", Outcome.objects.select_related("dimension").prefetch_related(CITED)),
        Prefetch(
            "funding",
            Funding.objects.select_related(
                "provider__stakeholder", "provider_project", "receiver"
            ).prefetch_related(
                CITED,
                Prefetch(
                    "provider_project__funding",
                    Funding.objects.select_related("provider__stakeholder"),
                ),
            ),
        ),
        Prefetch(
            "participants",
            Participant.objects.select_related("stakeholder").prefetch_related(CITED),
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
            .order_by("factor__framework", "factor__sort_order", "dimension__name", "coder", "key"),
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
    """Return the project's own dates, and the events of its clusters while it ran, in order.

    Without an actual start nothing can be said to have happened meanwhile.
    """
    found = []
    for field, title in OWN_DATES.items():
        day, when = getattr(project, f"{field}_earliest"), EDTF(getattr(project, field))
        if day is not None:
            found.append(Dated(day, when.words, str(title), field=field))
    start = project.actual_start_earliest
    end = project.actual_end_latest
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
            found.append(Dated(event.when_earliest, words, event.title, event=event))
    return sorted(found, key=lambda dated: (dated.day, dated.event is not None, dated.title))


def siblings_of(project: Project) -> list[Project]:
    """Return the other published parts of the programmes that this project is part of."""
    programmes = [link.other_id for link in project.links.all() if link.type == "parent"]
    return list(
        Project.objects.published()
        .filter(links__type="parent", links__other__in=programmes)
        .exclude(pk=project.pk)
        .distinct()
    )


def sources_of(project: Project) -> list[tuple[Publication, list[Citation]]]:
    """Return every publication that something on the page rests on, with the places in it."""
    parts = [
        project.accounts.all(),
        project.outcomes.all(),
        project.funding.all(),
        project.participants.all(),
        project.links.all(),
        project.codings.all(),
    ]
    uses = [*project.citations.all()]
    uses += [use for rows in parts for row in rows for use in row.citations.all()]
    places = {use.citation_id: use.citation for use in uses}
    found: dict[Publication, list[Citation]] = defaultdict(list)
    for place in sorted(places.values(), key=lambda place: (place.locator_type, place.locator)):
        found[place.publication].append(place)
    return sorted(found.items(), key=lambda item: str(item[0]))


class StakeholderColumn(TypedDict):
    """What one stakeholder says of a project, and which subjects it names as reasons."""

    stakeholder: Stakeholder | None
    name: str
    group: StakeholderGroup | None
    main: list[Factor | OutcomeDimension]
    accounts: list[Account]


def by_stakeholder(accounts: list[Account]) -> list[StakeholderColumn]:
    """Return one column a stakeholder, with the reasons it names for how the project ended."""
    columns: dict[str, list[Account]] = defaultdict(list)
    for account in accounts:
        columns[stakeholder_of(account)].append(account)
    return [
        {
            "stakeholder": found[0].stakeholder,
            "name": found[0].stakeholder_words,
            "group": found[0].stakeholder_group,
            "main": list(
                dict.fromkeys(
                    account.subject
                    for account in found
                    if account.reason_for_ending in NAMED_REASONS
                )
            ),
            "accounts": found,
        }
        for found in sorted(
            columns.values(),
            key=lambda found: (
                -sum(account.reason_for_ending in NAMED_REASONS for account in found),
                found[0].stakeholder_words,
            ),
        )
    ]


def named_reasons(accounts: list[Account]) -> list[tuple[Factor | OutcomeDimension, list[str]]]:
    """Return each reason for the end with those who name it, the most named first."""
    found: dict[Factor | OutcomeDimension, dict[str, None]] = defaultdict(dict)
    for account in accounts:
        if account.reason_for_ending in NAMED_REASONS:
            found[account.subject][account.stakeholder_words] = None
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), str(item[0])))
    return [(subject, list(stakeholders)) for subject, stakeholders in ranked]


REASON_RANK = {"main": 3, "contributing": 2, "rejected": 1}


class ReasonRow(TypedDict):
    """One subject as a reason: the account of each stakeholder on it, and how heavy all are."""

    subject: Factor | OutcomeDimension
    cells: list[Account | None]
    weight: int


class ReasonTable(TypedDict):
    """What is named as a reason for the ending: a row a subject, a column a stakeholder."""

    stakeholders: list[str]
    rows: list[ReasonRow]


def reasons_by_stakeholder(accounts: list[Account]) -> ReasonTable:
    """Return a table of who names what as a reason for the ending, and how strongly."""
    named = [account for account in accounts if account.reason_for_ending in REASON_RANK]
    words = {stakeholder_of(account): account.stakeholder_words for account in named}
    stakeholders = sorted(words, key=lambda stakeholder: (words[stakeholder], stakeholder))
    strongest: dict[tuple[Factor | OutcomeDimension, str], Account] = {}
    for account in named:
        place = (account.subject, stakeholder_of(account))
        known = strongest.get(place)
        if (
            known is None
            or REASON_RANK[account.reason_for_ending] > REASON_RANK[known.reason_for_ending]
        ):
            strongest[place] = account
    subjects = {subject for subject, _ in strongest}
    rows: list[ReasonRow] = [
        {
            "subject": subject,
            "cells": [strongest.get((subject, stakeholder)) for stakeholder in stakeholders],
            "weight": sum(
                REASON_RANK[account.reason_for_ending]
                for (found, _), account in strongest.items()
                if found == subject
            ),
        }
        for subject in subjects
    ]
    rows.sort(key=lambda row: (-row["weight"], str(row["subject"])))
    return {"stakeholders": [words[stakeholder] for stakeholder in stakeholders], "rows": rows}


RUNNERS = (Role.LEAD, Role.IMPLEMENTING)


def parts_taken(project: Project) -> tuple[list[Participant], list[Participant]]:
    """Return who ran it, and who took part without running it, each stakeholder once."""
    ran: dict[int, Participant] = {}
    others: dict[int, Participant] = {}
    for part in project.participants.all():
        (ran if part.role in RUNNERS else others).setdefault(part.stakeholder_id, part)
    rest = [part for stakeholder, part in others.items() if stakeholder not in ran]
    return list(ran.values()), rest


class SubjectCodings(TypedDict):
    """The agreed coding of one factor or outcome, and each coder's own."""

    subject: Factor | OutcomeDimension | None
    agreed: Coding | None
    independent: list[Coding]


def agreement_of(lines: Sequence[SubjectCodings]) -> Figures | None:
    """Return how far those who coded a project apart agree; None where one alone has coded.

    What is coded from one perspective only is not counted.
    """
    overall = [
        [
            coding
            for coding in line["independent"]
            if coding.perspective_group_id is None and coding.perspective_stakeholder_id is None
        ]
        for line in lines
    ]
    coders = sorted(
        {coding.coder_id for codings in overall for coding in codings if coding.coder_id}
    )
    if len(coders) < 2:
        return None
    codes = [{coding.coder_id: _code_of(coding) for coding in codings} for codings in overall]
    return figures(
        [Unit("", str(number), tuple(map(each.get, coders))) for number, each in enumerate(codes)]
    )


def _code_of(coding: Coding) -> str:
    is_silent = coding.score is None
    return code_of(
        {"missing_reason": coding.missing_reason} if is_silent else {"score": coding.score}
    )


def by_subject(
    codings: Iterable[Coding],
) -> tuple[list[SubjectCodings], list[SubjectCodings]]:
    """Return the agreed and independent codings of each factor, and of each outcome."""
    found: dict[Factor | OutcomeDimension | None, SubjectCodings] = {}
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
