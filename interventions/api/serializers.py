"""What the API shows of projects and what hangs on them, with what the casebook computes."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field

from clusters.published.fields import (
    TEXT,
    CodedField,
    CodedListField,
    FlatField,
    is_told,
    whole,
)
from clusters.published.serializers import RecordSerializer
from clusters.values.codelists import COUNTRIES
from interventions.analysis.status import RULE, activity_status
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
        told = (cluster for cluster in value.all() if is_told(cluster, self.context))
        return super().to_representation(sorted({str(cluster.country) for cluster in told}))


class IatiField(CodedField):
    """IATI's code beside ours; null where IATI has none."""

    def __init__(self, codes: Mapping[Any, IatiCode], source: str) -> None:
        self.codes = codes
        super().__init__({code.code: code.label for code in codes.values()}, source=source)

    def to_representation(self, value: Any) -> dict[str, str] | None:
        found = self.codes.get(value)
        return super().to_representation(found.code) if found else None


class DonorSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Donor


class DonorGuidelineSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = DonorGuideline


class ProjectSerializer(RecordSerializer):
    countries = CountriesField()
    derived = DerivedField(read_only=True, source="*")

    class Meta(RecordSerializer.Meta):
        model = Project


class ProjectLinkSerializer(RecordSerializer):
    iati_type = IatiField(RELATED_ACTIVITY_TYPES, "type")

    class Meta(RecordSerializer.Meta):
        model = ProjectLink


class FundingSerializer(RecordSerializer):
    iati_type = IatiField(TRANSACTION_TYPES, "transaction_type")

    class Meta(RecordSerializer.Meta):
        model = Funding


class ParticipantSerializer(RecordSerializer):
    iati_role = IatiField(ROLES, "role")

    class Meta(RecordSerializer.Meta):
        model = Participant


class FrameworkSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Framework


class FactorSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Factor


class AccountSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Account


class CodingSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Coding


class ReplySerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Reply


class OutcomeDimensionSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = OutcomeDimension


class OutcomeSerializer(RecordSerializer):
    class Meta(RecordSerializer.Meta):
        model = Outcome
