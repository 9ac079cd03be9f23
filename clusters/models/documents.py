"""What the API answers of each public record, kept ready.

Like the index of search, this holds nothing that could not be written again. The database empties
a document in the transaction that makes it wrong; `clusters.api.documents` writes it.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class PublicDocument(models.Model):
    """One published root as JSON: its own fields, and the records that are part of it."""

    kind = models.CharField(max_length=60, help_text="The name of the root's model.")
    root_id = models.BigIntegerField()
    slug = models.CharField(max_length=100)
    record = models.TextField(blank=True, help_text="Its own fields; empty until written.")
    parts = models.TextField(blank=True, help_text="Its parts, by the name of their list.")
    depends_on = ArrayField(
        models.CharField(max_length=80),
        default=list,
        help_text="Records whose names stand in it, as publication:12; with a star where any part "
        "of such a record may.",
    )
    code = models.CharField(max_length=12, blank=True, help_text="Version of the code it is by.")

    class Meta:
        constraints = [
            models.UniqueConstraint("kind", "root_id", name="publicdocument_root"),
            models.UniqueConstraint("kind", "slug", name="publicdocument_slug"),
        ]
        indexes = [
            GinIndex(fields=["depends_on"], name="publicdocument_depends_on"),
            models.Index(fields=["kind"], condition=models.Q(record=""), name="publicdocument_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug}"
