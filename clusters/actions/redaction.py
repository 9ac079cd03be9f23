"""Take a value out of history, leaving who did it, when and why."""

import contextlib
from typing import Any

import pghistory
import pgtrigger
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction

from clusters.casefiles.shape import shape_of
from clusters.models import Alias, Change, ImportedRecord, Redaction, Root, User

REDACTED = "[redacted]"


@transaction.atomic
def redact(*, record: models.Model, field: str, by: User, reason: str) -> Redaction:
    """Remove every past value of a text field from the private history and the change log.

    The present value stays: correct it first. With a slug or a name go old addresses and titles.

    Raises ValueError for a field that is no text, or without a reason.
    """
    column = record._meta.get_field(field)
    is_list = isinstance(column, ArrayField)
    if not (is_list or isinstance(column, models.CharField | models.TextField)):
        raise ValueError(f"Only texts can be redacted; {field} is none.")
    if not reason.strip():
        raise ValueError("A redaction needs its reason.")
    present = getattr(record, field)
    events: Any = record.pgh_event_models["insert"]  # type: ignore[attr-defined]
    past = events.objects.filter(pgh_obj_id=record.pk).exclude(**{field: present})
    nothing: Any = [] if is_list else ""
    found = past.exclude(**{field: nothing}).values_list(field, flat=True)
    removed: list[Any] = [value for value in found if value not in (REDACTED, [REDACTED])]
    with pghistory.context(user=by.pk, reason=reason):
        with _unprotected(events):
            rows = past.update(**{field: [REDACTED] if is_list else REDACTED})
        if removed:
            rows += _redact_documents(record, field, removed)
            rows += _redact_names(record, field, removed)
        return Redaction.objects.create(
            kind=str(record._meta.model_name),
            object_id=record.pk,
            field=field,
            rows=rows,
            by=by,
            reason=reason,
        )


def _path_to(record: Any) -> tuple[Root, list[tuple[str, str]]]:
    """Return a record's root, and how its documents lead to it: collections and keys."""
    path: list[tuple[str, str]] = []
    while not isinstance(record, Root):
        collection = record._meta.get_field(record.parent_field).remote_field.get_accessor_name()
        path.insert(0, (collection, record.key))
        record = record.parent
    return record, path


def _redact_documents(record: Any, field: str, removed: list[Any]) -> int:
    """Replace the values where they stand in the documents kept of the record's root."""
    root, path = _path_to(record)
    folder = shape_of(type(root)).folder
    change_events: Any = Change.pgh_event_models["insert"]  # type: ignore[attr-defined]
    imported_events: Any = ImportedRecord.pgh_event_models["insert"]  # type: ignore[attr-defined]
    aliases = Alias.objects.filter(kind=root._meta.model_name, object_id=root.pk)
    slugs = [root.slug, *aliases.values_list("slug", flat=True)]
    rows = 0
    documents: list[tuple[Any, list[str], dict[str, Any]]] = [
        (Change, ["before", "after"], {"object_id": root.pk}),
        (change_events, ["before", "after"], {"object_id": root.pk}),
        (ImportedRecord, ["document"], {"slug__in": slugs}),
        (imported_events, ["document"], {"slug__in": slugs}),
    ]
    for model, columns, of_root in documents:
        with _unprotected(model):
            for row in model.objects.filter(kind=folder, **of_root):
                changed = {}
                for column in columns:
                    document = getattr(row, column)
                    if document and _replace(document, path, field, removed):
                        changed[column] = document
                if changed:
                    rows += model.objects.filter(pk=row.pk).update(**changed)
    return rows


def _replace(
    document: dict[str, Any], path: list[tuple[str, str]], field: str, removed: list[Any]
) -> bool:
    for collection, key in path:
        children = {child["key"]: child for child in document.get(collection, [])}
        document = children.get(key, {})
    if document.get(field) not in removed:
        return False
    document[field] = [REDACTED] if isinstance(document[field], list) else REDACTED
    return True


def _redact_names(record: Any, field: str, removed: list[Any]) -> int:
    """Replace the values where they named the record: titles, old slugs, the admin's log."""
    if not isinstance(record, Root):
        return 0
    change_events: Any = Change.pgh_event_models["insert"]  # type: ignore[attr-defined]
    alias_events: Any = Alias.pgh_event_models["insert"]  # type: ignore[attr-defined]
    folder, kind = shape_of(type(record)).folder, record._meta.model_name
    rows = 0
    log: list[Any] = [Change, change_events]
    for model in log:
        logged = model.objects.filter(kind=folder, object_id=record.pk)
        with _unprotected(model):
            rows += logged.filter(title__in=removed).update(title=REDACTED)
            if field == "slug":
                rows += logged.filter(slug__in=removed).update(slug=record.slug)
    if field == "slug":
        # The old address leads nowhere any more; nothing is left that could block its reuse.
        rows += Alias.objects.filter(kind=kind, slug__in=removed).delete()[0]
        with _unprotected(alias_events):
            rows += alias_events.objects.filter(kind=kind, slug__in=removed).update(slug=REDACTED)
    logged_by_admin = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(record), object_id=str(record.pk)
    )
    return rows + logged_by_admin.filter(object_repr__in=removed).update(object_repr=REDACTED)


def _unprotected(model: Any) -> Any:
    """Let this connection, and only it, change an append-only table for a moment."""
    name = f"{model._meta.label}:append_only"
    known = {f"{owner._meta.label}:{trigger.name}" for owner, trigger in pgtrigger.registered()}
    return pgtrigger.ignore(name) if name in known else contextlib.nullcontext()
