"""The endpoints of places, stakeholders and literature."""

from clusters.api.base import RecordViewSet, endpoint
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
from clusters.web.filters import ClusterFilter, PublicationFilter, StakeholderFilter

ENDPOINTS = {
    "clusters": endpoint(
        Cluster,
        filterset_class=ClusterFilter,
        renderer_classes=[*RecordViewSet.renderer_classes, GeoJSONRenderer],
    ),
    "statistics": endpoint(Statistic),
    "events": endpoint(Event),
    "stakeholder-groups": endpoint(StakeholderGroup),
    "identifiers": endpoint(Identifier),
    "stakeholders": endpoint(Stakeholder, filterset_class=StakeholderFilter),
    "publications": endpoint(
        Publication,
        filterset_class=PublicationFilter,
        renderer_classes=[
            *RecordViewSet.renderer_classes,
            *(BibTeXRenderer, RISRenderer, CSLJSONRenderer),
        ],
    ),
    "literature-summaries": endpoint(LiteratureSummary),
    "study-samples": endpoint(StudySample),
}
