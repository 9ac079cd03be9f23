"""A table on its way in: looked through, then brought in, by a worker beside the server.

The worker holds a lock of the database while it is at a table. Whoever finds a table at work whose
lock is free knows that its worker is gone, and with it the transaction: nothing was changed.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.tasks import task
from django.utils import timezone

from clusters.actions.publishing import NotAllowed
from clusters.models import TableUpload, UploadState, User
from clusters.spreadsheets.columns import tables
from clusters.spreadsheets.files import Unreadable, Wrong, read
from clusters.spreadsheets.resource import TableResource

# Of what rows change, shown before it is done; and of what is wrong, kept.
MOST_CHANGES, MOST_WRONG = 200, 20_000
TELL_EVERY = 0.5  # seconds
LOCKS = "hashtext('clusters_tableupload')"


@transaction.atomic
def upload(*, table: str, file_name: str, content: bytes, mode: str, by: User) -> TableUpload:
    """Keep a file and have it looked through; the oldest files of the same person go."""
    old = TableUpload.objects.filter(by=by).values_list("pk", flat=True)[TableUpload.KEPT - 1 :]
    TableUpload.objects.filter(pk__in=list(old)).delete()
    made = TableUpload.objects.create(
        table=table, file_name=file_name[:200], content=content, mode=mode, by=by
    )
    look_through.enqueue(made.pk)
    return made


@transaction.atomic
def begin_again(*, upload: TableUpload) -> None:
    """Look once more through a table that was broken off, or that records have overtaken."""
    found = TableUpload.objects.select_for_update().get(pk=upload.pk)
    if found.state == UploadState.WAITING or is_at_work(found) or found.state == UploadState.DONE:
        raise NotAllowed(["It is being looked through, or in already."])
    _put_back(found, is_for_good=False)


@transaction.atomic
def bring_in(*, upload: TableUpload, reason: str) -> None:
    """Have a table that was looked through brought in. Raises NotAllowed."""
    found = TableUpload.objects.select_for_update().get(pk=upload.pk)
    reasons = []
    if found.state != UploadState.FIT:
        reasons.append(f"It is “{found.get_state_display()}”.")
    if not reason.strip():
        reasons.append("Say why: the reason stands in the history and in proposals.")
    if reasons:
        raise NotAllowed(reasons)
    found.reason = reason
    _put_back(found, is_for_good=True)


def _put_back(upload: TableUpload, *, is_for_good: bool) -> None:
    upload.state, upload.is_for_good, upload.done = UploadState.WAITING, is_for_good, 0
    upload.save(update_fields=["state", "is_for_good", "done", "reason"])
    look_through.enqueue(upload.pk)


def is_at_work(upload: TableUpload) -> bool:
    """Whether a worker is at it; one that was killed is not."""
    if upload.state != UploadState.RUNNING:
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_xact_lock({LOCKS}, %s)", [upload.pk])
        return not cursor.fetchone()[0]  # type: ignore[index]


@task()
def look_through(number: int) -> None:
    """Look through a table, or bring it in where that was asked for."""
    with _lock(number):
        with transaction.atomic():
            rows = TableUpload.objects.select_for_update().select_related("by")
            found = rows.filter(pk=number, state=UploadState.WAITING).first()
            if found is None:
                return  # thrown away, or done by another worker
            found.state = UploadState.RUNNING
            found.save(update_fields=["state"])
        try:
            with Progress(found) as progress, transaction.atomic():
                _carry_out(found, progress)
        except Unreadable as error:
            _end(found, UploadState.REFUSED, [Wrong(0, "", "", str(error))])
        except _Refused as error:
            _end(found, UploadState.REFUSED, error.wrong)
        except Exception:
            # Rolled back; the worker's log says why.
            _end(found, UploadState.FAILED)
            raise


class _Refused(Exception):
    """Rolls back what was brought in; `wrong` says why."""

    def __init__(self, wrong: Iterable[Wrong]) -> None:
        super().__init__()
        self.wrong = sorted(set(wrong))


def _carry_out(upload: TableUpload, progress: "Progress") -> None:
    sheet = read(bytes(upload.content))
    progress.total = len(sheet.numbers)
    resource = TableResource(
        tables()[upload.table],
        by=upload.by,
        mode=upload.mode,  # type: ignore[arg-type]
        reason=upload.reason or f"From {upload.file_name}",
        heard=progress.step,
    )
    resource.bring_in(sheet, is_trial=not upload.is_for_good)
    progress.end()
    looked_at, upload.found = upload.found, found_by(resource)
    if resource.wrong:
        raise _Refused(resource.wrong)
    if upload.is_for_good and upload.found != looked_at:
        raise _Refused([Wrong(0, "", "", "Records have changed since you looked: look again.")])
    # In the transaction of the rows themselves: both are there, or neither.
    _end(upload, UploadState.DONE if upload.is_for_good else UploadState.FIT)


def found_by(resource: TableResource) -> dict[str, Any]:
    """Return what a table comes to: how many rows, what they change, and of which versions."""
    plan = resource.plan
    changes = [
        f"{name}: {difference}"
        for name, differences in plan.changed.items()
        for difference in differences
    ]
    return {
        "entering": resource.entering,
        "changing": resource.changing,
        "skipped": resource.skipped,
        "records_entered": len(plan.created),
        "records_changed": len(plan.changed),
        "proposed": len(plan.proposed),
        "changes": changes[:MOST_CHANGES],
        "number_of_changes": len(changes),
        "versions": plan.versions,
    }


def _end(upload: TableUpload, state: UploadState, wrong: Sequence[Wrong] = ()) -> None:
    upload.state, upload.ended_at = state, timezone.now()
    upload.wrong = [[one.row, one.column, one.value, one.message] for one in wrong[:MOST_WRONG]]
    if state == UploadState.DONE:
        upload.content = b""
    upload.save(update_fields=["state", "ended_at", "wrong", "found", "content"])


@contextmanager
def _lock(number: int) -> Iterator[None]:
    """Hold the lock of one table; it goes with the worker, however that ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_lock({LOCKS}, %s)", [number])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_unlock({LOCKS}, %s)", [number])


class Progress:
    """Tells how far a table has come, on a connection of its own.

    What the worker's own connection writes is seen by nobody until it commits.
    """

    def __init__(self, upload: TableUpload) -> None:
        self.number, self.done, self.total = upload.pk, 0, 0
        self._ends, self._told = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.end()

    def step(self) -> None:
        """Count one more row."""
        self.done += 1

    def end(self) -> None:
        """Tell nothing any more."""
        self._ends.set()
        self._thread.join()

    def _tell(self) -> None:
        try:
            while not self._ends.wait(TELL_EVERY):
                TableUpload.objects.filter(pk=self.number).update(
                    done=min(self.done, self.total), total=self.total
                )
                self._told.set()
        finally:
            connection.close()
