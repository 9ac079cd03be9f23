"""Where the desk has its page of a record."""

from typing import Any

from django.contrib.admin.utils import quote
from django.urls import reverse

from clusters.records.schema import record_schema, record_schemas


def admin_url(kind: str, number: int | None, page: str = "change") -> str:
    """Return the desk's page of a record, or its history or delete page; or that of a new one."""
    meta = record_schemas()[kind].model._meta
    name = f"admin:{meta.app_label}_{meta.model_name}"
    if number is None:
        return reverse(f"{name}_add")
    return reverse(f"{name}_{page}", args=[quote(number)])


def admin_url_for(record: Any) -> str:
    """Return the desk's page of the record that something is part of, at that part."""
    steps: list[str] = []
    while (parent := getattr(record, "parent_field", None)) is not None:
        if hasattr(record, "key"):
            above: Any = type(getattr(record, parent))
            names = record_schema(above).children
            name = next(name for name, child in names.items() if child.model is type(record))
            steps = [name, record.key, *steps]
        record = getattr(record, parent)
    meta = record._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])
    return f"{address}#{'-'.join(steps)}" if steps else address
