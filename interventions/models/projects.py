"""Projects: what was tried, when, with whom and with whose money."""

from typing import Any, ClassVar, Self

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clusters.models import Child, CitationUse, Cluster, Root, Stakeholder
from clusters.models.base import RootQuerySet, unique_key
from clusters.models.fields import EDTF, UncertainDateField
from clusters.models.history import tracked
from clusters.models.triggers import Forbid
from interventions.analysis.status import CLOSED, CLOSED_ENDINGS, IMPLEMENTATION
from interventions.models.donors import Donor


class Issue(models.TextChoices):
    """What a project set out to change."""

    CHILD_LABOUR = "child_labour", _("Child labour")
    LABOUR_RIGHTS = "labour_rights", _("Labour rights")
    COLLECTIVE_ACTION = "collective_action", _("Collective action of small firms")
    CSR_COMPLIANCE = "csr_compliance", _("Compliance with buyers' CSR demands")
    ENVIRONMENT = "environment", _("Environment")
    SOCIAL_PROTECTION = "social_protection", _("Social protection")
    CLUSTER_DEVELOPMENT = "cluster_development", _("Cluster development")


class Ending(models.TextChoices):
    COMPLETED = "completed", _("Completed")
    ENDED_BY_DONOR = "ended_by_donor", _("Ended early by the donor")
    DISSOLVED = "dissolved", _("Dissolved")
    HANDED_OVER = "handed_over", _("Handed over")
    RUNNING = "running", _("Still running")
    UNKNOWN = "unknown", _("Not known")


# What a list of projects can be ordered by, besides place and start; "-" is downwards.
ORDERINGS = {
    "title": "title",
    "actual_start": "actual_start_earliest",
    "-actual_start": "-actual_start_earliest",
    "-stated_months": "-stated_months",
    "stated_months": "stated_months",
}

# One row a project; accounts of one holder are compared with those of the others.
ACCOUNTS_DISAGREE = """
    WITH said AS (
        SELECT project_id, says, as_reason,
            coalesce('factor ' || factor_id, 'dimension ' || dimension_id) AS subject,
            coalesce('body ' || holder_id, 'group ' || holder_group_id || ': ' || informant)
                AS holder
        FROM interventions_account
    ),
    by_holder AS (
        SELECT project_id, subject, array_agg(DISTINCT says ORDER BY says) AS said
        FROM said GROUP BY project_id, subject, holder
        UNION ALL
        SELECT project_id, subject || ' as a reason',
            array_agg(DISTINCT (as_reason = 'denied')::text ORDER BY (as_reason = 'denied')::text)
        FROM said WHERE as_reason <> 'not_said' GROUP BY project_id, subject, holder
        UNION ALL
        SELECT project_id, 'main reasons', array_agg(DISTINCT subject ORDER BY subject)
        FROM said WHERE as_reason = 'main' GROUP BY project_id, holder
    )
    SELECT project_id FROM by_holder GROUP BY project_id, subject HAVING count(DISTINCT said) > 1
"""


# Which donor paid for which project, or took part in it, itself or through a unit of its body.
DONORS_OF_PROJECTS = """
    WITH RECURSIVE unit (donor_id, body_id) AS (
        SELECT id, stakeholder_id FROM interventions_donor
        UNION
        SELECT unit.donor_id, part.id FROM clusters_stakeholder part
        JOIN unit ON part.part_of_id = unit.body_id
    )
    SELECT provider_id AS donor_id, project_id FROM interventions_funding
    WHERE provider_id IS NOT NULL
    UNION
    SELECT unit.donor_id, part.project_id FROM interventions_participation part
    JOIN unit ON unit.body_id = part.stakeholder_id
"""


def _coded(framework: str, key: str) -> Any:
    """Agreed codings of one factor, from no holder's perspective in particular."""
    codings = apps.get_model("interventions", "Coding").objects.published()
    return codings.agreed().overall().filter(factor__framework__slug=framework, factor__key=key)


class ProjectQuerySet(RootQuerySet):
    def in_order(self) -> Self:
        """By cluster, then start; unknown starts last, then by number, so ties are stable."""
        return self.annotate(first_cluster=models.Min("clusters__name")).order_by(
            models.F("first_cluster").asc(nulls_last=True),
            models.F("actual_start_earliest").asc(nulls_last=True),
            "pk",
        )

    def ordered_by(self, name: str) -> Self:
        """By one of `ORDERINGS`; what is not known comes last, ties keep the order of entry."""
        if not name:
            return self.in_order()
        column = models.F(ORDERINGS[name].removeprefix("-"))
        order = column.desc if ORDERINGS[name].startswith("-") else column.asc
        return self.order_by(order(nulls_last=True), "pk")

    def for_list(self) -> Self:
        """With what a row of a list shows, in a fixed number of queries."""
        outcomes = apps.get_model("interventions", "Outcome").objects
        return self.prefetch_related(
            "clusters",
            models.Prefetch("outcomes", outcomes.order_by("position", "pk"), to_attr="found"),
        )

    def running_on(self, day: Any) -> Self:
        """Started by that day and not yet ended; an open end counts as running."""
        return self.filter(
            models.Q(actual_end_latest=None) | models.Q(actual_end_latest__gte=day),
            actual_start_earliest__lte=day,
        )

    def with_times(self) -> Self:
        """With `ran_from` and `ran_to`: actual dates, planned ones where there are no actual."""
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

    def running_between(self, first: Any, last: Any) -> Self:
        """What ran in some part of that time; None leaves a side open, so does an unknown end.

        A project of which no date is known is not found by any time.
        """
        found = self.with_times().exclude(ran_from=None, ran_to=None)
        if first is not None:
            found = found.filter(models.Q(ran_to=None) | models.Q(ran_to__gte=first))
        if last is not None:
            found = found.filter(models.Q(ran_from=None) | models.Q(ran_from__lte=last))
        return found

    def with_status(self, code: str) -> Self:
        """By status as `interventions.analysis.status` derives it; "" is not known."""
        closed = models.Q(ending__in=CLOSED_ENDINGS)
        running = models.Q(ending=Ending.RUNNING, actual_start_earliest__isnull=False)
        by_code = {CLOSED[0]: closed, IMPLEMENTATION[0]: running, "": ~(closed | running)}
        return self.filter(by_code[code])

    def of_donors(self, donors: Any) -> Self:
        """Projects that one of these donors paid for or took part in, itself or by its units."""
        numbers = [getattr(donor, "pk", donor) for donor in donors]
        pairs = f"SELECT project_id FROM ({DONORS_OF_PROJECTS}) pairs WHERE donor_id = ANY(%s)"
        return self.filter(pk__in=RawSQL(pairs, [numbers]))  # noqa: S611 - parameters stay so

    def with_accounts_disagreeing(self) -> Self:
        """Projects of which holders say different things, or name different main reasons.

        The same rule as `interventions.analysis.disagreement`, asked of the database.
        """
        return self.filter(pk__in=RawSQL(ACCOUNTS_DISAGREE, []))  # noqa: S611 - a constant

    def by_degree(self, framework: Any, key: str) -> Self:
        """By the agreed degree of one factor, highest first; without one last, ties as before."""
        codings = apps.get_model("interventions", "Coding").objects.published()
        agreed = (
            codings.agreed()
            .overall()
            .filter(project=models.OuterRef("pk"), factor__framework=framework, factor__key=key)
        )
        degree = models.Subquery(agreed.values("degree")[:1])
        ties = self.query.order_by
        return self.annotate(degree=degree).order_by(
            models.F("degree").desc(nulls_last=True), *ties
        )

    def with_factor_present(self, framework: str, key: str) -> Self:
        """Projects whose agreed coding holds a factor more present than absent."""
        return self.filter(pk__in=_coded(framework, key).filter(degree__gt=0.5).values("project"))

    def with_factor_absent(self, framework: str, key: str) -> Self:
        """Projects whose agreed coding holds a factor more absent than present."""
        return self.filter(pk__in=_coded(framework, key).filter(degree__lt=0.5).values("project"))

    def with_factor_unknown(self, framework: str, key: str) -> Self:
        """Projects without an agreed degree of a factor: silent sources, or nobody has looked."""
        known = _coded(framework, key).filter(degree__isnull=False)
        return self.exclude(pk__in=known.values("project"))

    def among(self, slugs: list[str]) -> list["Project"]:
        """Those with these slugs, in the order of the slugs."""
        found = {project.slug: project for project in self.filter(slug__in=slugs)}
        return [found[slug] for slug in slugs if slug in found]

    def parts(self) -> RawSQL:
        """A subquery of the projects that are part of these, at any depth."""
        try:
            wanted, parameters = self.values("pk").query.sql_with_params()
        except EmptyResultSet:  # Django knows that nothing can be found, and makes no SQL of it
            return RawSQL("SELECT id FROM interventions_project WHERE false", [])
        return RawSQL(  # noqa: S611 - parameters stay parameters
            f"""
            WITH RECURSIVE below(id) AS (
                SELECT project_id FROM interventions_projectlink
                WHERE type = 'part_of' AND other_id IN ({wanted})
                UNION
                SELECT link.project_id FROM interventions_projectlink link
                JOIN below ON link.other_id = below.id WHERE link.type = 'part_of'
            )
            SELECT id FROM below
            """,
            parameters,
        )

    def money_by_currency(self) -> Any:
        """One row a currency and flow, each project's money once, largest first.

        A programme has its parts' money already, so parts of a project that is here are left
        out, and so is what one project passes on to another; amounts that nobody states, too.
        """
        return (
            self.fundings_once()
            .filter(amount__isnull=False)
            .values("currency", "flow")
            .annotate(amount=models.Sum("amount"))
            .order_by("-amount", "currency", "flow")
        )

    def fundings_once(self) -> Any:
        """What donors gave to these projects: not what a project passes on, nor its parts get."""
        once_each = Project.objects.filter(pk__in=self.order_by().values("pk"))
        return Funding.objects.filter(project__in=once_each, provider_project=None).exclude(
            project__in=once_each.parts()
        )


@tracked
class Project(Root):
    """One intervention: an agreement, a programme, a network, a monitoring scheme."""

    title = models.CharField(max_length=160)
    aliases = ArrayField(models.CharField(max_length=160), default=list, blank=True)
    clusters = models.ManyToManyField(
        Cluster, through="ProjectCluster", related_name="projects", blank=True
    )
    issues = ArrayField(models.CharField(max_length=30, choices=Issue), default=list, blank=True)
    summary = models.TextField(blank=True, help_text="What it was, in two lines.")
    aims = models.TextField(blank=True)
    activities = models.TextField(blank=True)
    planned_start = UncertainDateField("planned start")
    planned_end = UncertainDateField("planned end")
    actual_start = UncertainDateField("start")
    actual_end = UncertainDateField("end")
    stated_months = models.PositiveIntegerField(
        "stated duration", null=True, blank=True, help_text="Months, as a source states them."
    )
    ending = models.CharField(max_length=20, choices=Ending, blank=True)
    ending_note = models.TextField("how it ended", blank=True)

    objects: ClassVar[Any] = ProjectQuerySet.as_manager()

    class Meta(Root.Meta):
        ordering = ["title", "pk"]
        constraints = [
            *Root.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(actual_start_earliest__isnull=True)
                | models.Q(actual_end_latest__isnull=True)
                | models.Q(actual_start_earliest__lte=models.F("actual_end_latest")),
                name="project_dates_ordered",
                violation_error_message="The project ends before it starts.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("project", args=[self.slug])

    @property
    def is_dated_by_plan(self) -> bool:
        """Whether `years` rests on planned dates, since no actual one is known."""
        return not (self.actual_start or self.actual_end) and bool(
            self.planned_start or self.planned_end
        )

    @property
    def years(self) -> str:
        """When it ran, in words: by actual dates, else by planned ones, never by one of each."""
        is_planned = self.is_dated_by_plan
        start = EDTF(self.planned_start if is_planned else self.actual_start)
        end = EDTF(self.planned_end if is_planned else self.actual_end)
        if not start and not end:
            return "time not stated"
        if start == end:
            return start.words
        if not end:
            return f"from {start.words}"
        return f"{start.words} – {end.words}" if start else f"until {end.words}"


@tracked
class ProjectCitation(CitationUse):
    target = models.ForeignKey(Project, models.CASCADE, related_name="citations")


@tracked
class ProjectCluster(models.Model):
    """A cluster that a project worked in."""

    parent_field = "project"

    project = models.ForeignKey(Project, models.CASCADE, related_name="cluster_ties")
    cluster = models.ForeignKey(Cluster, models.PROTECT, related_name="project_ties")

    class Meta:
        constraints = [
            models.UniqueConstraint("project", "cluster", name="projectcluster_unique"),
        ]
        triggers = Child.Meta.triggers

    def __str__(self) -> str:
        return f"{self.project} in {self.cluster}"


class LinkType(models.TextChoices):
    PART_OF = "part_of", _("is part of")
    FINANCED_BY = "financed_by", _("is financed by")
    HELPED_BY = "helped_by", _("is helped by")
    CONTINUES = "continues", _("continues")
    SIBLING = "sibling", _("is a sibling of")


@tracked
class ProjectLink(Child):
    """How one project stands to another."""

    parent_field = "project"

    project = models.ForeignKey(Project, models.CASCADE, related_name="links")
    type = models.CharField(max_length=12, choices=LinkType)
    other = models.ForeignKey(Project, models.PROTECT, related_name="links_here")
    note = models.TextField(blank=True)

    class Meta(Child.Meta):
        ordering = ["project", "key"]
        constraints = [
            unique_key("project"),
            models.UniqueConstraint(
                "project",
                condition=models.Q(type="part_of"),
                name="projectlink_one_parent",
                violation_error_message="A project is part of one other project at most.",
            ),
            models.UniqueConstraint(
                "project",
                "type",
                "other",
                name="projectlink_unique",
                violation_error_message="These two projects are already linked in this way.",
            ),
            models.CheckConstraint(
                condition=~models.Q(project=models.F("other")),
                name="projectlink_not_itself",
                violation_error_message="A project cannot be linked to itself.",
            ),
        ]
        triggers = [
            *Child.Meta.triggers,
            Forbid(
                name="projectlink_no_cycle",
                # The lock makes a second writer wait, so that it sees the first one's link.
                before="IF NEW.type <> 'part_of' THEN RETURN NULL; END IF; "
                "PERFORM pg_advisory_xact_lock(hashtext('projectlink_no_cycle'));",
                query="""
                    WITH RECURSIVE above(id) AS (
                        SELECT NEW.other_id
                        UNION
                        SELECT link.other_id FROM interventions_projectlink link
                        JOIN above ON link.project_id = above.id WHERE link.type = 'part_of'
                    )
                    SELECT FROM above WHERE id = NEW.project_id
                """,
                message="This would make the project a part of itself.",
            ),
        ]


@tracked
class ProjectLinkCitation(CitationUse):
    target = models.ForeignKey(ProjectLink, models.CASCADE, related_name="citations")


class Flow(models.TextChoices):
    BUDGET = "budget", _("Budget")
    COMMITMENT = "commitment", _("Commitment")
    DISBURSEMENT = "disbursement", _("Disbursement")
    EXPENDITURE = "expenditure", _("Expenditure")


class FundingForm(models.TextChoices):
    GRANT = "grant", _("Grant")
    TRUST_FUND = "trust_fund", _("Trust fund")
    IN_KIND = "in_kind", _("In kind")
    KNOW_HOW = "know_how", _("Know-how")


@tracked
class Funding(Child):
    """Money or help that one provider gave to one project."""

    parent_field = "project"

    project = models.ForeignKey(Project, models.CASCADE, related_name="fundings")
    provider = models.ForeignKey(
        Donor, models.PROTECT, null=True, blank=True, related_name="fundings"
    )
    provider_project = models.ForeignKey(
        Project,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="passed_on",
        help_text="A project that passes its own money or help on.",
    )
    receiver = models.ForeignKey(
        Stakeholder, models.PROTECT, null=True, blank=True, related_name="fundings_received"
    )
    flow = models.CharField(max_length=12, choices=Flow, blank=True)
    form = models.CharField(max_length=12, choices=FundingForm, blank=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217, such as USD.")
    when = UncertainDateField("when")
    note = models.TextField(blank=True)

    class Meta(Child.Meta):
        ordering = ["project", "key"]
        constraints = [
            unique_key("project"),
            models.CheckConstraint(
                condition=models.Q(provider__isnull=True, provider_project__isnull=False)
                | models.Q(provider__isnull=False, provider_project__isnull=True),
                name="funding_one_provider",
                violation_error_message="Name one provider: a donor or a project.",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True, currency="")
                | models.Q(amount__isnull=False, currency__regex=r"^[A-Z]{3}$"),
                name="funding_amount_has_currency",
                violation_error_message="An amount needs its currency, as three capital letters, "
                "and a currency its amount.",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | models.Q(amount__gt=0),
                name="funding_amount_positive",
                violation_error_message="An amount is larger than nothing.",
            ),
        ]


@tracked
class FundingCitation(CitationUse):
    target = models.ForeignKey(Funding, models.CASCADE, related_name="citations")


class Role(models.TextChoices):
    LEAD = "lead", _("Led it")
    IMPLEMENTER = "implementer", _("Ran it")
    MEMBER = "member", _("Member")
    PARTY = "party", _("Party to it")
    SUPPORTER = "supporter", _("Helped")
    MONITOR = "monitor", _("Monitored")
    BENEFICIARY = "beneficiary", _("Was to benefit")
    BUYER = "buyer", _("Bought or required it")


@tracked
class Participation(Child):
    """The part that one body took in one project."""

    parent_field = "project"

    project = models.ForeignKey(Project, models.CASCADE, related_name="participations")
    stakeholder = models.ForeignKey(Stakeholder, models.PROTECT, related_name="participations")
    role = models.CharField(max_length=12, choices=Role)
    number = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many, where the body stands for several."
    )
    note = models.TextField(blank=True)

    class Meta(Child.Meta):
        ordering = ["project", "key"]
        constraints = [
            unique_key("project"),
            models.UniqueConstraint(
                "project",
                "stakeholder",
                "role",
                name="participation_unique",
                violation_error_message="This body already has this role in the project.",
            ),
        ]


@tracked
class ParticipationCitation(CitationUse):
    target = models.ForeignKey(Participation, models.CASCADE, related_name="citations")
