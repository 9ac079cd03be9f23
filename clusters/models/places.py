"""Clusters, the figures known about them, and what happened there."""

import datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from clusters.models.base import Child, ChildQuerySet, Root, unique_key
from clusters.models.citations import CitationUse
from clusters.models.fields import CodeField, UncertainDateField
from clusters.models.history import tracked
from clusters.values.codelists import INDUSTRIES


@tracked
class Cluster(Root):
    """An industrial cluster: firms of the same or related industries in one place."""

    name = models.CharField(
        max_length=120,
        help_text="The place, with the industry where one place has several: Sialkot football "
        "cluster.",
    )
    country = CountryField(help_text="ISO 3166-1, two letters, such as PK.")
    region = models.CharField(max_length=120, blank=True, help_text="Province or state.")
    latitude = models.DecimalField(
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text="Degrees north, WGS 84.",
    )
    longitude = models.DecimalField(
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
        help_text="Degrees east, WGS 84.",
    )
    industry = models.CharField(max_length=120, help_text="What the cluster makes, in words.")
    isic = CodeField(
        "ISIC class",
        codelist=INDUSTRIES,
        max_length=4,
        blank=True,
        help_text="United Nations ISIC, Revision 4.",
    )
    products = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        help_text="What leaves the factories, in the source's words.",
    )
    summary = models.TextField(blank=True, help_text="What the cluster is, in two lines.")
    technology = models.TextField(blank=True, help_text="How goods are made there, and with what.")
    competition = models.TextField(blank=True, help_text="With whom it competes, and on what.")
    national_context = models.TextField(
        blank=True, help_text="What the country adds: law, politics, economy."
    )

    class Meta(Root.Meta):
        ordering = ["name", "pk"]
        constraints = [
            *Root.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(latitude__isnull=True, longitude__isnull=True)
                | models.Q(
                    latitude__isnull=False,
                    longitude__isnull=False,
                    latitude__range=(-90, 90),
                    longitude__range=(-180, 180),
                ),
                name="cluster_point_whole",
                violation_error_code="latitude",
                violation_error_message="A point has a latitude from −90 to 90 "
                "and a longitude from −180 to 180.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("cluster", args=[self.slug])


@tracked
class ClusterCitation(CitationUse):
    target = models.ForeignKey(Cluster, models.CASCADE, related_name="citations")


class Indicator(models.TextChoices):
    """What a figure counts, with its unit."""

    FIRMS = "firms", _("Firms")
    REGISTERED_WORKERS = "registered_workers", _("Registered workers")
    WORKERS_LAID_OFF = "workers_laid_off", _("Workers who lost their jobs")
    FAMILIES_OUT_OF_WORK = "families_out_of_work", _("Families out of work")
    MARKET_SHARE = "market_share", _("Share of the world market (%)")


class Qualifier(models.TextChoices):
    """How firmly the source gives the figure."""

    EXACT = "exact", _("as printed")
    ABOUT = "about", _("about")
    AT_LEAST = "at_least", _("at least")
    CLAIMED = "claimed", _("claimed, not measured")


@tracked
class Statistic(Child):
    """One figure about a cluster at one time."""

    parent_field = "cluster"

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="statistics")
    indicator = models.CharField(
        max_length=30, choices=Indicator, help_text="What is counted, with its unit."
    )
    subject = models.CharField(
        max_length=120, blank=True, help_text="What part is counted, such as large enterprises."
    )
    value = models.DecimalField(
        max_digits=18,
        decimal_places=2,
        help_text="The figure, or the lower end of a range; no signs for thousands.",
    )
    value_to = models.DecimalField(
        "to", max_digits=18, decimal_places=2, null=True, blank=True, help_text="Of a range."
    )
    qualifier = models.CharField(
        max_length=10,
        choices=Qualifier,
        default=Qualifier.EXACT,
        help_text="How firmly the source gives it.",
    )
    claimed_by = models.CharField(
        max_length=120, blank=True, help_text="Who claims it, where nobody measured it."
    )
    when = UncertainDateField(
        "when", help_text="The time for which the figure holds, not of the publication."
    )
    note = models.TextField(
        blank=True, help_text="What one must know to read the figure, such as how it was counted."
    )
    sort_order = models.PositiveSmallIntegerField(
        default=0, help_text="Where it stands among the others; the lowest comes first."
    )

    class Meta(Child.Meta):
        ordering = ["cluster", "sort_order", "pk"]
        constraints = [
            unique_key("cluster"),
            models.CheckConstraint(
                condition=models.Q(value_to__isnull=True)
                | models.Q(value_to__gt=models.F("value")),
                name="statistic_range_ordered",
                violation_error_code="value_to",
                violation_error_message="A range ends above its beginning.",
            ),
            models.CheckConstraint(
                condition=~models.Q(qualifier="claimed") | ~models.Q(claimed_by=""),
                name="statistic_claim_has_claimant",
                violation_error_code="claimed_by",
                violation_error_message="A claimed figure needs whoever claims it.",
            ),
        ]


@tracked
class StatisticCitation(CitationUse):
    target = models.ForeignKey(Statistic, models.CASCADE, related_name="citations")


class EventQuerySet(ChildQuerySet):
    def in_order(self) -> Self:
        """Return events earliest first; without a known beginning last, then by number."""
        return self.order_by(models.F("when_earliest").asc(nulls_last=True), "pk")


class EventKind(models.TextChoices):
    CHALLENGE = "challenge", _("Challenge and response")
    SHOCK = "shock", _("Shock")
    MILESTONE = "milestone", _("Step")


@tracked
class Event(Child):
    """Something that happened in or to a cluster: a challenge with its response, or a step."""

    parent_field = "cluster"
    searched = True

    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="events")
    kind = models.CharField(
        max_length=10,
        choices=EventKind,
        default=EventKind.MILESTONE,
        help_text="A challenge that was answered, a shock from outside, or a step that somebody "
        "took.",
    )
    title = models.CharField(
        max_length=160, help_text="In a few words: first campaign against child labour."
    )
    when = UncertainDateField(
        "when", blank=False, help_text="When it happened, as exactly as the source says."
    )
    when_earliest: datetime.date | None
    when_latest: datetime.date | None
    description = models.TextField(blank=True, help_text="What happened, in our own words.")
    challenge = models.TextField(blank=True, help_text="What the cluster was up against.")
    response = models.TextField(
        blank=True, help_text="What the cluster, or somebody for it, did about it."
    )

    objects: ClassVar[Any] = EventQuerySet.as_manager()

    class Meta(Child.Meta):
        ordering = ["cluster", "when_earliest", "pk"]
        constraints = [unique_key("cluster")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"{self.cluster.get_absolute_url()}#event-{self.key}"


@tracked
class EventCitation(CitationUse):
    target = models.ForeignKey(Event, models.CASCADE, related_name="citations")
