"""Who signs in, and who codes and edits."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, Group, Permission, UserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from clusters.models.base import RootSlugField
from clusters.models.history import tracked
from clusters.models.triggers import EmptyDocuments


class EmailUserManager(UserManager["User"]):
    """Makes and finds users by e-mail address."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)

    def create_user(  # type: ignore[override]
        self, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(  # type: ignore[override]
        self, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


@tracked
class User(AbstractUser):
    """Someone who signs in, known by an e-mail address."""

    username = None  # type: ignore[assignment]
    email = models.EmailField("e-mail", unique=True)
    # Through tables of our own, so that there is a history of who may do what.
    groups = models.ManyToManyField(  # type: ignore[assignment]
        Group,
        through="GroupMembership",
        blank=True,
        related_name="user_set",
        related_query_name="user",
    )
    user_permissions = models.ManyToManyField(  # type: ignore[assignment]
        Permission,
        through="PermissionGrant",
        blank=True,
        related_name="user_set",
        related_query_name="user",
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []
    objects = EmailUserManager()  # type: ignore[misc]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message="There is an account with this e-mail address.",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def set_unusable_password(self) -> None:
        super().set_unusable_password()
        self._password = ""  # that it was set, as `set_password` notes it

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Set by `set_password`, through whichever door; not where only its hash is made anew.
        is_new_password = self._password is not None  # type: ignore[attr-defined]
        super().save(*args, **kwargs)
        if is_new_password:
            # It may have been known to others, who may have made tokens with it.
            self.api_tokens.filter(revoked_at=None).update(revoked_at=timezone.now())


@tracked
class GroupMembership(models.Model):
    """That a user is in a group."""

    user = models.ForeignKey(User, models.CASCADE)
    group = models.ForeignKey(Group, models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint("user", "group", name="groupmembership_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.group}"


@tracked
class PermissionGrant(models.Model):
    """That a user has a permission of their own."""

    user = models.ForeignKey(User, models.CASCADE)
    permission = models.ForeignKey(Permission, models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint("user", "permission", name="permissiongrant_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.permission}"


@tracked
class Contributor(models.Model):
    """Someone who codes or edits, named only with consent."""

    slug = RootSlugField(
        "slug", unique=True, help_text="What stands for this person where no name is given."
    )
    name = models.CharField(max_length=200, help_text="Full name; public only with consent.")
    orcid = models.CharField(
        "ORCID iD",
        max_length=19,
        blank=True,
        validators=[
            RegexValidator(r"\A(\d{4}-){3}\d{3}[\dX]\Z", "Write it as 0000-0002-1825-0097.")
        ],
        help_text="The researcher's number at ORCID, such as 0000-0002-1825-0097.",
    )
    consents_to_be_named = models.BooleanField(
        default=False,
        help_text="Whether the public sees the name; otherwise it sees the name in addresses.",
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        help_text="The account with which this person signs in.",
    )

    class Meta:
        ordering = ["slug"]
        triggers: ClassVar[list[Any]] = [EmptyDocuments()]

    def __str__(self) -> str:
        return self.public_name

    @property
    def public_name(self) -> str:
        """The name, or the slug of somebody who has not agreed to be named."""
        return self.name if self.consents_to_be_named else self.slug

    @property
    def desk_name(self) -> str:
        """The name, which those at the desk see whatever the public does."""
        public = self.public_name
        return public if public == self.name else f"{public} ({self.name})"
