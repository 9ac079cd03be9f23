"""Load a folder of case files into the database, as whoever runs the casebook does.

Loading is validated, atomic and repeatable. What people bring to the admin is
`clusters.actions.loading`.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pghistory

from clusters.actions.editing import logged_changes
from clusters.actions.permissions import Becomes, becomes
from clusters.actions.publishing import NotPublishable, PublishError, lock_public_log, publish
from clusters.formats.yaml_files import read_folder
from clusters.models import Import, ImportedRecord, Root, State
from clusters.records.dry_run import dry_run_if
from clusters.records.merge import Difference, differences, merge, value_at, with_value
from clusters.records.serialization import Document, document_of
from clusters.records.validation import CaseFile, CaseFilesRefused, Problem, together
from clusters.records.writer import RecordWriter, find_by_slug


@dataclass
class Report:
    """What a load did, or with `dry_run` would do, by names of records: `clusters/kasur`."""

    created: list[str] = field(default_factory=list)
    changed: dict[str, list[Difference]] = field(default_factory=dict)
    # Values that people edited since the last import; none of a record that they took out.
    kept: dict[str, list[Difference]] = field(default_factory=dict)
    unchanged: int = 0
    published: int = 0


def load(
    folder: Path,
    *,
    reason: str = "",
    force: bool = False,
    dry_run: bool = False,
    publish_all: bool = False,
) -> Report:
    """Load a folder of case files, all or nothing. Loading it again changes nothing.

    A value that a person edited since the last import stays, and is reported, unless `force`; so
    does a record that was deleted or withdrawn. New records are drafts, or published with
    `publish_all`.

    Raises CaseFilesRefused with every problem found.
    """
    files, problems = read_folder(folder)
    reason = reason or f"Loaded from the case files {folder.name}"
    with dry_run_if(dry_run), pghistory.context(reason=reason, source=folder.name):
        if not dry_run:
            lock_public_log()  # before any row, as everybody takes these locks
        loader = _Loader(files, force=force)
        loader.compare_all()
        try:
            with loader.logged(reason, is_trial=dry_run):
                loader.save()
                if problems or loader.problems:
                    raise CaseFilesRefused(together(problems, loader.problems))
                if publish_all:
                    loader.publish(reason)
        except NotPublishable as error:
            raise CaseFilesRefused(map(loader.not_published, error.errors)) from None
        if loader.touched:
            loader.remember(folder, reason)
    return loader.report


class _Loader:
    """One load. The work is done root by root, so that every problem can be told at once."""

    def __init__(self, files: list[CaseFile], *, force: bool) -> None:
        self.files = files
        self.force = force
        self.report = Report()
        self.saver = RecordWriter(in_files=True)
        self.problems = self.saver.problems
        self.instances = self.saver.instances
        # Files whose import must be remembered, with what stood in them.
        self.touched: list[CaseFile] = []
        # What to remember of each file: itself, but for values that people edited.
        self.remembered: dict[str, Document] = {}
        self.merged: list[tuple[CaseFile, Document]] = []
        self.bases = {
            (record.kind, record.slug): record.document for record in ImportedRecord.objects.all()
        }

    def compare_all(self) -> None:
        seen: dict[str, CaseFile] = {}
        for case_file in self.files:
            name = case_file.name.lower()
            if name in seen:
                words = f"{seen[name].path} has the same slug."
                self.problems.append(case_file.problem(("slug",), words))
            seen[name] = case_file
            self.compare(case_file)

    def compare(self, case_file: CaseFile) -> None:
        """Find out what the record should become, and whether that is anything new."""
        shape, name = case_file.shape, case_file.name
        instance, was_removed = find_by_slug(shape.model, case_file.slug)
        if was_removed:
            self.report.kept[name] = []  # a used slug is not given away again
            return
        if instance is None:
            self.report.created.append(name)
            self.merged.append((case_file, case_file.document))
            self.remembered[name] = case_file.document
            self.touched.append(case_file)
            return
        # What somebody saves at the same time waits, or is what this is compared with.
        rows: Any = type(instance)._default_manager.select_for_update(of=("self",))
        instance = rows.get(pk=instance.pk)
        self.instances[shape.folder, case_file.slug] = instance
        if isinstance(instance, Root) and becomes(instance, None) is Becomes.REFUSED:
            self.report.kept[name] = []
            return
        base = self.bases.get((shape.folder, case_file.slug))
        database = document_of(instance)
        merged = merge(base or {}, case_file.document, database, force=self.force)
        remembered = case_file.document
        if merged.edited:
            self.report.kept[name] = merged.edited
            for kept in merged.edited:
                remembered = with_value(remembered, kept.where, value_at(base or {}, kept.where))
        self.remembered[name] = remembered
        if found := differences(database, merged.document):
            self.report.changed[name] = found
            self.merged.append((case_file, merged.document))
        else:
            self.report.unchanged += 1
        if base != remembered:
            self.touched.append(case_file)

    def logged(self, reason: str, *, is_trial: bool) -> ExitStack:
        """Return a context that checks and logs changes of what is public, kind by kind."""
        wanted = {case_file.name for case_file, _document in self.merged}
        known = {record: file for file, record in self.roots() if file.name in wanted}
        stack = ExitStack()
        for _model, roots in groupby(known, key=type):
            change = logged_changes(
                list(roots), by=None, reason=reason, is_trial=is_trial, are_stated=True
            )
            for row in stack.enter_context(change):
                # With all that hangs on it, so that saving need not fetch it again.
                self.instances[known[row].shape.folder, known[row].slug] = row
        return stack

    def save(self) -> None:
        self.saver.save_all(self.merged)

    def roots(self) -> Iterator[tuple[CaseFile, Root]]:
        """Yield the files with their records, as far as these are there."""
        for case_file in self.files:
            record = self.instances.get((case_file.shape.folder, case_file.slug))
            if isinstance(record, Root):
                yield case_file, record

    def publish(self, reason: str) -> None:
        unpublished = (State.DRAFT, State.IN_REVIEW)
        drafts = [record for _file, record in self.roots() if record.state in unpublished]
        self.report.published = len(
            publish(records=drafts, by=None, reason=reason, are_stated=True)
        )

    def not_published(self, why: PublishError) -> Problem:
        """Return what keeps a record of these files from being public, at its line."""
        # By what was loaded: a record may have been renamed since its file was written.
        case_file = next(file for file, record in self.roots() if record == why.record)
        return case_file.problem(why.where, f"Not published. {why.here}")

    def remember(self, folder: Path, reason: str) -> None:
        """Remember this import as the base of the next comparison."""
        documents = [[case_file.shape.folder, case_file.document] for case_file in self.files]
        text = json.dumps(documents, ensure_ascii=False, sort_keys=True)
        source = Import.objects.create(
            source=folder.name, sha256=hashlib.sha256(text.encode()).hexdigest(), reason=reason
        )
        for case_file in self.touched:
            ImportedRecord.objects.update_or_create(
                kind=case_file.shape.folder,
                slug=case_file.slug,
                defaults={"document": self.remembered[case_file.name], "source": source},
            )
