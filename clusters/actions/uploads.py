"""Look through a file that is sent, then bring it in, by a worker beside the server.

The worker holds a lock of the database while it is at a file. Whoever finds a file at work whose
lock is free knows that its worker is gone, and with it the transaction: nothing was changed.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.tasks import task
from django.utils import timezone

from clusters.actions import loading
from clusters.actions.publishing import NotAllowed
from clusters.actions.table_rows import TableRows
from clusters.formats.spreadsheets.columns import tables
from clusters.formats.spreadsheets.files import Unreadable, read
from clusters.formats.zip_files import read_zip
from clusters.models import Upload, UploadMode, UploadState, User
from clusters.records.validation import CaseFilesRefused

# Of what a file changes, shown before it is done; and of what is wrong, kept.
MOST_CHANGES, MOST_WRONG = 200, 20_000
# Row, column, value and what is wrong; of case files: file, line, field and what is wrong.
type Line = list[object]
TELL_EVERY = 0.5  # seconds
LOCKS = "hashtext('clusters_upload')"


@transaction.atomic
def upload(
    *,
    file_name: str,
    content: bytes,
    by: User,
    table: str = "",
    mode: str = UploadMode.UPDATE,
) -> Upload:
    """Keep a file and have it looked through; the oldest files of the same person go.

    It is a zip file of case files unless a table is named.
    """
    old = Upload.objects.filter(by=by).values_list("pk", flat=True)[Upload.KEPT - 1 :]
    Upload.objects.filter(pk__in=list(old)).delete()
    made = Upload.objects.create(
        table=table, file_name=file_name[:200], content=content, mode=mode, by=by
    )
    look_through.enqueue(made.pk)
    return made


@transaction.atomic
def begin_again(*, upload: Upload) -> None:
    """Look once more through a file that was broken off, or that records have overtaken."""
    found = Upload.objects.select_for_update().get(pk=upload.pk)
    if found.state == UploadState.WAITING or is_at_work(found) or found.state == UploadState.DONE:
        raise NotAllowed(["It is being looked through, or in already."])
    _put_back(found, is_for_good=False)


@transaction.atomic
def bring_in(*, upload: Upload, reason: str) -> None:
    """Have a file that was looked through brought in. Raises NotAllowed."""
    found = Upload.objects.select_for_update().get(pk=upload.pk)
    reasons = []
    if found.state != UploadState.FIT:
        reasons.append(f"It is “{found.get_state_display()}”.")
    if not reason.strip():
        reasons.append("Say why: the reason stands in the history and in proposals.")
    longest = Upload._meta.get_field("reason").max_length or 0
    if len(reason) > longest:
        reasons.append(f"Give a reason of up to {longest} letters; this has {len(reason)}.")
    if reasons:
        raise NotAllowed(reasons)
    found.reason = reason
    _put_back(found, is_for_good=True)


def _put_back(upload: Upload, *, is_for_good: bool) -> None:
    upload.state, upload.is_for_good, upload.done = UploadState.WAITING, is_for_good, 0
    upload.save(update_fields=["state", "is_for_good", "done", "reason"])
    look_through.enqueue(upload.pk)


def is_at_work(upload: Upload) -> bool:
    """Return whether a worker is at a file; one that was killed is not."""
    if upload.state != UploadState.RUNNING:
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_xact_lock({LOCKS}, %s)", [upload.pk])
        return not cursor.fetchone()[0]


@task()
def look_through(number: int) -> None:
    """Look through a file, or bring it in where that was asked for."""
    with _lock(number):
        with transaction.atomic():
            rows = Upload.objects.select_for_update().select_related("by")
            found = rows.filter(pk=number, state=UploadState.WAITING).first()
            if found is None:
                return  # thrown away, or done by another worker
            found.state = UploadState.RUNNING
            found.save(update_fields=["state"])
        try:
            with Progress(found) as progress, transaction.atomic():
                _carry_out(found, progress)
        except _Refused as error:
            _end(found, UploadState.REFUSED, error.wrong)
        except Exception:
            # Rolled back; the worker's log says why.
            _end(found, UploadState.FAILED)
            raise


class _Refused(Exception):
    """Rolls back what was brought in; `wrong` says why."""

    def __init__(self, wrong: Sequence[Line]) -> None:
        super().__init__()
        self.wrong = wrong


def _carry_out(upload: Upload, progress: "Progress") -> None:
    looked_at = upload.found
    if upload.table:
        upload.found = _bring_in_table(upload, progress)
    else:
        upload.found = _bring_in_case_files(upload, progress)
    progress.end()
    if upload.is_for_good and upload.found != looked_at:
        raise _Refused([_of_all(loading.CHANGED_SINCE)])
    # In the transaction of the records themselves: both are there, or neither.
    _end(upload, UploadState.DONE if upload.is_for_good else UploadState.FIT)


def _bring_in_table(upload: Upload, progress: "Progress") -> dict[str, Any]:
    try:
        sheet = read(bytes(upload.content))
    except Unreadable as error:
        raise _Refused([_of_all(str(error))]) from None
    progress.total = len(sheet.numbers)
    resource = TableRows(
        tables()[upload.table],
        by=upload.by,
        mode=upload.mode,  # type: ignore[arg-type]
        reason=upload.reason or f"From {upload.file_name}",
        heard=progress.step,
    )
    resource.bring_in(sheet, is_trial=not upload.is_for_good)
    if resource.wrong:
        wrong = sorted(set(resource.wrong))
        raise _Refused(
            [[mistake.row, mistake.column, mistake.value, mistake.message] for mistake in wrong]
        )
    rows = {name: getattr(resource, name) for name in ("entering", "changing", "skipped")}
    return rows | _found_by(resource.plan)


def _bring_in_case_files(upload: Upload, progress: "Progress") -> dict[str, Any]:
    try:
        files = read_zip(bytes(upload.content))
        progress.total = len(files)
        to_do: Any = {"files": files, "by": upload.by, "heard": progress.step}
        if upload.is_for_good:
            versions = upload.found["versions"]
            plan = loading.apply(**to_do, reason=upload.reason, versions=versions)
        else:
            plan = loading.preview(**to_do)
    except CaseFilesRefused as error:
        wrong = [
            [problem.file, problem.line, problem.field, problem.message]
            for problem in error.problems
        ]
        raise _Refused(wrong) from None
    except NotAllowed as error:
        raise _Refused([_of_all(reason) for reason in error.reasons]) from None
    return _found_by(plan)


def _of_all(message: str) -> Line:
    """Return a line on what is wrong with the file as a whole."""
    return ["", "", "", message]


def _found_by(plan: loading.Plan) -> dict[str, Any]:
    """Return what a file comes to: what it changes, and of which versions."""
    changes = [(name, change) for name, found in plan.changed.items() for change in found]
    return {
        "created": plan.created[:MOST_CHANGES],
        "records_entered": len(plan.created),
        "records_changed": len(plan.changed),
        "records_unchanged": plan.unchanged,
        "proposed": len(plan.proposed),
        "changes": [
            {
                "record": name,
                "is_proposed": name in plan.proposed,
                "where": list(change.where),
                "before": change.before,
                "after": change.after,
            }
            for name, change in changes[:MOST_CHANGES]
        ],
        "number_of_changes": len(changes),
        "versions": plan.versions,
    }


def _end(upload: Upload, state: UploadState, wrong: Sequence[Line] = ()) -> None:
    """Write down what became of a file, unless it was thrown away meanwhile, as redaction does.

    Raises _Refused where it was thrown away, so that nothing of it is brought in.
    """
    values: dict[str, Any] = {"content": b""} if state == UploadState.DONE else {}
    if state != UploadState.FAILED:
        values["found"] = upload.found
    done = Upload.objects.filter(pk=upload.pk, state=UploadState.RUNNING).update(
        state=state, ended_at=timezone.now(), wrong=list(wrong[:MOST_WRONG]), **values
    )
    if state == UploadState.DONE and not done:
        raise _Refused([_of_all("The file was thrown away meanwhile: nothing was changed.")])


@contextmanager
def _lock(number: int) -> Iterator[None]:
    """Hold the lock of one file; it goes with the worker, however that ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_lock({LOCKS}, %s)", [number])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_unlock({LOCKS}, %s)", [number])


class Progress:
    """Tells how far a file has come, on a connection of its own.

    What the worker's own connection writes is seen by nobody until it commits.
    """

    def __init__(self, upload: Upload) -> None:
        self.number, self.done, self.total = upload.pk, 0, 0
        self._ends, self._told = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> "Progress":
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.end()

    def step(self) -> None:
        """Count one more row or record."""
        self.done += 1

    def end(self) -> None:
        """Stop telling, and wait until the thread has ended."""
        self._ends.set()
        self._thread.join()

    def _tell(self) -> None:
        try:
            while not self._ends.wait(TELL_EVERY):
                Upload.objects.filter(pk=self.number).update(
                    done=min(self.done, self.total), total=self.total
                )
                self._told.set()
        finally:
            connection.close()
