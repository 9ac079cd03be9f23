"""What readers say is wrong, and what an editor answered."""

import secrets
from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clusters.models.history import tracked


def new_token() -> str:
    """Return the unguessable part of the address at which the answer is read."""
    return secrets.token_urlsafe(16)


class CorrectionState(models.TextChoices):
    OPEN = "open", _("Not yet answered")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def waiting(self) -> "CorrectionQuerySet":
        """Return those that no editor has answered, oldest first."""
        return self.filter(state=CorrectionState.OPEN).order_by("pk")


@tracked
class Correction(models.Model):
    """A correction that a reader suggested to one version of one record, without signing in."""

    token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    kind = models.CharField("kind of record", max_length=60, editable=False)
    slug = models.CharField("record", max_length=100, editable=False)
    version = models.PositiveIntegerField(editable=False)
    text = models.TextField("what is wrong, and what is right", max_length=4000)
    source = models.TextField("where it is written", max_length=1000, blank=True)
    contact = models.EmailField("e-mail", blank=True, help_text="Seen by editors only.")
    at = models.DateTimeField("sent", auto_now_add=True)
    state = models.CharField(
        max_length=8, choices=CorrectionState, default=CorrectionState.OPEN, db_index=True
    )
    answer = models.TextField(
        blank=True, help_text="Read by whoever holds the address of the suggestion."
    )
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.PROTECT
    )

    objects: Any = CorrectionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="open") | ~models.Q(answer=""),
                name="correction_decision_has_answer",
                violation_error_message="Say why it is accepted or declined.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}/{self.slug}, {self.at:%Y-%m-%d}"

    def get_absolute_url(self) -> str:
        return reverse("correction", args=[self.token])
