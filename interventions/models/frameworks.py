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

    name = models.CharField(
        max_length=160, help_text="As its authors call it, or as the field does."
    )
    summary = models.TextField(blank=True, help_text="What it explains, and whose it is.")

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
    name = models.CharField(max_length=160, help_text="As the framework puts it.")
    short_name = models.CharField(
        max_length=40, help_text="For the head of a column: at most two short lines."
    )
    polarity = models.CharField(
        max_length=10,
        choices=Polarity,
        blank=True,
        help_text="Which way the framework holds that it works.",
    )
    category = models.CharField(
        max_length=120, blank=True, help_text="The heading under which the framework has it."
    )
    definition = models.TextField(
        blank=True,
        help_text="What counts as the factor being present, so that two coders see the same.",
    )
    sort_order = models.PositiveSmallIntegerField(
        default=0, help_text="Where it stands among the others; the lowest comes first."
    )

    class Meta(Child.Meta):
        ordering = ["framework", "sort_order", "pk"]
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

    name = models.CharField(
        max_length=120, help_text="What may change, said without saying which way: women's work."
    )
    definition = models.TextField(
        blank=True, help_text="What counts as a change of it, so that two coders see the same."
    )

    class Meta(Root.Meta):
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('projects')}?dimension={self.slug}"


@tracked
class OutcomeDimensionCitation(CitationUse):
    target = models.ForeignKey(OutcomeDimension, models.CASCADE, related_name="citations")
