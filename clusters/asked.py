"""What a reader asked a list for: in words, with the address without each part of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Asked:
    """One filter that is set: name and value, both in words, and the query string without it."""

    name: str
    value: str
    label: str
    words: str
    without: str

    def __str__(self) -> str:
        return f"{self.label}: {self.words}"


def without(query: QueryDict, names: Iterable[str]) -> str:
    """Return a query string without some parameters, and on its first page."""
    kept = query.copy()
    for name in (*names, "page"):
        kept.pop(name, None)
    return f"?{kept.urlencode()}"


def asked(filterset: Any) -> list[Asked]:
    """Return the filters that are set, in words, in the order of the filterset."""
    data = filterset.data
    return [
        Asked(
            name,
            data[name],
            _label(filterset, name),
            _words(field, field.to_python(data[name]) if _is_coded(field) else data[name]),
            without(data, [name]),
        )
        for name, field in filterset.form.fields.items()
        if data.get(name)
    ]


def _is_coded(field: Any) -> bool:
    return hasattr(field, "choices") and not hasattr(field, "queryset")


def _label(filterset: Any, name: str) -> str:
    positive = name.removesuffix("__not")
    label = str(filterset.form.fields[positive].label)
    return label if positive == name else _("%(label)s, not") % {"label": label}


def _words(field: Any, value: str) -> str:
    """The label of a choice; what is no choice stands as it was given."""
    if hasattr(field, "queryset"):
        found = field.queryset.filter(**{field.to_field_name or "pk": value}).first()
        return value if found is None else str(found)
    labels = {str(code): str(label) for code, label in getattr(field, "choices", [])}
    return labels.get(str(value), str(value))
