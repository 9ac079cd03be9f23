"""Stakeholders: who has a stake in a cluster. Each exists once, whatever roles it plays."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django_countries.fields import CountryField

from clusters.models.base import Child, Root, unique_key
from clusters.models.citations import CitationUse
from clusters.models.history import tracked
from clusters.models.triggers import Forbid


@tracked
class StakeholderGroup(Root):
    """A kind of stakeholder, such as exporters or donor agencies."""

    # The casebook's own vocabulary, after the study's table where that has a row.
    not_asserted = frozenset({"name", "definition"})

    name = models.CharField(
        max_length=120, help_text="In the plural, as a heading of the table of who is heard."
    )
    definition = models.TextField(blank=True, help_text="Who belongs to it, and who does not.")

    class Meta(Root.Meta):
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"{reverse('stakeholders')}?group={self.slug}"


@tracked
class StakeholderGroupCitation(CitationUse):
    target = models.ForeignKey(StakeholderGroup, models.CASCADE, related_name="citations")


@tracked
class Stakeholder(Root):
    """A stakeholder or one of its units: a firm, an agency, a field office, a network."""

    not_asserted = frozenset({"is_pseudonym", "pseudonym_source", "pseudonym_note"})
    private = frozenset({"pseudonym_note"})

    name = models.CharField(
        max_length=200, help_text="As the stakeholder calls itself, or as the source prints it."
    )
    aliases = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text="Other names and spellings, as printed.",
    )
    group = models.ForeignKey(
        StakeholderGroup,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="stakeholders",
        help_text="The kind of stakeholder, by which lists and the table of accounts are grouped.",
    )
    part_of = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="units",
        help_text="The stakeholder of which this is a unit, such as the agency of a field office.",
    )
    country = CountryField(
        blank=True, help_text="Where it has its seat: ISO 3166-1, two letters, such as PK."
    )
    summary = models.TextField(
        blank=True, help_text="What kind of stakeholder it is, in two lines."
    )
    mission = models.TextField(blank=True, help_text="What it says it is for.")
    role_in_csr = models.TextField(
        "role in CSR", blank=True, help_text="What it has to do with CSR in the cluster."
    )
    is_pseudonym = models.BooleanField(
        "the name is a pseudonym",
        default=False,
        help_text="The source hides who this is, and so does the casebook, for good.",
    )
    pseudonym_source = models.ForeignKey(
        "clusters.Publication",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="pseudonyms",
        help_text="The publication that uses the pseudonym.",
    )
    pseudonym_note = models.TextField(
        blank=True,
        help_text="For editors: how the source introduces the name. Never who it is. Not public.",
    )

    class Meta(Root.Meta):
        ordering = ["name", "pk"]
        constraints = [
            *Root.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(is_pseudonym=True, pseudonym_source__isnull=False)
                | models.Q(is_pseudonym=False, pseudonym_source__isnull=True, pseudonym_note=""),
                name="stakeholder_pseudonym_has_source",
                violation_error_code="pseudonym_source",
                violation_error_message="A pseudonym needs the publication that uses it; "
                "a plain name has neither source nor note of a pseudonym.",
            ),
            models.UniqueConstraint(
                "pseudonym_source",
                Lower("name"),
                condition=models.Q(is_pseudonym=True),
                name="stakeholder_pseudonym_unique",
                violation_error_code="name",
                violation_error_message="This publication's pseudonym is already recorded.",
            ),
            models.CheckConstraint(
                condition=models.Q(part_of__isnull=True) | ~models.Q(part_of=models.F("pk")),
                name="stakeholder_not_part_of_itself",
                violation_error_code="part_of",
                violation_error_message="A stakeholder cannot be a part of itself.",
            ),
        ]
        triggers = [
            *Root.Meta.triggers,
            Forbid(
                name="pseudonym_stays",
                query="SELECT WHERE TG_OP = 'UPDATE' AND NEW.is_pseudonym <> OLD.is_pseudonym",
                message="A name does not become a pseudonym, nor a pseudonym a name: "
                "history would link the two. Make a new record.",
            ),
            Forbid(
                name="pseudonym_part_of_pseudonym",
                query="SELECT FROM clusters_stakeholder other "
                "WHERE (other.id = NEW.part_of_id OR other.part_of_id = NEW.id) "
                "AND other.is_pseudonym <> NEW.is_pseudonym",
                message="A pseudonym may be tied only to another pseudonym: "
                "its units and its parent must not give it away.",
            ),
        ]

    def __str__(self) -> str:
        # Readers would take a bare pseudonym for an organisation that they know.
        return f"{self.name} (pseudonym)" if self.is_pseudonym else self.name

    def get_absolute_url(self) -> str:
        return reverse("stakeholder", args=[self.slug])


@tracked
class StakeholderCitation(CitationUse):
    target = models.ForeignKey(Stakeholder, models.CASCADE, related_name="citations")


@tracked
class Identifier(Child):
    """A number or code by which a register knows a stakeholder."""

    parent_field = "stakeholder"

    stakeholder = models.ForeignKey(Stakeholder, models.CASCADE, related_name="identifiers")
    scheme = models.CharField(max_length=60, help_text="The register, such as GB-COH or ROR.")
    value = models.CharField(
        max_length=120, help_text="The number or code itself, as the register writes it."
    )

    class Meta(Child.Meta):
        ordering = ["scheme", "value"]
        constraints = [
            unique_key("stakeholder"),
            models.UniqueConstraint(
                "scheme",
                "value",
                name="identifier_unique",
                violation_error_code="value",
                violation_error_message="Another stakeholder has this identifier.",
            ),
        ]
        triggers = [
            *Child.Meta.triggers,
            Forbid(
                name="pseudonym_has_no_identifier",
                query="SELECT FROM clusters_stakeholder stakeholder "
                "WHERE stakeholder.id = NEW.stakeholder_id AND stakeholder.is_pseudonym",
                message="A pseudonym carries no identifier: it would give the stakeholder away.",
            ),
        ]

    def clean(self) -> None:
        super().clean()
        if self.stakeholder_id and self.stakeholder.is_pseudonym:
            raise ValidationError(
                "A pseudonym carries no identifier: it would give the stakeholder away."
            )


@tracked
class IdentifierCitation(CitationUse):
    target = models.ForeignKey(Identifier, models.CASCADE, related_name="citations")
