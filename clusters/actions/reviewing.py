"""Take a record through review: submitted, returned with a reason, submitted again, published.

Each step is kept (`ReviewStep`), so that the chain can be read afterwards. Publishing itself,
without a review, is `clusters.actions.publishing`.
"""

from collections.abc import Iterable, Sequence

import pghistory
from django.conf import settings
from django.db import transaction

from clusters.actions.commenting import notify, participants, reviewers
from clusters.actions.permissions import is_author, may_approve
from clusters.actions.publishing import (
    NotAllowed,
    PublishError,
    keep_steps,
    lock_public_log,
    publish,
    publish_errors,
    set_state,
    withdraw,
)
from clusters.models import Change, Root, State, Step, User
from clusters.models.roles import may_review
from clusters.records.schema import record_schema
from clusters.records.serialization import document_of

# From where each step may be taken; withdrawing and publishing have rules of their own besides.
FROM = {
    Step.SUBMITTED: {State.DRAFT, State.RETURNED},
    Step.TAKEN_BACK: {State.IN_REVIEW},
    Step.RETURNED: {State.IN_REVIEW},
    Step.PUBLISHED: {State.IN_REVIEW},
    Step.WITHDRAWN: {State.PUBLISHED},
    Step.REOPENED: {State.WITHDRAWN},
}
TO = {
    Step.SUBMITTED: State.IN_REVIEW,
    Step.TAKEN_BACK: State.DRAFT,
    Step.RETURNED: State.RETURNED,
    Step.REOPENED: State.DRAFT,
}


def steps_for(user: User, record: Root) -> list[Step]:
    """Return the steps that somebody may take with a record as it is."""
    return [step for step in Step if not transition_errors(step, record, user)]


def transition_errors(step: Step, record: Root, user: User) -> list[str]:
    """Return the reasons why somebody may not take this step; none where they may."""
    allowed = FROM[step]
    if step is Step.PUBLISHED and not settings.TWO_PERSON_REVIEW:
        allowed = allowed | {State.DRAFT, State.RETURNED}
    reasons = []
    if record.state not in allowed:
        names = ", ".join(str(State(state).label) for state in sorted(allowed))
        reasons.append(f"It is “{record.get_state_display()}”; this needs: {names}.")
    if step in (Step.SUBMITTED, Step.TAKEN_BACK):
        if not (is_author(user, record) or may_review(user)):
            reasons.append("Only whoever entered it, or an editor, does this.")
    elif not may_review(user):
        reasons.append("Only an editor does this.")
    elif step is Step.PUBLISHED and not may_publish(user, record):
        reasons.append("Somebody else must publish it: nobody publishes a record of their own.")
    return reasons


def may_publish(user: User, record: Root) -> bool:
    """Return whether an editor may publish a record; with two-person review none of their own."""
    return may_approve(user, record.entered_by) if record.entered_by else may_review(user)


@transaction.atomic
def submit(*, record: Root, by: User, note: str = "", url: str = "") -> None:
    """Hand a draft in for review. Raises NotAllowed, with what is missing where that is so."""
    _check(Step.SUBMITTED, record, by)
    if missing := [str(error) for error in missing_citations(record)]:
        raise NotAllowed(missing)
    _take(Step.SUBMITTED, record, by, note, url)


@transaction.atomic
def submit_together(*, records: Sequence[Root], by: User, note: str = "", url: str = "") -> None:
    """Hand in drafts that name each other, all or none; everybody gets one mail of all of them.

    Raises NotAllowed, with everything that any of them lacks.
    """
    reasons = []
    for record in records:
        name = f"{record_schema(type(record)).folder}/{record.slug}"
        record.state = _locked(record).state
        reasons += [f"{name}: {why}" for why in transition_errors(Step.SUBMITTED, record, by)]
        reasons += [str(error) for error in missing_citations(record)]
    if reasons:
        raise NotAllowed(reasons)
    with pghistory.context(user=by.pk, reason=note):
        for record in records:
            set_state(record, State.IN_REVIEW)
            record.refresh_from_db(fields=["version"])
        for record in records:
            keep_steps([record], Step.SUBMITTED, by=by, reason=note)
    _tell_of_all(Step.SUBMITTED, records, by, note, url)


def _tell_of_all(step: Step, records: Sequence[Root], by: User, reason: str, url: str) -> None:
    """Tell everybody concerned of one step of several records, in one mail."""
    people = reviewers() if step is Step.SUBMITTED else set()
    for record in records:
        people |= participants(record)
    first, *others = records
    title = f"{step.label}: {first}"
    if others:
        title = f"{title} (+{len(others)})"
    names = "\n".join(f"{record_schema(type(record)).folder}/{record.slug}" for record in records)
    words = "\n\n".join(filter(None, (reason, names if others else "")))
    notify(people - {by}, title, by=by, words=words, url=url)


@transaction.atomic
def take_back(*, record: Root, by: User, note: str = "") -> None:
    """Make a submitted record a draft again, to go on with it. Raises NotAllowed."""
    _check(Step.TAKEN_BACK, record, by)
    _take(Step.TAKEN_BACK, record, by, note)


@transaction.atomic
def return_to_author(*, record: Root, by: User, reason: str, url: str = "") -> None:
    """Return a submitted record to its author, saying why. Raises NotAllowed."""
    _check(Step.RETURNED, record, by)
    if not reason.strip():
        raise NotAllowed(["Say why it is returned: its author reads the reason."])
    _take(Step.RETURNED, record, by, reason, url)


@transaction.atomic
def publish_reviewed(
    *, records: Iterable[Root], by: User, reason: str, url: str = ""
) -> list[Change]:
    """Publish records that name each other, after review.

    Raises NotAllowed, with every reason of every record, where the state, two-person review or
    what is missing stands in the way.
    """
    lock_public_log()  # before the rows, as everybody takes these locks
    wanted = [_locked(record) for record in records]
    reasons = []
    for record in wanted:
        name = f"{record_schema(type(record)).folder}/{record.slug}"
        reasons += [f"{name}: {why}" for why in transition_errors(Step.PUBLISHED, record, by)]
    if reasons:
        raise NotAllowed(reasons)
    changes = publish(records=wanted, by=by, reason=reason)
    _tell_of_all(Step.PUBLISHED, wanted, by, reason, url)
    return changes


@transaction.atomic
def withdraw_reviewed(*, records: Iterable[Root], by: User, reason: str, url: str = "") -> None:
    """Withdraw published records, all or none, saying why; authors get one mail of all of them.

    Raises NotAllowed.
    """
    lock_public_log()  # before the rows, as everybody takes these locks
    wanted = list(records)
    for record in wanted:
        _check(Step.WITHDRAWN, record, by)
        withdraw(record=record, by=by, reason=reason)
    if wanted:
        _tell_of_all(Step.WITHDRAWN, wanted, by, reason, url)


@transaction.atomic
def reopen(*, record: Root, by: User, reason: str, url: str = "") -> None:
    """Make a withdrawn record a draft again; its address goes on to say why it went.

    Raises NotAllowed.
    """
    _check(Step.REOPENED, record, by)
    if not reason.strip():
        raise NotAllowed(["Say why it is reopened: its author reads the reason."])
    _take(Step.REOPENED, record, by, reason, url)


def missing_citations(record: Root) -> list[PublishError]:
    """List the values of a record that need a citation before it can be published."""
    document = document_of(record, public=True)
    return [error for error in publish_errors({record: document}) if error.names is None]


def _locked(record: Root) -> Root:
    """Return the record as it is, and as it stays until the transaction ends."""
    found: Root = type(record).objects.select_for_update(of=("self",)).get(pk=record.pk)
    return found


def _check(step: Step, record: Root, by: User) -> None:
    record.state = _locked(record).state
    if reasons := transition_errors(step, record, by):
        raise NotAllowed(reasons)


def _take(step: Step, record: Root, by: User, reason: str, url: str = "") -> None:
    with pghistory.context(user=by.pk, reason=reason):
        set_state(record, TO[step])
        record.refresh_from_db(fields=["version"])
        keep_steps([record], step, by=by, reason=reason)
    _tell(step, record, by, reason, url)


def _tell(step: Step, record: Root, by: User, reason: str, url: str) -> None:
    """Mail a step to those who work on a record, and where it is submitted to all reviewers."""
    people = participants(record) | (reviewers() if step is Step.SUBMITTED else set())
    notify(people - {by}, f"{step.label}: {record}", by=by, words=reason, url=url)
