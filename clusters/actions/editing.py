"""Check changes to what is already public like a publication, and write them into the log."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects

from clusters.actions.publishing import (
    NotAllowed,
    lock_public_log,
    notify_public_changed,
    record_change,
    validate_publishable,
)
from clusters.models import ChangeAction, Root, User
from clusters.records.schema import record_schema
from clusters.records.serialization import Document, document_from, lookups


@contextmanager
def logged_change(root: Root | None, *, by: User | None, reason: str) -> Iterator[None]:
    """Run a block that changes a root or its parts, all or nothing.

    Where the root is published, what it becomes must be fit to be published, and the public
    change log gets one line. Raises NotPublishable where it is not, and NotAllowed where the root
    is deleted.
    """
    with logged_changes([] if root is None else [root], by=by, reason=reason):
        yield


@contextmanager
def logged_changes(
    roots: Sequence[Root],
    *,
    by: User | None,
    reason: str,
    is_trial: bool = False,
    are_stated: bool = False,
    outcome: Mapping[int, Document] | None = None,
) -> Iterator[list[Any]]:
    """Run a block that changes roots of one kind, as `logged_change` does for one.

    Yields the rows that there are, in the order of their numbers, locked and with all that hangs
    on them. In a trial, which is rolled back, they are checked but not written into the log; what
    they come to may then be put into `outcome` by their numbers, and is not read again. For
    `are_stated` see `publish`.
    """
    with transaction.atomic():
        known = [root for root in roots if root.pk is not None]
        if not known:
            yield []
            return
        is_logged = not is_trial and any(root.is_published for root in known)
        if is_logged:
            lock_public_log()
            notify_public_changed()
        locked = _lock(known)
        before = {row.pk: document_from(row, public=True) for row in locked if row.is_published}
        yield locked
        if outcome:
            after = [(row, outcome[row.pk]) for row in locked if row.pk in before]
        else:
            after = _read_again(type(known[0]), before)
        changed = {row: document for row, document in after if before[row.pk] != document}
        stated = changed if are_stated else {row: before[row.pk] for row in changed}
        validate_publishable(changed, stated)
        for row, document in changed.items() if is_logged else ():
            record_change(
                record=row,
                action=ChangeAction.CHANGED,
                by=by,
                reason=reason,
                before=before[row.pk],
                after=document,
            )


def _lock(roots: Sequence[Root]) -> list[Root]:
    """Return the rows of roots of one kind, locked and with all that hangs on them.

    They are in the order of their numbers. Raises NotAllowed where one is gone.
    """
    model = type(roots[0])
    rows = model.objects.filter(pk__in=[root.pk for root in roots]).order_by("pk")
    locked = list(rows.select_for_update(of=("self",)))
    if len(locked) != len(roots):
        raise NotAllowed(["It is not there any more: look again."])
    prefetch_related_objects(locked, *lookups(record_schema(model)))
    return locked


def _read_again(model: type[Root], before: Mapping[int, Document]) -> list[tuple[Root, Document]]:
    """Return the roots that were public, each with what it has become.

    `before` has their documents by their numbers. Raises NotAllowed where one was deleted.
    """
    found = list(model.objects.filter(pk__in=before).order_by("pk")) if before else []
    if len(found) != len(before):
        raise NotAllowed(["A published record is withdrawn, not deleted."])
    # With all that hangs on them, which search reads as well.
    prefetch_related_objects(found, *lookups(record_schema(model)))
    return [(row, document_from(row, public=True)) for row in found]
