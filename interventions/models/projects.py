"""Projects: what was tried, when, with whom and with whose money."""

import datetime
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clusters.models import Child, CitationUse, Cluster, Root, Stakeholder
from clusters.models.base import unique_key
from clusters.models.fields import EDTF, CodeField, UncertainDateField
from clusters.models.history import tracked
from clusters.models.triggers import Forbid
from clusters.values.codelists import CURRENCIES
from interventions.models.donors import Donor
from interventions.models.project_queries import ProjectQuerySet


class Issue(models.TextChoices):
    """What a project set out to change."""

    CHILD_LABOUR = "child_labour", _("Child labour")
    LABOUR_RIGHTS = "labour_rights", _("Labour rights")
    COLLECTIVE_ACTION = "collective_action", _("Collective action of small firms")
    CSR_COMPLIANCE = "csr_compliance", _("CSR practices and demands")
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


@tracked
class Project(Root):
    """One intervention: an agreement, a programme, a network, a monitoring scheme."""

    title = models.CharField(max_length=160, help_text="As its parties or the source call it.")
    aliases = ArrayField(
        models.CharField(max_length=160),
        default=list,
        blank=True,
        help_text="Other names and short forms, as printed.",
    )
    clusters = models.ManyToManyField(
        Cluster,
        through="ProjectCluster",
        related_name="projects",
        blank=True,
        help_text="Where it worked; a project may have worked in several.",
    )
    issues = ArrayField(
        models.CharField(max_length=30, choices=Issue),
        default=list,
        blank=True,
        help_text="What it set out to change, whatever came of it; as many as apply.",
    )
    summary = models.TextField(blank=True, help_text="What it was, in two lines.")
    aims = models.TextField(
        blank=True, help_text="What it was meant to reach, as those who planned it said."
    )
    activities = models.TextField(blank=True, help_text="What was done under it.")
    planned_start = UncertainDateField(
        "planned start", help_text="When it was to begin, by its plan or agreement."
    )
    planned_end = UncertainDateField(
        "planned end", help_text="When it was to end, by its plan or agreement."
    )
    actual_start = UncertainDateField("start", help_text="When it in fact began.")
    actual_end = UncertainDateField(
        "end", help_text="When it in fact ended; empty while it runs, or where no source says."
    )
    # Columns that the four dates bring along.
    planned_start_earliest: datetime.date | None
    planned_end_latest: datetime.date | None
    actual_start_earliest: datetime.date | None
    actual_start_latest: datetime.date | None
    actual_end_earliest: datetime.date | None
    actual_end_latest: datetime.date | None
    stated_months = models.PositiveIntegerField(
        "stated duration", null=True, blank=True, help_text="Months, as a source states them."
    )
    ending = models.CharField(
        max_length=20,
        choices=Ending,
        blank=True,
        help_text="In which way it ended. Why is for the accounts to say.",
    )
    ending_note = models.TextField(
        "how it ended",
        blank=True,
        help_text="What happened at the end, in our own words; who says why belongs to the "
        "accounts.",
    )

    objects: ClassVar[Any] = ProjectQuerySet.as_manager()

    class Meta(Root.Meta):
        ordering = ["title", "pk"]
        # As lists are ordered, unknown values last either way, so that a page ends early.
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                models.F("actual_start_earliest").asc(nulls_last=True),
                "id",
                name="project_start",
            ),
            models.Index(
                models.F("actual_start_earliest").desc(nulls_last=True),
                "id",
                name="project_start_latest",
            ),
            models.Index("title", "id", name="project_title"),
            # By it some hundreds are put in order without a look at their rows, which lie apart.
            models.Index(
                fields=["id"],
                include=["actual_start_earliest"],
                condition=models.Q(state="published"),
                name="project_published_start",
            ),
        ]
        constraints = [
            *Root.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(actual_start_earliest__isnull=True)
                | models.Q(actual_end_latest__isnull=True)
                | models.Q(actual_start_earliest__lte=models.F("actual_end_latest")),
                name="project_dates_ordered",
                violation_error_code="actual_end",
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
            return str(_("time not stated"))
        if start == end:
            return start.words
        if not end:
            return _("from %(when)s") % {"when": start.words}
        if not start:
            return _("until %(when)s") % {"when": end.words}
        return f"{start.words} – {end.words}"


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
    """How projects are related. Children and siblings follow from their parents."""

    PARENT = "parent", _("is part of")
    FINANCED_BY = "financed_by", _("is financed by")
    SUPPORTED_BY = "supported_by", _("is supported by")
    CONTINUES = "continues", _("continues")
    RELATED = "related", _("is related to")


@tracked
class ProjectLink(Child):
    """How one project stands to another."""

    parent_field = "project"

    project = models.ForeignKey(Project, models.CASCADE, related_name="links")
    type = models.CharField(
        max_length=12,
        choices=LinkType,
        help_text="How this project is related to the other, read from this one. Children and "
        "siblings (IATI) follow from parents: do not enter them.",
    )
    other = models.ForeignKey(
        Project, models.PROTECT, related_name="links_here", help_text="The other project."
    )
    note = models.TextField(
        blank=True, help_text="What the tie consisted of, where that needs saying."
    )

    class Meta(Child.Meta):
        ordering = ["project", "key"]
        constraints = [
            unique_key("project"),
            models.UniqueConstraint(
                "project",
                condition=models.Q(type="parent"),
                name="projectlink_one_parent",
                violation_error_code="other",
                violation_error_message="A project is part of one other project at most.",
            ),
            models.UniqueConstraint(
                "project",
                "type",
                "other",
                name="projectlink_unique",
                violation_error_code="other",
                violation_error_message="These two projects are already linked in this way.",
            ),
            models.CheckConstraint(
                condition=~models.Q(project=models.F("other")),
                name="projectlink_not_itself",
                violation_error_code="other",
                violation_error_message="A project cannot be linked to itself.",
            ),
        ]
        triggers = [
            *Child.Meta.triggers,
            Forbid(
                name="projectlink_no_cycle",
                # The lock makes a second writer wait, so that it sees the first one's link.
                before="IF NEW.type <> 'parent' THEN RETURN NULL; END IF; "
                "PERFORM pg_advisory_xact_lock(hashtext('projectlink_no_cycle'));",
                query="""
                    WITH RECURSIVE above(id) AS (
                        SELECT NEW.other_id
                        UNION
                        SELECT link.other_id FROM interventions_projectlink link
                        JOIN above ON link.project_id = above.id WHERE link.type = 'parent'
                    )
                    SELECT FROM above WHERE id = NEW.project_id
                """,
                message="This would make the project a part of itself.",
            ),
        ]


@tracked
class ProjectLinkCitation(CitationUse):
    target = models.ForeignKey(ProjectLink, models.CASCADE, related_name="citations")


class TransactionType(models.TextChoices):
    """IATI's transaction types, as far as sources tell them apart; a budget is none of them."""

    COMMITMENT = "commitment", _("Commitment")
    DISBURSEMENT = "disbursement", _("Disbursement")
    EXPENDITURE = "expenditure", _("Expenditure")


class SupportType(models.TextChoices):
    GRANT = "grant", _("Grant")
    TRUST_FUND = "trust_fund", _("Trust fund")
    IN_KIND = "in_kind", _("In kind")
    KNOW_HOW = "know_how", _("Know-how")


@tracked
class Funding(Child):
    """Money or help that one provider gave to one project."""

    parent_field = "project"

    project = models.ForeignKey(Project, models.CASCADE, related_name="funding")
    provider = models.ForeignKey(
        Donor,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="funding",
        help_text="The donor from whom it came; of a donor and a project, one.",
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
        Stakeholder,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="funding_received",
        help_text="The stakeholder that got it, where the source says.",
    )
    is_budget = models.BooleanField(
        "budget",
        default=False,
        help_text="Tick for a planned amount. IATI keeps budgets apart from transactions.",
    )
    transaction_type = models.CharField(
        max_length=12,
        choices=TransactionType,
        blank=True,
        help_text="Promised in writing (commitment), handed to the project (disbursement) or spent "
        "by it (expenditure), as IATI defines them. Leave blank if the source does not say.",
    )
    support_type = models.CharField(
        "type of support",
        max_length=12,
        choices=SupportType,
        blank=True,
        help_text="What was given: money, or goods, services and skill.",
    )
    amount = models.DecimalField(
        max_digits=18,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="In the currency as printed; no signs for thousands. Empty where the source "
        "names none.",
    )
    currency = CodeField(
        codelist=CURRENCIES, max_length=3, blank=True, help_text="ISO 4217, such as USD."
    )
    when = UncertainDateField("when", help_text="The time that the money or help was for.")
    when_earliest: datetime.date | None
    when_latest: datetime.date | None
    note = models.TextField(blank=True, help_text="What one must know to read the amount.")

    @property
    def kind_words(self) -> str:
        """Budget, or the type of transaction; empty where the source does not say."""
        return str(_("Budget")) if self.is_budget else self.get_transaction_type_display()

    class Meta(Child.Meta):
        verbose_name_plural = "funding"
        ordering = ["project", "key"]
        constraints = [
            unique_key("project"),
            models.CheckConstraint(
                condition=models.Q(provider__isnull=True, provider_project__isnull=False)
                | models.Q(provider__isnull=False, provider_project__isnull=True),
                name="funding_one_provider",
                violation_error_code="provider",
                violation_error_message="Name one provider: a donor or a project.",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True, currency="")
                | models.Q(amount__isnull=False, currency__regex=r"^[A-Z]{3}$"),
                name="funding_amount_has_currency",
                violation_error_code="currency",
                violation_error_message="An amount needs its currency, as three capital letters, "
                "and a currency its amount.",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | models.Q(amount__gt=0),
                name="funding_amount_positive",
                violation_error_code="amount",
                violation_error_message="An amount is larger than nothing.",
            ),
            models.CheckConstraint(
                condition=models.Q(is_budget=False) | models.Q(transaction_type=""),
                name="funding_budget_is_no_transaction",
                violation_error_code="transaction_type",
                violation_error_message="A budget has no transaction type. Untick the budget, or "
                "leave the type blank.",
            ),
        ]


@tracked
class FundingCitation(CitationUse):
    target = models.ForeignKey(Funding, models.CASCADE, related_name="citations")


class Role(models.TextChoices):
    LEAD = "lead", _("Lead")
    IMPLEMENTING = "implementing", _("Implementing")
    ACCOUNTABLE = "accountable", _("Accountable")
    EXTENDING = "extending", _("Extending")
    MEMBER = "member", _("Member")
    SIGNATORY = "signatory", _("Signatory")
    SUPPORTER = "supporter", _("Supporter")
    MONITOR = "monitor", _("Monitor")
    BENEFICIARY = "beneficiary", _("Beneficiary")
    BUYER = "buyer", _("Buyer")


@tracked
class Participant(Child):
    """The part that one stakeholder took in one project."""

    parent_field = "project"

    project = models.ForeignKey(Project, models.CASCADE, related_name="participants")
    stakeholder = models.ForeignKey(
        Stakeholder,
        models.PROTECT,
        related_name="participants",
        help_text="The stakeholder that took part.",
    )
    role = models.CharField(
        max_length=12,
        choices=Role,
        help_text="What it did in the project; a stakeholder with two roles stands here twice.",
    )
    number = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many, where the stakeholder stands for several."
    )
    note = models.TextField(
        blank=True, help_text="What its part consisted of, where that needs saying."
    )

    class Meta(Child.Meta):
        ordering = ["project", "key"]
        constraints = [
            unique_key("project"),
            models.UniqueConstraint(
                "project",
                "stakeholder",
                "role",
                name="participant_unique",
                violation_error_code="role",
                violation_error_message="This stakeholder already has this role in the project.",
            ),
        ]


@tracked
class ParticipantCitation(CitationUse):
    target = models.ForeignKey(Participant, models.CASCADE, related_name="citations")
