"""Take a value out of history, leaving who did it, when and why."""

import contextlib
from typing import Any

import pghistory
import pgtrigger
from django.db import connection, models, transaction

from clusters.casefiles.shape import shape_of
from clusters.models import Change, ImportedRecord, Redaction, Root, User

REDACTED = "[redacted]"


@transaction.atomic
def redact(*, record: models.Model, field: str, by: User, reason: str) -> Redaction:
    """Remove every past value of a text field from the private history and the change log.

    The present value stays: correct it first. Raises ValueError for a field that is no text, or
    without a reason.
    """
    column = record._meta.get_field(field)
    if not isinstance(column, models.CharField | models.TextField):
        raise ValueError(f"Only texts can be redacted; {field} is none.")
    if not reason.strip():
        raise ValueError("A redaction needs its reason.")
    present = getattr(record, field)
    events: Any = record.pgh_event_models["insert"]  # type: ignore[attr-defined]
    past = events.objects.filter(pgh_obj_id=record.pk).exclude(**{field: present})
    values = set(past.exclude(**{field: ""}).values_list(field, flat=True)) - {REDACTED}
    with pghistory.context(user=by.pk, reason=reason):
        with _unprotected(events):
            rows = past.update(**{field: REDACTED})
        for value in values:
            rows += _redact_documents(record, value)
        return Redaction.objects.create(
            kind=str(record._meta.model_name),
            object_id=record.pk,
            field=field,
            rows=rows,
            by=by,
            reason=reason,
        )


def _redact_documents(record: Any, value: str) -> int:
    """Replace the value in the documents kept of the record's root."""
    root = record
    while not isinstance(root, Root):
        root = root.parent
    folder = shape_of(type(root)).folder
    rows = 0
    imported_events: Any = ImportedRecord.pgh_event_models["insert"]  # type: ignore[attr-defined]
    change_events: Any = Change.pgh_event_models["insert"]  # type: ignore[attr-defined]
    for model, column, condition in (
        (Change, "before", {"object_id": root.pk}),
        (Change, "after", {"object_id": root.pk}),
        (change_events, "before", {"object_id": root.pk}),
        (change_events, "after", {"object_id": root.pk}),
        (ImportedRecord, "document", {"slug": root.slug}),
        (imported_events, "document", {"slug": root.slug}),
    ):
        name, expected = next(iter(condition.items()))
        table = connection.ops.quote_name(model._meta.db_table)
        with _unprotected(model), connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {column} = "
                f"replace({column}::text, to_json(%s::text)::text, to_json(%s::text)::text)::jsonb "
                f"WHERE kind = %s AND {name} = %s "
                f"AND position(to_json(%s::text)::text in {column}::text) > 0",
                [value, REDACTED, folder, expected, value],
            )
            rows += cursor.rowcount
    return rows


def _unprotected(model: Any) -> Any:
    """Let this connection, and only it, change an append-only table for a moment."""
    name = f"{model._meta.label}:append_only"
    known = {f"{owner._meta.label}:{trigger.name}" for owner, trigger in pgtrigger.registered()}
    return pgtrigger.ignore(name) if name in known else contextlib.nullcontext()
