"""The endpoints of what was tried and what came of it."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field

from clusters.api.base import RecordViewSet, endpoint
from clusters.api.files import TidyRenderer
from clusters.api.tables import TableColumn
from clusters.published.documents import count_by
from clusters.published.fields import TEXT, CodedField, CodedListField, FlatField, whole
from clusters.published.serializers import extend
from clusters.values.codelists import COUNTRIES
from interventions.analysis.status import RULE, activity_status
from interventions.api.counts import Counted
from interventions.iati import RELATED_ACTIVITY_TYPES, ROLES, TRANSACTION_TYPES, IatiCode
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
from interventions.web.filters import DonorFilter, ProjectFilter

STATUS = whole({"status": whole({"code": TEXT, "label": TEXT}), "rule": TEXT})


@extend_schema_field(STATUS)
class DerivedField(FlatField):
    """What the casebook computed of a project, with the rule's name."""

    paths = ("status.code", "status.label", "rule")

    def to_representation(self, project: Any) -> dict[str, Any]:
        code, label = activity_status(project.ending, has_start=bool(project.actual_start))
        return {"status": {"code": code, "label": label}, "rule": RULE}


class CountriesField(CodedListField):
    """The countries of the clusters of a project, each once."""

    def __init__(self) -> None:
        super().__init__(COUNTRIES.names, source="clusters")

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(sorted({str(one.country) for one in value.all()}))


class IatiField(CodedField):
    """IATI's code beside ours; null where IATI has none."""

    def __init__(self, codes: Mapping[Any, IatiCode], source: str) -> None:
        self.codes = codes
        super().__init__({one.code: one.label for one in codes.values()}, source=source)

    def to_representation(self, value: Any) -> dict[str, str] | None:
        found = self.codes.get(value)
        return super().to_representation(found.code) if found else None


extend(ProjectLink, iati_type=IatiField(RELATED_ACTIVITY_TYPES, "type"))
extend(Funding, iati_type=IatiField(TRANSACTION_TYPES, "transaction_type"))
extend(Participant, iati_role=IatiField(ROLES, "role"))
extend(
    Project,
    countries=CountriesField(),
    derived=DerivedField(read_only=True, source="*"),
)
count_by(Project, facts_of)


def factor_columns(view: Any) -> list[TableColumn]:
    """A column for each published factor: its agreed score, or the reason why there is none."""
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


ENDPOINTS = {
    "donors": endpoint(Donor, filterset_class=DonorFilter),
    "donor-guidelines": endpoint(DonorGuideline),
    "projects": endpoint(
        Project,
        Counted,
        filterset_class=ProjectFilter,
        renderer_classes=[*RecordViewSet.renderer_classes, TidyRenderer],
        is_wide=True,
        long_model=Coding,
        further_columns=factor_columns,
    ),
    "project-links": endpoint(ProjectLink),
    "funding": endpoint(Funding),
    "participants": endpoint(Participant),
    "frameworks": endpoint(Framework),
    "factors": endpoint(Factor),
    "accounts": endpoint(Account),
    "codings": endpoint(Coding),
    "replies": endpoint(Reply),
    "outcome-dimensions": endpoint(OutcomeDimension),
    "outcomes": endpoint(Outcome),
}
