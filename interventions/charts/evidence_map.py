"""Which work speaks of which factor: works by factors, with how many values rest on each."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from clusters.charts.chart import Cell, Chart, table, wrapped
from clusters.charts.style import PALETTE, house_layout
from clusters.i18n import ACCOUNTS, counted, ngettext_lazy
from clusters.i18n import gettext as _

ROW_HEIGHT = 40
HEAD_HEIGHT = 76
WORKS = ngettext_lazy("%(n)s work", "%(n)s works", "count")
STUDIES = ngettext_lazy("%(n)s study", "%(n)s studies", "count")
FACTORS = ngettext_lazy("%(n)s factor", "%(n)s factors", "count")
CODINGS = ngettext_lazy("%(n)s coding", "%(n)s codings", "count")
DEFINITIONS = ngettext_lazy("%(n)s definition", "%(n)s definitions", "count")


@dataclass(frozen=True)
class Evidence:
    """How many published values on one factor rest on one work, or on one study."""

    work: str
    factor: str
    codings: int
    accounts: int
    definitions: int
    url: str

    @property
    def total(self) -> int:
        return self.codings + self.accounts + self.definitions

    @property
    def words(self) -> str:
        parts = (
            (self.codings, CODINGS),
            (self.accounts, ACCOUNTS),
            (self.definitions, DEFINITIONS),
        )
        return ", ".join(counted(number, noun) for number, noun in parts if number)


def evidence_map(
    found: Sequence[Evidence],
    factors: Sequence[tuple[str, str]],
    *,
    by_study: bool,
    source: str,
) -> Chart:
    """Return a chart of works, or studies, by all factors, which are given as (key, short name)."""
    works = sorted({evidence.work for evidence in found})
    if by_study:
        row_head = _("Study")
        title = _("Which factor rests on which independent study")
        reading = _(
            "Number of published values (codings, accounts, definitions) on a factor that cite a "
            "study; an empty cell: none. Works that share one study are one row, since "
            "they are one independent source. n = %(works)s."
        )
    else:
        row_head = _("Work")
        title = _("Which factor rests on which publication")
        reading = _(
            "Number of published values (codings, accounts, definitions) on a factor that cite a "
            "work; an empty cell: none. n = %(works)s."
        )
    counts = {
        "works": counted(len(works), STUDIES if by_study else WORKS),
        "held": len({evidence.factor for evidence in found}),
        "factors": counted(len(factors), FACTORS),
    }
    return Chart(
        name="evidence-map",
        title=title,
        reading=reading % counts,
        source=source,
        summary=_("%(held)s of %(factors)s rest on %(works)s in all.") % counts,
        figure=_figure(found, works, factors) if len(found) > 1 else None,
        head=(row_head, _("Factor"), _("Values"), _("Of which")),
        rows=_rows(found, dict(factors)),
        wide=True,
    )


def _rows(found: Sequence[Evidence], names: dict[str, str]) -> tuple[tuple[Cell, ...], ...]:
    """Return the rows of the table, by work and then by key of the factor."""
    ordered = sorted(found, key=lambda evidence: (evidence.work, evidence.factor))
    return table(
        *(
            (
                evidence.work,
                names[evidence.factor],
                Cell(str(evidence.total), evidence.url),
                evidence.words,
            )
            for evidence in ordered
        )
    )


def _figure(
    found: Sequence[Evidence], works: list[str], factors: Sequence[tuple[str, str]]
) -> go.Figure:
    by_cell = {(evidence.work, evidence.factor): evidence for evidence in found}
    grid = [[by_cell.get((work, key)) for key, _ in factors] for work in works]
    hover = [
        [
            f"<b>{work}</b><br>{name}<br>{cell.words}" if cell else ""
            for cell, (_, name) in zip(line, factors, strict=True)
        ]
        for work, line in zip(works, grid, strict=True)
    ]
    return go.Figure(
        [_heatmap(grid, hover)],
        house_layout(
            height=HEAD_HEIGHT + 16 + ROW_HEIGHT * len(works),
            margin={"l": 260, "r": 16, "t": HEAD_HEIGHT, "b": 8},
            xaxis={
                "side": "top",
                "tickvals": list(range(len(factors))),
                "ticktext": [wrapped(name, max(8, 120 // len(factors)), 5) for _, name in factors],
                "tickangle": 0,
                "tickfont": {"size": 11},
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            yaxis={
                "tickvals": list(range(len(works))),
                "ticktext": [wrapped(work, 36) for work in works],
                "range": [len(works) - 0.5, -0.5],
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
        ),
    )


def _heatmap(grid: list[list[Evidence | None]], hover: list[list[str]]) -> go.Heatmap:
    """Return the cells of a grid, line by line, each with its number of values."""
    return go.Heatmap(
        x=list(range(len(grid[0]))),
        y=list(range(len(grid))),
        z=[[cell and cell.total for cell in line] for line in grid],
        zmin=0,
        colorscale=[[0, PALETTE["zero"]], [1, PALETTE["line"]]],
        showscale=False,
        xgap=4,
        ygap=4,
        hoverongaps=False,
        text=[[cell.total if cell else "" for cell in line] for line in grid],
        texttemplate="<b>%{text}</b>",
        textfont={"color": PALETTE["ink"]},
        customdata=[[cell.url if cell else "" for cell in line] for line in grid],
        hovertext=hover,
        hovertemplate="%{hovertext}<extra></extra>",
        name=_("Values"),
    )
