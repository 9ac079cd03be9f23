"""Two to six projects side by side: the same rows for all, and which of them differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from interventions.analysis.matrix import Matrix

FEWEST, MOST = 2, 6


@dataclass(frozen=True)
class Side:
    """What one project says in one row: its words, and the address behind them."""

    words: str
    url: str = ""
    css: str = ""
    # How accounts disagree here: a sign and its words, or nothing.
    sign: str = ""
    sign_words: str = ""
    # Whether it says anything: that a source is silent is no value that could differ.
    is_known: bool = True


@dataclass(frozen=True)
class Line:
    """One row of a comparison."""

    group: str
    name: str
    sides: tuple[Side, ...]

    @property
    def differs(self) -> bool:
        """Whether two sides say different things; silence is not a thing said."""
        return len({side.words for side in self.sides if side.is_known}) > 1

    @property
    def is_partly_known(self) -> bool:
        """Whether some sides say something and others do not."""
        return {side.is_known for side in self.sides} == {True, False}


def factor_lines(matrix: Matrix, group: str) -> list[Line]:
    """Return one row a factor, with a side for each project in the order of the matrix's rows."""
    return [
        Line(
            group,
            column.name,
            tuple(
                Side(
                    row.cells[number].said,
                    row.cells[number].url,
                    row.cells[number].css,
                    row.cells[number].sign,
                    row.cells[number].sign_words,
                    row.cells[number].score is not None,
                )
                for row in matrix.rows
            ),
        )
        for number, column in enumerate(matrix.columns)
    ]


def lines_of(group: str, named: Sequence[tuple[str, Sequence[Side]]]) -> list[Line]:
    """Return the rows of a group, given as (name, one side a project)."""
    return [Line(group, name, tuple(sides)) for name, sides in named]
