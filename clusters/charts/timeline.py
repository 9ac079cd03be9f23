"""A cluster's timeline: events above, each as long as its date is uncertain; projects below."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from clusters.charts.style import PALETTE, house_layout

EVENT_HEIGHT = 26
BAR_HEIGHT = 34


@dataclass(frozen=True)
class Happening:
    """An event or a project on the time axis. Open ends are None."""

    title: str
    words: str
    earliest: datetime.date | None
    latest: datetime.date | None
    url: str
    kind: str  # challenge, shock, step or project


def cluster_timeline(happenings: Sequence[Happening]) -> go.Figure:
    """Draw the happenings that have a date, in the order they come, from top to bottom."""
    dated = [one for one in happenings if one.earliest or one.latest]
    edges = [day for one in dated for day in (one.earliest, one.latest) if day]
    first = min(edges, default=datetime.date(2000, 1, 1))
    last = max(edges, default=datetime.date(2001, 1, 1))
    traces = [_bar(one, number, first, last) for number, one in enumerate(dated)]
    labels = [_label(one.title) for one in dated]
    return go.Figure(
        traces,
        house_layout(
            height=60 + EVENT_HEIGHT * max(len(dated), 1),
            margin={"l": 380, "r": 24, "t": 28, "b": 12},
            xaxis={
                "range": [
                    datetime.date(first.year, 1, 1).isoformat(),
                    datetime.date(last.year + 1, 1, 1).isoformat(),
                ],
                "side": "top",
                "gridcolor": PALETTE["line"],
                "tickformat": "%Y",
                "dtick": "M24",
                "fixedrange": True,
                "zeroline": False,
            },
            yaxis={
                "tickvals": list(range(len(dated))),
                "ticktext": labels,
                "range": [len(dated) - 0.4, -0.6],
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
        ),
    )


def _label(title: str) -> str:
    return title if len(title) <= 48 else f"{title[:46].rsplit(' ', 1)[0]} …"


def _bar(one: Happening, number: int, first: datetime.date, last: datetime.date) -> go.Scatter:
    start, end = one.earliest or first, one.latest or last
    is_project = one.kind == "project"
    is_point = (end - start).days < 32
    marker: dict[str, Any] = {
        "size": 9,
        "symbol": "diamond" if one.kind == "shock" else "circle",
        "color": PALETTE["ink"],
    }
    return go.Scatter(
        x=[start.isoformat()] if is_point else [start.isoformat(), end.isoformat()],
        y=[number] if is_point else [number, number],
        mode="markers" if is_point else "lines",
        line={
            # Dots where the source leaves an end open.
            "dash": "solid" if one.earliest and one.latest else "dot",
            "width": 12 if is_project else 5,
            "color": PALETTE["ink" if is_project else "unknown"],
        },
        marker=marker,
        customdata=[one.url] * 2,
        hovertemplate=f"<b>{one.title}</b><br>{one.words}<extra></extra>",
        name=one.title,
    )
