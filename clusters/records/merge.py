"""Compare three ways, value by value: the last import, the new file, the database."""

import copy
import json
from dataclasses import dataclass, field
from typing import Any

from clusters.records.serialization import Document

type Where = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """One value that differs; None stands for nothing there."""

    where: Where
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{'.'.join(self.where)}: {_shown(self.before)} → {_shown(self.after)}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}…"


@dataclass
class Merged:
    """What a record becomes, and the edits of people that were kept against the file."""

    document: Document
    edited: list[Difference] = field(default_factory=list)

    @property
    def preferring_file(self) -> Document:
        """The document, but with the file's value wherever both people and the file changed it."""
        document = self.document
        for edit in self.edited:
            document = with_value(document, edit.where, edit.after)
        return document


def merge(base: Document, file: Document, database: Document, *, force: bool = False) -> Merged:
    """Return what the database holds, with the changes of a file since the last import.

    A value that people changed since that import stays, and is listed in `edited`, unless
    `force`; what no file ever spoke of stays as it is.
    """
    merged = Merged({})
    merged.document = _merge_mapping(base, file, database, (), merged.edited, force)
    return merged


def _merge_mapping(
    base: Document, file: Document, ours: Document, at: Where, edited: list[Difference], force: bool
) -> Document:
    result: Document = {}
    for name in dict.fromkeys([*file, *ours, *base]):
        where = (*at, name)
        values = base.get(name), file.get(name), ours.get(name)
        if any(_is_keyed(value) for value in values):
            value = _merge_keyed(*values, where, edited, force)
        else:
            value = _merge_value(*values, where, edited, force)
        if value not in (None, []):
            result[name] = value
    return result


def _merge_value(
    base: Any, file: Any, ours: Any, where: Where, edited: list[Difference], force: bool
) -> Any:
    if force and (file is not None or base is not None):
        return file
    if file in (ours, base):
        return ours
    if ours == base:
        return file
    edited.append(Difference(where, ours, file))
    return ours


def _is_keyed(value: Any) -> bool:
    return isinstance(value, list) and any(
        isinstance(item, dict) and "key" in item for item in value
    )


def _merge_keyed(
    base: Any, file: Any, ours: Any, where: Where, edited: list[Difference], force: bool
) -> list[Document]:
    sides = [{item["key"]: item for item in side or []} for side in (base, file, ours)]
    in_base, in_file, in_ours = sides
    result = []
    for key in dict.fromkeys([*in_file, *in_ours, *in_base]):
        at = (*where, key)
        triple = in_base.get(key), in_file.get(key), in_ours.get(key)
        if any(side is None for side in triple[1:]):
            child = _merge_value(*triple, at, edited, force)
        else:
            child = _merge_mapping(
                in_base.get(key, {}), in_file[key], in_ours[key], at, edited, force
            )
        if child is not None:
            result.append(child)
    return result


def differences(before: Document, after: Document, at: Where = ()) -> list[Difference]:
    """List every value that differs between two documents, children by their keys."""
    found: list[Difference] = []
    for name in dict.fromkeys([*before, *after]):
        old, new = before.get(name), after.get(name)
        where = (*at, name)
        if _is_keyed(old) or _is_keyed(new):
            olds = {item["key"]: item for item in old or []}
            news = {item["key"]: item for item in new or []}
            for key in dict.fromkeys([*olds, *news]):
                if key in olds and key in news:
                    found += differences(olds[key], news[key], (*where, key))
                else:
                    found.append(Difference((*where, key), olds.get(key), news.get(key)))
        elif old != new:
            found.append(Difference(where, old, new))
    return found


def value_at(document: Document, where: Where) -> Any:
    """Return the value at a place; children are named by their keys. None where nothing is."""
    found: Any = document
    for step in where:
        if isinstance(found, list):
            found = next((item for item in found if item.get("key") == step), None)
        elif isinstance(found, dict):
            found = found.get(step)
        else:
            return None
    return found


def with_value(document: Document, where: Where, value: Any) -> Document:
    """Return a copy of a document that has this value at a place, or nothing there for None."""
    changed = copy.deepcopy(document)
    *above, last = where
    container: Any = changed
    for step in above:
        if isinstance(container, list):
            container = next((item for item in container if item.get("key") == step), {})
        else:
            container = container.setdefault(step, [])
    if isinstance(container, list):
        # A part keeps its place, which may say something; a new one comes last.
        place = next(
            (n for n, item in enumerate(container) if item.get("key") == last), len(container)
        )
        container[place : place + 1] = [] if value is None else [value]
    elif value is None:
        container.pop(last, None)
    else:
        container[last] = value
    return changed
