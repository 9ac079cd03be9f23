"""What can be asked of projects: by time, donor, factor, disagreement, and in which order."""

import functools
import operator
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models.expressions import RawSQL

from clusters.models.base import RootQuerySet
from interventions.analysis.status import CLOSED, CLOSED_ENDINGS, IMPLEMENTATION, RUNNING_ENDING

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from interventions.models.donors import Donor
    from interventions.models.findings import Coding
    from interventions.models.frameworks import Factor, Framework
    from interventions.models.projects import Funding, Project

# What a list of projects can be ordered by, besides place and start; "-" is downwards.
ORDERINGS = {
    "title": "title",
    "actual_start": "actual_start_earliest",
    "-actual_start": "-actual_start_earliest",
    "-stated_months": "-stated_months",
    "stated_months": "stated_months",
}

# One row a project; accounts of one stakeholder are compared with those of the others.
ACCOUNTS_DISAGREE = """
    WITH said AS (
        SELECT project_id, position, reason_for_ending,
            coalesce('factor ' || factor_id, 'dimension ' || dimension_id) AS subject,
            coalesce('stakeholder ' || stakeholder_id,
                'group ' || stakeholder_group_id || ': ' || informant)
                AS stakeholder
        FROM interventions_account
    ),
    by_stakeholder AS (
        SELECT project_id, subject, array_agg(DISTINCT position ORDER BY position) AS said
        FROM said GROUP BY project_id, subject, stakeholder
        UNION ALL
        SELECT project_id, subject || ' as a reason',
            array_agg(DISTINCT (reason_for_ending = 'rejected')::text
                ORDER BY (reason_for_ending = 'rejected')::text)
        FROM said WHERE reason_for_ending <> 'not_mentioned'
        GROUP BY project_id, subject, stakeholder
        UNION ALL
        SELECT project_id, 'reasons', array_agg(DISTINCT subject ORDER BY subject)
        FROM said WHERE reason_for_ending IN ('main', 'contributing')
        GROUP BY project_id, stakeholder
    )
    SELECT project_id FROM by_stakeholder
    GROUP BY project_id, subject HAVING count(DISTINCT said) > 1
"""


# Which donor paid for which project, or took part in it, itself or through a unit of its own.
DONORS_OF_PROJECTS = """
    WITH RECURSIVE unit (donor_id, stakeholder_id) AS (
        SELECT id, stakeholder_id FROM interventions_donor
        UNION
        SELECT unit.donor_id, part.id FROM clusters_stakeholder part
        JOIN unit ON part.part_of_id = unit.stakeholder_id
    )
    SELECT provider_id AS donor_id, project_id FROM interventions_funding
    WHERE provider_id IS NOT NULL
    UNION
    SELECT unit.donor_id, part.project_id FROM interventions_participant part
    JOIN unit ON unit.stakeholder_id = part.stakeholder_id
"""


def _coded(factors: Iterable["Factor"]) -> "QuerySet[Coding]":
    """Return agreed codings of these factors, from no stakeholder's perspective in particular."""
    codings = apps.get_model("interventions", "Coding").objects.published()
    return codings.agreed().overall().filter(factor__in=factors)


class ProjectQuerySet(RootQuerySet):
    def in_order(self) -> Self:
        """Order by cluster, then start; unknown starts last, then by number, so ties are stable."""
        return self.annotate(first_cluster=models.Min("clusters__name")).order_by(
            models.F("first_cluster").asc(nulls_last=True),
            models.F("actual_start_earliest").asc(nulls_last=True),
            "pk",
        )

    def ordered_by(self, name: str) -> Self:
        """Order by one of `ORDERINGS`; what is unknown comes last, ties keep the order of entry."""
        if not name:
            return self.in_order()
        column = models.F(ORDERINGS[name].removeprefix("-"))
        order = column.desc if ORDERINGS[name].startswith("-") else column.asc
        return self.order_by(order(nulls_last=True), "pk")

    def for_list(self) -> Self:
        """Prefetch what a row of a list shows, in a fixed number of queries."""
        outcomes = apps.get_model("interventions", "Outcome").objects
        return self.prefetch_related(
            "clusters",
            models.Prefetch("outcomes", outcomes.order_by("sort_order", "pk"), to_attr="found"),
        )

    def running_on(self, day: date) -> Self:
        """Return projects that had started by that day and not ended; an open end is not ended."""
        return self.filter(
            models.Q(actual_end_latest=None) | models.Q(actual_end_latest__gte=day),
            actual_start_earliest__lte=day,
        )

    def with_times(self) -> Self:
        """Annotate `ran_from` and `ran_to`: actual dates, or planned ones without any actual."""
        # As `Project.years` says it: never a planned end after an actual start.
        has_actual = models.Q(actual_start_earliest__isnull=False) | models.Q(
            actual_end_latest__isnull=False
        )
        return self.annotate(
            ran_from=models.Case(
                models.When(has_actual, then="actual_start_earliest"),
                default="planned_start_earliest",
            ),
            ran_to=models.Case(
                models.When(has_actual, then="actual_end_latest"), default="planned_end_latest"
            ),
        )

    def running_between(self, first: date | None, last: date | None) -> Self:
        """Return projects that ran in some part of that time.

        None leaves a side open, as does an unknown end. A project of which no date is known
        is not found by any time.
        """
        found = self.with_times().exclude(ran_from=None, ran_to=None)
        if first is not None:
            found = found.filter(models.Q(ran_to=None) | models.Q(ran_to__gte=first))
        if last is not None:
            found = found.filter(models.Q(ran_from=None) | models.Q(ran_from__lte=last))
        return found

    def with_status(self, *codes: str) -> Self:
        """Return projects with a status of `interventions.analysis.status`; "" is not known."""
        closed = models.Q(ending__in=CLOSED_ENDINGS)
        running = models.Q(ending=RUNNING_ENDING, actual_start_earliest__isnull=False)
        by_code = {CLOSED[0]: closed, IMPLEMENTATION[0]: running, "": ~(closed | running)}
        return self.filter(functools.reduce(operator.or_, (by_code[code] for code in codes)))

    def of_donors(self, donors: Iterable["Donor | int"]) -> Self:
        """Return projects that a donor paid for or took part in, itself or by its units."""
        numbers = [getattr(donor, "pk", donor) for donor in donors]
        pairs = f"SELECT project_id FROM ({DONORS_OF_PROJECTS}) pairs WHERE donor_id = ANY(%s)"
        return self.filter(pk__in=RawSQL(pairs, [numbers]))  # noqa: S611 - parameters stay so

    def with_accounts_disagreeing(self) -> Self:
        """Return projects of which stakeholders say different things, or name different reasons.

        The same rule as `interventions.analysis.disagreement`, asked of the database.
        """
        return self.filter(pk__in=RawSQL(ACCOUNTS_DISAGREE, []))  # noqa: S611 - a constant

    def by_score(self, framework: "Framework", key: str) -> Self:
        """Order by the agreed score of one factor, highest first, then as before."""
        codings = apps.get_model("interventions", "Coding").objects.published()
        agreed = (
            codings.agreed()
            .overall()
            .filter(project=models.OuterRef("pk"), factor__framework=framework, factor__key=key)
        )
        score = models.Subquery(agreed.values("score")[:1])
        ties = self.query.order_by
        return self.annotate(score=score).order_by(models.F("score").desc(nulls_last=True), *ties)

    def with_factor_present(self, factors: Iterable["Factor"]) -> Self:
        """Return projects whose agreed coding has one of these factors more present than absent."""
        return self.filter(pk__in=_coded(factors).filter(score__gt=0.5).values("project"))

    def with_factor_absent(self, factors: Iterable["Factor"]) -> Self:
        """Return projects whose agreed coding has one of these factors more absent than present."""
        return self.filter(pk__in=_coded(factors).filter(score__lt=0.5).values("project"))

    def with_factor_unknown(self, factors: Iterable["Factor"]) -> Self:
        """Return projects without an agreed score of one of these factors.

        Sources may be silent, or nobody has looked.
        """
        unknown = models.Q()
        for factor in factors:
            known = _coded([factor]).filter(score__isnull=False)
            unknown |= ~models.Q(pk__in=known.values("project"))
        return self.filter(unknown)

    def with_outcome(self, *directions: str) -> Self:
        """Return projects by the direction of all outcomes, as `summarise_outcomes` has it."""

        def has(direction: str) -> models.Exists:
            outcomes = apps.get_model("interventions", "Outcome").objects
            return models.Exists(
                outcomes.filter(project=models.OuterRef("pk"), direction=direction)
            )

        mixed = models.Q(has("mixed")) | models.Q(has("positive"), has("negative"))
        by_direction = {"mixed": mixed}
        before = mixed
        for direction in ("positive", "negative", "none"):
            by_direction[direction] = models.Q(has(direction)) & ~before
            before |= models.Q(has(direction))
        by_direction["unknown"] = ~before
        wanted = (by_direction[direction] for direction in directions)
        return self.filter(functools.reduce(operator.or_, wanted))

    def with_score(self, factor: "Factor", score: Decimal) -> Self:
        """Return projects whose agreed coding gives a factor exactly this score."""
        return self.filter(pk__in=_coded([factor]).filter(score=score).values("project"))

    def among(self, slugs: list[str]) -> list["Project"]:
        """Return the projects with these slugs, in the order of the slugs."""
        found = {project.slug: project for project in self.filter(slug__in=slugs)}
        return [found[slug] for slug in slugs if slug in found]

    def parts(self) -> RawSQL:
        """Return a subquery of the projects that are part of these, at any depth."""
        try:
            wanted, parameters = self.values("pk").query.sql_with_params()
        except EmptyResultSet:  # Django knows that nothing can be found, and makes no SQL of it
            return RawSQL("SELECT id FROM interventions_project WHERE false", [])
        return RawSQL(  # noqa: S611 - parameters stay parameters
            f"""
            WITH RECURSIVE below(id) AS (
                SELECT project_id FROM interventions_projectlink
                WHERE type = 'parent' AND other_id IN ({wanted})
                UNION
                SELECT link.project_id FROM interventions_projectlink link
                JOIN below ON link.other_id = below.id WHERE link.type = 'parent'
            )
            SELECT id FROM below
            """,
            parameters,
        )

    def money_by_currency(self) -> "QuerySet[Any, Any]":
        """Return sums of money, a row a currency and kind of funding, largest first.

        A programme has its parts' money already, so parts of a project that is here are left
        out, and so is what one project passes on to another; amounts that nobody states, too.
        """
        return (
            self.funding_once()
            .filter(amount__isnull=False)
            .values("currency", "is_budget", "transaction_type")
            .annotate(amount=models.Sum("amount"))
            .order_by("-amount", "currency", "is_budget", "transaction_type")
        )

    def funding_once(self) -> "QuerySet[Funding]":
        """Return funding by donors, without what a project passes on or what its parts get."""
        once_each = self.model.objects.filter(pk__in=self.order_by().values("pk"))
        funding = apps.get_model("interventions", "Funding").objects
        return funding.filter(project__in=once_each, provider_project=None).exclude(
            project__in=once_each.parts()
        )
