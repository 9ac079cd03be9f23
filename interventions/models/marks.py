"""How whole a case is, and how well its sources bear it."""

from django.db import models

from interventions.models.projects import Project


class CaseCompleteness(models.Model):
    """What is missing of one case, by kind, and what its values rest on; made anew as it changes.

    Not part of the private history: it holds nothing that could not be counted again.
    """

    project = models.OneToOneField(Project, models.CASCADE, related_name="marks", primary_key=True)
    # Of the project, when this was counted.
    version = models.PositiveIntegerField()
    # Of what else it rests on: frameworks and studies.
    basis = models.CharField(max_length=32)
    not_stated = models.PositiveIntegerField(help_text="Fields of the case that are empty.")
    not_searched = models.PositiveIntegerField(
        null=True, help_text="Factors nobody has looked for; empty where nothing is coded."
    )
    not_reported = models.PositiveIntegerField(help_text="Looked for; the sources are silent.")
    not_applicable = models.PositiveIntegerField()
    values = models.PositiveIntegerField(help_text="Values that say something about the world.")
    cited = models.PositiveIntegerField(help_text="Of these, the ones that lead to a place.")
    cited_by_name = models.PositiveIntegerField(
        default=0,
        help_text="Of these, the ones whose field a citation names; the others rest on the whole.",
    )
    share_cited = models.FloatField(null=True, help_text="From 0 to 1; empty without values.")
    sources = models.PositiveIntegerField(
        help_text="Independent sources: works on the same study count once."
    )
    coders = models.PositiveIntegerField(help_text="Who have coded it independently.")
    checked_at = models.DateTimeField(null=True, help_text="Last published, returned or changed.")

    class Meta:
        verbose_name_plural = "case marks"
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.project}: {self.cited} of {self.values}"
