"""Save the records of case files, with all that hangs on them, in the database."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import DataError, IntegrityError, models, transaction
from django.db.models.functions import Lower

from clusters.i18n import LONGEST_ECHO, short
from clusters.models import Alias, Citation, CitationUse, Publication, Root, Stance, User
from clusters.models.base import RootQuerySet
from clusters.records.schema import FieldSpec, RecordSchema, record_schemas
from clusters.records.serialization import Document, locator_type_of, lookups
from clusters.records.validation import CaseFile, Problem, Where

# Called for each record and part that is saved, or found to be as it shall be.
type OnProgress = Callable[[], None]
# How many slugs are looked through for the one that was meant.
MOST_NEAR = 200
# After so many mistakes nothing more is looked at: what is told has an end, and costs little.
MOST_TOLD = 500


def noop() -> None:
    """Do nothing, where nobody follows how far it has come."""


class RecordWriter:
    """Saves records, roots first and then their parts, and collects what is wrong with them."""

    def __init__(
        self, by: User | None = None, heard: OnProgress = noop, *, in_files: bool = False
    ) -> None:
        # Whether what is not there could be added as a file.
        self.in_files = in_files
        # Whose drafts new records will be.
        self.by = by
        # Who follows how far it has come.
        self.heard = heard
        self.problems: list[Problem] = []
        # Every root met so far, by folder and slug; without a number where it could not be saved.
        self.instances: dict[tuple[str, str], Any] = {}
        self.made: set[tuple[type[models.Model], int]] = set()
        # Roots that a record names already, whoever may see them.
        self.named_before: set[tuple[type[Root], str]] = set()
        # Parts of other records and places that were named already: thousands name the same ones.
        self.parts: dict[tuple[Any, str], Any] = {}
        self.places: dict[tuple[int, str, str], int] = {}
        # Citations that are there and say something else now: of thousands, written together.
        self.changed_uses: defaultdict[type[CitationUse], list[CitationUse]] = defaultdict(list)

    def save_all(self, wanted: Sequence[tuple[CaseFile, Document]]) -> None:
        """Save records that may name each other, and add what is wrong to `problems`."""
        try:
            for case_file, document in self.in_order_of_reference(wanted):
                self.attempt(self.save_root, case_file, document)
            for case_file, document in wanted:
                # The parts of a root that is wrong are looked at all the same.
                if (case_file.shape.folder, case_file.slug) in self.instances:
                    self.attempt(self.save_parts, case_file, document)
        except _TooManyProblems:
            words = f"Nothing after the first {MOST_TOLD} mistakes was looked at: correct these."
            self.problems.append(Problem(wanted[0][0].path, 0, "", words))
        for model, uses in self.changed_uses.items():
            model._default_manager.bulk_update(uses, ["stance", "not_for"])
        self.changed_uses.clear()

    def in_order_of_reference(
        self, wanted: Sequence[tuple[CaseFile, Document]]
    ) -> list[tuple[CaseFile, Document]]:
        """Return records by kind, those that others name first, and a parent before its parts."""
        ordered: list[tuple[CaseFile, Document]] = []
        waiting = list(wanted)
        while waiting:
            names = {case_file.name for case_file, _ in waiting}
            ready = [
                (case_file, document)
                for case_file, document in waiting
                if not any(
                    f"{case_file.shape.folder}/{document.get(spec.name)}" in names
                    for spec in case_file.shape.fields
                    if spec.kind == "reference"
                    and spec.field.related_model is case_file.shape.model
                )
            ]
            if not ready:
                self.problems += [
                    case_file.problem((), "This record is a part of itself.")
                    for case_file, _ in waiting
                ]
                break
            ordered += ready
            placed = {id(case_file) for case_file, _ in ready}
            waiting = [pair for pair in waiting if id(pair[0]) not in placed]
        order = {kind: number for number, kind in enumerate(record_schemas())}
        return sorted(ordered, key=lambda pair: order[pair[0].shape.folder])

    def attempt(
        self,
        save: Callable[[CaseFile, Document], None],
        case_file: CaseFile,
        document: Document,
    ) -> None:
        """Save within a savepoint, so that one record's error leaves the others checkable.

        Only what the database says of the values is the file's mistake: that it is full, or gone,
        is raised.
        """
        try:
            with transaction.atomic():
                save(case_file, document)
        except ValidationError as error:
            self.say(case_file, (), error)
        except (DataError, IntegrityError) as error:
            message = str(error).split("\n")[0]
            self.problems.append(case_file.problem((), message))

    def save_root(self, case_file: CaseFile, document: Document) -> None:
        """Save a root's own fields."""
        shape = case_file.shape
        instance: Any = self.instances.get((shape.folder, case_file.slug)) or self.new(shape)
        self.put(case_file, instance, shape, document, ())
        self.instances[shape.folder, case_file.slug] = instance

    def new(self, shape: RecordSchema) -> Any:
        """Return a new record, not saved yet, of whoever saves."""
        found: Any = shape.model()
        if isinstance(found, Root):
            found.entered_by = self.by
        return found

    def save_parts(self, case_file: CaseFile, document: Document) -> None:
        """Save what hangs on a root that `save_root` has met."""
        instance = self.instances[case_file.shape.folder, case_file.slug]
        if instance.pk is not None and (type(instance), instance.pk) not in self.made:
            models.prefetch_related_objects([instance], *lookups(case_file.shape))
        self.put_parts(case_file, instance, case_file.shape, document, ())
        # It is not any more what was fetched.
        instance._prefetched_objects_cache = {}

    def put(
        self, case_file: CaseFile, instance: Any, shape: RecordSchema, document: Document, at: Where
    ) -> bool:
        """Set an object's own fields, save it where they differ, and return whether it is sound."""
        self.heard()
        self.check_how_many()
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
        exclude = unresolved | ({parent} if is_orphan else set())
        try:
            self.check_author(instance, before)
            if unresolved or is_orphan:
                instance.full_clean(exclude=exclude, validate_constraints=False)
                return False
            self.save(instance)
        except ValidationError as error:
            self.say(case_file, at, error, shape)
            return False
        return True

    def check_how_many(self) -> None:
        if len(self.problems) >= MOST_TOLD:
            raise _TooManyProblems

    def check_author(self, instance: Any, before: dict[str, Any] | None) -> None:
        """Raise ValidationError where whoever saves may not give the answers of a part.

        Answers that are not changed were given by others, and stay.
        """
        check = getattr(instance, "check_author", None)
        if check is None or self.by is None:
            return
        names = instance.answer_columns
        if before is None or any(before[name] != getattr(instance, name) for name in names):
            check(self.by, before or {})

    def save(self, instance: models.Model) -> None:
        """Check an object and save it. Raises ValidationError with everything that is wrong.

        Unique values and constraints are left to the database, which holds the same ones; only
        where it refuses they are asked one by one, for words that say which and why.
        """
        # What is pointed to has been found already.
        found = {
            column.name
            for column in instance._meta.concrete_fields
            if column.is_relation and getattr(instance, column.attname) is not None
        }
        try:
            instance.full_clean(exclude=found, validate_unique=False, validate_constraints=False)
            is_new = instance.pk is None
            with transaction.atomic():
                instance.save()
            if is_new:
                self.made.add((type(instance), instance.pk))
        except (ValidationError, IntegrityError):
            instance.full_clean()
            raise

    def set(self, instance: models.Model, spec: FieldSpec, value: Any) -> None:
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

    def find(self, spec: FieldSpec, value: str) -> Any:
        """Return the record that a file names, in this load or in the database.

        Raises _Unresolved where there is none.
        """
        model: Any = spec.field.related_model
        parent = getattr(model, "parent_field", None)
        if parent is None:
            return self.find_root(model, value)
        if (model, value) not in self.parts:
            slug, _, key = value.partition("/")
            root = self.find_root(model._meta.get_field(parent).related_model, slug)
            found = None
            if root.pk is not None:
                found = model._default_manager.filter(**{parent: root, "key": key}).first()
            if found is None:
                raise _Unresolved(
                    f"{short(value)} is not known ({model._meta.verbose_name} of {root})."
                )
            self.parts[model, value] = found
        return self.parts[model, value]

    def find_root(self, model: type[models.Model], slug: str) -> Any:
        folder = next(shape.folder for shape in record_schemas().values() if shape.model is model)
        if (folder, slug) not in self.instances:
            found, _ = find_by_slug(model, slug)
            if found is None or not self.may_name(found, slug):
                way = f"add {folder}/{slug}.yaml" if self.in_files else "enter it first"
                raise _Unresolved(
                    f"{short(slug)} is not known ({model._meta.verbose_name}): {way}, or correct "
                    f"the name.{nearest(self.seen(model), slug)}"
                )
            self.instances[folder, slug] = found
        if self.instances[folder, slug].pk is None:
            raise _Unresolved(f"{slug} is not known as long as its own file is wrong.")
        return self.instances[folder, slug]

    def may_name(self, found: Any, slug: str) -> bool:
        """Return whether whoever saves may name a record: others' drafts are not known to them.

        What a command has entered is a draft of nobody, and may be named by its slug.
        """
        if self.by is None or not isinstance(found, Root) or found.entered_by_id is None:
            return True
        return (type(found), slug) in self.named_before or found.may_be_seen_by(self.by)

    def put_parts(
        self, case_file: CaseFile, instance: Any, shape: RecordSchema, document: Document, at: Where
    ) -> None:
        """Save what hangs on an object: many-to-many ties, citations and children."""
        is_saved = instance.pk is not None
        for spec in shape.fields:
            if spec.kind == "references":
                slugs = document.get(spec.name, [])
                targets = self.find_all(case_file, spec, slugs, (*at, spec.name))
                if is_saved and len(targets) == len(slugs):
                    getattr(instance, spec.name).set(targets)
        if shape.citations is not None:
            self.put_citations(
                case_file, instance, shape.citations, document.get("citations", []), at
            )
        for name, child_shape in shape.children.items():
            self.put_children(case_file, instance, name, child_shape, document.get(name, []), at)

    def seen(self, model: type[models.Model]) -> models.QuerySet[Any]:
        """Return the records whose names may be told to whoever saves."""
        records: models.QuerySet[Any] = model._default_manager.all()
        if self.by is None:
            return records
        if isinstance(records, RootQuerySet):
            return records.visible_to(self.by)
        return records.none()

    def find_all(
        self, case_file: CaseFile, spec: FieldSpec, slugs: Sequence[str], where: Where
    ) -> list[Any]:
        """Return what a list names; each that is not there is added to `problems`."""
        found = []
        for slug in slugs:
            self.check_how_many()
            try:
                found.append(self.find(spec, slug))
            except _Unresolved as error:
                self.problems.append(case_file.problem(where, str(error), slug))
        return found

    def put_children(
        self,
        case_file: CaseFile,
        parent: models.Model,
        name: str,
        shape: RecordSchema,
        documents: list[Document],
        at: Where,
    ) -> None:
        existing = {child.key: child for child in self.below(parent, name)}
        for key in existing.keys() - {document.get("key") for document in documents}:
            leaving = existing.pop(key)
            try:
                self.check_author(leaving, None)
            except ValidationError as error:
                self.say(case_file, (*at, name, key), error, shape)
                continue
            leaving.delete()
            # What was found before may be what went.
            self.parts.clear()
        for number, document in enumerate(documents):
            if "key" not in document:
                continue  # told when the file was read
            where = (*at, name, document["key"])
            child: Any = existing.get(document["key"]) or shape.model()
            setattr(child, child.parent_field, parent)
            if shape.is_ordered:
                child.sort_order = number
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
        wanted: dict[tuple[int, str], tuple[str, list[str]]] = {}
        for document in documents:
            self.check_how_many()
            locator_type = locator_type_of(document)
            try:
                publication = self.find_root(Publication, document["publication"])
            except _Unresolved as error:
                named = document["publication"]
                self.problems.append(case_file.problem((*at, "citations"), str(error), named))
                continue
            if target.pk is None or publication.pk is None:
                continue
            place = self.place(publication, locator_type, document[locator_type])
            wanted[place, document.get("for", "")] = (
                document.get("stance", Stance.SUPPORTS),
                document.get("not_for", []),
            )
        if target.pk is None:
            return
        rows: Any = uses
        existing = {(use.citation_id, use.field): use for use in self.below(target, "citations")}
        for identity, use in existing.items():
            if identity not in wanted:
                use.delete()
            elif (use.stance, use.not_for) != wanted[identity]:
                use.stance, use.not_for = wanted[identity]
                self.changed_uses[uses].append(use)
        rows.objects.bulk_create(
            rows(target=target, citation_id=place, field=field, stance=stance, not_for=not_for)
            for (place, field), (stance, not_for) in wanted.items()
            if (place, field) not in existing
        )

    def place(self, publication: Publication, kind: str, locator: str) -> int:
        """Return the number of a place in a publication, which is made where it is new."""
        name = (publication.pk, kind, str(locator))
        if name not in self.places:
            found, _ = Citation.objects.get_or_create(
                publication=publication, locator_type=kind, locator=locator
            )
            self.places[name] = found.pk
        return self.places[name]

    def below(self, above: models.Model, name: str) -> list[Any]:
        """Return what hangs on an object already; on one that was just made there is nothing."""
        is_new = above.pk is None or (type(above), above.pk) in self.made
        return [] if is_new else list(getattr(above, name).all())

    def say(
        self,
        case_file: CaseFile,
        at: Where,
        error: ValidationError,
        shape: RecordSchema | None = None,
    ) -> None:
        """Add Django's errors to `problems`, each at its line of the file.

        What several fields are wrong about together is told at the one that its code names.
        """
        if not hasattr(error, "error_dict"):
            self.problems += [case_file.problem(at, message) for message in error.messages]
            return
        for name, errors in error.error_dict.items():
            for mistake in errors:
                told_at = name
                if name == NON_FIELD_ERRORS:
                    code = mistake.code
                    told_at = code if shape and code and shape.field(code) else ""
                where = (*at, told_at) if told_at else at
                self.problems += [case_file.problem(where, message) for message in mistake.messages]


def find_by_slug(model: type[models.Model], slug: str) -> tuple[Any, bool]:
    """Return the record of that slug, or that had it before, and whether it was removed."""
    return find_by_slugs(model, [slug])[slug]


def find_by_slugs(model: type[models.Model], slugs: Iterable[str]) -> dict[str, tuple[Any, bool]]:
    """Return for each slug the record that has or had it, and whether it was removed.

    In two queries or three, however many there are.
    """
    wanted = list(slugs)
    rows: Any = model._default_manager
    found = {record.slug: record for record in rows.filter(slug__in=wanted)}
    missing = {slug.lower() for slug in wanted if slug not in found}
    owners: dict[str, int] = {}
    if missing:
        aliases = Alias.objects.annotate(lower=Lower("slug")).filter(lower__in=missing)
        for alias in aliases.filter(kind=model._meta.model_name):
            owners[alias.slug.lower()] = alias.object_id
    current = rows.in_bulk(owners.values()) if owners else {}
    answer: dict[str, tuple[Any, bool]] = {}
    for slug in wanted:
        if slug in found:
            answer[slug] = (found[slug], False)
        else:
            owner = owners.get(slug.lower())
            record = current.get(owner)
            answer[slug] = (record, owner is not None and record is None)
    return answer


def nearest(records: models.QuerySet[Any], slug: str) -> str:
    """Return a sentence that names the known slug which is most like a wrong one, if any is."""
    near = (
        records.filter(slug__gte=slug[:1].lower()).order_by("slug").values_list("slug", flat=True)
    )
    found = get_close_matches(slug[:LONGEST_ECHO], near[:MOST_NEAR], n=1)
    return f" Did you mean “{found[0]}”?" if found else ""


class _Unresolved(Exception):
    """A file names a record that does not exist."""


class _TooManyProblems(Exception):
    """There is more wrong than anybody reads at once."""


def _column_values(instance: models.Model) -> dict[str, Any]:
    return {
        column.attname: column.get_prep_value(getattr(instance, column.attname))
        for column in instance._meta.concrete_fields
        if not column.attname.endswith(("_earliest", "_latest"))
    }
