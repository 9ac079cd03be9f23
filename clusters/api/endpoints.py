"""The endpoints of places, stakeholders and literature: one class a kind of record."""

from clusters.api.base import PartViewSet, RootViewSet
from clusters.api.files import BibTeXRenderer, CSLJSONRenderer, GeoJSONRenderer, RISRenderer
from clusters.models import (
    Cluster,
    Event,
    Identifier,
    LiteratureSummary,
    Publication,
    Stakeholder,
    StakeholderGroup,
    Statistic,
    StudySample,
)
from clusters.web.filters import (
    ClusterFilter,
    EventFilter,
    IdentifierFilter,
    LiteratureSummaryFilter,
    PublicationFilter,
    StakeholderFilter,
    StakeholderGroupFilter,
    StatisticFilter,
    StudySampleFilter,
)


class ClusterViewSet(RootViewSet):
    model = Cluster
    filterset_class = ClusterFilter
    renderer_classes = [*RootViewSet.renderer_classes, GeoJSONRenderer]


class StatisticViewSet(PartViewSet):
    model = Statistic
    filterset_class = StatisticFilter


class EventViewSet(PartViewSet):
    model = Event
    filterset_class = EventFilter


class StakeholderGroupViewSet(RootViewSet):
    model = StakeholderGroup
    filterset_class = StakeholderGroupFilter


class IdentifierViewSet(PartViewSet):
    model = Identifier
    filterset_class = IdentifierFilter


class StakeholderViewSet(RootViewSet):
    model = Stakeholder
    filterset_class = StakeholderFilter


class PublicationViewSet(RootViewSet):
    model = Publication
    filterset_class = PublicationFilter
    renderer_classes = [
        *RootViewSet.renderer_classes,
        *(BibTeXRenderer, RISRenderer, CSLJSONRenderer),
    ]


class LiteratureSummaryViewSet(PartViewSet):
    model = LiteratureSummary
    filterset_class = LiteratureSummaryFilter


class StudySampleViewSet(PartViewSet):
    model = StudySample
    filterset_class = StudySampleFilter


ENDPOINTS = {
    "clusters": ClusterViewSet,
    "statistics": StatisticViewSet,
    "events": EventViewSet,
    "stakeholder-groups": StakeholderGroupViewSet,
    "identifiers": IdentifierViewSet,
    "stakeholders": StakeholderViewSet,
    "publications": PublicationViewSet,
    "literature-summaries": LiteratureSummaryViewSet,
    "study-samples": StudySampleViewSet,
}
