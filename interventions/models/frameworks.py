"""What one looks for: frameworks of factors, and the dimensions of what came of it."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clusters.models import Child, CitationUse, Root
from clusters.models.base import unique_key
from clusters.models.history import tracked


@tracked
class Framework(Root):
    """A set of factors that one work proposes, such as the eight of a figure."""

    name = models.CharField(max_length=160)
    summary = models.TextField(blank=True)

    class Meta(Root.Meta):
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("framework", args=[self.slug])


@tracked
class FrameworkCitation(CitationUse):
    target = models.ForeignKey(Framework, models.CASCADE, related_name="citations")


class Polarity(models.TextChoices):
    ENABLING = "enabling", _("Favours collective action")
    HINDERING = "hindering", _("Stands in its way")
    FOR = "for", _("Argument for")
    AGAINST = "against", _("Argument against")


@tracked
class Factor(Child):
    """One condition that may help or hinder."""

    parent_field = "framework"
    searched = True

    framework = models.ForeignKey(Framework, models.CASCADE, related_name="factors")
    name = models.CharField(max_length=160)
    short_name = models.CharField(
        max_length=40, help_text="For the head of a column: at most two short lines."
    )
    polarity = models.CharField(max_length=10, choices=Polarity, blank=True)
    category = models.CharField(max_length=120, blank=True)
    definition = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta(Child.Meta):
        ordering = ["framework", "position", "pk"]
        constraints = [unique_key("framework")]

    not_asserted = frozenset({"short_name"})

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("factor", args=[self.framework.slug, self.key])


@tracked
class FactorCitation(CitationUse):
    target = models.ForeignKey(Factor, models.CASCADE, related_name="citations")


@tracked
class OutcomeDimension(Root):
    """Something that an intervention may change: collective action, child labour, women's work."""

    # The casebook's own vocabulary: its words come from no source.
    not_asserted = frozenset({"name", "definition"})

    name = models.CharField(max_length=120)
    definition = models.TextField(blank=True)

    class Meta(Root.Meta):
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('projects')}?dimension={self.slug}"


@tracked
class OutcomeDimensionCitation(CitationUse):
    target = models.ForeignKey(OutcomeDimension, models.CASCADE, related_name="citations")
