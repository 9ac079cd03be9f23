"""Say what case files that somebody brings to the desk would change, and change it."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import batched, groupby
from typing import Any

import pghistory
from django.db import transaction

from clusters.actions.entering import Amendment, update_all
from clusters.actions.permissions import MAY_NOT, Becomes, becomes
from clusters.actions.proposing import propose_all, tell_of_all
from clusters.actions.publishing import NotAllowed, lock_public_log
from clusters.models import Contributor, Proposal, Root, User
from clusters.models.roles import may_review
from clusters.records.dry_run import dry_run_if
from clusters.records.merge import Difference, differences
from clusters.records.serialization import Document, document_from, documents_of
from clusters.records.validation import CaseFile, CaseFilesRefused
from clusters.records.writer import OnProgress, RecordWriter, find_by_slugs, noop

# Records whose documents are fetched together.
BATCH = 500
CHANGED_SINCE = "Records have changed since you looked: look again."


@dataclass
class Plan:
    """What some case files would do. `versions` are those of the records it was made of."""

    created: list[str] = field(default_factory=list)
    changed: dict[str, list[Difference]] = field(default_factory=dict)
    proposed: set[str] = field(default_factory=set)
    unchanged: int = 0
    versions: dict[str, int | str] = field(default_factory=dict)


def preview(*, files: Sequence[CaseFile], by: User, heard: OnProgress = noop) -> Plan:
    """Return what the files would change; it is tried, so that every problem is told.

    Raises CaseFilesRefused.
    """
    with dry_run_if():
        return carry_out(files, by, "Tried", heard, is_trial=True)


@transaction.atomic
def apply(
    *,
    files: Sequence[CaseFile],
    by: User,
    reason: str,
    versions: dict[str, int | str],
    heard: OnProgress = noop,
) -> Plan:
    """Enter new records as drafts, change drafts, and propose changes to what is public.

    All or nothing. Raises CaseFilesRefused, and NotAllowed where a record is not any more what
    `versions`, of the plan that was looked at, says.
    """
    plan = carry_out(files, by, reason, heard)
    if plan.versions != versions:
        raise NotAllowed([CHANGED_SINCE])
    return plan


def carry_out(
    files: Sequence[CaseFile],
    by: User,
    reason: str,
    heard: OnProgress = noop,
    *,
    is_trial: bool = False,
) -> Plan:
    """Do what the files say, inside a transaction of the caller's; return what that was.

    A trial, which is rolled back, keeps nobody from publishing. Raises CaseFilesRefused.
    """
    plan = Plan()
    saver = RecordWriter(by, heard)
    people = [file for file in files if file.shape.model is Contributor]
    new, known = apart([file for file in files if file.shape.model is not Contributor], saver)
    differing = those_that_differ(known, saver, plan, by)
    if not is_trial and any(record.is_published for _file, record in differing):
        lock_public_log()  # before the rows, as everybody takes these two locks
    with pghistory.context(user=by.pk, reason=reason):
        put_people(people, saver, plan, by)
        saver.save_all([(file, file.document) for file in new])
    plan.created += [file.name for file in new]
    proposed: list[Proposal] = []
    for batch in batches(with_documents(locked(differing, saver))):
        changes, proposals = changes_and_proposals(batch, plan, by)
        to_do: Any = {"by": by, "reason": reason, "heard": heard}
        with problems_of(saver):
            update_all(wanted=changes, **to_do, is_trial=is_trial)
        with problems_of(saver):
            proposed += propose_all(wanted=proposals, **to_do)
    if saver.problems:
        raise CaseFilesRefused(saver.problems)
    tell_of_all(proposed, by=by, reason=reason)
    return plan


def changes_and_proposals(
    batch: Iterable[tuple[CaseFile, Root, Document]], plan: Plan, by: User
) -> tuple[list[Amendment], list[Amendment]]:
    """Return what is changed at once and what is proposed, and write both into the plan."""
    changes: list[Amendment] = []
    proposals: list[Amendment] = []
    for case_file, record, now in batch:
        # Somebody may have made the same change before the row was locked.
        found = differences(now, case_file.document)
        if not found:
            plan.unchanged += 1
            continue
        plan.changed[case_file.name] = found
        plan.versions[case_file.name] = record.version
        if becomes(record, by) is Becomes.PROPOSAL:
            plan.proposed.add(case_file.name)
            proposals.append(Amendment(record, now, case_file))
        else:
            changes.append(Amendment(record, now, case_file))
    return changes, proposals


@contextmanager
def problems_of(saver: RecordWriter) -> Iterator[None]:
    """Add what the block is refused for to the saver's problems, and go on."""
    try:
        yield
    except CaseFilesRefused as error:
        saver.problems += error.problems


def apart(
    files: Sequence[CaseFile], saver: RecordWriter
) -> tuple[list[CaseFile], list[tuple[CaseFile, Root]]]:
    """Return the files of new records, and those of known ones, each with its record.

    A slug that cannot be either becomes a problem of the saver.
    """
    new: list[CaseFile] = []
    known: list[tuple[CaseFile, Root]] = []
    seen: set[tuple[str, int]] = set()
    for shape, some in groupby(files, key=lambda file: file.shape):
        of_kind = list(some)
        there = find_by_slugs(shape.model, [file.slug for file in of_kind])
        for case_file in of_kind:
            record, was_removed = there[case_file.slug]
            if was_removed:
                problem = case_file.problem(("slug",), "This slug was a deleted record's.")
                saver.problems.append(problem)
            elif record is None:
                new.append(case_file)
            elif (shape.folder, record.pk) in seen:
                # By the name that it has, and one that it had.
                problem = case_file.problem(("slug",), "This record stands here twice.")
                saver.problems.append(problem)
            else:
                seen.add((shape.folder, record.pk))
                known.append((case_file, record))
    return new, known


def put_people(files: Sequence[CaseFile], saver: RecordWriter, plan: Plan, by: User) -> None:
    """Enter and change contributors, who have neither states nor versions."""
    there = find_by_slugs(Contributor, [file.slug for file in files])
    numbers = [person.pk for person, _was_removed in there.values() if person]
    rows = Contributor.objects.select_for_update().order_by("pk").filter(pk__in=numbers)
    people = {person.slug: person for person in rows}
    wanted: list[tuple[CaseFile, Document]] = []
    for case_file in files:
        person = people.get(case_file.slug)
        now = document_from(person) if person else {}
        # In place of a version; also of whom nothing changes, since their consent may.
        text = json.dumps(now, sort_keys=True)
        plan.versions[case_file.name] = hashlib.sha256(text.encode()).hexdigest()
        found = differences(now, case_file.document)
        if person and not found:
            plan.unchanged += 1
            continue
        if not may_review(by):
            words = "Only an editor adds people, or changes what is said of them."
            saver.problems.append(case_file.problem(("slug",), words))
        if person:
            plan.changed[case_file.name] = found
            saver.instances[case_file.shape.folder, case_file.slug] = person
        else:
            plan.created.append(case_file.name)
        wanted.append((case_file, case_file.document))
    saver.save_all(wanted)


def those_that_differ(
    known: Sequence[tuple[CaseFile, Root]], saver: RecordWriter, plan: Plan, by: User
) -> list[tuple[CaseFile, Root]]:
    """Return the records that differ from their files, each with its file.

    One that this user may not change becomes a problem of the saver instead.
    """
    found = []
    for case_file, record, now in with_documents(known):
        if not differences(now, case_file.document):
            plan.unchanged += 1
        elif becomes(record, by) is Becomes.REFUSED:
            saver.problems.append(case_file.problem(("slug",), MAY_NOT))
        else:
            found.append((case_file, record))
    return found


def locked(
    known: Sequence[tuple[CaseFile, Root]], saver: RecordWriter
) -> list[tuple[CaseFile, Root]]:
    """Return records read anew and locked, so that nobody changes them until this is done.

    One that is not any more as it was becomes a problem of the saver instead.
    """
    found: list[tuple[CaseFile, Root]] = []
    for shape, some in groupby(known, key=lambda pair: pair[0].shape):
        of_kind = list(some)
        model: Any = shape.model
        rows = model.objects.select_for_update(of=("self",)).order_by("pk")
        by_number = {
            row.pk: row for row in rows.filter(pk__in=[record.pk for _file, record in of_kind])
        }
        for case_file, record in of_kind:
            row = by_number.get(record.pk)
            if row is None or row.is_published != record.is_published:
                words = "It is not any more what it was a moment ago: look again."
                saver.problems.append(case_file.problem((), words))
            else:
                found.append((case_file, row))
    return found


def with_documents(
    known: Sequence[tuple[CaseFile, Root]],
) -> Iterator[tuple[CaseFile, Root, Document]]:
    """Yield records with what the public would see of each, fetched some hundred at a time."""
    for _shape, some in groupby(known, key=lambda pair: pair[0].shape):
        for batch in batched(some, BATCH):
            documents = documents_of([record for _file, record in batch], public=True)
            for (case_file, record), document in zip(batch, documents, strict=True):
                yield case_file, record, document


def batches(
    found: Iterable[tuple[CaseFile, Root, Document]],
) -> Iterator[tuple[tuple[CaseFile, Root, Document], ...]]:
    """Yield some hundred records of one kind at a time."""
    for _shape, some in groupby(found, key=lambda entry: entry[0].shape):
        yield from batched(some, BATCH)
