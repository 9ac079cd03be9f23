"""What a wish to change a record becomes: the one place that decides, for every door.

API, admin, spreadsheets, case files, commands, rounds and approvals ask here, and
`clusters.actions.changing` carries out what comes of it.
"""

from enum import Enum

from django.conf import settings

from clusters.models import Root, State
from clusters.models.roles import Visitor, may_enter, may_review

MAY_NOT = "You may not change this record."


class Becomes(Enum):
    """What a wish to change a record becomes."""

    NEW_DRAFT = "a new draft"
    EDIT = "an edit of a draft"
    PROPOSAL = "a proposal, for an editor to decide on"
    CHANGE = "an immediate change of what is public"
    REFUSED = "nothing"


def becomes(record: Root | None, by: Visitor | None) -> Becomes:
    """Return what a wish becomes, by the record's state, by who asks, and by the settings.

    `record` is None where one is to be made. `by` is None where a command asks, which whoever runs
    the casebook types.
    """
    if record is None:
        return Becomes.NEW_DRAFT if by is None or may_enter(by) else Becomes.REFUSED
    if record.state == State.WITHDRAWN or not (by is None or may_edit(by, record)):
        return Becomes.REFUSED
    if not record.is_published:
        return Becomes.EDIT
    return Becomes.CHANGE if by is None or may_approve(by, by) else Becomes.PROPOSAL


def may_edit(user: Visitor, record: Root) -> bool:
    """Return whether somebody may change a record, a public one at least by a proposal.

    Authors may change their own drafts, editors all of them.
    """
    if record.state == State.WITHDRAWN:
        return False
    return may_enter(user) and (record.is_published or is_author(user, record) or may_review(user))


def may_approve(user: Visitor, author: Visitor) -> bool:
    """Return whether somebody may approve what this author proposes.

    With two-person review nobody approves what they propose themselves.
    """
    return may_review(user) and not (settings.TWO_PERSON_REVIEW and user.pk == author.pk)


def is_author(user: Visitor, record: Root) -> bool:
    """Return whether a record was entered by this user."""
    return record.entered_by_id is not None and record.entered_by_id == user.pk
