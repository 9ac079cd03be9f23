"""Invitations to an account, tokens that let programs act for people, requests carried out once."""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clusters.models.history import tracked
from clusters.models.roles import ROLES

START = "cc_"


class Scope(models.TextChoices):
    READ = "read", _("Read, drafts of one's own included")
    WRITE = "write", _("Read and write")


def digest_of(token: str) -> str:
    """Return what is kept of a token. Long and random as it is, it needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def valid(self) -> Self:
        """Return the invitations that can still be accepted."""
        return self.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now())


@tracked
class Invitation(models.Model):
    """An offer of an account with a role, sent to one address; its link is kept as a hash."""

    KEPT = timedelta(days=14)

    email = models.EmailField(_("e-mail"))
    role = models.CharField(
        _("role"),
        max_length=20,
        choices=[(role, role) for role in ROLES],
        help_text="Readers read what is public. Researchers enter cases and propose changes. "
        "Editors also review, publish and open rounds; administrators also invite people.",
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.email} ({self.role})"

    @classmethod
    def issue(cls, **fields: Any) -> tuple["Invitation", str]:
        """Make an invitation; return it with the text of its link, which is not kept."""
        text = secrets.token_urlsafe(18)  # short enough for a line of a mail
        expires_at = timezone.now() + cls.KEPT
        return cls.objects.create(digest=digest_of(text), expires_at=expires_at, **fields), text

    @property
    def state(self) -> Any:
        """What has become of it, in a word."""
        if self.accepted_at is not None:
            return _("accepted")
        if self.withdrawn_at is not None:
            return _("withdrawn")
        return _("open") if self.expires_at > timezone.now() else _("expired")


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def valid(self) -> Self:
        """Tokens that still open something."""
        return self.filter(
            revoked_at=None, expires_at__gt=timezone.now(), user__is_active=True
        ).select_related("user")


@tracked
class ApiToken(models.Model):
    """A key by which a program acts for its user; only its hash is kept."""

    LONGEST = timedelta(days=366)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80, help_text=_("What it is for: my notebook."))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    start = models.CharField(max_length=12, editable=False, help_text="To tell it from others.")
    scope = models.CharField(_("scope"), max_length=5, choices=Scope, default=Scope.READ)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used = models.DateField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.start}…)"

    @classmethod
    def issue(cls, **fields: Any) -> tuple["ApiToken", str]:
        """Make a token; return it with its text, which nobody can ever read again."""
        text = START + secrets.token_urlsafe(32)
        token = cls.objects.create(digest=digest_of(text), start=text[:8], **fields)
        return token, text

    @property
    def is_valid(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()


class IdempotentRequest(models.Model):
    """A request with a key of its sender's: sent again, it gets the answer it got."""

    KEPT = timedelta(days=1)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="Of the address and body.")
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("user", "key", name="idempotentrequest_unique"),
        ]

    def __str__(self) -> str:
        return self.key
