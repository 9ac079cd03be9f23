"""What came of it, who says why, and how researchers read it."""

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from clusters.models import Child, CitationUse, Contributor, Stakeholder, StakeholderGroup
from clusters.models.base import ChildQuerySet, exactly_one, unique_key
from clusters.models.fields import UncertainDateField
from clusters.models.history import tracked
from clusters.roles import may_review
from interventions.models.frameworks import Factor, OutcomeDimension
from interventions.models.projects import Project


class Intended(models.TextChoices):
    YES = "yes", _("Intended")
    NO = "no", _("Not intended")


class Direction(models.TextChoices):
    GOOD = "good", _("Good")
    BAD = "bad", _("Bad")
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
        max_length=7,
        choices=Direction,
        help_text="Which way it went for those it touched, whether meant or not.",
    )
    for_whom = models.CharField(
        max_length=120, blank=True, help_text="Whom it touched: home-based women stitchers."
    )
    when = UncertainDateField("when", help_text="When it had come about.")
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Where it stands among the others; the lowest comes first."
    )

    class Meta(Child.Meta):
        ordering = ["project", "position", "pk"]
        constraints = [unique_key("project")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"{self.project.get_absolute_url()}#outcome-{self.key}"


@tracked
class OutcomeCitation(CitationUse):
    target = models.ForeignKey(Outcome, models.CASCADE, related_name="citations")


class Says(models.TextChoices):
    PRESENT = "present", _("It was so")
    ABSENT = "absent", _("It was not so")
    MIXED = "mixed", _("In part")


class AsReason(models.TextChoices):
    MAIN = "main", _("A main reason")
    CONTRIBUTING = "contributing", _("A reason among others")
    DENIED = "denied", _("Not a reason")
    NOT_SAID = "not_said", _("Not said to be a reason")


class Form(models.TextChoices):
    QUOTATION = "quotation", _("Quoted in the source")
    REPORTED = "reported", _("Reported by the source")


class AccountQuerySet(ChildQuerySet):
    def with_holders(self) -> Self:
        """Bring along who holds it and what it is about."""
        return self.select_related(
            "holder_group", "holder", "factor__framework", "dimension"
        ).order_by("position", "pk")


@tracked
class Account(Child):
    """What one holder says about one factor or outcome, and whether as a reason for the end."""

    parent_field = "project"
    searched = True

    project = models.ForeignKey(Project, models.CASCADE, related_name="accounts")
    holder_group = models.ForeignKey(
        StakeholderGroup,
        models.PROTECT,
        related_name="accounts",
        help_text="The kind of body whose view it is.",
    )
    holder = models.ForeignKey(
        Stakeholder,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
        help_text="The body itself, where the source names it.",
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
    says = models.CharField(
        max_length=7,
        choices=Says,
        help_text="Whether, by this holder, the factor or outcome was there.",
    )
    as_reason = models.CharField(
        "as a reason for how it ended",
        max_length=12,
        choices=AsReason,
        default=AsReason.NOT_SAID,
        help_text="Whether this holder gives it as a reason for how the project ended.",
    )
    statement = models.TextField(help_text="In indirect speech and our own words.")
    form = models.CharField(
        max_length=9,
        choices=Form,
        default=Form.REPORTED,
        help_text="Whether the source prints the holder's words or tells of them.",
    )
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Where it stands among the others; the lowest comes first."
    )

    objects: ClassVar[Any] = AccountQuerySet.as_manager()

    class Meta(Child.Meta):
        ordering = ["project", "position", "pk"]
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
    def holder_words(self) -> str:
        """Who holds it: the body where it is known, else the kind of informant."""
        return str(self.holder) if self.holder is not None else self.informant

    @property
    def subject(self) -> Any:
        return self.factor or self.dimension

    @property
    def heading(self) -> str:
        return f"{self.holder_words} on “{self.subject}”"

    def get_absolute_url(self) -> str:
        return f"{self.project.get_absolute_url()}#account-{self.key}"


@tracked
class AccountCitation(CitationUse):
    target = models.ForeignKey(Account, models.CASCADE, related_name="citations")


@tracked
class Reply(Child):
    """What the holder of an account, or whoever it names, answered to it, and when."""

    parent_field = "account"

    account = models.ForeignKey(Account, models.CASCADE, related_name="replies")
    by = models.ForeignKey(
        Stakeholder, models.PROTECT, related_name="replies", help_text="The body that answers."
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


# Degrees of presence: the four-value fuzzy scale of qualitative comparative analysis.
DEGREES = {
    Decimal("0.00"): _("Absent (0)"),
    Decimal("0.33"): _("More absent than present (0.33)"),
    Decimal("0.67"): _("More present than absent (0.67)"),
    Decimal("1.00"): _("Fully present (1)"),
}


class NoValue(models.TextChoices):
    NOT_REPORTED = "not_reported", _("Not reported: looked for, the sources are silent")
    NOT_APPLICABLE = "not_applicable", _("Not applicable")


class Agreement(models.TextChoices):
    CONSENSUS = "consensus", _("By consensus of the coders")
    ADJUDICATED = "adjudicated", _("By adjudication")
    ONE_CODER = "one_coder", _("Coded by one person only")


class CodingQuerySet(ChildQuerySet):
    def shown(self) -> Self:
        """Codings that are handed in."""
        return self.filter(is_open=False)

    def agreed(self) -> Self:
        """The codings that the coders, or an adjudicator, settled on."""
        return self.filter(coder=None)

    def independent(self) -> Self:
        """Each coder's own."""
        return self.filter(coder__isnull=False)

    def overall(self) -> Self:
        """From no holder's perspective in particular."""
        return self.filter(perspective_group=None, perspective_holder=None)


@tracked
class Coding(Child):
    """A researcher's reading of one factor or outcome in one project. No row: not searched."""

    parent_field = "project"
    not_asserted = frozenset({"is_open", "round", "coder", "agreement"})
    # Entered as one choice: a degree, or why there is none.
    one_of = ("degree", "no_value")
    # At the desk one codes alone, and that is what the matrix shows; those who code apart, to
    # compare, do so in a round.
    begins_with = {"agreement": Agreement.ONE_CODER}
    # Hides a coding from the public; no form has it, and rounds keep theirs elsewhere.
    not_entered = frozenset({"is_open"})

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
    agreement = models.CharField(
        "how it was agreed",
        max_length=12,
        choices=Agreement,
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
    perspective_holder = models.ForeignKey(
        Stakeholder,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="codings",
        help_text="The body whose view is coded; empty for the overall reading.",
    )
    round = models.PositiveSmallIntegerField(
        default=1, help_text="The number of the round of coding, counted within the project."
    )
    is_open = models.BooleanField(
        default=False, help_text="Not yet handed in: hidden from the public and other coders."
    )
    degree = models.DecimalField(
        max_digits=3,
        decimal_places=2,
        null=True,
        blank=True,
        choices=DEGREES,
        help_text="How far the factor or outcome was present: the four-value fuzzy set of "
        "qualitative comparative analysis (QCA).",
    )
    no_value = models.CharField(
        "reason for no degree",
        max_length=14,
        choices=NoValue,
        blank=True,
        help_text="Why there is no degree. Where nobody has looked, make no coding: that is shown "
        "as “not searched”.",
    )
    rationale = models.TextField(help_text="Why; for “not reported”, what was read.")

    objects: ClassVar[Any] = CodingQuerySet.as_manager()

    def check_author(self, by: Any) -> None:
        """Refuse what somebody alone cannot say: others' codings, and that others agree."""
        if may_review(by):
            return
        if self.coder is not None and self.coder.user_id != by.pk:
            raise ValidationError({"coder": "You may enter codings under your own name only."})
        if self.agreement in (Agreement.CONSENSUS, Agreement.ADJUDICATED):
            words = "A consensus comes from a coding round, where each coder confirms it."
            raise ValidationError({"agreement": words})

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
                condition=models.Q(degree__isnull=False, no_value="")
                | (models.Q(degree__isnull=True) & ~models.Q(no_value="")),
                name="coding_degree_xor_reason",
                violation_error_code="degree",
                violation_error_message="Give a degree or the reason for none: one, not both.",
            ),
            models.CheckConstraint(
                condition=models.Q(degree__isnull=True) | models.Q(degree__in=list(DEGREES)),
                name="coding_degree_on_scale",
                violation_error_code="degree",
                violation_error_message="The degree is 0, 0.33, 0.67 or 1.",
            ),
            models.CheckConstraint(
                condition=models.Q(coder__isnull=False, agreement="")
                | (models.Q(coder__isnull=True) & ~models.Q(agreement="")),
                name="coding_coder_xor_agreement",
                violation_error_code="coder",
                violation_error_message="A coding is one coder's own, or says how it was agreed: "
                "name a coder or the agreement, not both.",
            ),
            models.CheckConstraint(
                condition=models.Q(coder__isnull=False) | models.Q(is_open=False),
                name="coding_agreed_is_handed_in",
                violation_error_code="is_open",
                violation_error_message="An agreed coding is not open.",
            ),
            models.UniqueConstraint(
                "project",
                "factor",
                "dimension",
                "perspective_group",
                "perspective_holder",
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
                "perspective_holder",
                condition=models.Q(coder__isnull=True),
                nulls_distinct=False,
                name="coding_one_agreed",
                violation_error_code="agreement",
                violation_error_message="There is already an agreed coding of this.",
            ),
        ]


@tracked
class CodingCitation(CitationUse):
    target = models.ForeignKey(Coding, models.CASCADE, related_name="citations")
