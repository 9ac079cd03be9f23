"""The factor matrix: rows are projects, columns factors, fills scores, marks what is not known."""

from typing import Any

import plotly.graph_objects as go

from clusters.charts.chart import Cell as TableCell
from clusters.charts.chart import Chart, table
from clusters.charts.style import PALETTE, house_layout
from clusters.i18n import PROJECTS, counted
from clusters.i18n import gettext as _
from interventions.analysis.matrix import GROUPS, Cell, Column, Matrix

SCALES = {"enabling": "teal", "hindering": "rust"}
SYMBOLS = {
    "not_reported": "circle-open",
    "not_searched": "line-ew-open",
    "not_applicable": "x-thin-open",
    "not_agreed": "asterisk-open",
}
# The colours inside and round the diamond of each kind of disagreement.
DIAMONDS = {"position": ("ink", "paper"), "reasons": ("paper", "ink")}
GAP = 0.55
ROW_HEIGHT = 66
LOW_ROW_HEIGHT = 40
MANY_ROWS = 25
HEAD_HEIGHT = 96


def factor_matrix(matrix: Matrix, source: str) -> Chart:
    """Return the chart of a matrix in the order of its rows; a cell's customdata is its address."""
    return Chart(
        name="factor-matrix",
        title=_("How far each factor was present in each project"),
        reading=_(
            "Agreed score from 0 (absent) to 1 (fully present), by project and factor. "
            "n = %(projects)s. Choose a cell to see who says what."
        )
        % {"projects": counted(len(matrix.rows), PROJECTS)},
        source=source,
        summary=matrix.summary,
        figure=_figure(matrix) if matrix.rows else None,
        head=(
            _("Project"),
            *(column.short_name for column in matrix.columns),
            _("What came of it"),
            _("Accounts disagree on"),
        ),
        rows=table(
            *(
                (
                    TableCell(row.title, row.url),
                    *(TableCell(cell.words, cell.url) for cell in row.cells),
                    TableCell(f"{row.outcome.words} ({row.outcome.direction_words})", row.url),
                    row.disagrees_on,
                )
                for row in matrix.rows
            )
        ),
        key=_(
            "The darker, the more present; teal favours, rust stands in its way. ○ not reported, "
            "– not searched, × not applicable. ◆ stakeholders say different things of it, ◇ they "
            "differ on whether it was a reason for the end. A ring: coded by one person only."
        ),
        wide=True,
    )


def _figure(matrix: Matrix) -> go.Figure:
    height = ROW_HEIGHT if len(matrix.rows) <= MANY_ROWS else LOW_ROW_HEIGHT
    places = column_places(matrix)
    end = max(places.values(), default=0) + 0.75
    traces: list[Any] = []
    for polarity in GROUPS:
        columns = matrix.of_polarity(polarity)
        if columns:
            traces.append(_fills(matrix, polarity, columns, places))
    traces += _marks(matrix, places)
    traces.append(_outcomes(matrix, end))
    return go.Figure(
        traces,
        house_layout(
            height=HEAD_HEIGHT + height * max(len(matrix.rows), 1) + 16,
            margin={"l": 285, "r": 8, "t": HEAD_HEIGHT, "b": 8},
            xaxis={
                "range": [-0.55, end + 3.0],
                "visible": False,
                "fixedrange": True,
            },
            yaxis={
                "range": [len(matrix.rows) - 0.5, -0.5],
                "tickvals": list(range(len(matrix.rows))),
                "ticktext": [
                    f"<b>{row.title}</b><br><span style='color:{PALETTE['ink-2']}'>"
                    f"{row.subtitle}</span>"
                    for row in matrix.rows
                ],
                "ticklen": 6,
                "tickcolor": PALETTE["paper"],
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            annotations=_heads(matrix, places, end),
            shapes=_rings(matrix, places),
        ),
    )


def column_places(matrix: Matrix) -> dict[str, float]:
    """Return the x of each column by its key, with a gap between the two groups."""
    places: dict[str, float] = {}
    at = 0.0
    for polarity in GROUPS:
        for column in matrix.of_polarity(polarity):
            places[column.key] = at
            at += 1
        at += GAP
    return places


def _hover(title: str, cell: Cell) -> str:
    return f"<b>{title}</b><br>{cell.column.name}<br>{cell.words}"


def _fills(
    matrix: Matrix, polarity: str, columns: list[Column], places: dict[str, float]
) -> go.Heatmap:
    hue = SCALES[polarity]
    keys = {column.key for column in columns}
    cells = [[cell for cell in row.cells if cell.column.key in keys] for row in matrix.rows]
    return go.Heatmap(
        x=[places[column.key] for column in columns],
        y=list(range(len(matrix.rows))),
        z=[[cell.score for cell in line] for line in cells],
        zmin=0,
        zmax=1,
        colorscale=[
            [0, PALETTE["zero"]],
            [0.33, PALETTE[f"{hue}-33"]],
            [0.67, PALETTE[f"{hue}-67"]],
            [1, PALETTE[f"{hue}-100"]],
        ],
        showscale=False,
        xgap=4,
        ygap=4,
        hoverongaps=False,
        customdata=[[cell.url for cell in line] for line in cells],
        text=[
            [_hover(row.title, cell) for cell in line]
            for row, line in zip(matrix.rows, cells, strict=True)
        ],
        hovertemplate="%{text}<extra></extra>",
        name=str(GROUPS[polarity]),
    )


def _marks(matrix: Matrix, places: dict[str, float]) -> list[go.Scatter]:
    placed: list[tuple[float, float, str, Cell]] = [
        (places[cell.column.key], number, row.title, cell)
        for number, row in enumerate(matrix.rows)
        for cell in row.cells
        if cell.column.key in places
    ]
    traces = []
    for status, symbol in SYMBOLS.items():
        found = [item for item in placed if item[3].score is None and item[3].status == status]
        if found:
            traces.append(_scatter(found, symbol=symbol, size=10, line={"width": 1.4}))
    for kind, (inside, edge) in DIAMONDS.items():
        found = [
            (x + 0.36, y - 0.33, title, cell)
            for x, y, title, cell in placed
            if cell.disagreement == kind
        ]
        if found:
            traces.append(
                _scatter(
                    found,
                    symbol="diamond",
                    size=11,
                    color=PALETTE[inside],
                    line={"width": 1.5, "color": PALETTE[edge]},
                )
            )
    return traces


def _rings(matrix: Matrix, places: dict[str, float]) -> list[dict[str, Any]]:
    """Return Plotly's shapes: a thin ring round every score that only one person has coded."""
    return [
        {
            "type": "rect",
            "x0": places[cell.column.key] - 0.44,
            "x1": places[cell.column.key] + 0.44,
            "y0": number - 0.42,
            "y1": number + 0.42,
            "line": {"width": 1, "color": PALETTE["ink-2"]},
        }
        for number, row in enumerate(matrix.rows)
        for cell in row.cells
        if cell.single_coder and cell.score is not None and cell.column.key in places
    ]


def _scatter(found: list[tuple[float, float, str, Cell]], **marker: Any) -> go.Scatter:
    return go.Scatter(
        x=[x for x, _, _, _ in found],
        y=[y for _, y, _, _ in found],
        mode="markers",
        marker={"color": PALETTE["ink-2"], **marker},
        customdata=[cell.url for _, _, _, cell in found],
        text=[_hover(title, cell) for _, _, title, cell in found],
        hovertemplate="%{text}<extra></extra>",
        cliponaxis=False,
    )


def _outcomes(matrix: Matrix, end: float) -> go.Scatter:
    overall_outcome = _("What came of it: %(direction)s")
    return go.Scatter(
        x=[end] * len(matrix.rows),
        y=list(range(len(matrix.rows))),
        mode="markers+text",
        marker={"size": 9, "color": [PALETTE[_dot(row.outcome.direction)] for row in matrix.rows]},
        text=["  " + _two_lines(row.outcome.words) for row in matrix.rows],
        textposition="middle right",
        textfont={"size": 12},
        customdata=[row.url + "#outcomes" for row in matrix.rows],
        hovertext=[
            f"<b>{row.title}</b><br>" + overall_outcome % {"direction": row.outcome.direction_words}
            for row in matrix.rows
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        cliponaxis=False,
    )


def _dot(direction: str) -> str:
    return direction if direction in ("positive", "negative", "mixed") else "unknown"


def _two_lines(words: str) -> str:
    return words.replace(" · ", " ·<br>  ", 1)


def _heads(matrix: Matrix, places: dict[str, float], end: float) -> list[dict[str, Any]]:
    overall_outcome = _("What came of it")
    above = {"yref": "paper", "y": 1, "showarrow": False, "yanchor": "bottom"}
    heads: list[dict[str, Any]] = []
    for polarity, words in GROUPS.items():
        at = [places[column.key] for column in matrix.of_polarity(polarity)]
        if at:
            heads.append(
                {
                    **above,
                    "x": (at[0] + at[-1]) / 2,
                    "text": f"<b>{words}</b>",
                    "font": {"color": PALETTE[f"{SCALES[polarity]}-100"], "size": 14},
                    "yshift": 50,
                }
            )
    heads += [
        {
            **above,
            "x": places[column.key],
            "text": _short(column.short_name),
            "font": {"color": PALETTE["ink-2"], "size": 11},
            "yshift": 6,
        }
        for column in matrix.columns
        if column.key in places
    ]
    heads.append(
        {
            **above,
            "x": end - 0.1,
            "xanchor": "left",
            "text": f"<b>{overall_outcome}</b>",
            "font": {"size": 14},
            "yshift": 50,
        }
    )
    return heads


def _short(name: str) -> str:
    """Return a column's head in at most two lines, as even as its words allow."""
    words = name.split()
    if len(words) < 2:
        return name
    cut = min(
        range(1, len(words)),
        key=lambda at: max(len(" ".join(words[:at])), len(" ".join(words[at:]))),
    )
    return " ".join(words[:cut]) + "<br>" + " ".join(words[cut:])
