"""What every field of every record means, read off the models."""

from typing import Any

from django.db import models
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _

from clusters.records.schema import RecordSchema, record_schemas


def codebook() -> list[dict[str, Any]]:
    """Return every kind of record with its fields and, below it, its parts."""
    return [_kind(shape) for shape in record_schemas().values()]


def _kind(shape: RecordSchema, path: str = "") -> dict[str, Any]:
    model: Any = shape.model
    return {
        "name": str(model._meta.verbose_name),
        "anchor": f"{path}{shape.folder}",
        "words": (model.__doc__ or "").strip().split("\n")[0],
        "fields": [
            {
                "name": field.name,
                "words": str(field.field.verbose_name),
                "help": strip_tags(str(getattr(field.field, "help_text", ""))),
                "kind": FIELD_WORDS.get(field.kind, _("text or number")),
                "required": field.required,
                "choices": _choices(field.field),
            }
            for field in shape.fields
            if field.name not in getattr(model, "private", ())
        ],
        "parts": [_kind(child, f"{path}{shape.folder}-") for child in shape.children.values()],
    }


FIELD_WORDS = {
    "date": _("uncertain date (EDTF)"),
    "list": _("list"),
    "json": _("structured"),
    "reference": _("another record"),
    "references": _("other records"),
}


def _choices(column: models.Field[Any, Any]) -> list[tuple[Any, Any]]:
    choices = getattr(column, "flatchoices", None) or getattr(
        getattr(column, "base_field", None), "flatchoices", None
    )
    found = [] if choices is None else [(code, label) for code, label in choices if code != ""]
    # Countries are ISO 3166: a list of 249 rows says less than its name.
    return found if len(found) < 40 else []
