"""What the API answers of each public record, and what these are counted by, kept ready.

Like the index of search, this holds nothing that could not be written again. The database empties
a document in the transaction that makes it wrong; `clusters.published.documents` writes it.
"""

from typing import Any

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


def counted(rows: str, sign: int) -> str:
    """Return SQL that yields the facts of some documents, each with `sign`, 1 or -1."""
    return f"SELECT kind, unnest(facts) AS fact, {sign} AS sign FROM {rows}"


class CountFacts(pgtrigger.Trigger):
    """Keep `FacetCount` what the facts of all documents add up to, once a statement.

    In the order of the facts, so that two writers never wait for each other.
    """

    when = pgtrigger.After
    level = pgtrigger.Statement

    def __init__(self, *, rows: str, **options: Any) -> None:
        self.rows = rows
        super().__init__(**options)

    def get_func(self, model: Any) -> str:
        return f"""
            INSERT INTO clusters_facetcount (kind, facet, value, number)
            SELECT kind, split_part(fact, ':', 1), substr(fact, strpos(fact, ':') + 1), sum(sign)
            FROM ({self.rows}) changed
            GROUP BY kind, fact HAVING sum(sign) <> 0 ORDER BY kind, fact
            ON CONFLICT (kind, facet, value)
                DO UPDATE SET number = clusters_facetcount.number + EXCLUDED.number;
            RETURN NULL;
        """


class FacetCount(models.Model):
    """How many written documents have one fact: how many projects are in one country, say."""

    kind = models.CharField(max_length=60)
    facet = models.CharField(max_length=60)
    value = models.CharField(max_length=200)
    number = models.IntegerField()

    class Meta:
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint("kind", "facet", "value", name="tally_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.facet} {self.value}: {self.number}"


class PublicDocument(models.Model):
    """One published root as JSON: its own fields, and the records that are part of it."""

    kind = models.CharField(max_length=60, help_text="The name of the root's model.")
    root_id = models.BigIntegerField()
    slug = models.CharField(max_length=100)
    record = models.TextField(blank=True, help_text="Its own fields; empty until written.")
    parts = models.TextField(blank=True, help_text="Its parts, by the name of their list.")
    tag = models.CharField(
        max_length=40, blank=True, help_text="The record's version, and a hash of what is written."
    )
    written = models.DateTimeField(null=True)
    depends_on = ArrayField(
        models.CharField(max_length=80),
        default=list,
        help_text="Records whose names stand in it, as publication:12; with a star where any part "
        "of such a record may.",
    )
    facts = ArrayField(
        models.CharField(max_length=200),
        default=list,
        help_text="What it is counted by, as country:PK; see `FacetCount`.",
    )
    code = models.CharField(max_length=12, blank=True, help_text="Version of the code it is by.")
    needs_index = models.BooleanField(
        db_default=False, help_text="It shows a name that has changed, and search has the old one."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint("kind", "root_id", name="publicdocument_root"),
            models.UniqueConstraint("kind", "slug", name="publicdocument_slug"),
        ]
        indexes = [
            GinIndex(fields=["depends_on"], name="publicdocument_depends_on"),
            models.Index(fields=["kind"], condition=models.Q(record=""), name="publicdocument_due"),
            models.Index(
                fields=["id"],
                condition=models.Q(needs_index=True),
                name="publicdocument_needs_index",
            ),
            GinIndex(
                fields=["facts"],
                condition=models.Q(kind="project"),
                name="publicdocument_facts",
            ),
        ]
        triggers = [
            CountFacts(
                name="count_changed_facts",
                operation=pgtrigger.Update,
                referencing=pgtrigger.Referencing(old="old_rows", new="new_rows"),
                rows=f"{counted('new_rows', 1)} UNION ALL {counted('old_rows', -1)}",
            ),
            CountFacts(
                name="count_facts_gone",
                operation=pgtrigger.Delete,
                referencing=pgtrigger.Referencing(old="old_rows"),
                rows=counted("old_rows", -1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.slug}"
