"""Put documents into the words of their forms: what fields are called, and what values say."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clusters.models import Citation, LocatorType, Stance
from clusters.records.schema import FieldSpec, RecordSchema, record_schemas
from clusters.records.serialization import Document
from clusters.values import edtf

# What is called by its place already, or says nothing to a reader.
UNSAID = frozenset({"key", "sort_order"})


def label(name: str) -> str:
    """Return the name of a field as people read it."""
    return name.replace("_", " ").replace("edtf", "EDTF")


def field_words(where: Sequence[str] | str, kind: str) -> str:
    """Return in words where a value is.

    “accounts.early-exit.position” is “Accounts › early-exit › Position”.

    `kind` is a folder of case files, or a record's name, which begins with it.
    """
    words: list[str] = []
    for step, shape, key in _steps(where, kind):
        if key is not None and shape is not None:
            words += [capfirst(str(shape.model._meta.verbose_name_plural)), *key]
        else:
            words.append(_called(step, shape))
    return " › ".join(words)


def value_words(value: Any, where: Sequence[str] | str, kind: str) -> str:
    """Return a value as its form shows it: labels of choices, dates and places in words.

    `where` and `kind` are those of `field_words`. Parts and places take a line each.
    """
    *_before, (step, shape, key) = _steps(where, kind)
    if shape is not None and key is not None and isinstance(value, dict):
        return _part(value, shape)
    return _value(step, value, shape)


def _steps(
    where: Sequence[str] | str, kind: str
) -> Iterator[tuple[str, RecordSchema | None, list[str] | None]]:
    """Yield each step of a place: its name, the shape it leads to or is of, and a part's key."""
    shape = record_schemas().get(kind.partition("/")[0])
    steps = iter(where.split(".") if isinstance(where, str) else where)
    for step in steps:
        if shape is not None and step in shape.children:
            shape = shape.children[step]
            yield step, shape, list(islice(steps, 1))
        else:
            yield step, shape, None


def _called(name: str, shape: RecordSchema | None) -> str:
    spec = shape.field(name) if shape is not None else None
    return capfirst(label(name) if spec is None else str(spec.field.verbose_name))


def _part(document: Document, shape: RecordSchema) -> str:
    """Return a record or part as text, a line for each value; of its own parts only how many."""
    lines = []
    for name, value in document.items():
        if name in shape.children:
            below = shape.children[name].model._meta.verbose_name_plural
            lines.append(f"{capfirst(str(below))}: {len(value)}")
        elif name not in UNSAID:
            lines.append(f"{_called(name, shape)}: {_value(name, value, shape)}")
    return "\n".join(lines)


def _value(name: str, value: Any, shape: RecordSchema | None) -> str:
    spec = shape.field(name) if shape is not None else None
    if spec is None:
        if name == "citations" and isinstance(value, list):
            return "\n".join(_place(citation, shape) for citation in value)
        return _plain(value)
    if spec.kind == "date" and isinstance(value, dict):
        words, printed = edtf.in_words(value.get("edtf", "")), value.get("printed")
        return " ".join(filter(None, (words, printed and f"(“{printed}”)")))
    if spec.kind == "json" and isinstance(value, list):
        return "; ".join(", ".join(map(str, name.values())) for name in value)
    return _choice(value, spec)


def _choice(value: Any, spec: FieldSpec) -> str:
    """Return the label of a choice, or those of several."""
    field = getattr(spec.field, "base_field", spec.field)
    known = {str(code): str(words) for code, words in getattr(field, "flatchoices", ())}
    if isinstance(value, list):
        return "; ".join(known.get(str(code), "") or _plain(code) for code in value)
    return known.get(str(value), "") or _plain(value)


def _place(citation: Document, shape: RecordSchema | None) -> str:
    """Return a citation as one line: the publication, the place, and what it is for."""
    kind = next((name for name in LocatorType.values if name in citation), None)
    if kind is None or "publication" not in citation:
        return _plain(citation)  # as older ones may be
    place = Citation(locator_type=kind, locator=str(citation[kind])).words
    told = [_called(citation["for"], shape)] if citation.get("for") else []
    if left_out := citation.get("not_for"):
        names = ", ".join(_called(name, shape) for name in left_out)
        told.append(_("not for %(fields)s") % {"fields": names})
    if stance := citation.get("stance"):
        told.append(str(dict(Stance.choices).get(stance, stance)).lower())
    note = f" ({', '.join(told)})" if told else ""
    return f"{citation['publication']}, {place}{note}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, dict):
        return "; ".join(f"{label(name)}: {_plain(part)}" for name, part in value.items())
    if isinstance(value, list):
        return "; ".join(map(_plain, value))
    return str(value)
