"""The endpoints of what was tried and what came of it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clusters.api.base import endpoint
from clusters.api.serializers import extend
from interventions.analysis.status import RULE, activity_status
from interventions.filters import DonorFilter, ProjectFilter
from interventions.models import (
    Account,
    Coding,
    Donor,
    DonorNorm,
    Factor,
    Framework,
    Funding,
    Outcome,
    OutcomeDimension,
    Participation,
    Project,
    ProjectLink,
    Reply,
)

STATUS = {
    "type": "object",
    "properties": {
        "status": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "label": {"type": "string"}},
        },
        "rule": {"type": "string"},
    },
}


@extend_schema_field(STATUS)
class DerivedField(serializers.Field):
    """What the casebook computed of a project, with the rule's name."""

    def to_representation(self, project: Any) -> dict[str, Any]:
        code, label = activity_status(project.ending, has_start=bool(project.actual_start))
        return {"status": {"code": code, "label": label}, "rule": RULE}


extend(Project, derived=DerivedField(read_only=True, source="*"))

ENDPOINTS = {
    "donors": endpoint(Donor, filterset_class=DonorFilter),
    "donor-norms": endpoint(DonorNorm),
    "projects": endpoint(Project, filterset_class=ProjectFilter),
    "project-links": endpoint(ProjectLink),
    "fundings": endpoint(Funding),
    "participations": endpoint(Participation),
    "frameworks": endpoint(Framework),
    "factors": endpoint(Factor),
    "accounts": endpoint(Account),
    "codings": endpoint(Coding),
    "replies": endpoint(Reply),
    "outcome-dimensions": endpoint(OutcomeDimension),
    "outcomes": endpoint(Outcome),
}
