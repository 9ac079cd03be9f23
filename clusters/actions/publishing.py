"""Publish, change and withdraw: what the public sees, and the log that says so."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import pghistory
from django.apps import apps
from django.db import connection, models, transaction
from django.tasks import task

from clusters.models import (
    Change,
    ChangeAction,
    CitationUse,
    Publication,
    PublicDocument,
    ReviewStep,
    Root,
    State,
    Step,
    User,
)
from clusters.models.base import root_path
from clusters.published.search import index
from clusters.records.citation_cover import Cover, asserted
from clusters.records.schema import RecordSchema, record_schema, record_schemas
from clusters.records.serialization import Document, document_of, documents_of
from clusters.signals import public_changed

# How many records are indexed while somebody waits, or while nobody else can publish.
AT_ONCE = 25


class NotAllowed(Exception):
    """The record cannot take this step; `reasons` lists everything that stands in the way."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = list(reasons)


class NotPublishable(NotAllowed):
    """Records are not fit to be public; `errors` says where."""

    def __init__(self, errors: Sequence["PublishError"]) -> None:
        super().__init__([str(error) for error in errors])
        self.errors = list(errors)


@transaction.atomic
def publish(
    *, records: Iterable[Root], by: User | None, reason: str, are_stated: bool = False
) -> list[Change]:
    """Make records public together and write each into the public change log.

    Records that name each other are published in one call. Raises NotPublishable, with every
    reason, where a value has no citation or a record names an unpublished one. `are_stated`:
    somebody wrote each of them whole, with what is outdated, as a file does of public ones.
    """
    lock_public_log()
    notify_public_changed()
    wanted = list(records)
    for record in wanted:
        record.refresh_from_db()
    documents = {record: document_of(record, public=True) for record in wanted}
    validate_publishable(documents, documents if are_stated else {})
    with _context(by, reason):
        for record in wanted:
            set_state(record, State.PUBLISHED)
        changes = [
            record_change(
                record=record,
                action=ChangeAction.PUBLISHED,
                by=by,
                reason=reason,
                after=documents[record],
            )
            for record in wanted
        ]
        keep_steps(wanted, Step.PUBLISHED, by=by, reason=reason)
        return changes


def validate_publishable(documents: dict[Root, Document], before: dict[Root, Document]) -> None:
    """Raise NotPublishable where anything keeps these records from being public.

    A value that is public, in the documents `before`, and is corrected under a citation of the
    whole record stays so; it counts as not cited until somebody says that its source has it.
    """
    if found := publish_errors(documents, before):
        raise NotPublishable(found)


@dataclass(frozen=True)
class PublishError:
    """One thing that keeps a record from being public.

    `where` leads to the value without a citation, parts by their keys; `names` is the unpublished
    root that the record names instead, as (model, slug). An outdated value was changed after its
    citation of the whole record.
    """

    record: Root
    where: tuple[str, ...] = ()
    is_outdated: bool = False
    names: tuple[type[Root], str] | None = None

    def __str__(self) -> str:
        name = f"{record_schema(type(self.record)).folder}/{self.record.slug}"
        if self.names is None:
            what = "has no citation"
            if self.is_outdated:
                what = "was written after the whole record was cited: cite it for this field"
            return f"{name}: {'.'.join(self.where)} {what}."
        return f"{name} names {self.named}, which is not published."

    @property
    def named(self) -> str:
        """The unpublished record, by kind and slug."""
        return f"{record_schema(self.names[0]).folder}/{self.names[1]}" if self.names else ""

    @property
    def here(self) -> str:
        """What is wrong, in a sentence that need not name the record or value it stands beside."""
        if self.names is not None:
            return f"{self.named} is not published."
        if self.is_outdated:
            return "The whole record was cited before this was written: cite it for this field."
        return "This has no citation."


def publish_errors(
    documents: dict[Root, Document], before: dict[Root, Document] | None = None
) -> list[PublishError]:
    """List what keeps these records, as these documents, from being public together.

    `before` are the public documents that they change; see `validate_publishable`.
    """
    found: list[PublishError] = []
    names = {
        record: references_of(document, record_schema(type(record)))
        for record, document in documents.items()
    }
    together = {(type(record), record.slug) for record in documents}
    missing = unpublished(set().union(*names.values()) - together)
    for record, document in documents.items():
        shape = record_schema(type(record))
        public = {where for where, _cover in asserted((before or {}).get(record, {}), shape)}
        found += [
            PublishError(record, tuple(where.split(".")), cover is Cover.OUTDATED)
            for where, cover in asserted(document, shape)
            if not cover.is_enough and (cover is Cover.NONE or where not in public)
        ]
        found += [PublishError(record, names=named) for named in missing if named in names[record]]
    return found


@transaction.atomic
def withdraw(*, record: Root, by: User | None, reason: str) -> Change:
    """Take a published record back; its address then answers 410 with the reason.

    Raises NotAllowed where it is not published, no reason is given, or published records point
    to it.
    """
    lock_public_log()
    notify_public_changed()
    record.refresh_from_db()
    reasons = []
    if not record.is_published:
        reasons.append("Only a published record can be withdrawn.")
    if not reason.strip():
        reasons.append("Say why: the reason is shown at the record's address.")
    reasons += [f"{name} points to it." for name in published_pointing_to(record)]
    if reasons:
        raise NotAllowed(reasons)
    before = document_of(record, public=True)
    with _context(by, reason):
        set_state(record, State.WITHDRAWN)
        change = record_change(
            record=record, action=ChangeAction.WITHDRAWN, by=by, reason=reason, before=before
        )
        keep_steps([record], Step.WITHDRAWN, by=by, reason=reason)
        return change


def keep_steps(records: Sequence[Root], step: Step, *, by: User | None, reason: str) -> None:
    """Write the same step of several records into the chain of their reviews."""
    ReviewStep.objects.bulk_create(
        ReviewStep(
            kind=record_schema(type(record)).folder,
            object_id=record.pk,
            slug=record.slug,
            step=step,
            state=record.state,
            version=record.version,
            by=by,
            reason=reason,
        )
        for record in records
    )


def record_change(
    *,
    record: Root,
    action: ChangeAction,
    by: User | None,
    reason: str,
    before: Document | None = None,
    after: Document | None = None,
) -> Change:
    """Append one line to the public change log and return it, with the number that it got.

    What search finds follows: it knows the record as `after` has it, and not at all without.
    """
    record.refresh_from_db(fields=["version"])
    kind = record_schema(type(record)).folder
    last = Change.objects.of(kind, record.pk).first()
    index(record, after)
    if last is not None and last.title != str(record)[:300]:
        index_pointing(record)
    change = Change.objects.create(
        kind=kind,
        object_id=record.pk,
        slug=record.slug,
        title=str(record)[:300],
        version=record.version,
        action=action,
        reason=reason,
        by=by,
        before=before,
        after=after,
    )
    change.refresh_from_db(fields=["number"])
    return change


def index_pointing(renamed: Root) -> None:
    """Index the published records that show the name of a record which was renamed.

    Where these are many they are noted, and a worker does it: whoever renamed it need not wait.
    """
    pointing = published_pointing_to(renamed)
    if len(pointing) <= AT_ONCE:
        _index_again(pointing)
        return
    for folder, slugs in _by_folder(pointing):
        kind = record_schemas()[folder].model._meta.model_name
        PublicDocument.objects.filter(kind=kind, slug__in=slugs).update(needs_index=True)
    index_due.enqueue()


@task()
def index_due() -> None:
    """Index anew the records that are noted, some at a time, so that others publish in between."""
    while _index_some():
        pass


@transaction.atomic
def _index_some() -> int:
    lock_public_log()
    folders = {shape.model._meta.model_name: shape.folder for shape in record_schemas().values()}
    rows = list(PublicDocument.objects.filter(needs_index=True).order_by("pk")[:AT_ONCE])
    _index_again([f"{folders[row.kind]}/{row.slug}" for row in rows])
    PublicDocument.objects.filter(pk__in=[row.pk for row in rows]).update(needs_index=False)
    return len(rows)


def _index_again(names: Iterable[str]) -> None:
    """Index published records, given as kind/slug, anew."""
    for folder, slugs in _by_folder(names):
        model: Any = record_schemas()[folder].model
        records = list(model.objects.published().filter(slug__in=slugs))
        for record, document in zip(records, documents_of(records, public=True), strict=True):
            index(record, document)


def _by_folder(names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the kinds of records, given as kind/slug, each with the slugs of these."""
    pairs = sorted(tuple(name.split("/")) for name in names)
    for folder, some in groupby(pairs, key=lambda pair: pair[0]):
        yield folder, [slug for _folder, slug in some]


def references_of(document: Document, shape: RecordSchema) -> set[tuple[type[Root], str]]:
    """Return the roots that a document names, its citations' publications included."""
    found: set[tuple[type[Root], str]] = set()
    for field in shape.fields:
        if field.kind not in ("reference", "references") or field.name not in document:
            continue
        model: Any = field.field.related_model
        values = document[field.name]
        for value in values if isinstance(values, list) else [values]:
            target, slug = model, value
            if "/" in slug:
                target = model._meta.get_field(model.parent_field).related_model
                slug = slug.split("/")[0]
            if issubclass(target, Root):
                found.add((target, slug))
    found |= {(Publication, citation["publication"]) for citation in document.get("citations", [])}
    for name, child_shape in shape.children.items():
        for child in document.get(name, []):
            found |= references_of(child, child_shape)
    return found


def unpublished(named: set[tuple[type[Root], str]]) -> list[tuple[type[Root], str]]:
    """List those of the roots that the public could not see, in the order of their names."""
    by_model: dict[type[Root], set[str]] = {}
    for model, slug in named:
        by_model.setdefault(model, set()).add(slug)
    missing = []
    for model, slugs in by_model.items():
        seen = model.objects.published().filter(slug__in=slugs).values_list("slug", flat=True)
        missing += [(model, slug) for slug in sorted(slugs - set(seen))]
    return sorted(missing, key=lambda pair: (pair[0].__name__, pair[1]))


def published_pointing_to(record: Root) -> list[str]:
    """List the published roots, other than itself, that name this one or a part of it."""
    pointing: set[str] = set()
    targets: list[tuple[type[Any], str]] = [(type(record), "pk")]
    shape = record_schema(type(record))
    targets += [(child.model, root_path(child.model)) for child in shape.children.values()]
    for model, path in targets:
        for relation in model._meta.related_objects:
            source: Any = relation.related_model
            if source is None or not relation.field.concrete or relation.field.many_to_many:
                continue
            lookup = relation.field.name if path == "pk" else f"{relation.field.name}__{path}"
            pointing |= _published_roots(source, {lookup: record.pk})
    if isinstance(record, Publication):
        for source in _citation_uses():
            pointing |= _published_roots(source, {"citation__publication": record.pk})
    pointing.discard(f"{shape.folder}/{record.slug}")
    return sorted(pointing)


def _published_roots(source: type[models.Model], lookup: dict[str, Any]) -> set[str]:
    path = root_path(source)
    if not path and not issubclass(source, Root):
        return set()
    prefix = f"{path}__" if path else ""
    root: Any = source
    for step in filter(None, path.split("__")):
        root = root._meta.get_field(step).related_model
    slugs = source._default_manager.filter(**lookup, **{f"{prefix}state": State.PUBLISHED})
    folder = record_schema(root).folder
    return {f"{folder}/{slug}" for slug in slugs.values_list(f"{prefix}slug", flat=True)}


def _citation_uses() -> list[type[CitationUse]]:
    return [model for model in apps.get_models() if issubclass(model, CitationUse)]


def set_state(record: Root, state: State) -> None:
    """Set the state of a record, which nothing but these actions can (see KeepVersion)."""
    record.state = state
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('casebook.sets_state', 'on', true)")
        record.save(update_fields=["state"])
        cursor.execute("SELECT set_config('casebook.sets_state', '', true)")


def lock_public_log() -> None:
    """Make public acts queue until the transaction ends, so that each sees what the last did."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('clusters_change'))")


def notify_public_changed() -> None:
    """Say that something public changed, once it is committed; nobody's failure undoes it."""
    transaction.on_commit(partial(public_changed.send, sender=Change), robust=True)


def _context(by: User | None, reason: str) -> Any:
    return pghistory.context(user=by.pk if by else None, reason=reason)
