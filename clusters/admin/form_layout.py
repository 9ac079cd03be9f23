"""Entries laid out for a page: tabs of sections and cards, and blank ones for it to copy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db.models import Model
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clusters.admin.bound_fields import Cell, cells_of, place_cells
from clusters.admin.record_form import LAST, Entry, Labels, Place
from clusters.admin.widgets import one_of, without_empty
from clusters.records.schema import RecordSchema

# Stands for the number of a card in a blank one; the digit is how deep it lies.
BLANK = "__{depth}__"
LONGEST_HEADING = 140


@dataclass
class Section:
    """Some fields under a heading."""

    title: str
    cells: list[Cell]
    # Closed until asked for, or something in it is wrong.
    is_minor: bool = False

    @property
    def is_wrong(self) -> bool:
        return any(cell.problems for cell in self.cells)


@dataclass
class CitedPlace:
    """One citation with its inputs, and the names of the fields of which it says nothing."""

    place: Place
    cells: dict[str, str]
    not_for: list[tuple[str, str]]


@dataclass
class Card:
    """A record or a part: its fields, where they are written, and its own parts."""

    entry: Entry
    title: str
    sections: list[Section]
    places: list[CitedPlace]
    blank_place: CitedPlace | None
    lists: list["PartList"]
    is_open: bool = False

    @property
    def anchor(self) -> str:
        return self.entry.path.rstrip(".").replace(".", "-")

    @property
    def place_problems(self) -> list[str]:
        return self.entry.problems.get("citations", [])

    @property
    def problems(self) -> list[str]:
        return self.entry.problems.get("", [])


@dataclass
class PartList:
    """All parts of one kind, and a blank one."""

    name: str
    title: str
    one: str
    words: str
    depth: int
    start: str
    cards: list[Card] = field(default_factory=list)
    blank: Card | None = None

    @property
    def number_of_problems(self) -> int:
        return sum(card.entry.number_of_problems for card in self.cards)


def cited_place(entry: Entry, place: Place, labels: Labels) -> CitedPlace:
    """Return a citation of a record or part with its inputs."""
    names = {spec.name: str(spec.field.verbose_name) for spec in entry.shape.fields}
    not_for = [(name, names.get(name, name)) for name in place.not_for]
    return CitedPlace(place, place_cells(entry, place, labels), not_for)


# Titles with the names of their fields.
type Sections = Sequence[tuple[str | Promise, Sequence[str]]]
# Gives those of a kind of record or part.
type Layout = Callable[[type[Model]], Sections]


def card_of(
    entry: Entry,
    labels: Labels,
    layout: Layout,
    *,
    depth: int = 0,
    is_blank: bool = False,
) -> Card:
    """Return a record or part as a card; fields that `layout` leaves out come after the others."""
    shape = entry.shape
    # Placeholders of what hangs on a blank card lie one level deeper than its own.
    level = depth + 1
    card = Card(
        entry,
        title_of(entry, labels),
        laid_out(entry, labels, layout(shape.model)),
        [cited_place(entry, place, labels) for place in entry.places],
        None,
        [],
        is_open=bool(entry.number_of_problems) or is_blank or entry.is_new,
    )
    if shape.citations is not None:
        place = Place(entry.name(f"citations-{BLANK.format(depth=level)}"))
        card.blank_place = cited_place(entry, place, labels)
    for name, child_shape in shape.children.items():
        blank = Entry.blank(child_shape, entry.name(f"{name}-{BLANK.format(depth=level)}"))
        found = PartList(
            name,
            capfirst(str(child_shape.model._meta.verbose_name_plural)),
            str(child_shape.model._meta.verbose_name),
            (child_shape.model.__doc__ or "").strip().partition("\n")[0],
            level,
            entry.name(name),
            blank=card_of(blank, labels, layout, depth=level, is_blank=True),
        )
        found.cards = [
            card_of(part, labels, layout, depth=level) for part in entry.parts.get(name, [])
        ]
        card.lists.append(found)
    return card


def laid_out(entry: Entry, labels: Labels, sections: Sections) -> list[Section]:
    left_out = entry.hidden
    every = [spec.name for spec in entry.shape.fields if spec.name not in left_out]
    placed = {name for _title, names in sections for name in names}
    rest = [name for name in every if name not in placed and name not in LAST]
    last = [name for name in every if name in LAST and name not in placed]
    found = [(*section, False) for section in [*sections, ("", rest)]]
    found.append((_("Name in addresses"), last, True))
    laid = [
        Section(str(title), cells_of(entry, [n for n in names if n in every], labels), is_minor)
        for title, names, is_minor in found
    ]
    return [section for section in laid if section.cells]


def title_of(entry: Entry, labels: Labels) -> str:
    """Return a part's title, or whom it names with the first thing that it says of them."""
    references = [
        labels.get((spec.field.related_model, value), value).partition(" — ")[0]
        for spec in entry.shape.fields
        if spec.kind == "reference" and (value := entry.values.get(spec.name))
    ]
    # Of three the first is a kind, such as the group of a stakeholder.
    named = entry.heading or " · ".join(references[1:] if len(references) > 2 else references)
    said = coded(entry.shape, entry)
    if not named:
        texts = (
            entry.values.get(spec.name)
            for spec in entry.shape.fields
            if spec.name not in LAST and not getattr(spec.field, "choices", None)
        )
        named = next(
            (text for text in texts if isinstance(text, str) and not text.isdigit() and text), ""
        )
    if not named:  # what a new one is read as is only its default
        return "" if entry.is_new else said
    whole = f"{named}: {said}" if said and not entry.heading else named
    return whole if len(whole) <= LONGEST_HEADING else f"{whole[: LONGEST_HEADING - 1]}…"


def coded(shape: RecordSchema, entry: Entry) -> str:
    """Return the label of the first coded value of a part; of a reading, what was read."""
    first = one_of(shape)
    for spec in sorted(shape.fields, key=lambda spec: spec.name not in first):
        value = entry.values.get(spec.name)
        if spec.kind == "scalar" and isinstance(value, str) and value:
            labels = dict(without_empty(getattr(spec.field, "flatchoices", None) or ()))
            if value in labels:
                return str(labels[value])
    return ""
