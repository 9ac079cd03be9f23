"""Case files that somebody brings to the desk: what they would change, and changing it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from typing import Any

import pghistory
from django.db import transaction

from clusters.actions.entering import amend
from clusters.actions.proposing import may_approve, propose
from clusters.actions.publishing import NotAllowed
from clusters.actions.reviewing import may_edit
from clusters.casefiles.document import Document, document_of
from clusters.casefiles.loader import CaseFilesRefused
from clusters.casefiles.merge import Difference, differences
from clusters.casefiles.reader import CaseFile
from clusters.casefiles.saver import Saver, find_by_slug
from clusters.models import Root, User
from clusters.trial import only_tried


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
        return _carry_out(files, by, "Tried")


@transaction.atomic
def bring_in(*, files: Sequence[CaseFile], by: User, reason: str, versions: Any) -> Plan:
    """Enter new records as drafts, change drafts, and propose changes to what is public.

    All or nothing. Raises CaseFilesRefused, and NotAllowed where a record is not any more what
    `versions`, of the plan that was looked at, says.
    """
    plan = _carry_out(files, by, reason)
    if plan.versions != versions:
        raise NotAllowed(["Records have changed since you looked: look again."])
    return plan


def _carry_out(files: Sequence[CaseFile], by: User, reason: str) -> Plan:
    plan = Plan()
    saver = Saver(by)
    new: list[CaseFile] = []
    known: list[tuple[CaseFile, Root, Document]] = []
    for case_file in files:
        model: Any = case_file.shape.model
        record, was_removed = find_by_slug(model, case_file.slug)
        if was_removed:
            problem = case_file.problem(("slug",), "This slug was a deleted record's.")
            saver.problems.append(problem)
        elif record is None:
            if not issubclass(model, Root):
                problem = case_file.problem((), "Contributors are added in the admin.")
                saver.problems.append(problem)
            new.append(case_file)
        elif isinstance(record, Root):
            known.append((case_file, record, document_of(record, public=True)))
        else:
            plan.unchanged += 1
    with pghistory.context(user=by.pk, reason=reason):
        saver.save_all([(one, one.document) for one in new])
    plan.created = [one.name for one in new]
    for case_file, record, now in known:
        found = differences(now, case_file.document)
        if not found:
            plan.unchanged += 1
            continue
        plan.changed[case_file.name] = found
        plan.versions[case_file.name] = record.version
        try:
            if _change(case_file, record, now, by, reason):
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


def _change(case_file: CaseFile, record: Root, now: Document, by: User, reason: str) -> bool:
    """Change a record, or propose to; return whether it was proposed."""
    if not may_edit(by, record):
        raise NotAllowed(["You may not change this record."])
    to = {"record": record, "base": now, "document": case_file.document}
    if record.is_published and not may_approve(by, by):
        propose(**to, by=by, reason=reason)  # type: ignore[arg-type]
        return True
    amend(**to, by=by, reason=reason)  # type: ignore[arg-type]
    return False
