"""What came of it, who says why, and how researchers read it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from clusters.models import Child, CitationUse, Contributor, Stakeholder, StakeholderGroup, User
from clusters.models.base import ChildQuerySet, exactly_one, unique_key
from clusters.models.fields import UncertainDateField
from clusters.models.history import tracked
from clusters.models.roles import may_review
from interventions.models.frameworks import Factor, OutcomeDimension
from interventions.models.projects import Project


class Intended(models.TextChoices):
    YES = "yes", _("Intended")
    NO = "no", _("Not intended")


class Direction(models.TextChoices):
    POSITIVE = "positive", _("Good")
    NEGATIVE = "negative", _("Bad")
    MIXED = "mixed", _("Mixed")
    NONE = "none", _("No change")
    UNKNOWN = "unknown", _("Not known")


@tracked
class Outcome(Child):
    """A change that followed a project: meant or not, good or bad, and for whom."""

    parent_field = "project"
    searched = True

    project = models.ForeignKey(Project, models.CASCADE, related_name="outcomes")
    dimension = models.ForeignKey(
        OutcomeDimension,
        models.PROTECT,
        related_name="outcomes",
        help_text="What changed; several outcomes may be of one dimension.",
    )
    title = models.CharField(max_length=60, help_text="In a few words: women lost work.")
    description = models.TextField(blank=True, help_text="What changed, in our own words.")
    intended = models.CharField(
        max_length=3,
        choices=Intended,
        blank=True,
        help_text="Whether the project meant it to happen.",
    )
    direction = models.CharField(
        max_length=8,
        choices=Direction,
        help_text="Which way it went for those it touched, whether meant or not.",
    )
    for_whom = models.CharField(
        max_length=120, blank=True, help_text="Whom it touched: home-based women stitchers."
    )
    when = UncertainDateField("when", help_text="When it had come about.")
    sort_order = models.PositiveSmallIntegerField(
        default=0, help_text="Where it stands among the others; the lowest comes first."
    )

    class Meta(Child.Meta):
        ordering = ["project", "sort_order", "pk"]
        constraints = [unique_key("project")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"{self.project.get_absolute_url()}#outcome-{self.key}"


@tracked
class OutcomeCitation(CitationUse):
    target = models.ForeignKey(Outcome, models.CASCADE, related_name="citations")


class Position(models.TextChoices):
    PRESENT = "present", _("It was so")
    ABSENT = "absent", _("It was not so")
    MIXED = "mixed", _("In part")


class ReasonForEnding(models.TextChoices):
    MAIN = "main", _("A main reason")
    CONTRIBUTING = "contributing", _("A reason among others")
    REJECTED = "rejected", _("Not a reason")
    NOT_MENTIONED = "not_mentioned", _("Not said to be a reason")


class Reporting(models.TextChoices):
    QUOTED = "quoted", _("Quoted in the source")
    PARAPHRASED = "paraphrased", _("Reported by the source")


class AccountQuerySet(ChildQuerySet):
    def with_stakeholders(self) -> Self:
        """Return accounts joined with who holds them and what they are about."""
        return self.select_related(
            "stakeholder_group", "stakeholder", "factor__framework", "dimension"
        ).order_by("sort_order", "pk")


@tracked
class Account(Child):
    """What a stakeholder says of a factor or outcome, and whether as a reason for the ending."""

    parent_field = "project"
    searched = True

    project = models.ForeignKey(Project, models.CASCADE, related_name="accounts")
    stakeholder_group = models.ForeignKey(
        StakeholderGroup,
        models.PROTECT,
        related_name="accounts",
        help_text="The kind of stakeholder whose view it is.",
    )
    stakeholder = models.ForeignKey(
        Stakeholder,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        help_text="The stakeholder itself, where the source names it.",
    )
    informant = models.CharField(
        "kind of informant", max_length=120, help_text="As printed: a network member."
    )
    factor = models.ForeignKey(
        Factor,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        help_text="The factor it speaks of; empty where it speaks of an outcome.",
    )
    dimension = models.ForeignKey(
        OutcomeDimension,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        help_text="The outcome dimension it speaks of; empty where it speaks of a factor.",
    )
    position = models.CharField(
        max_length=7,
        choices=Position,
        help_text="Whether, by this stakeholder, the factor or outcome was there.",
    )
    reason_for_ending = models.CharField(
        "as a reason for how it ended",
        max_length=13,
        choices=ReasonForEnding,
        default=ReasonForEnding.NOT_MENTIONED,
        help_text="Whether this stakeholder gives it as a reason for how the project ended.",
    )
    statement = models.TextField(help_text="In indirect speech and our own words.")
    reporting = models.CharField(
        max_length=11,
        choices=Reporting,
        default=Reporting.PARAPHRASED,
        help_text="Whether the source prints the stakeholder's words or tells of them.",
    )
    sort_order = models.PositiveSmallIntegerField(
        default=0, help_text="Where it stands among the others; the lowest comes first."
    )

    objects: ClassVar[Any] = AccountQuerySet.as_manager()

    class Meta(Child.Meta):
        ordering = ["project", "sort_order", "pk"]
        constraints = [
            unique_key("project"),
            exactly_one(
                "account_one_subject",
                "An account is about a factor or about an outcome dimension, not both.",
                "factor",
                "dimension",
            ),
        ]

    @property
    def stakeholder_words(self) -> str:
        """Who holds it: the stakeholder where it is known, else the kind of informant."""
        return str(self.stakeholder) if self.stakeholder is not None else self.informant

    @property
    def subject(self) -> Any:
        return self.factor or self.dimension

    @property
    def heading(self) -> str:
        return f"{self.stakeholder_words} on “{self.subject}”"

    def get_absolute_url(self) -> str:
        return f"{self.project.get_absolute_url()}#account-{self.key}"


@tracked
class AccountCitation(CitationUse):
    target = models.ForeignKey(Account, models.CASCADE, related_name="citations")


@tracked
class Reply(Child):
    """What the stakeholder of an account, or whoever it names, answered to it, and when."""

    parent_field = "account"

    account = models.ForeignKey(Account, models.CASCADE, related_name="replies")
    by = models.ForeignKey(
        Stakeholder,
        models.PROTECT,
        related_name="replies",
        help_text="The stakeholder that answers.",
    )
    when = UncertainDateField("when", blank=False, help_text="When it answered.")
    statement = models.TextField(help_text="In their own words, as received.")

    class Meta(Child.Meta):
        verbose_name_plural = "replies"
        ordering = ["account", "when_earliest", "pk"]
        constraints = [unique_key("account")]


@tracked
class ReplyCitation(CitationUse):
    target = models.ForeignKey(Reply, models.CASCADE, related_name="citations")


# Scores of presence: the four-value fuzzy scale of qualitative comparative analysis.
SCORES = {
    Decimal("0.00"): _("Absent (0)"),
    Decimal("0.33"): _("More absent than present (0.33)"),
    Decimal("0.67"): _("More present than absent (0.67)"),
    Decimal("1.00"): _("Fully present (1)"),
}


class MissingReason(models.TextChoices):
    NOT_REPORTED = "not_reported", _("Not reported: looked for, the sources are silent")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")


class Resolution(models.TextChoices):
    CONSENSUS = "consensus", _("By consensus of the coders")
    ADJUDICATED = "adjudicated", _("By adjudication")
    SINGLE_CODER = "single_coder", _("Coded by one person only")


class CodingQuerySet(ChildQuerySet):
    def agreed(self) -> Self:
        """Return the codings that the coders, or an adjudicator, settled on."""
        return self.filter(coder=None)

    def independent(self) -> Self:
        """Return each coder's own codings."""
        return self.filter(coder__isnull=False)

    def overall(self) -> Self:
        """Return the codings from no stakeholder's perspective in particular."""
        return self.filter(perspective_group=None, perspective_stakeholder=None)


@tracked
class Coding(Child):
    """A researcher's reading of one factor or outcome in one project. No row: not searched."""

    parent_field = "project"
    not_asserted = frozenset({"round", "coder", "resolution"})
    # Entered as one choice: a score, or why there is none.
    one_of = ("score", "missing_reason")
    # At the desk one codes alone, and that is what the matrix shows; those who code apart, to
    # compare, do so in a round.
    begins_with = {"resolution": Resolution.SINGLE_CODER}

    project = models.ForeignKey(Project, models.CASCADE, related_name="codings")
    factor = models.ForeignKey(
        Factor,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="codings",
        help_text="The factor that is coded; empty where an outcome is.",
    )
    dimension = models.ForeignKey(
        OutcomeDimension,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="codings",
        help_text="The outcome dimension that is coded; empty where a factor is.",
    )
    coder = models.ForeignKey(
        Contributor,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="codings",
        help_text="Only for one of several independent codings: whose it is. Rounds fill it in.",
    )
    resolution = models.CharField(
        "how it was agreed",
        max_length=12,
        choices=Resolution,
        blank=True,
        help_text="By one person alone, or how several came to agree. Empty for one of several "
        "independent codings.",
    )
    perspective_group = models.ForeignKey(
        StakeholderGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="codings",
        help_text="Whose view is coded; empty for the overall reading.",
    )
    perspective_stakeholder = models.ForeignKey(
        Stakeholder,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="codings",
        help_text="The stakeholder whose view is coded; empty for the overall reading.",
    )
    round = models.PositiveSmallIntegerField(
        default=1, help_text="The number of the round of coding, counted within the project."
    )
    score = models.DecimalField(
        max_digits=3,
        decimal_places=2,
        null=True,
        blank=True,
        choices=SCORES,
        help_text="How far the factor or outcome was present: the four-value fuzzy set of "
        "qualitative comparative analysis (QCA).",
    )
    missing_reason = models.CharField(
        "reason for no score",
        max_length=14,
        choices=MissingReason,
        blank=True,
        help_text="Why there is no score. Where nobody has looked, make no coding: that is shown "
        "as “not searched”.",
    )
    rationale = models.TextField(help_text="Why; for “not reported”, what was read.")

    objects: ClassVar[Any] = CodingQuerySet.as_manager()

    # What a coder answers for.
    answer_columns = (
        *("coder_id", "resolution", "round", "score", "missing_reason", "rationale"),
        *("factor_id", "dimension_id", "perspective_group_id", "perspective_stakeholder_id"),
    )

    def check_author(self, by: User, before: Mapping[str, Any]) -> None:
        """Refuse what somebody alone cannot say: others' codings, and that others agree.

        `before` are its columns as they were; none of a new one, or of one that is to go.
        """
        if may_review(by):
            return
        coders = [number for number in (self.coder_id, before.get("coder_id")) if number]
        if Contributor.objects.filter(pk__in=coders).exclude(user=by.pk).exists():
            raise ValidationError({"coder": "You may enter codings under your own name only."})
        agreed = {Resolution.CONSENSUS.value, Resolution.ADJUDICATED.value}
        if agreed & {self.resolution, before.get("resolution")}:
            words = "A consensus comes from a coding round, where each coder confirms it."
            raise ValidationError({"resolution": words})

    class Meta(Child.Meta):
        ordering = ["project", "key"]
        constraints = [
            unique_key("project"),
            exactly_one(
                "coding_one_subject",
                "A coding is of a factor or of an outcome dimension, not both.",
                "factor",
                "dimension",
            ),
            models.CheckConstraint(
                condition=models.Q(score__isnull=False, missing_reason="")
                | (models.Q(score__isnull=True) & ~models.Q(missing_reason="")),
                name="coding_score_xor_reason",
                violation_error_code="score",
                violation_error_message="Give a score or the reason for none: one, not both.",
            ),
            models.CheckConstraint(
                condition=models.Q(score__isnull=True) | models.Q(score__in=list(SCORES)),
                name="coding_score_on_scale",
                violation_error_code="score",
                violation_error_message="The score is 0, 0.33, 0.67 or 1.",
            ),
            models.CheckConstraint(
                condition=models.Q(coder__isnull=False, resolution="")
                | (models.Q(coder__isnull=True) & ~models.Q(resolution="")),
                name="coding_coder_xor_agreement",
                violation_error_code="coder",
                violation_error_message="A coding is one coder's own, or says how it was agreed: "
                "name a coder or the agreement, not both.",
            ),
            models.UniqueConstraint(
                "project",
                "factor",
                "dimension",
                "perspective_group",
                "perspective_stakeholder",
                "coder",
                "round",
                condition=models.Q(coder__isnull=False),
                nulls_distinct=False,
                name="coding_once_per_coder_and_round",
                violation_error_code="coder",
                violation_error_message="This coder has already coded this in this round.",
            ),
            models.UniqueConstraint(
                "project",
                "factor",
                "dimension",
                "perspective_group",
                "perspective_stakeholder",
                condition=models.Q(coder__isnull=True),
                nulls_distinct=False,
                name="coding_one_agreed",
                violation_error_code="resolution",
                violation_error_message="There is already an agreed coding of this.",
            ),
        ]


@tracked
class CodingCitation(CitationUse):
    target = models.ForeignKey(Coding, models.CASCADE, related_name="citations")
