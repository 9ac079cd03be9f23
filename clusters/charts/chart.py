"""What every chart is: a figure, and beside it all that stands for it where it cannot be seen."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

# Pixels left of a drawing that a phone, of 360 or so, can spare for labels.
WIDEST_LABELS = 240


@dataclass(frozen=True)
class Cell:
    """One cell of the table beside a chart: its text, and the record behind it."""

    text: str
    url: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Chart:
    """A figure with its words and its table.

    `reading` names unit and denominator; `source`, what it rests on; `summary` says it for those
    who cannot see it. Without a figure (one number is no chart) the table stands alone.
    """

    name: str
    title: str
    reading: str
    source: str
    summary: str
    figure: go.Figure | None
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    # What its fills and signs mean, in words, for where no legend of the page stands beside it.
    key: str = ""
    # Wants the whole width of a page: filters then stand above it.
    wide: bool = False
    # Where it stands by itself, with its filters.
    address: str = ""

    @property
    def height(self) -> int:
        """The figure's height in pixels, kept free so that nothing moves; 0 without a figure."""
        return 0 if self.figure is None else int(self.figure.layout.height or 0)

    @property
    def outgrows_phones(self) -> bool:
        """Whether a phone shows the table instead: wide, or filled by its labels."""
        return self.wide or (
            self.figure is not None and (self.figure.layout.margin.l or 0) > WIDEST_LABELS
        )

    @property
    def figure_id(self) -> str:
        return f"{self.name}-figure"

    @property
    def glue(self) -> str:
        """The sign, `?` or `&`, that joins a further parameter to the address."""
        return "&" if "?" in self.address else "?"

    @property
    def frame_height(self) -> int:
        """The height in pixels of a frame in another site: the figure, and the words around it."""
        return self.height + 260

    @property
    def json(self) -> dict[str, Any] | None:
        return None if self.figure is None else escaped(self.figure.to_plotly_json())


# Plotly reads tags in labels; these are the ones that charts put there.
_OWN_TAG = r"/?(?:b|br|extra|span(?: style='color:#?[\w-]+')?)>"


def escaped(value: Any) -> Any:
    """Return a figure with every tag but those of charts as text, since names come from people."""
    if isinstance(value, str):
        return re.sub(rf"<(?!{_OWN_TAG})", "&lt;", value)
    if isinstance(value, dict):
        return {name: escaped(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [escaped(item) for item in value]
    return value


def table(*rows: Sequence[object]) -> tuple[tuple[Cell, ...], ...]:
    """Return rows of cells; plain values become cells without a link."""
    return tuple(
        tuple(value if isinstance(value, Cell) else Cell(_text(value)) for value in row)
        for row in rows
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def wrapped(text: str, width: int, lines: int = 2) -> str:
    """Return a label in lines of about `width` letters, joined by `<br>`; what is left over is cut.

    A word that is longer than a line is broken with a hyphen.
    """
    found: list[str] = []
    for word in (part for whole in text.split() for part in _broken(whole, width)):
        if found and found[-1][-1] != "-" and len(found[-1]) + len(word) < width:
            found[-1] += f" {word}"
        else:
            found.append(word)
    if len(found) > lines:
        found = [*found[: lines - 1], f"{found[lines - 1]} …"]
    return "<br>".join(found)


def _broken(word: str, width: int) -> list[str]:
    if len(word) <= width:
        return [word]
    first, hyphen, rest = word.partition("-")
    if hyphen and rest:
        return [f"{first}-", *_broken(rest, width)]
    half = -(-len(word) // 2)
    return [f"{word[:half]}-", *_broken(word[half:], width)]
