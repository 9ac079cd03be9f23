"""Case files that somebody brings to the desk: what they would change, and changing it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from itertools import batched, groupby
from typing import Any

import pghistory
from django.db import transaction

from clusters.actions.entering import amend
from clusters.actions.proposing import may_approve, propose
from clusters.actions.publishing import NotAllowed
from clusters.actions.reviewing import may_edit
from clusters.casefiles.document import Document, documents_of
from clusters.casefiles.loader import CaseFilesRefused
from clusters.casefiles.merge import Difference, differences
from clusters.casefiles.reader import CaseFile
from clusters.casefiles.saver import Heard, Saver, find_by_slugs, nobody
from clusters.models import Root, User
from clusters.trial import only_tried

# Records whose documents are fetched together.
BATCH = 500


@dataclass
class Plan:
    """What some case files would do. `versions` are those of the records it was made of."""

    created: list[str] = field(default_factory=list)
    changed: dict[str, list[Difference]] = field(default_factory=dict)
    proposed: set[str] = field(default_factory=set)
    unchanged: int = 0
    versions: dict[str, int] = field(default_factory=dict)


def look(*, files: Sequence[CaseFile], by: User) -> Plan:
    """Return what the files would change; it is tried, so that every problem is told.

    Raises CaseFilesRefused.
    """
    with only_tried():
        return carry_out(files, by, "Tried")


@transaction.atomic
def bring_in(*, files: Sequence[CaseFile], by: User, reason: str, versions: Any) -> Plan:
    """Enter new records as drafts, change drafts, and propose changes to what is public.

    All or nothing. Raises CaseFilesRefused, and NotAllowed where a record is not any more what
    `versions`, of the plan that was looked at, says.
    """
    plan = carry_out(files, by, reason)
    if plan.versions != versions:
        raise NotAllowed(["Records have changed since you looked: look again."])
    return plan


def carry_out(files: Sequence[CaseFile], by: User, reason: str, heard: Heard = nobody) -> Plan:
    """Do what the files say, inside a transaction of the caller's. Raises CaseFilesRefused."""
    plan = Plan()
    saver = Saver(by, heard)
    new: list[CaseFile] = []
    known: list[tuple[CaseFile, Root]] = []
    for shape, some in groupby(files, key=lambda one: one.shape):
        of_kind = list(some)
        model: Any = shape.model
        there = find_by_slugs(model, [one.slug for one in of_kind])
        for case_file in of_kind:
            record, was_removed = there[case_file.slug]
            if was_removed:
                problem = case_file.problem(("slug",), "This slug was a deleted record's.")
                saver.problems.append(problem)
            elif record is None:
                if not issubclass(model, Root):
                    problem = case_file.problem((), "Contributors are added in the admin.")
                    saver.problems.append(problem)
                new.append(case_file)
            elif isinstance(record, Root):
                known.append((case_file, record))
            else:
                plan.unchanged += 1
    with pghistory.context(user=by.pk, reason=reason):
        saver.save_all([(one, one.document) for one in new])
    plan.created = [one.name for one in new]
    for case_file, record, now in with_documents(known):
        found = differences(now, case_file.document)
        if not found:
            plan.unchanged += 1
            continue
        plan.changed[case_file.name] = found
        plan.versions[case_file.name] = record.version
        try:
            if change(case_file, record, now, by, reason, heard):
                plan.proposed.add(case_file.name)
        except CaseFilesRefused as error:
            saver.problems += [
                changed(one, file=case_file.path, line=case_file.line(one.where))
                for one in error.problems
            ]
        except NotAllowed as error:
            saver.problems += [case_file.problem((), why) for why in error.reasons]
    if saver.problems:
        raise CaseFilesRefused(saver.problems)
    return plan


def with_documents(
    known: Sequence[tuple[CaseFile, Root]],
) -> Iterator[tuple[CaseFile, Root, Document]]:
    """Yield records with what the public would see of each, fetched some hundred at a time."""
    for _shape, some in groupby(known, key=lambda pair: pair[0].shape):
        for batch in batched(some, BATCH):
            documents = documents_of([record for _file, record in batch], public=True)
            for (case_file, record), document in zip(batch, documents, strict=True):
                yield case_file, record, document


def change(
    case_file: CaseFile,
    record: Root,
    now: Document,
    by: User,
    reason: str,
    heard: Heard = nobody,
) -> bool:
    """Change a record from what it was seen as, or propose to; return whether it was proposed.

    Raises what `amend` and `propose` raise.
    """
    if not may_edit(by, record):
        raise NotAllowed(["You may not change this record."])
    to = {"record": record, "base": now, "document": case_file.document}
    if record.is_published and not may_approve(by, by):
        propose(**to, by=by, reason=reason)  # type: ignore[arg-type]
        return True
    amend(**to, by=by, reason=reason, heard=heard)  # type: ignore[arg-type]
    return False
