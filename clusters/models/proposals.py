"""Changes that wait for somebody else's eyes, and records that were taken out."""

from typing import Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clusters.models.history import tracked
from clusters.models.roles import Visitor, may_review


class ProposalState(models.TextChoices):
    OPEN = "open", _("Waits for review")
    APPROVED = "approved", _("Approved")
    RETURNED = "returned", _("Returned")
    TAKEN_BACK = "taken_back", _("Taken back")
    REPLACED = "replaced", _("Replaced by a later one")


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def visible_to(self, user: Visitor) -> Self:
        """Return one's own proposals; for editors, all."""
        found = self.select_related("by", "decided_by")
        return found if may_review(user) else found.filter(by=user)


@tracked
class Proposal(models.Model):
    """A change to a published record that the public does not see until it is approved.

    `base` is the record's public document as its author saw it, `document` what it shall become.
    """

    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    slug = models.CharField(max_length=100)
    base_version = models.PositiveIntegerField(help_text="Version that its author saw.")
    base = models.JSONField()
    document = models.JSONField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="proposals")
    reason = models.TextField()
    made_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(
        max_length=10, choices=ProposalState, default=ProposalState.OPEN, db_index=True
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.TextField(blank=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["kind", "object_id"], name="proposal_record")]
        permissions = [
            ("enter_records", "May enter records and propose changes to published ones"),
            ("review_records", "May see every draft, approve, publish and withdraw"),
            ("administer_accounts", "May invite people, give them roles and shut accounts"),
        ]

    def __str__(self) -> str:
        return f"{self.called}: {self.reason[:60]}"

    def get_absolute_url(self) -> str:
        return reverse("admin:clusters_proposal_change", args=[self.pk])

    @property
    def called(self) -> str:
        """What the record was called when its author saw it."""
        names = ("cited_as", "title", "name")
        return next((str(self.base[name]) for name in names if self.base.get(name)), self.slug)

    @property
    def is_open(self) -> bool:
        return self.state == ProposalState.OPEN


class DeletedRecordQuerySet(models.QuerySet["DeletedRecord"]):
    def may_be_undone_by(self, user: Visitor) -> Self:
        """Return those that somebody may read of and undo: an editor all, others their own."""
        if may_review(user):
            return self
        return self.filter(models.Q(by=user) | models.Q(entered_by=user))


@tracked
class DeletedRecord(models.Model):
    """A record that was deleted before it was public, whole, so that it can come back."""

    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    slug = models.CharField(max_length=100)
    document = models.JSONField()
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)
    restored_at = models.DateTimeField(null=True)

    objects = DeletedRecordQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.kind}/{self.slug}"
