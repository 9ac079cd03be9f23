"""A record as a tree of inputs: made from a document or from what a browser sent, and back.

Names of inputs are paths: `accounts-3-citations-0-publication`. The number tells parts of one form
apart and means nothing else; parts stand in the order in which the browser sends them.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.http import QueryDict
from django.utils.text import slugify

from clusters.admin.widgets import (
    date_widgets,
    from_input,
    one_of,
    to_input,
    widget_for,
)
from clusters.formats.bibliography import cited_as, free_labels
from clusters.models import Publication, Stance
from clusters.records.schema import FieldSpec, RecordSchema
from clusters.records.serialization import Document, locator_type_of
from clusters.records.validation import NO_FIELD, NO_KIND, Problem
from clusters.values.date_words import read_date

type Labels = dict[tuple[type[Model], str], str]

ONE_OF = "one-of"
# In place of a field: that a source vouches for all of a record is somebody's choice, no default.
WHOLE = "*"
# What a record is called by, the first that it has; its key or slug is made of it.
NAMED_BY = ("title", "name", "cited_as", "short_name")
LONGEST_KEY = 60
# Written by hand where it matters, after everything else.
LAST = frozenset({"slug", "key", "language"})


@dataclass
class Place:
    """One citation: a place in a publication, what it is for and which way it speaks.

    `not_for` are the fields that were changed under one that is for all of the record.
    """

    prefix: str
    publication: str = ""
    locator_type: str = ""
    locator: str = ""
    for_field: str = ""
    stance: str = Stance.SUPPORTS
    not_for: tuple[str, ...] = ()
    is_removed: bool = False

    NAMES = ("publication", "locator_type", "locator", "for_field", "stance")

    @classmethod
    def from_document(cls, document: Document, prefix: str) -> "Place":
        kind = locator_type_of(document)
        return cls(
            prefix,
            document["publication"],
            kind,
            document[kind],
            document.get("for", WHOLE),
            document.get("stance", Stance.SUPPORTS),
            tuple(document.get("not_for", ())),
        )

    @classmethod
    def from_data(cls, data: QueryDict, prefix: str) -> "Place":
        values = {name: data.get(f"{prefix}-{name}", "").strip() for name in cls.NAMES}
        not_for = tuple(data.getlist(f"{prefix}-not_for"))
        return cls(prefix, **values, not_for=not_for, is_removed=f"{prefix}-removed" in data)

    @property
    def is_empty(self) -> bool:
        return not (self.publication or self.locator)

    def document(self) -> Document:
        found: Document = {"publication": self.publication}
        # What is not chosen is the reader's to say.
        found[self.locator_type or NO_KIND] = self.locator
        if self.for_field != WHOLE:
            found["for"] = self.for_field or NO_FIELD
        elif self.not_for:
            found["not_for"] = list(self.not_for)
        if self.stance and self.stance != Stance.SUPPORTS:
            found["stance"] = self.stance
        return found


@dataclass
class Entry:
    """A record or one of its parts, with the inputs that hold it."""

    shape: RecordSchema
    prefix: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)
    parts: dict[str, list["Entry"]] = field(default_factory=dict)
    is_removed: bool = False
    is_new: bool = False
    problems: dict[str, list[str]] = field(default_factory=dict)
    # Fields that this reader is not shown.
    hidden: frozenset[str] = frozenset()
    # Where the record has it, so that its problems and comments find it.
    path: str = ""

    @classmethod
    def from_document(cls, shape: RecordSchema, document: Document, prefix: str = "") -> "Entry":
        """Return an entry with its inputs filled from a document."""
        entry = cls(shape, prefix)
        for spec in shape.fields:
            value = document.get(spec.name)
            if spec.kind == "date":
                for part in date_widgets():
                    entry.values[f"{spec.name}-{part}"] = (value or {}).get(part, "")
            else:
                entry.values[spec.name] = to_input(spec, value)
        if shape.citations is not None:
            entry.places = [
                Place.from_document(citation, entry.name(f"citations-{number}"))
                for number, citation in enumerate(document.get("citations", []))
            ]
        for name, child_shape in shape.children.items():
            entry.parts[name] = [
                cls.from_document(child_shape, child, entry.name(f"{name}-{number}"))
                for number, child in enumerate(document.get(name, []))
            ]
        return entry

    @classmethod
    def from_data(cls, shape: RecordSchema, data: QueryDict, prefix: str = "") -> "Entry":
        """Return an entry with its inputs filled from what a browser sent."""
        entry = cls(shape, prefix)
        together = one_of(shape)
        for spec in shape.fields:
            if spec.kind == "date":
                for part, widget in date_widgets().items():
                    name = f"{spec.name}-{part}"
                    entry.values[name] = widget.value_from_datadict(data, {}, entry.name(name))  # type: ignore[arg-type]
            elif spec.name not in together:
                widget = widget_for(spec, {})
                entry.values[spec.name] = widget.value_from_datadict(
                    data,
                    {},  # type: ignore[arg-type]
                    entry.name(spec.name),
                )
        if together:
            chosen, _colon, code = data.get(entry.name(ONE_OF), "").partition(":")
            entry.values |= {name: code if name == chosen else None for name in together}
        if shape.citations is not None:
            entry.places = [
                Place.from_data(data, prefix) for prefix in entry.prefixes(data, "citations")
            ]
        for name, child_shape in shape.children.items():
            entry.parts[name] = [
                cls.from_data(child_shape, data, prefix) for prefix in entry.prefixes(data, name)
            ]
        entry.is_removed = entry.name("removed") in data
        entry.is_new = entry.name("new") in data
        return entry

    @classmethod
    def blank(cls, shape: RecordSchema, prefix: str) -> "Entry":
        """Return a part that is not there yet, for the page to copy."""
        entry = cls.from_document(shape, getattr(shape.model, "begins_with", {}), prefix)
        entry.is_new = True
        return entry

    def name(self, name: str) -> str:
        return f"{self.prefix}-{name}" if self.prefix else name

    def prefixes(self, data: QueryDict, list_name: str) -> list[str]:
        """Return the prefixes of the parts of one list, in the order in which they were sent."""
        start = re.escape(self.name(list_name))
        found = (re.match(rf"({start}-\d+)-here\Z", name) for name in data)
        return [match[1] for match in found if match]

    # --- To a document -----------------------------------------------------------------------

    def document(self) -> Document:
        """Return what the inputs hold; what is wrong with it is the reader's to say."""
        document: Document = {}
        for spec in self.shape.fields:
            value = self._date(spec) if spec.kind == "date" else self._value(spec)
            if value is not None:
                document[spec.name] = value
        if places := [place for place in self.places if not (place.is_removed or place.is_empty)]:
            document["citations"] = [place.document() for place in places]
        for name, entries in self.parts.items():
            kept = [part for part in entries if not part.is_removed]
            taken = {part.values.get("key") for part in kept}
            for part in kept:
                if not part.values.get("key"):
                    part.values["key"] = part.suggested_name(taken)
                    taken.add(part.values["key"])
            if kept:
                document[name] = [part.document() for part in kept]
        if self.shape.model is Publication and not document.get("cited_as"):
            year = (document.get("issued") or {}).get("edtf", "")[:4]
            if authors := document.get("authors"):
                (label,) = free_labels([cited_as(authors, year, "")])
                document["cited_as"] = self.values["cited_as"] = label
        if self.shape.identity == "slug" and not document.get("slug"):
            document["slug"] = self.values["slug"] = self.suggested_name(set())
        return document

    def _value(self, spec: FieldSpec) -> Any:
        value = from_input(spec, self.values.get(spec.name))
        if isinstance(value, bool):
            return "true" if value else None
        return value

    def _date(self, spec: FieldSpec) -> Any:
        parts = {
            part: (self.values.get(f"{spec.name}-{part}") or "").strip() for part in date_widgets()
        }
        with contextlib.suppress(ValueError):  # told by the reader, at its input
            parts["edtf"] = self.values[f"{spec.name}-edtf"] = read_date(parts["edtf"])
        return {name: text for name, text in parts.items() if text} or None

    def suggested_name(self, taken: Iterable[object]) -> str:
        """Return a key or slug made of what the record is called, or of whom it names."""
        words = next((self.values[name] for name in NAMED_BY if self.values.get(name)), "")
        if not words:
            named = [
                str(self.values[spec.name]).rsplit("/", 1)[-1]
                for spec in self.shape.fields
                if spec.kind == "reference" and self.values.get(spec.name)
            ]
            words = " ".join(named[-2:] if len(named) > 2 else named)
        stem = slugify(words)[:LONGEST_KEY].strip("-") or slugify(self.shape.kind)
        known = set(taken)
        found, number = stem, 2
        while found in known:
            found, number = f"{stem}-{number}", number + 1
        return found

    # --- To a page ---------------------------------------------------------------------------

    def settle_paths(self, path: str = "") -> None:
        """Set the path of this entry and of every part below it, from their present keys."""
        self.path = path
        for name, entries in self.parts.items():
            for number, part in enumerate(entries, start=1):
                key = part.values.get("key") or str(number)
                part.settle_paths(f"{path}{name}.{key}.")

    def everything(self) -> Iterator["Entry"]:
        """Yield the record and every part of it."""
        yield self
        for entries in self.parts.values():
            for part in entries:
                yield from part.everything()

    def put_problems(self, problems: Iterable[Problem]) -> list[Problem]:
        """Put each problem at the input that its path names; return those whose path names none."""
        self.settle_paths()
        by_path = {entry.path: entry for entry in self.everything() if not entry.is_removed}
        homeless = []
        for problem in problems:
            path, name = problem.field, ""
            while path and f"{path}." not in by_path:
                path, _dot, name = path.rpartition(".")
            entry = by_path.get(f"{path}." if path else "")
            if entry is None or (not name and not path):
                homeless.append(problem)
            else:
                entry.problems.setdefault(name, []).append(problem.message)
        return homeless

    @property
    def number_of_problems(self) -> int:
        return sum(map(len, self.problems.values())) + sum(
            part.number_of_problems for entries in self.parts.values() for part in entries
        )

    @property
    def heading(self) -> str:
        """The head of a closed part: its title, or whom and what it names."""
        for name in NAMED_BY:
            if self.values.get(name):
                return str(self.values[name])
        return ""

    def references(self) -> Iterator[tuple[Any, str]]:
        """Yield every record that an input names, as (model, slug) or (model, root slug/key)."""
        for entry in self.everything():
            for spec in entry.shape.fields:
                if spec.kind in ("reference", "references"):
                    value = entry.values.get(spec.name) or []
                    for slug in value if isinstance(value, list) else [value]:
                        yield spec.field.related_model, slug
            for place in entry.places:
                if place.publication:
                    yield Publication, place.publication
