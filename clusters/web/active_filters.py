"""What a reader asked a list for: in words, with the address without each part of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _
from django_filters import FilterSet


@dataclass(frozen=True)
class ActiveFilter:
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


def active_filters(filterset: FilterSet) -> list[ActiveFilter]:
    """Return the filters that a valid filterset has set, in words, in its order."""
    data = filterset.data
    return [
        ActiveFilter(
            name,
            data[name],
            _label(filterset, name),
            in_words(filterset, name),
            without(data, [name]),
        )
        for name in filterset.form.fields
        if data.get(name)
    ]


def in_words(filterset: FilterSet, name: str) -> str:
    """Return what a filter asks for: labels of codes and names of records, joined by “or”."""
    value = filterset.form.cleaned_data[name]
    labels = dict(getattr(filterset.form.fields[name], "choices", ()) or ())
    if not isinstance(value, list):
        given = filterset.data[name]
        return str(labels.get(given, given))
    said = [str(labels.get(choice, choice)) for choice in value if choice is not None]
    return _(" or ").join(said)


def _label(filterset: FilterSet, name: str) -> str:
    positive = name.removesuffix("__not")
    label = str(filterset.form.fields[positive].label)
    return label if positive == name else _("%(label)s, not") % {"label": label}
