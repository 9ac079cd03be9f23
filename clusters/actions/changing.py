"""Change one record, in the way that `permissions.becomes` decides."""

from clusters.actions.entering import update
from clusters.actions.permissions import MAY_NOT, Becomes, becomes
from clusters.actions.proposing import NEEDS_REASON, propose
from clusters.actions.publishing import NotAllowed
from clusters.models import Proposal, Root, User
from clusters.records.serialization import Document


def change(
    *,
    record: Root,
    base: Document,
    document: Document,
    by: User,
    reason: str,
    site: str = "",
    in_place_of: Proposal | None = None,
    force: bool = False,
) -> Proposal | None:
    """Change a record from what it was seen as, or propose the change; return the proposal, if any.

    `force` overwrites what changed since `base`. Raises NotAllowed where it may not be, and what
    `update` and `propose` raise.
    """
    wish = becomes(record, by)
    if wish is Becomes.REFUSED:
        raise NotAllowed([MAY_NOT])
    if wish is Becomes.PROPOSAL:
        return propose(
            record=record,
            base=base,
            document=document,
            by=by,
            reason=reason,
            site=site,
            in_place_of=in_place_of,
        )
    if wish is Becomes.CHANGE and not reason.strip():
        raise NotAllowed([NEEDS_REASON])
    update(record=record, base=base, document=document, by=by, reason=reason, force=force)
    return None
