"""Where a thing is written: a place in a publication, and what rests on it."""

from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from clusters.models.history import tracked
from clusters.models.triggers import RaiseRootVersion

# What to prefetch of a record whose places are shown.
CITED = "citations__citation__publication"


class LocatorType(models.TextChoices):
    """How a place is found. Pages only where the source prints them."""

    SECTION = "section", _("Section and paragraph")
    PAGE = "page", _("Page")
    TABLE = "table", _("Table and row")
    FIGURE = "figure", _("Figure")
    FOOTNOTE = "footnote", _("Footnote")
    MINUTE = "minute", _("Minute")
    ENTRY = "entry", _("Entry of a list or register")
    FRONT_MATTER = "front_matter", _("Title and front matter")


class Stance(models.TextChoices):
    SUPPORTS = "supports", _("Supports it")
    DISPUTES = "disputes", _("Disputes it")
    CONTEXT = "context", _("Gives context")


@tracked
class Citation(models.Model):
    """One place in one publication, such as Table 2, Buyers."""

    publication = models.ForeignKey(
        "clusters.Publication", on_delete=models.PROTECT, related_name="places"
    )
    locator_type = models.CharField(max_length=12, choices=LocatorType)
    locator = models.CharField(
        max_length=120, help_text="As the source names it: Case Description, para 2."
    )

    class Meta:
        ordering = ["publication", "locator_type", "locator"]
        # What rests on a place must not silently rest on another: a new place is a new row.
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="places_stay", operation=pgtrigger.Update)
        ]
        constraints = [
            models.UniqueConstraint(
                "publication",
                "locator_type",
                "locator",
                name="citation_place_unique",
                violation_error_message="This place is already known.",
            ),
            models.CheckConstraint(
                condition=~models.Q(locator=""),
                name="citation_has_locator",
                violation_error_message="Say where in the publication it is written.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.publication}, {self.words}"

    @property
    def words(self) -> str:
        """The locator as a reader wants it: bare numbers say what they count."""
        number = {"number": self.locator}
        if self.locator[:1].isdigit() and self.locator_type == LocatorType.PAGE:
            return _("p. %(number)s") % number
        if self.locator[:1].isdigit() and self.locator_type == LocatorType.MINUTE:
            return _("minute %(number)s") % number
        return self.locator


class CitationUseQuerySet(models.QuerySet[Any]):
    """What can be asked of the ties between assertions and places."""

    def published(self) -> Self:
        """Return the ties whose record the public may see."""
        columns: Any = self.model._meta
        target: Any = columns.get_field("target").related_model
        return self.filter(target__in=target.objects.published())


class CitationUse(models.Model):
    """Ties one assertion to one place: which field it is for and which way it speaks.

    Each citable model has its own table of these, so that the database keeps both ends.
    """

    parent_field: ClassVar[str] = "target"

    citation = models.ForeignKey(
        Citation, on_delete=models.PROTECT, related_name="%(app_label)s_%(class)s_set"
    )
    field = models.CharField(
        max_length=60, blank=True, help_text="The field it is for; empty for all of them."
    )
    not_for = ArrayField(
        models.CharField(max_length=60),
        blank=True,
        default=list,
        help_text="Where it is for all fields: those that were changed after it was cited.",
    )
    stance = models.CharField(max_length=8, choices=Stance, default=Stance.SUPPORTS)

    objects: ClassVar[Any] = CitationUseQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["field", "pk"]
        constraints = [
            models.UniqueConstraint(
                "target",
                "citation",
                "field",
                name="%(class)s_unique",
                violation_error_message="This place is already cited here.",
            ),
        ]
        triggers: ClassVar[list[Any]] = [RaiseRootVersion()]

    def __str__(self) -> str:
        return f"{self.citation}" + (f" (for {self.field})" if self.field else "")

    def clean(self) -> None:
        super().clean()
        if self.field:
            try:
                target: Any = self.target  # type: ignore[attr-defined]
                target._meta.get_field(self.field)
            except FieldDoesNotExist:
                raise ValidationError(
                    {"field": f"There is no field called {self.field}."}
                ) from None
