"""The factor matrix: projects by factors, with what is known in every cell."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from clusters.i18n import PROJECTS, counted, gettext_lazy
from clusters.i18n import gettext as _
from interventions.analysis.disagreement import DISAGREEMENTS

# What a cell can be when it holds no score, with its mark and its words.
NO_SCORE = {
    "not_reported": ("○", gettext_lazy("not reported: looked for, the sources are silent")),
    "not_searched": ("–", gettext_lazy("not searched")),
    "not_applicable": ("×", gettext_lazy("not applicable")),
    "not_agreed": ("…", gettext_lazy("coded, not yet agreed")),
}
# Columns stand in this order of groups; a factor of no group stands last, in the table only.
GROUPS = {
    "enabling": gettext_lazy("Favours collective action"),
    "hindering": gettext_lazy("Stands in its way"),
}
SCORE_WORDS = {
    0.0: gettext_lazy("absent"),
    0.33: gettext_lazy("more absent than present"),
    0.67: gettext_lazy("more present than absent"),
    1.0: gettext_lazy("fully present"),
}
DIRECTION_WORDS = {
    "positive": gettext_lazy("positive"),
    "negative": gettext_lazy("negative"),
    "mixed": gettext_lazy("mixed"),
    "none": gettext_lazy("no change"),
    "unknown": gettext_lazy("not known"),
}


@dataclass(frozen=True)
class Column:
    """One factor."""

    key: str
    name: str
    short_name: str
    polarity: str
    url: str


@dataclass(frozen=True)
class Cell:
    """What is known of one factor in one project."""

    column: Column
    score: float | None
    status: str
    # A key of `DISAGREEMENTS`.
    disagreement: str
    single_coder: bool
    url: str
    # project/framework/factor, which names the cell in an address.
    id: str = ""

    @property
    def mark(self) -> str:
        return NO_SCORE[self.status][0] if self.score is None else f"{self.score:g}"

    @property
    def sign(self) -> str:
        """The diamond of a disagreement, or nothing."""
        return DISAGREEMENTS[self.disagreement][0]

    @property
    def sign_words(self) -> str:
        return str(DISAGREEMENTS[self.disagreement][1])

    @property
    def said(self) -> str:
        """The score in words, or why there is none."""
        if self.score is None:
            return str(NO_SCORE[self.status][1])
        return f"{SCORE_WORDS[self.score]} ({self.score:g})"

    @property
    def words(self) -> str:
        """The whole cell in words, for hover and screen readers."""
        parts = [self.said]
        if self.disagreement:
            parts.append(self.sign_words)
        if self.single_coder:
            parts.append(_("coded by one person only"))
        return "; ".join(parts)

    @property
    def css(self) -> str:
        """The class that gives the cell its fill: `enabling-67`, or none."""
        if self.score is None:
            return "no-score"
        return f"{self.column.polarity}-{round(self.score * 100)}"


@dataclass(frozen=True)
class OutcomeSummary:
    """What came of a project: one direction over all outcomes, and a few words."""

    direction: str
    words: str

    @property
    def direction_words(self) -> str:
        return str(DIRECTION_WORDS[self.direction])


@dataclass(frozen=True)
class Row:
    """One project."""

    slug: str
    title: str
    subtitle: str
    url: str
    cells: tuple[Cell, ...]
    outcome: OutcomeSummary
    # In words, what the accounts disagree on; empty where they do not.
    disagrees_on: str = ""


@dataclass(frozen=True)
class Matrix:
    """The whole: columns in order, rows in order."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    def of_polarity(self, polarity: str) -> list[Column]:
        return [column for column in self.columns if column.polarity == polarity]

    @property
    def groups(self) -> list[tuple[str, str, int]]:
        """The heads above the columns: polarity, words, and how many columns."""
        return [
            (polarity, str(GROUPS.get(polarity, _("Other factors"))), len(list(columns)))
            for polarity, columns in groupby(self.columns, key=lambda column: column.polarity)
        ]

    @property
    def summary(self) -> str:
        """One sentence for those who cannot see the chart, with its denominators."""
        cells = [cell for row in self.rows for cell in row.cells]
        return _(
            "%(counted)s by %(factors)s factors: %(known)s of %(cells)s cells have a "
            "score; accounts disagree in %(contested)s of %(projects)s."
        ) % {
            "counted": counted(len(self.rows), PROJECTS),
            "projects": len(self.rows),
            "factors": len(self.columns),
            "known": sum(cell.score is not None for cell in cells),
            "cells": len(cells),
            "contested": sum(bool(row.disagrees_on) for row in self.rows),
        }


def summarise_outcomes(outcomes: Sequence[tuple[str, str]]) -> OutcomeSummary:
    """Return the direction of all outcomes, given as (direction, words), and the first words."""
    if not outcomes:
        return OutcomeSummary("unknown", _("not known"))
    directions = {direction for direction, words in outcomes}
    if {"positive", "negative"} <= directions or "mixed" in directions:
        direction = "mixed"
    else:
        direction = next(
            (way for way in ("positive", "negative", "none") if way in directions), "unknown"
        )
    shown = [
        next((words for found, words in outcomes if found == wanted), None)
        for wanted in ("positive", "mixed", "negative", "none", "unknown")
    ]
    return OutcomeSummary(direction, " · ".join([words for words in shown if words][:2]))
