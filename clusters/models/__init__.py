"""Places and what is known about them."""

from clusters.models.access import ApiToken, IdempotentRequest, Invitation, Scope
from clusters.models.base import Child, Root, State
from clusters.models.citations import Citation, CitationUse, LocatorType, Stance
from clusters.models.corrections import Correction, CorrectionState
from clusters.models.desk import (
    Comment,
    FormDraft,
    ReviewStep,
    Step,
    Upload,
    UploadMode,
    UploadState,
)
from clusters.models.documents import FacetCount, PublicDocument
from clusters.models.history import Redaction
from clusters.models.literature import (
    LiteratureSummary,
    Publication,
    PublicationCluster,
    PublicationType,
    StudySample,
    SummarisedPublication,
)
from clusters.models.mail import Mail
from clusters.models.people import Contributor, User
from clusters.models.places import Cluster, Event, EventKind, Indicator, Qualifier, Statistic
from clusters.models.proposals import DeletedRecord, Proposal, ProposalState
from clusters.models.records import Alias, Change, ChangeAction, Import, ImportedRecord
from clusters.models.search import SearchEntry, SearchWord
from clusters.models.stakeholders import Identifier, Stakeholder, StakeholderGroup

__all__ = [
    "Alias",
    "ApiToken",
    "Change",
    "ChangeAction",
    "Child",
    "Citation",
    "CitationUse",
    "Cluster",
    "Comment",
    "Contributor",
    "Correction",
    "CorrectionState",
    "DeletedRecord",
    "Event",
    "EventKind",
    "FacetCount",
    "FormDraft",
    "IdempotentRequest",
    "Identifier",
    "Import",
    "ImportedRecord",
    "Indicator",
    "Invitation",
    "LiteratureSummary",
    "LocatorType",
    "Mail",
    "Proposal",
    "ProposalState",
    "PublicDocument",
    "Publication",
    "PublicationCluster",
    "PublicationType",
    "Qualifier",
    "Redaction",
    "ReviewStep",
    "Root",
    "Scope",
    "SearchEntry",
    "SearchWord",
    "Stakeholder",
    "StakeholderGroup",
    "Stance",
    "State",
    "Statistic",
    "Step",
    "StudySample",
    "SummarisedPublication",
    "Upload",
    "UploadMode",
    "UploadState",
    "User",
]
