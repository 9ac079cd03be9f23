"""Values of a record → its document, each checked, with the line of every one.

Values are read by what their field is, not by how YAML would guess: `no` stays the text “no”
where a text is wanted, and a year does not become a number where a date is.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.db import models
from django_countries.fields import CountryField

from clusters.i18n import short
from clusters.models import LocatorType, Stance
from clusters.records.schema import FieldSpec, RecordSchema
from clusters.records.serialization import EMPTY, Document, citation_order, default_of, plain
from clusters.values.cleaning import exact_number, one_line, whole_number, without_width
from clusters.values.codelists import COUNTRIES
from clusters.values.date_words import read_date

type Where = tuple[str, ...]

REQUIRED = "This is required."
# What a form sends where somebody has not chosen yet.
NO_KIND, NO_FIELD = "kind-not-chosen", "field-not-chosen"


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong, and where. The line counts from 1; 0 is the file as a whole."""

    file: str
    line: int
    field: str
    message: str
    # Which of several values it is: its number, from 0, or the value.
    item: str = ""

    @property
    def where(self) -> Where:
        """The names on the way to the field; parts are named by their keys."""
        return tuple(filter(None, self.field.split(".")))

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return (
            f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"
        )


class CaseFilesRefused(Exception):
    """The files cannot be loaded; `problems` lists everything that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = sorted(problems)


@dataclass
class CaseFile:
    """One record as its file gives it."""

    path: str
    shape: RecordSchema
    document: Document = field(default_factory=dict)
    lines: dict[Where, int] = field(default_factory=dict)

    @property
    def slug(self) -> str:
        return str(self.document.get("slug", ""))

    @property
    def name(self) -> str:
        """The record as others name it: kind and slug."""
        return f"{self.shape.folder}/{self.slug}"

    def line(self, where: Where) -> int:
        """Return the line of a value, or of the nearest thing around it."""
        while where and where not in self.lines:
            where = where[:-1]
        return self.lines.get(where, 1)

    def problem(self, where: Where, message: str, item: str = "") -> Problem:
        return Problem(self.path, self.line(where), ".".join(where), message, item)


def together(read: list[Problem], found: list[Problem]) -> list[Problem]:
    """Join what reading and what saving found, without what only follows from the former."""
    places = [(problem.file, problem.field) for problem in read]
    unread = {Path(problem.file).stem for problem in [*read, *found]}
    return read + [
        problem
        for problem in found
        if not any(
            problem.file == file
            and (problem.field == field or problem.field.startswith(f"{field}."))
            for file, field in places
        )
        # A record whose own file is wrong is not missing.
        and not any(problem.message.startswith(f"{name} is not known") for name in unread)
    ]


def read_node(name: str, node: Any, shape: RecordSchema) -> tuple[CaseFile, list[Problem]]:
    """Read one record from a tree of YAML."""
    reader = _Reader(CaseFile(name, shape))
    reader.case_file.document = reader.record(node, shape, ())
    return reader.case_file, reader.problems


def read_value(name: str, value: Any, shape: RecordSchema) -> tuple[CaseFile, list[Problem]]:
    """Read one record from what JSON gives: the same values, checked in the same way."""
    return read_node(name, _node_of(value), shape)


NOWHERE = yaml.Mark("", 0, 0, 0, None, 0)
TAGS = {bool: "bool", int: "int", float: "float", str: "str", type(None): "null"}


def _node_of(value: Any) -> yaml.Node:
    """Return a value as YAML would have it, for the one reader that there is."""
    if isinstance(value, dict):
        pairs = [(_node_of(name), _node_of(part)) for name, part in value.items()]
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, NOWHERE)
    if isinstance(value, list):
        return yaml.SequenceNode("tag:yaml.org,2002:seq", [_node_of(one) for one in value], NOWHERE)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return yaml.ScalarNode(f"tag:yaml.org,2002:{TAGS[type(value)]}", text, NOWHERE)


class _Reader:
    """Walks the nodes of one file."""

    def __init__(self, case_file: CaseFile) -> None:
        self.case_file = case_file
        self.problems: list[Problem] = []
        # The number of the value of a list that is being read.
        self.item = ""

    def say(self, node: Any, where: Where, message: str) -> None:
        line = node.start_mark.line + 1 if node is not None else 1
        path = self.case_file.path
        self.problems.append(Problem(path, line, ".".join(where), message, self.item))

    def record(self, node: Any, shape: RecordSchema, where: Where) -> Document:
        """Read a mapping that stands for a root or a child."""
        document: Document = {}
        for name, value in self.pairs(node, where):
            at = (*where, name)
            self.case_file.lines[at] = value.start_mark.line + 1
            if (spec := shape.field(name)) is not None:
                self.put(document, spec, value, at)
            elif name == "citations" and shape.citations is not None:
                document[name] = self.citations(value, shape, at)
            elif name in shape.children:
                document[name] = self.children(value, shape.children[name], at)
            else:
                known = [spec.name for spec in shape.fields] + list(shape.children)
                known += ["citations"] if shape.citations else []
                self.say(value, at, f"There is no such field. Known: {', '.join(known)}.")
        for spec in shape.fields:
            if spec.required and (*where, spec.name) not in self.case_file.lines:
                self.say(node, (*where, spec.name), REQUIRED)
        return document

    def pairs(self, node: Any, where: Where) -> list[tuple[str, Any]]:
        if not isinstance(node, yaml.MappingNode):
            self.say(node, where, "Names with values are wanted here (name: value).")
            return []
        found: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or "\x00" in key.value:
                self.say(key, where, "A name is one word.")
            elif key.value in found:
                self.say(key, (*where, key.value), "This name stands here twice.")
            else:
                found[key.value] = value
        return list(found.items())

    def items(self, node: Any, where: Where) -> list[Any]:
        if not isinstance(node, yaml.SequenceNode):
            self.say(node, where, "A list is wanted here (lines that begin with a hyphen).")
            return []
        return list(node.value)

    def each(self, node: Any, where: Where) -> Iterator[Any]:
        """Yield the values of a list, so that what is wrong with one names it."""
        for number, item in enumerate(self.items(node, where)):
            self.item = str(number)
            yield item
        self.item = ""

    def put(self, document: Document, spec: FieldSpec, node: Any, at: Where) -> None:
        value: Any
        if spec.kind == "date":
            value = self.date(node, at)
        elif spec.kind == "json":
            value = self.structure(node, at)
        elif spec.kind == "references":
            value = sorted(filter(None, (self.text(item, at) for item in self.each(node, at))))
        elif spec.kind == "list":
            base = spec.field.base_field
            value = [self.scalar(item, base, at) for item in self.each(node, at)]
            counted = Counter(one for one in value if one is not None)
            for twice in (one for one, number in counted.items() if number > 1):
                self.say(node, at, f"“{twice}” is listed twice.")
        elif spec.kind == "reference":
            value = self.text(node, at)
        else:
            value = self.scalar(node, spec.field, at)
        if value not in EMPTY and value != plain(default_of(spec)):
            document[spec.name] = value

    def structure(self, node: Any, at: Where) -> Any:
        """Read lists and names of any depth, as they are."""
        try:
            value = plain(yaml.CSafeLoader("").construct_document(node))
        except (yaml.YAMLError, ValueError, OverflowError):
            self.say(node, at, "A value of this list cannot be read. Write it between quotes.")
            return None
        if "\\u0000" in json.dumps(value):
            self.say(node, at, "It holds a NUL, which no text has.")
            return None
        return value

    def text(self, node: Any, at: Where) -> str | None:
        if not isinstance(node, yaml.ScalarNode):
            self.say(node, at, "One value is wanted here.")
            return None
        if "\x00" in node.value:
            self.say(node, at, "It holds a NUL, which no text has.")
            return None
        return node.value.strip() if node.tag != "tag:yaml.org,2002:null" else None

    def scalar(self, node: Any, field: Any, at: Where) -> Any:
        text = self.text(node, at)
        if text and (field.choices or not isinstance(field, models.CharField | models.TextField)):
            # In words they may mean something, in some scripts; here they only hide.
            text = without_width(text)
        if text in (None, ""):
            return None
        if isinstance(field, models.BooleanField):
            if text not in ("true", "false"):
                self.say(node, at, f"“{text}” is neither true nor false.")
            return text == "true"
        if isinstance(field, models.IntegerField):
            try:
                return whole_number(text or "")
            except ValueError as error:
                self.say(node, at, str(error))
                return None
        if isinstance(field, models.DecimalField):
            try:
                number = exact_number(text or "", field.decimal_places)
            except ValueError as error:
                self.say(node, at, str(error))
                return None
            if field.choices and number not in dict(field.flatchoices):
                known = ", ".join(f"{value.normalize():f}" for value in dict(field.flatchoices))
                self.say(node, at, f"“{text}” is not one of: {known}.")
                return None
            return plain(number)
        read = COUNTRIES.find if isinstance(field, CountryField) else getattr(field, "read", None)
        if read is not None:
            try:
                return read(text)
            except ValueError as error:
                self.say(node, at, str(error))
                return None
        if field.choices and text not in dict(field.flatchoices):
            codes = [str(value) for value, _ in field.flatchoices]
            self.say(node, at, f"“{short(text)}” is not one of: {', '.join(codes)}.")
            return None
        return one_line(text or "") if isinstance(field, models.CharField) else text

    def date(self, node: Any, at: Where) -> Document | None:
        if isinstance(node, yaml.ScalarNode):
            text = self.text(node, at)
            edtf = self.edtf(node, text, at) if text else ""
            return {"edtf": edtf} if edtf else None
        value: Document = {"edtf": ""}
        for name, part in self.pairs(node, at):
            if name not in ("edtf", "printed"):
                self.say(part, (*at, name), "A date has edtf and printed.")
            elif text := self.text(part, at):
                value[name] = self.edtf(part, text, at) if name == "edtf" else text
        return value if any(value.values()) else None

    def edtf(self, node: Any, text: str, at: Where) -> str:
        try:
            return read_date(without_width(text))
        except ValueError as error:
            self.say(node, at, str(error))
            return ""

    def citations(self, node: Any, shape: RecordSchema, at: Where) -> list[Document]:
        found = [self.citation(item, shape, at) for item in self.each(node, at)]
        return sorted((item for item in found if item), key=citation_order)

    def citation(self, node: Any, shape: RecordSchema, at: Where) -> Document | None:
        pairs = dict(self.pairs(node, at))
        not_for = pairs.pop("not_for", None)
        left_out = [self.text(one, at) or "" for one in self.items(not_for, at)] if not_for else []
        document: Document = {name: self.text(one, at) or "" for name, one in pairs.items()}
        locators = [name for name in document if name in LocatorType.values and document[name]]
        unknown = document.keys() - {"publication", "for", "stance"} - set(LocatorType.values)
        if NO_KIND in document:
            kinds = ", ".join(LocatorType.values)
            self.say(node, at, f"Choose the kind of place: {kinds}.")
        elif unknown:
            self.say(node, at, f"A citation has no {', '.join(sorted(unknown))}.")
        elif not document.get("publication"):
            self.say(node, at, "A citation names its publication.")
        elif not locators and document.keys() & set(LocatorType.values):
            self.say(node, at, "Write the place: Findings, para 2; 12; Table 1, row 3; First page.")
        elif len(locators) != 1:
            kinds = ", ".join(LocatorType.values)
            self.say(node, at, f"A citation names one place, as one of: {kinds}.")
        elif document.get("for") == NO_FIELD:
            self.say(node, at, "Choose the field that the source is for, or “all of it”.")
        elif document.get("for") and shape.field(document["for"]) is None:
            self.say(node, at, f"There is no field {document['for']} to cite for.")
        elif left_out and document.get("for"):
            self.say(node, at, "A citation for one field leaves no others out (not_for).")
        elif strangers := [name for name in left_out if shape.field(name) is None]:
            self.say(node, at, f"There is no field {strangers[0]} to leave out (not_for).")
        elif document.get("stance") and document["stance"] not in Stance.values:
            self.say(node, at, f"A stance is one of: {', '.join(Stance.values)}.")
        else:
            if document.get("stance") == Stance.SUPPORTS:
                del document["stance"]
            if left_out:
                document["not_for"] = sorted(set(left_out))
            return {name: value for name, value in document.items() if value}
        return None

    def children(self, node: Any, shape: RecordSchema, at: Where) -> list[Document]:
        found: dict[str, Document] = {}
        for number, item in enumerate(self.items(node, at), start=1):
            key = self.key_of(item) or f"{number}"
            where = (*at, key)
            self.case_file.lines[where] = item.start_mark.line + 1
            child = self.record(item, shape, where)
            if key in found:
                self.say(item, where, "Another one in this record has this key.")
            found[key] = child
        if shape.is_ordered:
            return list(found.values())
        return sorted(found.values(), key=lambda child: str(child.get("key", "")))

    @staticmethod
    def key_of(node: Any) -> str | None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if getattr(key, "value", None) == "key" and isinstance(value, yaml.ScalarNode):
                    return str(value.value)
        return None
