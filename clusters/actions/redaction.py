"""Take a value out of history, leaving who did it, when and why."""

from typing import Any

import pghistory
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction

from clusters.actions.forgetting import REDACTED, redact_everywhere, unprotected
from clusters.models import (
    Alias,
    Change,
    DeletedRecord,
    ImportedRecord,
    Proposal,
    ProposalState,
    Redaction,
    Root,
    User,
)
from clusters.records.merge import value_at
from clusters.records.schema import record_schema


@transaction.atomic
def redact(*, record: models.Model, field: str, by: User, reason: str) -> Redaction:
    """Remove every past value of a text field from the history and from whatever keeps documents.

    Values that were proposed and not taken are among them; those that wait for a decision are not.
    The present value stays: correct it first. With a slug or a name go old addresses and titles.
    A value that stands in no record any more goes from every text as well; one that still does is
    no secret, and other people's comments and records are left as they are.

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
    removed += [value for value in _refused(record, field) if value not in (present, *removed)]
    with pghistory.context(user=by.pk, reason=reason):
        with unprotected(events):
            rows = past.update(**{field: [REDACTED] if is_list else REDACTED})
        if removed:
            rows += _redact_documents(record, field, removed)
            rows += _redact_names(record, field, removed)
            for text in _texts(removed):
                rows += redact_everywhere(text, record.slug if field == "slug" else REDACTED)  # type: ignore[attr-defined]
        return Redaction.objects.create(
            kind=str(record._meta.model_name),
            object_id=record.pk,
            field=field,
            rows=rows,
            by=by,
            reason=reason,
        )


def _path_to(record: Any) -> tuple[Any, list[tuple[str, str]]]:
    """Return a record's root or contributor, and the lists and keys that lead down to it."""
    path: list[tuple[str, str]] = []
    while hasattr(record, "parent_field"):
        collection = record._meta.get_field(record.parent_field).remote_field.get_accessor_name()
        path.insert(0, (collection, record.key))
        record = record.parent
    return record, path


def _refused(record: models.Model, field: str) -> list[Any]:
    """Return the values of a field in decided proposals, whether they were ever taken or not."""
    root, path = _path_to(record)
    decided = Proposal.objects.filter(
        kind=record_schema(root._meta.model).folder, object_id=root.pk
    )
    where = (*(step for pair in path for step in pair), field)
    found = [
        value_at(proposal.document, where) for proposal in decided.exclude(state=ProposalState.OPEN)
    ]
    return [
        value
        for value in found
        if value and isinstance(value, str | list) and value not in (REDACTED, [REDACTED])
    ]


def _redact_documents(record: models.Model, field: str, removed: list[Any]) -> int:
    """Replace the values in the documents kept of the record's root; return in how many rows."""
    root, path = _path_to(record)
    of_kind = {"kind": record_schema(root._meta.model).folder}
    by_number = {**of_kind, "object_id": root.pk}
    aliases = Alias.objects.filter(kind=root._meta.model_name, object_id=root.pk)
    by_slug = {**of_kind, "slug__in": [root.slug, *aliases.values_list("slug", flat=True)]}
    rows = 0
    documents: list[tuple[Any, list[str], dict[str, Any]]] = [
        (Change, ["before", "after"], by_number),
        (Proposal, ["base", "document"], by_number),
        (DeletedRecord, ["document"], by_number),
        (ImportedRecord, ["document"], by_slug),
    ]
    replacement = root.slug if field == "slug" else REDACTED
    for table, columns, of_root in documents:
        for model in (table, table.pgh_event_models["insert"]):
            with unprotected(model):
                for row in model.objects.filter(**of_root):
                    changed = {}
                    for column in columns:
                        document = getattr(row, column)
                        if document and _replace(document, path, field, removed, replacement):
                            changed[column] = document
                    if changed:
                        rows += model.objects.filter(pk=row.pk).update(**changed)
    return rows


def _replace(
    document: dict[str, Any],
    path: list[tuple[str, str]],
    field: str,
    removed: list[Any],
    replacement: str,
) -> bool:
    for collection, key in path:
        children = {child["key"]: child for child in document.get(collection, [])}
        document = children.get(key, {})
    if document.get(field) not in removed:
        return False
    document[field] = [replacement] if isinstance(document[field], list) else replacement
    return True


def _redact_names(record: models.Model, field: str, removed: list[Any]) -> int:
    """Replace the values in titles, old slugs and the admin's log; return in how many rows."""
    if not isinstance(record, Root):
        return 0
    change_events: Any = Change.pgh_event_models["insert"]  # type: ignore[attr-defined]
    alias_events: Any = Alias.pgh_event_models["insert"]  # type: ignore[attr-defined]
    folder, kind = record_schema(type(record)).folder, record._meta.model_name
    rows = 0
    log: list[Any] = [Change, change_events]
    for model in log:
        logged = model.objects.filter(kind=folder, object_id=record.pk)
        with unprotected(model):
            rows += logged.filter(title__in=removed).update(title=REDACTED)
            if field == "slug":
                rows += logged.filter(slug__in=removed).update(slug=record.slug)
    if field == "slug":
        # What an import remembers goes with the record's present name, or is remembered already.
        imported = ImportedRecord.objects.filter(kind=folder, slug__in=removed)
        is_known = ImportedRecord.objects.filter(kind=folder, slug=record.slug).exists()
        kept = imported.values_list("pk", flat=True)[: 0 if is_known else 1]
        rows += imported.exclude(pk__in=list(kept)).delete()[0]
        rows += imported.update(slug=record.slug)
        # The old address leads nowhere any more; nothing is left that could block its reuse.
        rows += Alias.objects.filter(kind=kind, slug__in=removed).delete()[0]
        with unprotected(alias_events):
            rows += alias_events.objects.filter(kind=kind, slug__in=removed).update(slug=REDACTED)
    logged_by_admin = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(record), object_id=str(record.pk)
    )
    return rows + logged_by_admin.filter(object_repr__in=removed).update(object_repr=REDACTED)


def _texts(removed: list[Any]) -> set[str]:
    """Return the single texts among removed values."""
    found = {text for value in removed for text in (value if isinstance(value, list) else [value])}
    return {text for text in found if text.strip() and text != REDACTED}
