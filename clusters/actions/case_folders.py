"""A folder of case files into the database: validated, atomic, repeatable."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pghistory

from clusters.actions.publishing import (
    NotPublishable,
    PublishError,
    lock_public_log,
    notify_public_changed,
    publish,
    record_change,
    validate_publishable,
)
from clusters.formats.yaml_files import read_folder
from clusters.models import (
    ChangeAction,
    Import,
    ImportedRecord,
    Root,
    User,
)
from clusters.records.dry_run import dry_run_if
from clusters.records.merge import Difference, differences, merge, value_at, with_value
from clusters.records.serialization import Document, document_of
from clusters.records.validation import CaseFile, CaseFilesRefused, Problem, together
from clusters.records.writer import RecordWriter, find_by_slug


@dataclass
class Report:
    """What a load did, or with `dry_run` would do."""

    created: list[str] = field(default_factory=list)
    changed: dict[str, list[Difference]] = field(default_factory=dict)
    kept: dict[str, list[Difference]] = field(default_factory=dict)
    unchanged: int = 0
    published: int = 0


def load(
    folder: Path,
    *,
    by: User | None = None,
    reason: str = "",
    force: bool = False,
    dry_run: bool = False,
    publish_all: bool = False,
) -> Report:
    """Load a folder of case files, all or nothing. Loading it again changes nothing.

    A value that a person edited since the last import stays, and is reported, unless `force`.
    New records are drafts, or published with `publish_all`.

    Raises CaseFilesRefused with every problem found.
    """
    files, problems = read_folder(folder)
    reason = reason or f"Loaded from the case files {folder.name}"
    with (
        dry_run_if(dry_run),
        pghistory.context(user=by.pk if by else None, reason=reason, source=folder.name),
    ):
        if not dry_run:
            lock_public_log()  # before any row, as everybody takes these locks
        loader = _Loader(files, force=force)
        loader.run()
        if problems or loader.problems:
            raise CaseFilesRefused(together(problems, loader.problems))
        if loader.touched:
            loader.keep_what_was_imported(folder, by, reason)
        loader.write_change_log(by, reason, publish_all=publish_all)
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
        self.before: dict[str, Document | None] = {}
        self.merged: dict[str, Document] = {}
        self.bases = {
            (record.kind, record.slug): record.document for record in ImportedRecord.objects.all()
        }

    def run(self) -> None:
        self.check_twice()
        for case_file in self.files:
            self.compare(case_file)
        self.saver.save_all(
            [
                (case_file, self.merged[case_file.name])
                for case_file in self.files
                if case_file.name in self.merged
            ]
        )

    def check_twice(self) -> None:
        seen: dict[str, CaseFile] = {}
        for case_file in self.files:
            name = case_file.name.lower()
            if name in seen:
                self.problems.append(
                    case_file.problem(("slug",), f"{seen[name].path} has the same slug.")
                )
            seen[name] = case_file

    def compare(self, case_file: CaseFile) -> None:
        """Find out what the record should become, and whether that is anything new."""
        shape, name = case_file.shape, case_file.name
        instance, was_removed = find_by_slug(shape.model, case_file.slug)
        base = self.bases.get((shape.folder, case_file.slug))
        if was_removed:
            # A person took it out; a used slug is not given away again.
            self.report.kept[name] = [Difference(("slug",), None, case_file.slug)]
            return
        if instance is None:
            self.report.created.append(name)
            self.before[name], self.merged[name] = None, case_file.document
            self.remembered[name] = case_file.document
            self.touched.append(case_file)
            return
        # What somebody saves at the same time waits, or is what this is compared with.
        rows: Any = type(instance)._default_manager.select_for_update(of=("self",))
        instance = rows.get(pk=instance.pk)
        self.instances[shape.folder, case_file.slug] = instance
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
            self.before[name] = document_of(instance, public=True)
            self.merged[name] = merged.document
        else:
            self.report.unchanged += 1
        if base != remembered:
            self.touched.append(case_file)

    def not_published(self, why: PublishError) -> Problem:
        """Point to the line of what keeps a record of these files from being public."""
        # By what was loaded: a record may have been renamed since its file was written.
        case_file = next(
            one
            for one in self.files
            if self.instances.get((one.shape.folder, one.slug)) == why.record
        )
        return case_file.problem(why.where, f"Not published. {why.here}")

    def keep_what_was_imported(self, folder: Path, by: User | None, reason: str) -> None:
        """Remember this import as the base of the next comparison."""
        documents = [[case_file.shape.folder, case_file.document] for case_file in self.files]
        text = json.dumps(documents, ensure_ascii=False, sort_keys=True)
        source = Import.objects.create(
            source=folder.name,
            sha256=hashlib.sha256(text.encode()).hexdigest(),
            by=by,
            reason=reason,
        )
        for case_file in self.touched:
            ImportedRecord.objects.update_or_create(
                kind=case_file.shape.folder,
                slug=case_file.slug,
                defaults={"document": self.remembered[case_file.name], "source": source},
            )

    def write_change_log(self, by: User | None, reason: str, *, publish_all: bool) -> None:
        """Publish what is to be public, and log what changed in what already was."""
        roots = [
            (case_file, record)
            for case_file in self.files
            if isinstance(
                record := self.instances.get((case_file.shape.folder, case_file.slug)), Root
            )
        ]
        changed = {
            record: document_of(record, public=True)
            for case_file, record in roots
            if record.is_published and case_file.name in self.merged
        }
        drafts = [record for _, record in roots if record.state in ("draft", "in_review")]
        try:
            if publish_all:
                published = publish(records=drafts, by=by, reason=reason, are_stated=True)
                self.report.published = len(published)
            validate_publishable(changed, changed)
        except NotPublishable as error:
            problems = [self.not_published(one) for one in error.errors]
            raise CaseFilesRefused(problems) from None
        notify_public_changed()
        for case_file, record in roots:
            if record in changed:
                record_change(
                    record=record,
                    action=ChangeAction.CHANGED,
                    by=by,
                    reason=reason,
                    before=self.before[case_file.name],
                    after=changed[record],
                )
