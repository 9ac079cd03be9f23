"""Who finances, and by what rule of their own."""

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clusters.models import Child, CitationUse, Root, Stakeholder
from clusters.models.base import unique_key
from clusters.models.fields import UncertainDateField
from clusters.models.history import tracked


class DonorType(models.TextChoices):
    """Codes of IATI's OrganisationType code list."""

    GOVERNMENT = "10", _("Government")
    LOCAL_GOVERNMENT = "11", _("Local government")
    INTERNATIONAL_NGO = "21", _("International NGO")
    NATIONAL_NGO = "22", _("National NGO")
    MULTILATERAL = "40", _("Multilateral")
    FOUNDATION = "60", _("Foundation")
    PRIVATE_SECTOR = "70", _("Private sector")
    OTHER = "90", _("Other")


@tracked
class Donor(Root):
    """The financing role of one stakeholder."""

    named_by = ("stakeholder",)

    stakeholder = models.OneToOneField(
        Stakeholder,
        models.PROTECT,
        related_name="donor",
        help_text="The stakeholder that finances; a stakeholder has one such role.",
    )
    organisation_type = models.CharField(
        max_length=2,
        choices=DonorType,
        blank=True,
        help_text="IATI OrganisationType; empty where the source does not say.",
    )
    approach = models.TextField(blank=True, help_text="How this donor says it works.")

    class Meta(Root.Meta):
        ordering = ["slug"]

    def __str__(self) -> str:
        return str(self.stakeholder)

    def get_absolute_url(self) -> str:
        return reverse("donor", args=[self.slug])


@tracked
class DonorCitation(CitationUse):
    target = models.ForeignKey(Donor, models.CASCADE, related_name="citations")


@tracked
class DonorGuideline(Child):
    """A rule that the donor set itself, such as the shortest time a project needs."""

    parent_field = "donor"

    donor = models.ForeignKey(Donor, models.CASCADE, related_name="guidelines")
    statement = models.TextField(help_text="The rule, in our own words.")
    minimum_months = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="The shortest time that the rule allows or asks for, in months.",
    )
    maximum_months = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="The longest time that the rule allows or asks for, in months.",
    )
    valid = UncertainDateField(
        "valid", help_text="When the rule held; empty where the source does not say."
    )

    class Meta(Child.Meta):
        ordering = ["donor", "key"]
        constraints = [
            unique_key("donor"),
            models.CheckConstraint(
                condition=models.Q(minimum_months__isnull=True)
                | models.Q(maximum_months__isnull=True)
                | models.Q(minimum_months__lte=models.F("maximum_months")),
                name="donorguideline_months_ordered",
                violation_error_code="maximum_months",
                violation_error_message="The shortest time is longer than the longest.",
            ),
        ]


@tracked
class DonorGuidelineCitation(CitationUse):
    target = models.ForeignKey(DonorGuideline, models.CASCADE, related_name="citations")
