"""A change to what is already public: checked like a publication, and written into the log."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from clusters.actions.publishing import (
    NotAllowed,
    one_at_a_time,
    reasons_against,
    record_change,
    tell,
)
from clusters.casefiles.document import document_of
from clusters.models import ChangeAction, Root, User


@contextmanager
def logged_change(root: Root | None, *, by: User | None, reason: str) -> Iterator[None]:
    """Make changes to a root or its parts, all or nothing.

    Where the root is published, what it becomes must be fit to be published, and the public
    change log gets one line. Raises NotAllowed, with every reason, where it is not.
    """
    with transaction.atomic():
        if root is None or root.pk is None or not root.is_published:
            yield
            return
        one_at_a_time()
        tell()
        stored = type(root).objects.select_for_update(of=("self",)).get(pk=root.pk)
        before = document_of(stored, public=True)
        yield
        if not type(root).objects.filter(pk=root.pk).exists():
            raise NotAllowed(["A published record is withdrawn, not deleted."])
        stored = type(root).objects.get(pk=root.pk)
        after = document_of(stored, public=True)
        if after == before:
            return
        if reasons := reasons_against({stored: after}):
            raise NotAllowed(reasons)
        record_change(
            record=stored,
            action=ChangeAction.CHANGED,
            by=by,
            reason=reason,
            before=before,
            after=after,
        )
