"""Enter, change, delete and bring back records, each whole and all or nothing.

What a record shall become is a document, as a case file holds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pghistory
from django.db import models, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from clusters.actions.editing import logged_changes
from clusters.actions.publishing import NotAllowed, NotPublishable, references_of
from clusters.models import Citation, CitationUse, DeletedRecord, Publication, Root, State, User
from clusters.records.citation_cover import narrowed
from clusters.records.history import RecordHistory
from clusters.records.merge import Difference, differences, merge, value_at
from clusters.records.schema import RecordSchema, record_schema, record_schemas
from clusters.records.serialization import (
    Document,
    document_from,
    document_of,
    public_part,
)
from clusters.records.validation import CaseFile, CaseFilesRefused, Problem, read_value, together
from clusters.records.writer import OnProgress, RecordWriter, find_by_slug, noop

HIDDEN = "Something stands here already that is not shown."


class Conflicts(Exception):
    """The record has changed meanwhile; `differences` lists what is now and what was to be."""

    def __init__(self, differences: Sequence[Difference]) -> None:
        super().__init__("\n".join(map(str, differences)))
        self.differences = list(differences)


def read(shape: RecordSchema, values: Sequence[Any]) -> list[CaseFile]:
    """Read records from what JSON gives. Raises CaseFilesRefused with every problem of all.

    The `file` of a problem is the number of its record, from 0.
    """
    files: list[CaseFile] = []
    problems: list[Problem] = []
    for number, value in enumerate(values):
        case_file, found = read_value(str(number), value, shape)
        files.append(case_file)
        problems += found
    if problems:
        raise CaseFilesRefused(problems)
    return files


@transaction.atomic
def create(*, shape: RecordSchema, values: Sequence[Any], by: User, reason: str = "") -> list[Root]:
    """Enter new records as drafts of somebody, all or none.

    Raises CaseFilesRefused with every problem of every record.
    """
    saver = RecordWriter(by)
    files: list[CaseFile] = []
    read_problems: list[Problem] = []
    for number, value in enumerate(values):
        case_file, problems = read_value(str(number), value, shape)
        read_problems += problems
        files.append(case_file)
    taken = _taken(files)
    saver.problems += taken
    unfit = {problem.file for problem in taken}
    with pghistory.context(user=by.pk, reason=reason):
        saver.save_all(
            [(file, file.document) for file in files if file.slug and file.path not in unfit]
        )
        if read_problems or saver.problems:
            raise CaseFilesRefused(together(read_problems, saver.problems))
    return [saver.instances[shape.folder, file.slug] for file in files]


def _taken(files: Sequence[CaseFile]) -> list[Problem]:
    """Return a problem for each slug that is another record's, or stands here twice."""
    problems = []
    seen: set[str] = set()
    for case_file in files:
        slug = case_file.slug.lower()
        found, was_removed = find_by_slug(case_file.shape.model, case_file.slug)
        if found is not None or was_removed:
            problems.append(case_file.problem(("slug",), "Another record has or had this slug."))
        elif slug and slug in seen:
            problems.append(case_file.problem(("slug",), "This slug stands here twice."))
        seen.add(slug)
    return problems


def update(
    *,
    record: Root,
    base: Document,
    document: Document,
    by: User,
    reason: str,
    force: bool = False,
    is_trial: bool = False,
) -> None:
    """Bring the difference between two public documents of a record into it.

    What neither of them shows, open codings and private fields, stays as it is. `force` prefers
    the document where the record has changed otherwise since `base`. A citation of the whole
    record that there was says nothing of what this changes (see `narrowed`). A trial, which the
    caller rolls back, writes nothing into the public log.

    Raises Conflicts, CaseFilesRefused, or NotAllowed where a published record would not be fit
    to be public; nothing is changed then.
    """
    shape = record_schema(type(record))
    (case_file,) = read(shape, [document])
    outcome: dict[int, Document] = {}
    change = logged_changes([record], by=by, reason=reason, is_trial=is_trial, outcome=outcome)
    with (
        # Whoever saves at the same time waits here, and then merges into what this made of it.
        change as (stored,),
        pghistory.context(user=by.pk, reason=reason),
    ):
        if stored.is_published != record.is_published:
            raise NotAllowed([f"It is “{stored.get_state_display()}” meanwhile: look again."])
        now = document_from(stored)
        merged = merge(base, case_file.document, now)
        if merged.edited and not force:
            raise Conflicts(merged.edited)
        saver = RecordWriter(by)
        saver.named_before = references_of(now, shape)
        saver.instances[shape.folder, case_file.slug] = stored
        wanted = narrowed(now, merged.preferring_file, shape)
        saver.save_all([(case_file, wanted)])
        if saver.problems:
            raise CaseFilesRefused(saver.problems)
        if is_trial:
            outcome[stored.pk] = public_part(wanted, shape)
    record.refresh_from_db()


@dataclass(frozen=True)
class Amendment:
    """What a record shall become: a file that was read, and the public document it differs from."""

    record: Root
    base: Document
    case_file: CaseFile


@transaction.atomic
def update_all(
    *,
    wanted: Sequence[Amendment],
    by: User,
    reason: str,
    heard: OnProgress = noop,
    is_trial: bool = False,
) -> None:
    """Amend records of one kind whose rows are locked since their bases were read, all or none.

    Raises CaseFilesRefused with every problem of every file, also where a published record would
    not be fit to be public. `is_trial` spares what only writes the public change log.
    """
    if not wanted:
        return
    saver = RecordWriter(by, heard)
    records = [amendment.record for amendment in wanted]
    try:
        with (
            logged_changes(records, by=by, reason=reason, is_trial=is_trial) as rows,
            pghistory.context(user=by.pk, reason=reason),
        ):
            stored = {row.pk: row for row in rows}
            saver.save_all(
                [_amended(amendment, stored[amendment.record.pk], saver) for amendment in wanted]
            )
    except NotPublishable as error:
        wrong = {problem.file for problem in saver.problems}
        files = {amendment.record.pk: amendment.case_file for amendment in wanted}
        saver.problems += [
            case_file.problem(missing.where, missing.here)
            for missing in error.errors
            # What could not be saved may be what is missing.
            if (case_file := files[missing.record.pk]).path not in wrong
        ]
    if saver.problems:
        raise CaseFilesRefused(saver.problems)


def _amended(wish: Amendment, stored: Root, saver: RecordWriter) -> tuple[CaseFile, Document]:
    """Return what a record shall become as a whole, with what its public document does not show."""
    case_file = wish.case_file
    saver.instances[case_file.shape.folder, case_file.slug] = stored
    now, wanted = document_from(stored), case_file.document
    saver.named_before |= references_of(now, case_file.shape)
    # What the base does not show, open codings and private fields, is not written over.
    saver.problems += [
        case_file.problem(hidden.where, HIDDEN)
        for hidden in differences(wish.base, now)
        if value_at(wanted, hidden.where) not in (None, hidden.after)
    ]
    return case_file, narrowed(now, merge(wish.base, wanted, now).document, case_file.shape)


@transaction.atomic
def delete(*, record: Root, by: User, reason: str = "") -> DeletedRecord:
    """Delete a record that is not public, keeping it whole so that it can come back.

    Raises NotAllowed where it is or was public, or where other records name it.
    """
    record = type(record).objects.select_for_update(of=("self",)).get(pk=record.pk)
    if record.is_published:
        raise NotAllowed(["A published record is withdrawn, not deleted."])
    if record.state == State.WITHDRAWN:
        raise NotAllowed(["A withdrawn record stays: its address says why it went."])
    shape = record_schema(type(record))
    removal = DeletedRecord.objects.create(
        kind=shape.folder,
        object_id=record.pk,
        slug=record.slug,
        document=document_of(record),
        entered_by=record.entered_by,
        by=by,
        reason=reason,
    )
    try:
        with pghistory.context(user=by.pk, reason=reason):
            if isinstance(record, Publication):
                # Places that nothing cites any more are remembered to be offered, and keep nothing.
                delete_unused_places(record)
            record.delete()
    except ProtectedError as error:
        names = sorted({_name_of(other) for other in error.protected_objects})
        raise NotAllowed([f"{name} names it." for name in names]) from None
    return removal


def delete_unused_places(publication: Publication) -> None:
    """Forget the places of a publication that no value cites."""
    places = publication.places.all()
    for relation in Citation._meta.related_objects:
        if isinstance(relation.related_model, type) and issubclass(
            relation.related_model, CitationUse
        ):
            used = relation.related_model.objects.filter(citation__publication=publication)
            places = places.exclude(pk__in=used.values("citation"))
    places.delete()


def _name_of(record: models.Model) -> str:
    while (parent := getattr(record, "parent_field", None)) is not None:
        record = getattr(record, parent)
    return f"{record._meta.verbose_name} {getattr(record, 'slug', record)}"


@transaction.atomic
def restore_deleted(*, removal: DeletedRecord, by: User) -> Root:
    """Bring a deleted record back whole, as the same record, a draft.

    Raises NotAllowed where it is back already, and CaseFilesRefused where it cannot be.
    """
    removal = DeletedRecord.objects.select_for_update().get(pk=removal.pk)
    if removal.restored_at is not None:
        raise NotAllowed(["It has been brought back already."])
    shape = record_schemas()[removal.kind]
    (case_file,) = read(shape, [removal.document])
    saver = RecordWriter(by)
    saver.named_before = references_of(case_file.document, shape)
    model: Any = shape.model
    # Under its number, so that its history goes on and its slug is its own again.
    saver.instances[shape.folder, removal.slug] = model(
        pk=removal.object_id, entered_by=removal.entered_by
    )
    with pghistory.context(user=by.pk, reason=f"Brought back: {removal.reason}"):
        saver.save_all([(case_file, case_file.document)])
        if saver.problems:
            raise CaseFilesRefused(saver.problems)
    removal.restored_at = timezone.now()
    removal.save(update_fields=["restored_at"])
    found: Root = model.objects.get(pk=removal.object_id)
    return found


@transaction.atomic
def restore_from_history(*, past: RecordHistory, by: User) -> Root:
    """Bring back a record that is gone, however it went, from its history.

    Raises NotAllowed where it is there, or never was, and CaseFilesRefused where it cannot be.
    """
    shape = record_schema(past.model)
    removal = (
        DeletedRecord.objects.filter(kind=shape.folder, object_id=past.number, restored_at=None)
        .order_by("-pk")
        .first()
    )
    if removal is None:
        moments = past.moments
        if len(moments) < 2 or moments[-1].document is not None:
            raise NotAllowed(["It is not deleted."])
        document = moments[-2].document or {}
        removal = DeletedRecord.objects.create(
            kind=shape.folder,
            object_id=past.number,
            slug=document["slug"],
            document=document,
            entered_by=moments[0].by,
            by=moments[-1].by,
            reason="Found deleted",
        )
    return restore_deleted(removal=removal, by=by)
