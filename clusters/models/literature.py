"""Publications, what one says of others, and who was heard for it."""

import json
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Cast, Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clusters.models.base import Child, Root, RootQuerySet, unique_key
from clusters.models.citations import CitationUse
from clusters.models.fields import DOIField, UncertainDateField
from clusters.models.history import tracked
from clusters.models.stakeholders import StakeholderGroup
from clusters.values.doi import doi_of_address


class PublicationType(models.TextChoices):
    """Item types of the Citation Style Language (CSL 1.0.2)."""

    ARTICLE_JOURNAL = "article-journal", _("Journal article")
    BOOK = "book", _("Book")
    CHAPTER = "chapter", _("Chapter")
    REPORT = "report", _("Report")
    THESIS = "thesis", _("Thesis")
    DATASET = "dataset", _("Data set")
    STANDARD = "standard", _("Standard")
    PAPER_CONFERENCE = "paper-conference", _("Conference paper")
    ARTICLE_NEWSPAPER = "article-newspaper", _("Newspaper article")
    ARTICLE_MAGAZINE = "article-magazine", _("Magazine article")
    MANUSCRIPT = "manuscript", _("Unpublished work")
    WEBPAGE = "webpage", _("Web page")
    DOCUMENT = "document", _("Document")


def validate_names(names: Any) -> None:
    """Raise ValidationError for anything but a list of CSL names."""
    is_list = isinstance(names, list)
    for name in names if is_list else [None]:
        parts = name if isinstance(name, dict) else {}
        if not (parts.get("family") or parts.get("literal")) or not all(
            isinstance(part, str) for part in parts.values()
        ):
            raise ValidationError(
                'Write names as [{"family": "Khan", "given": "F. R."}] or [{"literal": "ILRF"}].'
            )


class PublicationQuerySet(RootQuerySet):
    def by_author(self, name: str) -> Self:
        """Return works with an author whose name, or a part of it, is this, in any case."""
        values = models.Func(
            "authors",
            models.Value("$[*].*"),
            function="jsonb_path_query_array",
            template="%(function)s(%(expressions)s::jsonpath)",
            output_field=models.JSONField(),
        )
        text = Cast(values, models.TextField())
        return self.annotate(names=text).filter(names__icontains=json_text(name))


def json_text(words: str) -> str:
    """Return a text as JSON writes it inside a string, without the quotation marks."""
    return json.dumps(words, ensure_ascii=False)[1:-1]


@tracked
class Publication(Root):
    """A work that says something: CSL-JSON fields, and how it was made. Unknown stays empty."""

    # What a work says of itself on its first page needs no other witness.
    not_asserted = frozenset({"csl_type", "authors", "note", "study"})

    csl_type = models.CharField(
        "type",
        max_length=20,
        choices=PublicationType,
        default=PublicationType.DOCUMENT,
        help_text="Item type of the Citation Style Language; the nearest one.",
    )
    authors = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_names],
        help_text='CSL names: [{"family": "Khan", "given": "F. R."}] or [{"literal": "ILRF"}].',
    )
    title = models.CharField(
        max_length=500, blank=True, help_text="With its subtitle, as on the first page."
    )
    issued = UncertainDateField(
        "issued", help_text="When it was published, as exactly as it says itself."
    )
    container_title = models.CharField(
        "journal or book",
        max_length=300,
        blank=True,
        help_text="The journal that printed an article, or the book of a chapter.",
    )
    volume = models.CharField(max_length=20, blank=True, help_text="Of the journal, as printed.")
    issue = models.CharField(
        max_length=20, blank=True, help_text="Number within the volume, as printed."
    )
    page = models.CharField(
        "pages", max_length=40, blank=True, help_text="First and last page, as printed: 1–28."
    )
    publisher = models.CharField(
        max_length=200,
        blank=True,
        help_text="Who brought it out: a publishing house, an agency, a university.",
    )
    doi = DOIField(
        "DOI",
        max_length=120,
        blank=True,
        help_text="Digital object identifier, from 10. on, such as 10.1177/1476127016675996.",
    )
    web_address = models.URLField(
        "web address",
        max_length=500,
        blank=True,
        help_text="Where it can be read or is described; a DOI has its own field.",
    )
    licence = models.CharField(
        max_length=60,
        blank=True,
        help_text="Under which others may use it, such as CC BY 4.0; as it says itself.",
    )
    cited_as = models.CharField(
        max_length=120, blank=True, help_text="Author and year as a source prints them."
    )
    clusters = models.ManyToManyField(
        "clusters.Cluster",
        through="PublicationCluster",
        related_name="literature",
        blank=True,
        help_text="The clusters that the work is about.",
    )
    note = models.TextField(blank=True, help_text="About the reference, such as a misspelt name.")
    method = models.TextField(
        blank=True,
        help_text="How its findings were made: interviews, survey, case study, documents.",
    )
    interviews = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many interviews it rests on."
    )
    interview_minutes_least = models.PositiveIntegerField(
        null=True, blank=True, help_text="Minutes of the shortest interview."
    )
    interview_minutes_most = models.PositiveIntegerField(
        null=True, blank=True, help_text="Minutes of the longest interview."
    )
    study_when = UncertainDateField(
        "time of the study",
        help_text="When its authors were in the field, which may be years before it came out.",
    )
    study = models.CharField(
        max_length=120,
        blank=True,
        help_text="A name for the study; works that share it are one independent source.",
    )

    objects: ClassVar[Any] = PublicationQuerySet.as_manager()

    class Meta(Root.Meta):
        ordering = ["cited_as", "pk"]
        constraints = [
            *Root.Meta.constraints,
            models.UniqueConstraint(
                Lower("doi"),
                condition=~models.Q(doi=""),
                name="publication_doi_unique",
                violation_error_code="doi",
                violation_error_message="Another publication has this DOI.",
            ),
            models.UniqueConstraint(
                Lower("cited_as"),
                condition=~models.Q(cited_as=""),
                name="publication_cited_as_unique",
                violation_error_code="cited_as",
                violation_error_message="Another publication is cited as this. Add a letter to the "
                "year, such as Khan (2007b).",
            ),
            models.CheckConstraint(
                condition=models.Q(interview_minutes_least__isnull=True)
                | models.Q(interview_minutes_most__isnull=True)
                | models.Q(interview_minutes_least__lte=models.F("interview_minutes_most")),
                name="publication_minutes_ordered",
                violation_error_code="interview_minutes_most",
                violation_error_message="The shortest interview is longer than the longest.",
            ),
        ]

    def clean(self) -> None:
        super().clean()
        if doi := doi_of_address(self.web_address):
            words = f"This is the address of a DOI. Write it as the DOI: {doi}."
            raise ValidationError({"web_address": words})

    def __str__(self) -> str:
        return self.cited_as or self.title or self.slug

    def get_absolute_url(self) -> str:
        return reverse("publication", args=[self.slug])


@tracked
class PublicationCitation(CitationUse):
    target = models.ForeignKey(Publication, models.CASCADE, related_name="citations")


@tracked
class PublicationCluster(models.Model):
    """A cluster that a publication is about."""

    parent_field = "publication"

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="cluster_ties")
    cluster = models.ForeignKey("clusters.Cluster", models.PROTECT, related_name="literature_ties")

    class Meta:
        constraints = [
            models.UniqueConstraint("publication", "cluster", name="publicationcluster_unique"),
        ]
        triggers = Child.Meta.triggers

    def __str__(self) -> str:
        return f"{self.publication} on {self.cluster}"


@tracked
class LiteratureSummary(Child):
    """What one publication says about one or more works: findings, limits, donors' role."""

    parent_field = "publication"

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="summaries")
    publications = models.ManyToManyField(
        Publication,
        through="SummarisedPublication",
        related_name="summarised_in",
        blank=True,
        help_text="The works that this publication speaks of.",
    )
    findings = models.TextField(
        blank=True, help_text="What the works found, as this publication tells it."
    )
    limitations = models.TextField(
        blank=True, help_text="What they leave open or cannot show, as this publication judges."
    )
    donor_role = models.TextField(
        "role of donor-funded CSR",
        blank=True,
        help_text="What they say of CSR that donors financed.",
    )
    incomplete = models.CharField(
        max_length=200, blank=True, help_text="What our copy of the source lacks, if anything."
    )
    sort_order = models.PositiveSmallIntegerField(
        default=0, help_text="Where it stands among the others; the lowest comes first."
    )

    class Meta(Child.Meta):
        verbose_name_plural = "literature summaries"
        ordering = ["publication", "sort_order", "pk"]
        constraints = [unique_key("publication")]


@tracked
class LiteratureSummaryCitation(CitationUse):
    target = models.ForeignKey(LiteratureSummary, models.CASCADE, related_name="citations")


@tracked
class SummarisedPublication(models.Model):
    """One work that a review is about."""

    parent_field = "summary"

    summary = models.ForeignKey(LiteratureSummary, models.CASCADE, related_name="publication_ties")
    publication = models.ForeignKey(Publication, models.PROTECT, related_name="summary_ties")

    class Meta:
        constraints = [
            models.UniqueConstraint("summary", "publication", name="summarisedpublication_unique"),
        ]
        triggers = Child.Meta.triggers

    def __str__(self) -> str:
        return f"{self.summary}: {self.publication}"


@tracked
class StudySample(Child):
    """Who was heard for a publication: a group, how many, and why them."""

    parent_field = "publication"

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="study_samples")
    organisation_type = models.CharField(max_length=120, help_text="As printed.")
    group = models.ForeignKey(
        StakeholderGroup,
        models.PROTECT,
        related_name="study_samples",
        help_text="The kind of stakeholder to which they belong.",
    )
    number = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text="People heard.",
    )
    mission = models.TextField(
        blank=True, help_text="What stakeholders of this kind are for, as the publication says."
    )
    role_in_csr = models.TextField(
        "role in CSR",
        blank=True,
        help_text="What they have to do with CSR, as the publication says.",
    )
    reason = models.TextField(
        "reason for inclusion",
        blank=True,
        help_text="Why they were heard, as the publication says.",
    )
    sort_order = models.PositiveSmallIntegerField(
        default=0, help_text="Where it stands among the others; the lowest comes first."
    )

    class Meta(Child.Meta):
        ordering = ["publication", "sort_order", "pk"]
        constraints = [
            unique_key("publication"),
            models.CheckConstraint(
                condition=models.Q(number__isnull=True) | models.Q(number__gte=1),
                name="studysample_number_positive",
                violation_error_code="number",
                violation_error_message="A group of nobody was not heard; leave the number empty.",
            ),
        ]

    def __str__(self) -> str:
        return self.organisation_type


@tracked
class StudySampleCitation(CitationUse):
    target = models.ForeignKey(StudySample, models.CASCADE, related_name="citations")
