"""The index that search reads: made from what is public, and made anew whenever that changes.

Neither table is part of the private history: both hold nothing that
`clusters.published.search` could not write again.
"""

from typing import Any

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models

# English stemming over letters without their accents; made by a migration.
CONFIGURATION = "casebook"


class StoredField(models.GeneratedField):
    """A generated column whose check needs no connection: every PostgreSQL we take has them."""

    def _check_supported(self, databases: Any) -> list[Any]:
        return []

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.GeneratedField", args, kwargs


class SearchEntry(models.Model):
    """One thing that search can find: a public root, or a part of one with its own address."""

    root_kind = models.CharField(max_length=60)
    root_id = models.BigIntegerField()
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=400)
    context = models.CharField(max_length=300, blank=True)
    url = models.CharField(max_length=300)
    names = models.TextField(blank=True)
    text = models.TextField(blank=True)
    vector = StoredField(
        expression=SearchVector("title", weight="A", config=CONFIGURATION)
        + SearchVector("names", weight="B", config=CONFIGURATION)
        + SearchVector("text", weight="D", config=CONFIGURATION),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    # Its title and names alone: of more than search ranks, those called so are among the ranked.
    heading = StoredField(
        expression=SearchVector("title", weight="A", config=CONFIGURATION)
        + SearchVector("names", weight="B", config=CONFIGURATION),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        verbose_name_plural = "search entries"
        indexes = [
            GinIndex(fields=["vector"], name="searchentry_vector"),
            GinIndex(fields=["heading"], name="searchentry_heading"),
            models.Index(fields=["root_kind", "root_id"], name="searchentry_root"),
        ]

    def __str__(self) -> str:
        return self.title


class SearchWord(models.Model):
    """A word that public records use, for whoever mistypes it; folded, with how many use it."""

    word = models.CharField(max_length=60, unique=True)
    records = models.PositiveIntegerField()

    class Meta:
        indexes = [
            GinIndex(OpClass("word", name="gin_trgm_ops"), name="searchword_trigrams"),
        ]

    def __str__(self) -> str:
        return self.word
