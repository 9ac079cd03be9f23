"""Read the values of a record into its document, each checked, with the line of every one.

Values are what JSON gives, or texts of a file (`FileText`), which are read by what their field is:
`no` stays the text “no” where a text is wanted, and a year is no number where a date is.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

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
ONE_WORD = "A name is one word."
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

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(map(str, self.problems)))


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
    """Return what reading and what saving found, without what only follows from the former."""
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


class FileText(str):
    """One value as the text of a file, and the line where it stands."""

    line: int
    is_null: bool

    def __new__(cls, text: str, line: int, *, is_null: bool = False) -> Self:
        found = super().__new__(cls, "" if is_null else text)
        found.line, found.is_null = line, is_null
        return found


class FileMapping(dict[str, Any]):
    """Names with values of a file, and what is wrong with the names: name, line and message."""

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line
        self.misnamed: list[tuple[str, int, str]] = []


class FileList(list[Any]):
    """A list of a file."""

    def __init__(self, items: Iterable[Any], line: int) -> None:
        super().__init__(items)
        self.line = line


def line_of(value: Any) -> int:
    """Return the line of a value; what JSON gives has none, and stands in the first."""
    return getattr(value, "line", 1)


def read_value(name: str, value: Any, shape: RecordSchema) -> tuple[CaseFile, list[Problem]]:
    """Return one record as its values give it, and what is wrong with them."""
    reader = _Reader(CaseFile(name, shape))
    reader.case_file.document = reader.record(value, shape, ())
    return reader.case_file, reader.problems


class _Reader:
    """Walks the values of one record."""

    def __init__(self, case_file: CaseFile) -> None:
        self.case_file = case_file
        self.problems: list[Problem] = []
        # The number of the value of a list that is being read.
        self.item = ""

    def say(self, value: Any, where: Where, message: str) -> None:
        path, line = self.case_file.path, line_of(value)
        self.problems.append(Problem(path, line, ".".join(where), message, self.item))

    def record(self, given: Any, shape: RecordSchema, where: Where) -> Document:
        """Return the document of a root or a child, read from a mapping."""
        document: Document = {}
        for name, value in self.pairs(given, where):
            at = (*where, name)
            self.case_file.lines[at] = line_of(value)
            if (spec := shape.field(name)) is not None:
                self.put(document, spec, value, at)
            elif name == "citations" and shape.citations is not None:
                if found := self.citations(value, shape, at):
                    document[name] = found
            elif name in shape.children:
                if parts := self.children(value, shape.children[name], at):
                    document[name] = parts
            else:
                known = [spec.name for spec in shape.fields] + list(shape.children)
                known += ["citations"] if shape.citations else []
                self.say(value, at, f"There is no such field. Known: {', '.join(known)}.")
        for spec in shape.fields:
            if spec.required and (*where, spec.name) not in self.case_file.lines:
                self.say(given, (*where, spec.name), REQUIRED)
        return document

    def pairs(self, value: Any, where: Where) -> list[tuple[str, Any]]:
        if not isinstance(value, dict):
            self.say(value, where, "Names with values are wanted here (name: value).")
            return []
        for name, line, message in getattr(value, "misnamed", ()):
            at = (*where, name) if name else where
            self.problems.append(Problem(self.case_file.path, line, ".".join(at), message))
        for name in value:
            if "\x00" in name:
                self.say(value, where, ONE_WORD)
        return [(name, part) for name, part in value.items() if "\x00" not in name]

    def items(self, value: Any, where: Where) -> list[Any]:
        if not isinstance(value, list):
            self.say(value, where, "A list is wanted here (lines that begin with a hyphen).")
            return []
        return value

    def each(self, value: Any, where: Where) -> Iterator[Any]:
        """Yield the values of a list; problems found meanwhile name the number of the value."""
        for number, item in enumerate(self.items(value, where)):
            self.item = str(number)
            yield item
        self.item = ""

    def put(self, document: Document, spec: FieldSpec, given: Any, at: Where) -> None:
        value: Any
        if spec.kind == "date":
            value = self.date(given, at)
        elif spec.kind == "json":
            value = self.structure(given, at)
        elif spec.kind == "references":
            value = sorted(filter(None, (self.text(item, at) for item in self.each(given, at))))
        elif spec.kind == "list":
            base = spec.field.base_field
            value = [self.scalar(item, base, at) for item in self.each(given, at)]
            counted = Counter(item for item in value if item is not None)
            for twice in (item for item, number in counted.items() if number > 1):
                self.say(given, at, f"“{twice}” is listed twice.")
        elif spec.kind == "reference":
            value = self.text(given, at)
        else:
            value = self.scalar(given, spec.field, at)
        if value not in EMPTY and value != plain(default_of(spec)):
            document[spec.name] = value

    def structure(self, value: Any, at: Where) -> Any:
        """Return lists and mappings of any depth, as they are."""
        if isinstance(value, dict):
            return {name: self.structure(part, at) for name, part in self.pairs(value, at)}
        if isinstance(value, list):
            return [self.structure(item, at) for item in value]
        if isinstance(value, str) and not getattr(value, "is_null", False):
            return self.whole_text(str(value), value, at)
        return None if isinstance(value, str) else plain(value)

    def text(self, value: Any, at: Where) -> str | None:
        if isinstance(value, dict | list):
            self.say(value, at, "One value is wanted here.")
            return None
        if value is None or getattr(value, "is_null", False):
            return None
        text = str(value).lower() if isinstance(value, bool) else str(value)
        whole = self.whole_text(text, value, at)
        return whole and whole.strip()

    def whole_text(self, text: str, value: Any, at: Where) -> str | None:
        if "\x00" in text:
            self.say(value, at, "It holds a NUL, which no text has.")
            return None
        return text

    def scalar(self, value: Any, field: models.Field[Any, Any], at: Where) -> Any:
        text = self.text(value, at)
        if text and (field.choices or not isinstance(field, models.CharField | models.TextField)):
            # In words they may mean something, in some scripts; here they only hide.
            text = without_width(text)
        if text in (None, ""):
            return None
        if isinstance(field, models.BooleanField):
            if text not in ("true", "false"):
                self.say(value, at, f"“{text}” is neither true nor false.")
            return text == "true"
        if isinstance(field, models.IntegerField):
            try:
                return whole_number(text or "")
            except ValueError as error:
                self.say(value, at, str(error))
                return None
        if isinstance(field, models.DecimalField):
            try:
                number = exact_number(text or "", field.decimal_places)
            except ValueError as error:
                self.say(value, at, str(error))
                return None
            if field.choices and number not in dict(field.flatchoices):
                known = ", ".join(f"{value.normalize():f}" for value in dict(field.flatchoices))
                self.say(value, at, f"“{text}” is not one of: {known}.")
                return None
            return plain(number)
        read = COUNTRIES.find if isinstance(field, CountryField) else getattr(field, "read", None)
        if read is not None:
            try:
                return read(text)
            except ValueError as error:
                self.say(value, at, str(error))
                return None
        if field.choices and text not in dict(field.flatchoices):
            codes = [str(value) for value, _ in field.flatchoices]
            self.say(value, at, f"“{short(text)}” is not one of: {', '.join(codes)}.")
            return None
        return one_line(text or "") if isinstance(field, models.CharField) else text

    def date(self, given: Any, at: Where) -> Document | None:
        if not isinstance(given, dict | list):
            text = self.text(given, at)
            edtf = self.edtf(given, text, at) if text else ""
            return {"edtf": edtf} if edtf else None
        value: Document = {"edtf": ""}
        for name, part in self.pairs(given, at):
            if name not in ("edtf", "printed"):
                self.say(part, (*at, name), "A date has edtf and printed.")
            elif text := self.text(part, at):
                value[name] = self.edtf(part, text, at) if name == "edtf" else text
        return value if any(value.values()) else None

    def edtf(self, value: Any, text: str, at: Where) -> str:
        try:
            return read_date(without_width(text))
        except ValueError as error:
            self.say(value, at, str(error))
            return ""

    def citations(self, value: Any, shape: RecordSchema, at: Where) -> list[Document]:
        found = [self.citation(item, shape, at) for item in self.each(value, at)]
        return sorted((item for item in found if item), key=citation_order)

    def citation(self, value: Any, shape: RecordSchema, at: Where) -> Document | None:
        pairs = dict(self.pairs(value, at))
        not_for = pairs.pop("not_for", None)
        left_out = (
            [self.text(name, at) or "" for name in self.items(not_for, at)] if not_for else []
        )
        document: Document = {
            name: one_line(self.text(part, at) or "") for name, part in pairs.items()
        }
        locators = [name for name in document if name in LocatorType.values and document[name]]
        unknown = document.keys() - {"publication", "for", "stance"} - set(LocatorType.values)
        if NO_KIND in document:
            kinds = ", ".join(LocatorType.values)
            self.say(value, at, f"Choose the kind of place: {kinds}.")
        elif unknown:
            self.say(value, at, f"A citation has no {', '.join(sorted(unknown))}.")
        elif not document.get("publication"):
            self.say(value, at, "A citation names its publication.")
        elif not locators and document.keys() & set(LocatorType.values):
            self.say(
                value, at, "Write the place: Findings, para 2; 12; Table 1, row 3; First page."
            )
        elif len(locators) != 1:
            kinds = ", ".join(LocatorType.values)
            self.say(value, at, f"A citation names one place, as one of: {kinds}.")
        elif document.get("for") == NO_FIELD:
            self.say(value, at, "Choose the field that the source is for, or “all of it”.")
        elif document.get("for") and shape.field(document["for"]) is None:
            self.say(value, at, f"There is no field {document['for']} to cite for.")
        elif left_out and document.get("for"):
            self.say(value, at, "A citation for one field leaves no others out (not_for).")
        elif strangers := [name for name in left_out if shape.field(name) is None]:
            self.say(value, at, f"There is no field {strangers[0]} to leave out (not_for).")
        elif document.get("stance") and document["stance"] not in Stance.values:
            self.say(value, at, f"A stance is one of: {', '.join(Stance.values)}.")
        else:
            if document.get("stance") == Stance.SUPPORTS:
                del document["stance"]
            if left_out:
                document["not_for"] = sorted(set(left_out))
            return {name: value for name, value in document.items() if value}
        return None

    def children(self, value: Any, shape: RecordSchema, at: Where) -> list[Document]:
        found: dict[str, Document] = {}
        for number, item in enumerate(self.items(value, at), start=1):
            key = self.key_of(item) or f"{number}"
            where = (*at, key)
            self.case_file.lines[where] = line_of(item)
            child = self.record(item, shape, where)
            if key in found:
                self.say(item, where, "Another one in this record has this key.")
            found[key] = child
        if shape.is_ordered:
            return list(found.values())
        return sorted(found.values(), key=lambda child: str(child.get("key", "")))

    @staticmethod
    def key_of(value: Any) -> str | None:
        key = value.get("key") if isinstance(value, dict) else None
        return None if key is None or isinstance(key, dict | list) else str(key)
