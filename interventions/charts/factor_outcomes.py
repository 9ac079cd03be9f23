"""What came of projects, by factor present, absent or not known."""

from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go

from clusters.charts.chart import Cell, Chart, table
from clusters.charts.style import PALETTE, house_layout, lying_bars
from clusters.i18n import PROJECTS, counted
from clusters.i18n import gettext as _
from interventions.analysis.matrix import DIRECTION_WORDS
from interventions.analysis.outcomes import DIRECTIONS, PRESENCE, RULES, OutcomeCount

ROW_HEIGHT = 24
# Told apart without colour, too: in grey print and by colour-blind readers.
PATTERNS = {"positive": "", "mixed": "/", "negative": "x", "none": ".", "unknown": ""}
COLOURS = {
    "positive": "positive",
    "mixed": "mixed",
    "negative": "negative",
    "none": "ink-2",
    "unknown": "line",
}

type Links = Callable[..., str]


def factor_outcomes(
    counts: Sequence[OutcomeCount], *, projects: int, links: Links, source: str
) -> Chart:
    """Return a chart with one bar for each factor and presence that occurs.

    `links` gives, for a factor's key, a presence and perhaps a direction, the address of the
    projects behind a bar or a part of it.
    """
    drawn = [count for count in counts if count.total]
    known = [_said(count) for count in drawn if count.presence != "unknown"]
    return Chart(
        name="factor-outcomes",
        title=_("What came of projects where a factor was present, absent or not known"),
        reading=_(
            "Projects, by the direction of all their outcomes together. Present: agreed score "
            "0.67 or 1; absent: 0 or 0.33; not known: no agreed score. Each factor counts every "
            "project once: n = %(projects)s."
        )
        % {"projects": counted(projects, PROJECTS)},
        source=source,
        summary="; ".join(known) or _("No factor has an agreed score in any of these projects."),
        figure=_figure(drawn, links) if len(drawn) > 1 else None,
        head=(
            _("Factor"),
            _("Was"),
            *(str(DIRECTION_WORDS[direction]) for direction in DIRECTIONS),
            _("Projects (n)"),
        ),
        rows=table(
            *(
                (
                    count.name,
                    RULES[count.presence],
                    *(_part(count, direction, links) for direction in DIRECTIONS),
                    Cell(str(count.total), links(count.factor, count.presence)),
                )
                for count in counts
            )
        ),
    )


def _part(count: OutcomeCount, direction: str, links: Links) -> Cell:
    number = count.counts[direction]
    return Cell(str(number), links(count.factor, count.presence, direction) if number else "")


def _said(count: OutcomeCount) -> str:
    directions = [
        f"{count.counts[direction]} {DIRECTION_WORDS[direction]}"
        for direction in DIRECTIONS
        if count.counts[direction]
    ]
    return _("%(factor)s %(presence)s: %(directions)s of %(total)s") % {
        "factor": count.short_name,
        "presence": PRESENCE[count.presence],
        "directions": ", ".join(directions),
        "total": count.total,
    }


def _figure(drawn: Sequence[OutcomeCount], links: Links) -> go.Figure:
    places = _places(drawn)
    traces = [_bars(direction, drawn, places, links) for direction in DIRECTIONS]
    heads = [
        {
            "x": 0,
            "xref": "paper",
            "xanchor": "right",
            "xshift": -108,
            "y": place,
            "text": f"<b>{count.short_name}</b>",
            "showarrow": False,
        }
        for number, (count, place) in enumerate(zip(drawn, places, strict=True))
        if number == 0 or drawn[number - 1].factor != count.factor
    ]
    return go.Figure(
        [trace for trace in traces if any(trace.x)],
        house_layout(
            height=int(110 + ROW_HEIGHT * (places[-1] + 1)),
            showlegend=True,
            legend={
                "orientation": "h",
                "x": 0,
                "y": 1,
                "yanchor": "bottom",
                "traceorder": "normal",
            },
            margin={"l": 290, "r": 48, "t": 40, "b": 48},
            annotations=heads,
            **lying_bars(
                places,
                [
                    _("%(presence)s, n = %(total)s")
                    % {"presence": PRESENCE[count.presence], "total": count.total}
                    for count in drawn
                ],
                _("projects"),
                edge=0.7,
                dtick=max(1, round(max(count.total for count in drawn) / 10)),
            ),
        ),
    )


def _places(drawn: Sequence[OutcomeCount]) -> list[float]:
    """Return the y of each bar: bars of one factor stand together, factors a little apart."""
    places: list[float] = []
    at = 0.0
    for number, count in enumerate(drawn):
        if number and drawn[number - 1].factor != count.factor:
            at += 0.6
        places.append(at)
        at += 1
    return places


def _bars(
    direction: str, drawn: Sequence[OutcomeCount], places: list[float], links: Links
) -> go.Bar:
    words = str(DIRECTION_WORDS[direction])
    marker: dict[str, Any] = {
        "color": PALETTE[COLOURS[direction]],
        "pattern": {
            "shape": PATTERNS[direction],
            "fillmode": "overlay",
            "fgcolor": PALETTE["paper"],
            "size": 6,
        },
    }
    return go.Bar(
        orientation="h",
        y=places,
        x=[count.counts[direction] for count in drawn],
        width=0.8,
        marker=marker,
        customdata=[_part(count, direction, links).url for count in drawn],
        hovertext=[
            f"<b>{count.name}</b> {RULES[count.presence]}<br>"
            + _("%(direction)s: %(number)s of %(projects)s")
            % {
                "direction": words,
                "number": count.counts[direction],
                "projects": counted(count.total, PROJECTS),
            }
            for count in drawn
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        name=words,
    )
