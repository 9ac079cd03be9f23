"""How often each factor was present over many projects."""

from collections import Counter
from dataclasses import dataclass

from interventions.analysis.matrix import Column


@dataclass(frozen=True)
class FactorShare:
    """Projects by the agreed score of one factor; `unknown` have none."""

    column: Column
    scores: dict[float, int]
    total: int

    @property
    def known(self) -> int:
        """The denominator of every share: projects with a score."""
        return sum(self.scores.values())

    @property
    def unknown(self) -> int:
        return self.total - self.known

    @property
    def present(self) -> int:
        return sum(number for score, number in self.scores.items() if score > 0.5)


def shares_of(
    columns: tuple[Column, ...], codings: list[tuple[str, float, int]], total: int
) -> list[FactorShare]:
    """Return one share a factor, from (factor's key, score, number of projects)."""
    found: dict[str, Counter[float]] = {column.key: Counter() for column in columns}
    for key, score, number in codings:
        found[key][score] += number
    return [FactorShare(column, dict(found[column.key]), total) for column in columns]
