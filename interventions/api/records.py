"""The endpoints of what was tried and what came of it."""

from typing import Any

from clusters.api.base import PartViewSet, RootViewSet
from clusters.api.files import TidyRenderer
from clusters.api.tables import TableColumn
from clusters.published.documents import count_by
from interventions.api.counts import Counted
from interventions.models import (
    Account,
    Coding,
    Donor,
    DonorGuideline,
    Factor,
    Framework,
    Funding,
    Outcome,
    OutcomeDimension,
    Participant,
    Project,
    ProjectLink,
    Reply,
)
from interventions.selectors.facet_index import facts_of
from interventions.web.filters import (
    AccountFilter,
    CodingFilter,
    DonorFilter,
    DonorGuidelineFilter,
    FactorFilter,
    FrameworkFilter,
    FundingFilter,
    OutcomeDimensionFilter,
    OutcomeFilter,
    ParticipantFilter,
    ProjectFilter,
    ProjectLinkFilter,
    ReplyFilter,
)

count_by(Project, facts_of)


def _agreed(record: dict[str, Any], factor: str) -> Any:
    for coding in record["codings"]:
        is_agreed = coding["coder"] is None
        is_overall = (
            coding["perspective_group"] is None and coding["perspective_stakeholder"] is None
        )
        if is_agreed and is_overall and coding["factor"] and coding["factor"]["id"] == factor:
            return (
                coding["score"]
                if coding["missing_reason"] is None
                else coding["missing_reason"]["code"]
            )
    return None


class DonorViewSet(RootViewSet):
    model = Donor
    filterset_class = DonorFilter


class DonorGuidelineViewSet(PartViewSet):
    model = DonorGuideline
    filterset_class = DonorGuidelineFilter


class ProjectViewSet(Counted, RootViewSet):
    model = Project
    filterset_class = ProjectFilter
    renderer_classes = [*RootViewSet.renderer_classes, TidyRenderer]
    is_wide = True
    long_model = Coding

    def further_columns(self) -> list[TableColumn]:
        """Return a column for each published factor: its agreed score, or why there is none."""
        factors = Factor.objects.published().select_related("framework")
        return [
            TableColumn(
                name := f"{factor.framework.slug}/{factor.key}",
                "any",
                lambda record, name=name: _agreed(record, name),  # type: ignore[misc]
                f"{factor.name}: agreed score from 0 (absent) to 1, or why there is none.",
            )
            for factor in factors.order_by("framework__slug", "sort_order", "key")
        ]


class ProjectLinkViewSet(PartViewSet):
    model = ProjectLink
    filterset_class = ProjectLinkFilter


class FundingViewSet(PartViewSet):
    model = Funding
    filterset_class = FundingFilter


class ParticipantViewSet(PartViewSet):
    model = Participant
    filterset_class = ParticipantFilter


class FrameworkViewSet(RootViewSet):
    model = Framework
    filterset_class = FrameworkFilter


class FactorViewSet(PartViewSet):
    model = Factor
    filterset_class = FactorFilter


class AccountViewSet(PartViewSet):
    model = Account
    filterset_class = AccountFilter


class CodingViewSet(PartViewSet):
    model = Coding
    filterset_class = CodingFilter


class ReplyViewSet(PartViewSet):
    model = Reply
    filterset_class = ReplyFilter


class OutcomeDimensionViewSet(RootViewSet):
    model = OutcomeDimension
    filterset_class = OutcomeDimensionFilter


class OutcomeViewSet(PartViewSet):
    model = Outcome
    filterset_class = OutcomeFilter


ENDPOINTS = {
    "donors": DonorViewSet,
    "donor-guidelines": DonorGuidelineViewSet,
    "projects": ProjectViewSet,
    "project-links": ProjectLinkViewSet,
    "funding": FundingViewSet,
    "participants": ParticipantViewSet,
    "frameworks": FrameworkViewSet,
    "factors": FactorViewSet,
    "accounts": AccountViewSet,
    "codings": CodingViewSet,
    "replies": ReplyViewSet,
    "outcome-dimensions": OutcomeDimensionViewSet,
    "outcomes": OutcomeViewSet,
}
