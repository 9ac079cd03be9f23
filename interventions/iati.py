"""IATI's codes for what the casebook codes more finely: organisation roles, transaction types,
related activities. What IATI has no code for has none.

Codelists OrganisationRole, TransactionType and RelatedActivityType of the IATI Standard, 2.03.
"""

from typing import NamedTuple

from interventions.models import Role, TransactionType
from interventions.models.projects import LinkType


class IatiCode(NamedTuple):
    code: str
    label: str


ROLES = {
    Role.ACCOUNTABLE: IatiCode("2", "Accountable"),
    Role.EXTENDING: IatiCode("3", "Extending"),
    Role.IMPLEMENTING: IatiCode("4", "Implementing"),
}
TRANSACTION_TYPES = {
    TransactionType.COMMITMENT: IatiCode("2", "Outgoing Commitment"),
    TransactionType.DISBURSEMENT: IatiCode("3", "Disbursement"),
    TransactionType.EXPENDITURE: IatiCode("4", "Expenditure"),
}
RELATED_ACTIVITY_TYPES = {
    LinkType.PARENT: IatiCode("1", "Parent"),
}
