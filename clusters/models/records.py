"""What keeps the casebook's own books: old names, imports, and the public change log."""

from typing import ClassVar

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clusters.models.history import tracked
from clusters.models.triggers import NumberChanges


@tracked
class Alias(models.Model):
    """A slug that a record had before; written by the database when a slug goes."""

    kind = models.CharField(max_length=60, editable=False)
    slug = models.CharField(max_length=100, editable=False)
    object_id = models.BigIntegerField(editable=False)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "aliases"
        ordering = ["kind", "slug"]
        constraints = [
            models.UniqueConstraint("kind", Lower("slug"), name="alias_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug}"


@tracked
class Import(models.Model):
    """One load of case files: which folder, its hash, who and when."""

    source = models.CharField(max_length=300, help_text="Name of the folder or file.")
    sha256 = models.CharField("SHA-256", max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT
    )
    at = models.DateTimeField(auto_now_add=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.source} ({self.at:%Y-%m-%d %H:%M})"


@tracked
class ImportedRecord(models.Model):
    """What an import last said of one record: the base of the next three-way comparison."""

    kind = models.CharField(max_length=60)
    slug = models.CharField(max_length=100)
    document = models.JSONField()
    source = models.ForeignKey(Import, models.CASCADE, related_name="records")

    class Meta:
        ordering = ["kind", "slug"]
        constraints = [
            models.UniqueConstraint("kind", "slug", name="importedrecord_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}/{self.slug}"


class ChangeAction(models.TextChoices):
    PUBLISHED = "published", _("Published")
    CHANGED = "changed", _("Changed")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ChangeQuerySet(models.QuerySet["Change"]):
    def of(self, kind: str, object_id: int) -> "ChangeQuerySet":
        """Return the public acts on one record, latest first, without the documents they kept."""
        return self.filter(kind=kind, object_id=object_id).defer("before", "after")

    def data_version(self) -> int:
        """Return the number of the last public change, the version of the data; 0 before any."""
        return self.aggregate(last=models.Max("number"))["last"] or 0


@tracked
class Change(models.Model):
    """One public act: a record was published, changed or withdrawn. Never edited, never deleted."""

    number = models.PositiveBigIntegerField(unique=True, editable=False)
    kind = models.CharField(max_length=60)
    object_id = models.BigIntegerField()
    slug = models.CharField(max_length=100)
    title = models.CharField(max_length=300)
    version = models.PositiveIntegerField(help_text="Version of the record after the act.")
    action = models.CharField(max_length=10, choices=ChangeAction)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT
    )
    at = models.DateTimeField(auto_now_add=True, db_index=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    objects = ChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["kind", "object_id"])]
        triggers = [
            NumberChanges(),
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.kind} {self.slug} {self.action}"

    def get_absolute_url(self) -> str:
        return reverse("change", args=[self.number])
