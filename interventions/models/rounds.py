"""Rounds of coding: several people read the same cases apart, then compare and agree."""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clusters.models import Contributor, StakeholderGroup
from clusters.models.base import exactly_one
from clusters.models.history import tracked
from clusters.models.roles import Visitor, may_enter, may_review
from interventions.models.findings import Resolution
from interventions.models.frameworks import Factor, Framework, OutcomeDimension
from interventions.models.projects import Project


class RoundState(models.TextChoices):
    PREPARED = "prepared", _("Being prepared")
    CODING = "coding", _("Coding, each apart")
    COMPARING = "comparing", _("Comparing")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


class CodingRoundQuerySet(models.QuerySet["CodingRound"]):
    def visible_to(self, user: Visitor) -> Self:
        """Return the rounds that somebody is in; for editors, all."""
        if may_review(user):
            return self.all()
        if not may_enter(user):
            return self.none()
        mine = models.Q(coders__user=user)
        mine |= models.Q(state=RoundState.PREPARED, coders__coder__user=user)
        return self.filter(mine).distinct()


@tracked
class CodingRound(models.Model):
    """Two or more people who code the same factors and outcomes of the same cases, each apart."""

    # Stands at the desk with what people work on.
    is_work = True

    name = models.CharField(max_length=160)
    framework = models.ForeignKey(
        Framework,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="rounds",
        help_text="Its factors are coded; empty where only outcomes are.",
    )
    perspective_group = models.ForeignKey(
        StakeholderGroup,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose view is coded; empty for the overall reading.",
    )
    state = models.CharField(
        max_length=9, choices=RoundState, default=RoundState.PREPARED, editable=False
    )
    # Under which its codings stand in their projects; given when it opens.
    number = models.PositiveSmallIntegerField(default=0, editable=False)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    opened_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    cancelled_reason = models.TextField(blank=True, editable=False)

    objects: ClassVar[Any] = CodingRoundQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("admin:coding-round", args=[self.pk])


@tracked
class RoundProject(models.Model):
    """One case of a round."""

    round = models.ForeignKey(CodingRound, models.CASCADE, related_name="projects")
    project = models.ForeignKey(Project, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                "round",
                "project",
                name="roundproject_unique",
                violation_error_message="This project is in the round already.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.project)


@tracked
class RoundDimension(models.Model):
    """One outcome dimension that is coded in a round, on the scale of factors."""

    round = models.ForeignKey(CodingRound, models.CASCADE, related_name="dimensions")
    dimension = models.ForeignKey(OutcomeDimension, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                "round",
                "dimension",
                name="rounddimension_unique",
                violation_error_message="This dimension is in the round already.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.dimension)


@tracked
class RoundCoder(models.Model):
    """One of those who code in a round."""

    round = models.ForeignKey(CodingRound, models.CASCADE, related_name="coders")
    coder = models.ForeignKey(Contributor, models.PROTECT, related_name="rounds")
    # Who codes under this name, from the opening on: another account would see a blind sheet.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False, related_name="+"
    )
    handed_in_at = models.DateTimeField(null=True, editable=False)
    # Left out by an editor; what was handed in before stays in the round.
    left_at = models.DateTimeField(null=True, editable=False)
    left_reason = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                "round",
                "coder",
                name="roundcoder_unique",
                violation_error_message="This coder is in the round already.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.coder)


@tracked
class RoundCoding(models.Model):
    """What one coder, or all of them together, made of one factor or outcome in one case.

    It is no part of the project until the round is closed, so that nobody finds it there before:
    `document` is what will be the coding's: score or reason for none, rationale, citations.
    """

    round = models.ForeignKey(CodingRound, models.CASCADE, related_name="codings")
    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    factor = models.ForeignKey(Factor, models.PROTECT, null=True, related_name="+")
    dimension = models.ForeignKey(OutcomeDimension, models.PROTECT, null=True, related_name="+")
    coder = models.ForeignKey(
        Contributor,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty for the agreed coding.",
    )
    resolution = models.CharField(
        "how it was agreed", max_length=12, choices=Resolution, blank=True
    )
    document = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            exactly_one(
                "roundcoding_one_subject",
                "A coding is of a factor or of an outcome dimension, not both.",
                "factor",
                "dimension",
            ),
            models.UniqueConstraint(
                "round",
                "project",
                "factor",
                "dimension",
                "coder",
                nulls_distinct=False,
                name="roundcoding_once",
            ),
            models.CheckConstraint(
                condition=models.Q(coder__isnull=False, resolution="")
                | (models.Q(coder__isnull=True) & ~models.Q(resolution="")),
                name="roundcoding_coder_xor_agreement",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project}: {self.factor or self.dimension}"


@tracked
class RoundConfirmation(models.Model):
    """One coder's word that an agreed coding is theirs as well."""

    coding = models.ForeignKey(RoundCoding, models.CASCADE, related_name="confirmations")
    coder = models.ForeignKey(Contributor, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint("coding", "coder", name="roundconfirmation_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.coder}: {self.coding}"


@tracked
class RoundComment(models.Model):
    """What one of them says to the others about one factor or outcome in one case."""

    round = models.ForeignKey(CodingRound, models.CASCADE, related_name="comments")
    project = models.ForeignKey(Project, models.PROTECT, related_name="+")
    factor = models.ForeignKey(Factor, models.PROTECT, null=True, related_name="+")
    dimension = models.ForeignKey(OutcomeDimension, models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            exactly_one(
                "roundcomment_one_subject",
                "A comment is on a factor or on an outcome dimension, not both.",
                "factor",
                "dimension",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]
