"""A change to what is already public: checked like a publication, and written into the log."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from clusters.actions.publishing import (
    NotAllowed,
    lock_public_log,
    notify_public_changed,
    record_change,
    validate_publishable,
)
from clusters.models import ChangeAction, Root, User
from clusters.records.serialization import documents_of


@contextmanager
def logged_change(root: Root | None, *, by: User | None, reason: str) -> Iterator[None]:
    """Make changes to a root or its parts, all or nothing.

    Where the root is published, what it becomes must be fit to be published, and the public
    change log gets one line. Raises NotPublishable where it is not, and NotAllowed where it went.
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
) -> Iterator[None]:
    """Make changes to roots of one kind, as `logged_change` to one.

    In a trial, which is rolled back, they are checked but not written into the log. `are_stated`:
    see `publish`.
    """
    with transaction.atomic():
        public = [root for root in roots if root.pk is not None and root.is_published]
        if not public:
            yield
            return
        if not is_trial:
            lock_public_log()
            notify_public_changed()
        model: Any = type(public[0])
        rows = model.objects.filter(pk__in=[root.pk for root in public]).order_by("pk")
        locked = list(rows.select_for_update(of=("self",)))
        if len(locked) != len(public):
            raise NotAllowed(["It is not there any more: look again."])
        before = documents_of(locked, public=True)
        yield
        stored = list(rows.all())
        if len(stored) != len(locked):
            raise NotAllowed(["A published record is withdrawn, not deleted."])
        after = documents_of(stored, public=True)
        changed = [
            (root, was, now)
            for root, was, now in zip(stored, before, after, strict=True)
            if was != now
        ]
        documents = {root: now for root, _was, now in changed}
        before_them = {root: was for root, was, _now in changed}
        validate_publishable(documents, documents if are_stated else before_them)
        for root, was, now in [] if is_trial else changed:
            record_change(
                record=root,
                action=ChangeAction.CHANGED,
                by=by,
                reason=reason,
                before=was,
                after=now,
            )
