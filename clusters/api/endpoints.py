"""The endpoints of places, bodies and literature."""

from clusters.api.base import endpoint
from clusters.filters import ClusterFilter, PublicationFilter, StakeholderFilter
from clusters.models import (
    Cluster,
    Event,
    Publication,
    Review,
    Stakeholder,
    StakeholderGroup,
    Statistic,
    StudySample,
)

ENDPOINTS = {
    "clusters": endpoint(Cluster, filterset_class=ClusterFilter),
    "statistics": endpoint(Statistic),
    "events": endpoint(Event),
    "stakeholder-groups": endpoint(StakeholderGroup),
    "stakeholders": endpoint(Stakeholder, filterset_class=StakeholderFilter),
    "publications": endpoint(Publication, filterset_class=PublicationFilter),
    "reviews": endpoint(Review),
    "study-samples": endpoint(StudySample),
}
