"""The tables of the casebook and their columns, read off the shapes of case files.

A cell is text: `cell_of` writes a value of a document, `value_of` reads it back.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import BooleanField
from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _

from clusters.formats.bibliography.names import is_organisation
from clusters.models import LocatorType, Stance
from clusters.records.schema import FieldSpec, RecordSchema, record_schemas
from clusters.records.serialization import Document, locator_type_of
from clusters.values.cleaning import read_json

PRINTED = "_printed"
CITATIONS = "citations"
# In a line of them: before the fields of which one for the whole record says nothing.
NOT = "not "
BETWEEN = "; "
PLACE = " | "
PLACE_WORDS = _(
    "One place a line: publication | kind of place | place, and where needed | the field that it "
    "is for | whether it supports, disputes or gives context."
)


@dataclass(frozen=True)
class Column:
    """One column: its name, what it holds and how its cells are written.

    `field` is None for the names of the records above, and for citations.
    """

    name: str
    about: str
    required: bool = False
    field: FieldSpec | None = None
    is_printed: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    example: str = ""

    @property
    def kind(self) -> str:
        return "scalar" if self.field is None else self.field.kind


@dataclass(frozen=True)
class Table:
    """All records or parts of one kind. `path` leads there from the root: (accounts, replies)."""

    root: RecordSchema
    shape: RecordSchema
    path: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return "-".join((self.root.folder, *(step.replace("_", "-") for step in self.path)))

    @property
    def title(self) -> str:
        plural = str(self.shape.model._meta.verbose_name_plural)
        return plural[:1].upper() + plural[1:]

    @property
    def about(self) -> str:
        return (self.shape.model.__doc__ or "").strip().split("\n")[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that name a row: the root's slug, then keys; of a root its own slug."""
        if not self.path:
            return ("slug",)
        above = [self.root.kind, *(_one(step) for step in self.path[:-1])]
        return (*above, "key")

    @property
    def above(self) -> "Table":
        """The table of the records that its rows are part of."""
        shape = self.root
        for step in self.path[:-1]:
            shape = shape.children[step]
        return Table(self.root, shape, self.path[:-1])

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Its columns: what names a row, then fields, then citations."""
        return tuple(_columns(self))

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def rows_of(self, document: Document) -> Iterator[tuple[tuple[str, ...], Document]]:
        """Yield the rows that one root's document has in this table, each with what names it."""
        found: list[tuple[tuple[str, ...], Document]] = [((document["slug"],), document)]
        for step in self.path:
            found = [
                ((*names, part["key"]), part)
                for names, above in found
                for part in above.get(step, [])
            ]
        yield from found


def _one(step: str) -> str:
    """Return what one of several is called: account of accounts, reply of replies."""
    return f"{step[:-3]}y" if step.endswith("ies") else step.removesuffix("s")


@cache
def tables() -> dict[str, Table]:
    """Return every table that can be brought in, by its name."""
    found = [table for shape in record_schemas().values() for table in _below(Table(shape, shape))]
    return {table.name: table for table in found}


def _below(table: Table) -> Iterator[Table]:
    yield table
    for step, child in table.shape.children.items():
        yield from _below(Table(table.root, child, (*table.path, step)))


def _columns(table: Table) -> list[Column]:
    found = [
        Column(name, str(_("Which record it is part of, by its name in addresses.")), True)
        for name in table.names[:-1]
    ]
    model: Any = table.shape.model
    hidden = getattr(model, "private", ())
    for field in table.shape.fields:
        if field.name in hidden:
            continue
        about = strip_tags(str(field.field.help_text or "")) or str(field.field.verbose_name)
        words = str(_HINTS.get(field.kind, ""))
        example = _example(field)
        found.append(
            Column(
                field.name,
                f"{about} {words}".strip(),
                field.required,
                field,
                choices=_choices(field),
                example=example,
            )
        )
        if field.kind == "date":
            about = str(_("The same as the source prints it: late 2006."))
            found.append(Column(f"{field.name}{PRINTED}", about, field=field, is_printed=True))
    if table.shape.citations is not None:
        example = PLACE.join(("fayyaz-2017", "section", "Findings, para 2"))
        found.append(Column(CITATIONS, str(PLACE_WORDS), example=example))
    return found


YES_NO = {"yes": "true", "no": "false", "true": "true", "false": "false"}
_HINTS = {
    "date": _("A date in EDTF: 2008, 2008-03, 1994~ for about 1994."),
    "list": _("Several with semicolons between them."),
    "references": _("Names of records as in addresses; several with semicolons between them."),
    "reference": _("The name of a record as in addresses."),
    "json": _("Family name, first names; several with semicolons between them."),
}
_EXAMPLES = {"date": "2008-03", "list": "footballs; gloves", "json": "Khan, Farzad; {ILRF}"}


def _example(field: FieldSpec) -> str:
    if field.kind == "reference" and hasattr(field.field.related_model, "parent_field"):
        return "collective-action/strong-leadership"
    return _EXAMPLES.get(field.kind, "")


def _choices(field: FieldSpec) -> tuple[tuple[str, str], ...]:
    column = field.field.base_field if field.kind == "list" else field.field
    if isinstance(column, BooleanField):
        return (("true", str(_("yes"))), ("false", str(_("no"))))
    choices = getattr(column, "flatchoices", None) or ()
    found = tuple((_code(code), str(label)) for code, label in choices if code not in ("", None))
    # Countries and currencies are known by their standards.
    return found if len(found) < 60 else ()


def _code(code: Any) -> str:
    return f"{code.normalize():f}" if hasattr(code, "normalize") else str(code)


# --- Values to cells -----------------------------------------------------------------------------


def cell_of(column: Column, part: Document) -> str:
    """Return how one value of a record or part stands in its cell."""
    if column.name == CITATIONS:
        return "\n".join(map(place_text, part.get(CITATIONS, [])))
    value = part.get(column.field.name if column.field else column.name)
    if value is None:
        return ""
    if column.kind == "date":
        return str(value.get("printed" if column.is_printed else "edtf", ""))
    if column.kind in ("list", "references"):
        text = BETWEEN.join(map(str, value))
        return text if _split(text) == list(map(str, value)) else _as_json(value)
    if column.kind == "json":
        return _names_text(value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def place_text(citation: Document) -> str:
    """Return a citation as one line: publication | kind of place | place | field | stance.

    The field of one that is for all but some is `not` and their names.
    """
    locator = locator_type_of(citation)
    parts = [citation["publication"], locator, citation[locator]]
    field, stance = citation.get("for", ""), citation.get("stance", "")
    if left_out := citation.get("not_for"):
        field = NOT + ", ".join(left_out)
    if field or stance:
        parts.append(field)
    if stance:
        parts.append(stance)
    line = PLACE.join(map(str, parts))
    return line if _reads_as(place_of, line, citation) else _as_json(citation)


def _as_json(value: Any) -> str:
    """Write what has the signs in it that stand between values."""
    return json.dumps(value, ensure_ascii=False)


def _reads_as(read: Callable[[str], Any], text: str, value: Any) -> bool:
    try:
        return bool(read(text) == value)
    except ValidationError:
        return False


def _names_text(names: list[dict[str, str]]) -> str:
    text = BETWEEN.join(
        f"{{{name['literal']}}}"
        if "literal" in name
        else ", ".join(filter(None, (name.get("family"), name.get("given"))))
        for name in names
    )
    return text if _reads_as(_names, text, names) else _as_json(names)


# --- Cells to values -----------------------------------------------------------------------------


def value_of(column: Column, text: str) -> Any:
    """Return what a cell says, in the form that the reader of case files takes.

    Raises ValidationError where the cell is not written as such cells are.
    """
    if column.name == CITATIONS:
        return [place_of(line) for line in text.splitlines() if line.strip()]
    if column.kind in ("list", "references"):
        return _split(text)
    if column.kind == "json":
        return _names(text)
    if column.field is not None and isinstance(column.field.field, BooleanField):
        return YES_NO.get(text.lower(), text)
    return text


def _split(text: str) -> list[str]:
    if text.startswith("[") and text.endswith("]"):
        try:
            found = read_json(text)
        except ValueError:
            found = None  # no list of ours, but a text that begins with a bracket
        if isinstance(found, list) and all(isinstance(item, str) for item in found):
            return found
    return [part.strip() for part in text.split(";") if part.strip()]


def _json_of(text: str) -> Any:
    try:
        return read_json(text)
    except ValueError as error:
        raise ValidationError(str(error)) from None


def _names(text: str) -> Any:
    if text.startswith("["):
        return _json_of(text)
    return [_name(name) for name in _split(text)]


def _name(text: str) -> dict[str, str]:
    if text.startswith("{") and text.endswith("}"):
        return {"literal": text[1:-1]}
    family, comma, given = text.partition(",")
    if not comma and is_organisation(text):
        return {"literal": text}
    return {"family": family.strip()} | ({"given": given.strip()} if given.strip() else {})


def place_of(line: str) -> Document:
    """Return the citation that a line writes. Raises ValidationError."""
    if line.lstrip().startswith("{"):
        return _json_of(line)
    parts = [part.strip() for part in line.split(PLACE.strip())]
    if len(parts) not in (3, 4, 5) or not all(parts[:3]):
        raise ValidationError(
            _("“%(line)s” is not a place: write publication | kind of place | place.")
            % {"line": line[:80]}
        )
    publication, kind, place, *more = parts
    # As forms call it, too: “Section and paragraph” is section.
    kind = next((code for code, label in LocatorType.choices if kind in (code, label)), kind)
    if kind not in LocatorType.values:
        raise ValidationError(
            _("“%(kind)s” is not a kind of place: %(known)s.")
            % {"kind": kind, "known": ", ".join(LocatorType.values)}
        )
    field, stance = (*more, "", "")[:2]
    if stance and stance not in Stance.values:
        raise ValidationError(
            _("“%(stance)s” is not one of: %(known)s.")
            % {"stance": stance, "known": ", ".join(Stance.values)}
        )
    found: Document = {"publication": publication, kind: place, "stance": stance}
    if field.startswith(NOT):
        found["not_for"] = [name.strip() for name in field.removeprefix(NOT).split(",")]
    else:
        found["for"] = field
    return {name: value for name, value in found.items() if value}
