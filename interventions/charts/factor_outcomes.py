"""What came of projects, by factor present, absent or not known."""

from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go

from clusters.charts.chart import Cell, Chart, plural, table
from clusters.charts.style import PALETTE, house_layout, lying_bars
from interventions.analysis.matrix import DIRECTION_WORDS
from interventions.analysis.outcomes import DIRECTIONS, PRESENCE, OutcomeCount

ROW_HEIGHT = 24
# Told apart without colour, too: in grey print and by colour-blind readers.
PATTERNS = {"good": "", "mixed": "/", "bad": "x", "none": ".", "unknown": ""}
COLOURS = {
    "good": "good",
    "mixed": "mixed",
    "bad": "bad",
    "none": "ink-2",
    "unknown": "line",
}

type Links = Callable[[str, str], str]


def factor_outcomes(
    counts: Sequence[OutcomeCount], *, projects: int, links: Links, source: str
) -> Chart:
    """Draw one bar for each factor and presence that occurs.

    `links` gives, for a factor's key and a presence, the address of the projects behind a bar.
    """
    drawn = [count for count in counts if count.total]
    known = [count for count in drawn if count.presence != "unknown"]
    return Chart(
        name="factor-outcomes",
        title="What came of projects where a factor was present, absent or not known",
        reading="Projects, by the direction of all their outcomes together. Present: agreed "
        "degree 0.67 or 1; absent: 0 or 0.33; not known: no agreed degree. Each factor counts "
        f"every project once: n = {plural(projects, 'project')}.",
        source=source,
        summary="; ".join(
            f"{count.short_name} {count.presence}: "
            + ", ".join(
                f"{count.counts[direction]} {DIRECTION_WORDS[direction]}"
                for direction in DIRECTIONS
                if count.counts[direction]
            )
            + f" of {count.total}"
            for count in known
        )
        or "No factor has an agreed degree in any of these projects.",
        figure=_figure(drawn, links) if len(drawn) > 1 else None,
        head=("Factor", "Was", *(DIRECTION_WORDS[one] for one in DIRECTIONS), "Projects (n)"),
        rows=table(
            *(
                (
                    count.name,
                    PRESENCE[count.presence],
                    *(count.counts[direction] for direction in DIRECTIONS),
                    Cell(str(count.total), links(count.factor, count.presence)),
                )
                for count in counts
            )
        ),
    )


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
                    f"{'not known' if count.presence == 'unknown' else count.presence}, "
                    f"n = {count.total}"
                    for count in drawn
                ],
                "projects",
                edge=0.7,
                dtick=max(1, round(max(count.total for count in drawn) / 10)),
            ),
        ),
    )


def _places(drawn: Sequence[OutcomeCount]) -> list[float]:
    """Bars of one factor stand together, factors a little apart."""
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
    words = DIRECTION_WORDS[direction]
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
        customdata=[links(count.factor, count.presence) for count in drawn],
        hovertext=[
            f"<b>{count.name}</b> {PRESENCE[count.presence]}<br>"
            f"{words}: {count.counts[direction]} of {plural(count.total, 'project')}"
            for count in drawn
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        name=words,
    )
