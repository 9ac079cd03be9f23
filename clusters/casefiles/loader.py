"""A folder of case files into the database: validated, atomic, repeatable."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pghistory
from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction

from clusters.actions.publishing import NotAllowed, publish, reasons_against, record_change
from clusters.casefiles.document import Document, document_of, locator_type_of
from clusters.casefiles.merge import Difference, differences, merge, value_at, with_value
from clusters.casefiles.reader import CaseFile, Problem, Where, read_folder
from clusters.casefiles.shape import Field, Shape, shapes
from clusters.models import (
    Alias,
    ChangeAction,
    Citation,
    CitationUse,
    Import,
    ImportedRecord,
    Publication,
    Root,
    Stance,
    User,
)


class CaseFilesRefused(Exception):
    """The files cannot be loaded; `problems` lists everything that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = sorted(problems)


@dataclass
class Report:
    """What a load did, or with `dry_run` would do."""

    created: list[str] = field(default_factory=list)
    changed: dict[str, list[Difference]] = field(default_factory=dict)
    kept: dict[str, list[Difference]] = field(default_factory=dict)
    unchanged: int = 0
    published: int = 0


class _DryRun(Exception):
    """Rolls a dry run back."""


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
    try:
        with (
            transaction.atomic(),
            pghistory.context(user=by.pk if by else None, reason=reason, source=folder.name),
        ):
            loader = _Loader(files, force=force)
            loader.run()
            if problems or loader.problems:
                raise CaseFilesRefused(together(problems, loader.problems))
            if loader.touched:
                loader.keep_what_was_imported(folder, by, reason)
            loader.write_change_log(by, reason, publish_all=publish_all)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return loader.report


def together(read: list[Problem], found: list[Problem]) -> list[Problem]:
    """Join what reading and what saving found, without what only follows from the former."""
    places = [(problem.file, problem.field) for problem in read]
    unread = {Path(problem.file).stem for problem in [*read, *found]}
    return read + [
        problem
        for problem in found
        if not any(
            problem.file == file
            and (problem.field == field or problem.field.startswith(f"{field}."))
            for file, field in places
        )
        # A record whose own file is wrong is not missing.
        and not any(problem.message.startswith(f"{name} is not known") for name in unread)
    ]


class _Loader:
    """One load. The work is done root by root, so that every problem can be told at once."""

    def __init__(self, files: list[CaseFile], *, force: bool) -> None:
        self.files = files
        self.force = force
        self.report = Report()
        self.problems: list[Problem] = []
        self.instances: dict[tuple[str, str], Any] = {}
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
        waiting = [case_file for case_file in self.files if _name(case_file) in self.merged]
        for case_file in self.in_order_of_reference(waiting):
            self.attempt(case_file, self.save_root)
        for case_file in waiting:
            # The parts of a root that is wrong are looked at all the same.
            if (case_file.shape.folder, case_file.slug) in self.instances:
                self.attempt(case_file, self.save_parts)

    def check_twice(self) -> None:
        seen: dict[str, CaseFile] = {}
        for case_file in self.files:
            name = _name(case_file).lower()
            if name in seen:
                self.problems.append(
                    case_file.problem(("slug",), f"{seen[name].path} has the same slug.")
                )
            seen[name] = case_file

    def compare(self, case_file: CaseFile) -> None:
        """Find out what the record should become, and whether that is anything new."""
        shape, name = case_file.shape, _name(case_file)
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

    def in_order_of_reference(self, files: list[CaseFile]) -> list[CaseFile]:
        """Order records of one kind so that a parent comes before its parts."""
        ordered: list[CaseFile] = []
        placed: set[str] = set()
        waiting = list(files)
        while waiting:
            names = {_name(case_file) for case_file in waiting}
            ready = [
                case_file
                for case_file in waiting
                if not any(
                    f"{case_file.shape.folder}/{self.merged[_name(case_file)].get(spec.name)}"
                    in names
                    for spec in case_file.shape.fields
                    if spec.kind == "reference"
                    and spec.field.related_model is case_file.shape.model
                )
            ]
            if not ready:
                self.problems += [
                    case_file.problem((), "This record is a part of itself.")
                    for case_file in waiting
                ]
                break
            ordered += ready
            placed |= {_name(case_file) for case_file in ready}
            waiting = [case_file for case_file in waiting if _name(case_file) not in placed]
        order = {kind: number for number, kind in enumerate(shapes())}
        return sorted(ordered, key=lambda case_file: order[case_file.shape.folder])

    def attempt(self, case_file: CaseFile, save: Any) -> None:
        """Save within a savepoint, so that one record's error leaves the others checkable."""
        try:
            with transaction.atomic():
                save(case_file)
        except ValidationError as error:
            self.say(case_file, (), error)
        except DatabaseError as error:
            message = str(error).split("\n")[0]
            self.problems.append(case_file.problem((), message))

    def save_root(self, case_file: CaseFile) -> None:
        shape = case_file.shape
        document = self.merged[_name(case_file)]
        instance: Any = self.instances.get((shape.folder, case_file.slug)) or shape.model()
        self.put(case_file, instance, shape, document, ())
        self.instances[shape.folder, case_file.slug] = instance

    def save_parts(self, case_file: CaseFile) -> None:
        instance = self.instances[case_file.shape.folder, case_file.slug]
        self.put_parts(case_file, instance, case_file.shape, self.merged[_name(case_file)], ())

    def put(
        self, case_file: CaseFile, instance: Any, shape: Shape, document: Document, at: Where
    ) -> bool:
        """Set an object's own fields and save it where they differ. Tells whether it is sound."""
        before = None if instance.pk is None else _column_values(instance)
        unresolved = set()
        for spec in shape.fields:
            if spec.kind == "references":
                continue
            try:
                self.set(instance, spec, document.get(spec.name))
            except _Unresolved as error:
                unresolved.add(spec.name)
                self.problems.append(case_file.problem((*at, spec.name), str(error)))
            except ValidationError as error:
                unresolved.add(spec.name)
                self.say(case_file, (*at, spec.name), error)
        if not unresolved and before == _column_values(instance):
            return True
        parent = getattr(instance, "parent_field", None)
        is_orphan = parent is not None and instance.parent.pk is None
        try:
            instance.full_clean(
                exclude=unresolved | ({parent} if is_orphan else set()),
                validate_constraints=not unresolved and not is_orphan,
            )
        except ValidationError as error:
            self.say(case_file, at, error)
            return False
        if unresolved or is_orphan:
            return False
        instance.save()
        return True

    def set(self, instance: Any, spec: Field, value: Any) -> None:
        if spec.kind == "date":
            setattr(instance, spec.name, (value or {}).get("edtf", ""))
            setattr(instance, f"{spec.name}_printed", (value or {}).get("printed", ""))
        elif spec.kind == "reference":
            setattr(instance, spec.name, None if value is None else self.find(spec, value))
        elif value is not None:
            setattr(instance, spec.name, spec.field.to_python(value))
        elif spec.field.has_default() or not spec.field.null:
            setattr(instance, spec.name, spec.field.get_default())
        else:
            setattr(instance, spec.name, None)

    def find(self, spec: Field, value: str) -> Any:
        """Find the record that a file names, in this load or in the database."""
        model: Any = spec.field.related_model
        parent = getattr(model, "parent_field", None)
        if parent is None:
            return self.find_root(model, value)
        slug, _, key = value.partition("/")
        root = self.find_root(model._meta.get_field(parent).related_model, slug)
        found = None
        if root.pk is not None:
            found = model._default_manager.filter(**{parent: root, "key": key}).first()
        if found is None:
            raise _Unresolved(f"{value} is not known ({model._meta.verbose_name} of {root}).")
        return found

    def find_root(self, model: Any, slug: str) -> Any:
        folder = next(shape.folder for shape in shapes().values() if shape.model is model)
        if (folder, slug) not in self.instances:
            found, _ = find_by_slug(model, slug)
            if found is None:
                raise _Unresolved(
                    f"{slug} is not known ({model._meta.verbose_name}): add "
                    f"{folder}/{slug}.yaml, or correct the name."
                )
            self.instances[folder, slug] = found
        if self.instances[folder, slug].pk is None:
            raise _Unresolved(f"{slug} is not known as long as its own file is wrong.")
        return self.instances[folder, slug]

    def put_parts(
        self, case_file: CaseFile, instance: Any, shape: Shape, document: Document, at: Where
    ) -> None:
        """Save what hangs on an object: many-to-many ties, citations and children."""
        is_saved = instance.pk is not None
        for spec in shape.fields:
            if spec.kind == "references":
                try:
                    targets = [self.find(spec, slug) for slug in document.get(spec.name, [])]
                except _Unresolved as error:
                    self.problems.append(case_file.problem((*at, spec.name), str(error)))
                else:
                    if is_saved:
                        getattr(instance, spec.name).set(targets)
        if shape.citations is not None:
            self.put_citations(
                case_file, instance, shape.citations, document.get("citations", []), at
            )
        for name, child_shape in shape.children.items():
            self.put_children(case_file, instance, name, child_shape, document.get(name, []), at)

    def put_children(
        self,
        case_file: CaseFile,
        parent: Any,
        name: str,
        shape: Shape,
        documents: list[Document],
        at: Where,
    ) -> None:
        saved = getattr(parent, name).all() if parent.pk is not None else []
        existing = {child.key: child for child in saved}
        for key in existing.keys() - {document.get("key") for document in documents}:
            existing.pop(key).delete()
        for position, document in enumerate(documents):
            if "key" not in document:
                continue  # told when the file was read
            where = (*at, name, document["key"])
            child: Any = existing.get(document["key"]) or shape.model()
            setattr(child, child.parent_field, parent)
            if shape.is_ordered:
                child.position = position
            self.put(case_file, child, shape, document, where)
            self.put_parts(case_file, child, shape, document, where)

    def put_citations(
        self,
        case_file: CaseFile,
        target: models.Model,
        uses: type[CitationUse],
        documents: list[Document],
        at: Where,
    ) -> None:
        wanted: dict[tuple[int, str], str] = {}
        for document in documents:
            locator_type = locator_type_of(document)
            try:
                publication = self.find_root(Publication, document["publication"])
            except _Unresolved as error:
                self.problems.append(case_file.problem((*at, "citations"), str(error)))
                continue
            if target.pk is None or publication.pk is None:
                continue
            place, _ = Citation.objects.get_or_create(
                publication=publication,
                locator_type=locator_type,
                locator=document[locator_type],
            )
            wanted[place.pk, document.get("for", "")] = document.get("stance", Stance.SUPPORTS)
        if target.pk is None:
            return
        rows: Any = uses
        existing = {(use.citation_id, use.field): use for use in rows.objects.filter(target=target)}
        for identity, use in existing.items():
            if identity not in wanted:
                use.delete()
            elif use.stance != wanted[identity]:
                use.stance = wanted[identity]
                use.save(update_fields=["stance"])
        rows.objects.bulk_create(
            rows(target=target, citation_id=place, field=field, stance=stance)
            for (place, field), stance in wanted.items()
            if (place, field) not in existing
        )

    def say(self, case_file: CaseFile, at: Where, error: ValidationError) -> None:
        """Turn Django's errors into lines of the file."""
        by_field = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
        for name, messages in by_field.items():
            where = at if name in ("", "__all__") else (*at, name)
            self.problems += [case_file.problem(where, message) for message in messages]

    def not_published(self, why: str) -> Problem:
        """Point to the line that a reason against publishing is about."""
        name, _, rest = why.partition(": ")
        where = tuple(rest.split(" ")[0].split(".")) if rest else ()
        for case_file in self.files:
            if why.startswith((f"{_name(case_file)}:", f"{_name(case_file)} ")):
                message = rest if rest else why
                return case_file.problem(where, f"Not published: {message}")
        return Problem(name, 0, "", f"Not published: {rest}")

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
                defaults={"document": self.remembered[_name(case_file)], "source": source},
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
            if record.is_published and _name(case_file) in self.merged
        }
        drafts = [record for _, record in roots if record.state in ("draft", "in_review")]
        try:
            if publish_all:
                self.report.published = len(publish(records=drafts, by=by, reason=reason))
            if reasons := reasons_against(changed):
                raise NotAllowed(reasons)
        except NotAllowed as error:
            raise CaseFilesRefused([self.not_published(why) for why in error.reasons]) from None
        for case_file, record in roots:
            if record in changed:
                record_change(
                    record=record,
                    action=ChangeAction.CHANGED,
                    by=by,
                    reason=reason,
                    before=self.before[_name(case_file)],
                    after=changed[record],
                )


def find_by_slug(model: Any, slug: str) -> tuple[Any, bool]:
    """Return the record of that slug, or that had it before, and whether it was removed."""
    found = model._default_manager.filter(slug=slug).first()
    alias = None
    if found is None:
        kind = model._meta.model_name
        alias = Alias.objects.filter(kind=kind, slug__iexact=slug).first()
    if alias is None:
        return found, False
    current = model._default_manager.filter(pk=alias.object_id).first()
    return current, current is None


class _Unresolved(Exception):
    """A file names a record that does not exist."""


def _name(case_file: CaseFile) -> str:
    return f"{case_file.shape.folder}/{case_file.slug}"


def _column_values(instance: Any) -> dict[str, Any]:
    return {
        column.attname: column.get_prep_value(getattr(instance, column.attname))
        for column in instance._meta.concrete_fields
        if not column.attname.endswith(("_earliest", "_latest"))
    }
