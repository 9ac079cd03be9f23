"""Propose a change to a published record, and decide on it: the public sees it once approved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pghistory
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clusters.actions.commenting import notify, reviewers
from clusters.actions.entering import Amendment, read, update, update_all
from clusters.actions.permissions import may_approve
from clusters.actions.publishing import NotAllowed, lock_public_log
from clusters.models import Proposal, ProposalState, Root, User
from clusters.models.roles import may_review
from clusters.records.citation_cover import citations_of, is_asserted, narrowed, outdated_of
from clusters.records.dry_run import dry_run_if
from clusters.records.merge import Difference, Where, differences, value_at
from clusters.records.schema import record_schema, record_schemas
from clusters.records.serialization import Document, document_of
from clusters.records.writer import OnProgress, noop

# Records that one mail names.
MOST_NAMED = 20
NEEDS_REASON = "Say why: a change to a published record needs a reason."


@transaction.atomic
def propose(
    *,
    record: Root,
    base: Document,
    document: Document,
    by: User,
    reason: str,
    site: str = "",
    in_place_of: Proposal | None = None,
) -> Proposal:
    """Keep a change to a published record until somebody decides on it.

    It is tried at once: raises what `update` raises where it could not be carried out. One that was
    returned, `in_place_of` which this is made, waits for its author no more.
    """
    # As a case file has it: what only states a default is no change.
    (case_file,) = read(record_schema(type(record)), [document])
    document = case_file.document
    if not reason.strip():
        raise NotAllowed([NEEDS_REASON])
    if not differences(base, document):
        raise NotAllowed(["Nothing is changed by this."])
    with dry_run_if():
        update(record=record, base=base, document=document, by=by, reason=reason, is_trial=True)
    record.refresh_from_db()
    made = _proposal_of(Amendment(record, base, case_file), by, reason)
    made.save()
    if in_place_of is not None:
        in_place_of.state = ProposalState.REPLACED
        in_place_of.save(update_fields=["state"])
    words = _("A change is proposed: %(title)s") % {"title": record}
    notify(reviewers() - {by}, words, by=by, words=reason, url=_url(made, site))
    return made


@transaction.atomic
def propose_all(
    *, wanted: Sequence[Amendment], by: User, reason: str, heard: OnProgress = noop
) -> list[Proposal]:
    """Keep changes to published records of one kind, as `propose` one; nobody is told of them.

    They are tried at once: raises what `update_all` raises.
    """
    if wanted and not reason.strip():
        raise NotAllowed([NEEDS_REASON])
    kept = [_proposal_of(amendment, by, reason) for amendment in wanted]
    with dry_run_if():
        update_all(wanted=wanted, by=by, reason=reason, heard=heard, is_trial=True)
    return Proposal.objects.bulk_create(kept)


def _proposal_of(amendment: Amendment, by: User, reason: str) -> Proposal:
    """Return a proposal that is not saved yet, to the record as it is now."""
    return Proposal(
        kind=amendment.case_file.shape.folder,
        object_id=amendment.record.pk,
        slug=amendment.record.slug,
        base_version=amendment.record.version,
        base=amendment.base,
        document=amendment.case_file.document,
        by=by,
        reason=reason,
    )


def tell_of_all(made: Sequence[Proposal], *, by: User, reason: str) -> None:
    """Tell everybody who reviews of proposals that were made together, in one mail."""
    if made:
        words = ngettext(
            "%(number)s change is proposed", "%(number)s changes are proposed", len(made)
        )
        names = "\n".join(f"{proposal.kind}/{proposal.slug}" for proposal in made[:MOST_NAMED])
        more = "\n…" if len(made) > MOST_NAMED else ""
        subject = words % {"number": len(made)}
        where = _("They wait at the desk, under Proposals.")
        text = f"{reason}\n\n{names}{more}\n\n{where}"
        notify(reviewers() - {by}, subject, by=by, words=text)


def _url(proposal: Proposal, site: str) -> str:
    """Return where a proposal is seen, if the address of the site is known."""
    return f"{site.rstrip('/')}{proposal.get_absolute_url()}" if site else ""


@transaction.atomic
def approve(
    *, proposal: Proposal, by: User, answer: str = "", force: bool = False, site: str = ""
) -> Root:
    """Carry a proposal out, and return its record, merged field by field with what changed since.

    Raises NotAllowed, Conflicts where both changed the same value (`force` takes the proposal's),
    or CaseFilesRefused.
    """
    proposal = _open(proposal)
    if not may_approve(by, proposal.by):
        raise NotAllowed(["Somebody else must approve it: nobody approves a change of their own."])
    record = record_of(proposal)
    if record is None or not record.is_published:
        raise NotAllowed(["The record is not published any more."])
    with pghistory.context(proposed_by=proposal.by_id):
        update(
            record=record,
            base=proposal.base,
            document=proposal.document,
            by=by,
            reason=proposal.reason,
            force=force,
        )
    _decide(proposal, ProposalState.APPROVED, by, answer, site)
    return record


@transaction.atomic
def return_(*, proposal: Proposal, by: User, answer: str, site: str = "") -> None:
    """Return a proposal to its author with a reason. Raises NotAllowed."""
    proposal = _open(proposal)
    if not may_review(by):
        raise NotAllowed(["Only an editor returns a proposal."])
    if not answer.strip():
        raise NotAllowed(["Say why it is returned."])
    _decide(proposal, ProposalState.RETURNED, by, answer, site)


@transaction.atomic
def take_back(*, proposal: Proposal, by: User) -> None:
    """Take one's own proposal back. Raises NotAllowed."""
    proposal = _open(proposal)
    if proposal.by_id != by.pk:
        raise NotAllowed(["Only its author takes a proposal back."])
    _decide(proposal, ProposalState.TAKEN_BACK, by)


def record_of(proposal: Proposal) -> Root | None:
    """Return the record that a proposal would change, locked; None where it is gone."""
    lock_public_log()  # before the row, as everybody takes these two locks
    model: Any = record_schemas()[proposal.kind].model
    found: Root | None = (
        model.objects.select_for_update(of=("self",)).filter(pk=proposal.object_id).first()
    )
    return found


def changes_of(proposal: Proposal) -> list[Difference]:
    """List what a proposal changes, value by value."""
    return differences(proposal.base, proposal.document)


@dataclass(frozen=True)
class Sources:
    """The citations that bear a value as it is proposed, and where they stand.

    Those of the whole record that were there before the value was changed are `outdated`.
    """

    citations: list[Document]
    outdated: list[Document]
    where: Where

    @property
    def name_the_field(self) -> bool:
        """Whether a citation names the field of the value, rather than the whole record."""
        return any("for" in citation for citation in self.citations)


def sources_in(proposal: Proposal, difference: Difference) -> Sources | None:
    """Return the sources of a value as proposed; None for one that needs none or has its own."""
    above, name = difference.where[:-1], difference.where[-1]
    shape = record_schemas()[proposal.kind]
    document = narrowed(proposal.base, proposal.document, shape)
    for child in above[::2]:
        shape = shape.children[child]
    container = value_at(document, above)
    if difference.after is None or not isinstance(container, dict):
        return None
    if shape.field(name) is None or not is_asserted(shape, name):
        return None
    return Sources(
        citations_of(container, name), outdated_of(container, name), (*above, "citations")
    )


def moved_since(proposal: Proposal, record: Root) -> list[Difference]:
    """List what has changed in the record since the proposal was made."""
    return differences(proposal.base, document_of(record, public=True))


def _open(proposal: Proposal) -> Proposal:
    found = Proposal.objects.select_for_update(of=("self",)).get(pk=proposal.pk)
    if not found.is_open:
        raise NotAllowed([f"It has been decided already: {found.get_state_display()}."])
    return found


def _decide(
    proposal: Proposal, state: ProposalState, by: User, answer: str = "", site: str = ""
) -> None:
    proposal.state = state
    proposal.decided_by, proposal.decided_at, proposal.answer = by, timezone.now(), answer
    proposal.save(update_fields=["state", "decided_by", "decided_at", "answer"])
    notify(
        {proposal.by} - {by},
        f"{proposal.get_state_display()}: {proposal}",
        by=by,
        words=answer,
        url=_url(proposal, site),
    )
