"""What people leave at the desk: unfinished forms, tables, steps of a review, comments."""

import uuid

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from clusters.models.base import State
from clusters.models.history import tracked


class FormDraft(models.Model):
    """What somebody has typed and not saved yet, one for each open form.

    Not part of the private history: it is nobody else's, and goes once it is saved.
    """

    token = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="unfinished")
    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField(null=True, help_text="Empty for a new record.")
    title = models.CharField(max_length=300, blank=True)
    data = models.TextField(help_text="The form as a browser would send it.")
    at = models.DateTimeField(auto_now=True)
    # Thrown away, and brought back by going on with it; the oldest make room in any case.
    discarded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "unfinished forms"
        ordering = ["-at"]
        indexes = [models.Index(fields=["user", "kind", "object_id"], name="unfinished_form")]

    def __str__(self) -> str:
        return self.title or self.kind


class UploadState(models.TextChoices):
    """How far an uploaded file has come on its way in."""

    WAITING = "waiting", _("Waiting for its turn")
    RUNNING = "running", _("At work")
    FIT = "fit", _("Looked through: nothing is wrong")
    REFUSED = "refused", _("Looked through: something is wrong")
    DONE = "done", _("Brought in")
    FAILED = "failed", _("Broken off: nothing was changed")


class UploadMode(models.TextChoices):
    SKIP = "skip", _("Leave what is there as it is")
    UPDATE = "update", _("Change what is there")


class Upload(models.Model):
    """A table or a zip file of case files: looked through by the worker, then brought in or not.

    Not part of the private history: what it changes is.
    """

    KEPT = 50  # of one person; the oldest make room

    table = models.CharField(max_length=100, blank=True, help_text="Empty for case files.")
    file_name = models.CharField(max_length=200)
    content = models.BinaryField()
    mode = models.CharField(max_length=6, choices=UploadMode, default=UploadMode.SKIP)
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="uploads")
    state = models.CharField(max_length=7, choices=UploadState, default=UploadState.WAITING)
    # Whether it is to be carried out, not only looked through.
    is_for_good = models.BooleanField(default=False)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    # What the file comes to, and what is wrong with it; see clusters.actions.uploads.
    found = models.JSONField(default=dict)
    wrong = models.JSONField(default=list)
    at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.table or _('Case files')}: {self.file_name}"


class Step(models.TextChoices):
    """What somebody does with a record on its way to the public."""

    SUBMITTED = "submitted", _("Submitted for review")
    TAKEN_BACK = "taken_back", _("Taken back")
    RETURNED = "returned", _("Returned with a reason")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    REOPENED = "reopened", _("Reopened as a draft")


@tracked
class ReviewStep(models.Model):
    """One step of the review of one record. Never edited, never deleted."""

    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    slug = models.CharField(max_length=100)
    step = models.CharField(max_length=10, choices=Step)
    state = models.CharField("state after it", max_length=10, choices=State)
    version = models.PositiveIntegerField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="review_steps"
    )
    at = models.DateTimeField(auto_now_add=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["kind", "object_id"], name="reviewstep_record")]
        triggers = [
            pgtrigger.Protect(name="steps_stay", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.kind}/{self.slug}: {self.get_step_display()}"


@tracked
class Comment(models.Model):
    """What somebody says about a record, or one field of it, to the others who work on it."""

    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    slug = models.CharField(max_length=100)
    field = models.CharField(
        max_length=200,
        blank=True,
        help_text="As accounts.early-exit.position; empty for all of it.",
    )
    text = models.TextField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="comments")
    at = models.DateTimeField(auto_now_add=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["kind", "object_id"], name="comment_record")]

    def __str__(self) -> str:
        return f"{self.kind}/{self.slug}: {self.text[:60]}"
