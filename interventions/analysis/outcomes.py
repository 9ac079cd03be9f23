"""What came of projects where a factor was present, absent, or not known, with denominators."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from clusters.i18n import gettext_lazy as _
from interventions.analysis.matrix import Matrix

PRESENCE = {"present": _("present"), "absent": _("absent"), "unknown": _("not known")}
# The same, with the scores that count as such.
RULES = {**PRESENCE, "present": _("present (0.67 or 1)"), "absent": _("absent (0 or 0.33)")}
DIRECTIONS = ("positive", "mixed", "negative", "none", "unknown")


@dataclass(frozen=True)
class OutcomeCount:
    """How many projects with one factor present, absent or not known came out which way."""

    factor: str
    name: str
    short_name: str
    presence: str
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """The denominator: every project of that kind, whatever came of it."""
        return sum(self.counts.values())


def presence_of(score: float | None) -> str:
    """Return `present` for a score above 0.5, `absent` for one below, `unknown` without one."""
    if score is None:
        return "unknown"
    return "present" if score > 0.5 else "absent"


def outcomes_by_factor(matrix: Matrix) -> Sequence[OutcomeCount]:
    """Return counts of every project, once for each factor, so that all totals are equal."""
    counted: dict[tuple[str, str], Counter[str]] = {
        (column.key, presence): Counter() for column in matrix.columns for presence in PRESENCE
    }
    for row in matrix.rows:
        for cell in row.cells:
            counted[cell.column.key, presence_of(cell.score)][row.outcome.direction] += 1
    return [
        OutcomeCount(
            column.key,
            column.name,
            column.short_name,
            presence,
            {direction: counted[column.key, presence][direction] for direction in DIRECTIONS},
        )
        for column in matrix.columns
        for presence in PRESENCE
    ]
