"""The house style of charts: one palette, one template.

Figures are drawn in the colours of the light scheme. The page replaces each of them by the
custom property of the same name, so that a chart follows the reader's colour scheme.
"""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

PALETTE = {
    "paper": "#ffffff",
    "panel": "#f7f5f1",
    "zero": "#f1efea",
    "ink": "#23211d",
    "ink-2": "#6d6860",
    "line": "#ddd8ce",
    "teal-33": "#b9dcd8",
    "teal-67": "#5aada6",
    "teal-100": "#0f6b66",
    "rust-33": "#f3d3b5",
    "rust-67": "#dd944e",
    "rust-100": "#a8500f",
    "positive": "#2b7a52",
    "negative": "#b3352b",
    "mixed": "#8a6a1c",
    "unknown": "#77736b",
}
FONT = "system-ui, sans-serif"


def house_layout(**overrides: Any) -> go.Layout:
    """Return the layout that every chart starts from."""
    layout: dict[str, Any] = {
        "template": "none",
        "paper_bgcolor": PALETTE["paper"],
        "plot_bgcolor": PALETTE["paper"],
        "font": {"family": FONT, "size": 13, "color": PALETTE["ink"]},
        "hoverlabel": {
            "bgcolor": PALETTE["panel"],
            "bordercolor": PALETTE["line"],
            "font": {"family": FONT, "size": 13, "color": PALETTE["ink"]},
            "align": "left",
        },
        "showlegend": False,
        "dragmode": False,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    }
    return go.Layout({**layout, **overrides})


def lying_bars(
    places: Sequence[float], names: Sequence[str], unit: str, edge: float = 0.5, **xaxis: Any
) -> dict[str, Any]:
    """Return the layout of stacked bars that lie, the first on top, each with its name.

    `edge` is the room above the first place and below the last, in places.
    """
    return {
        "barmode": "stack",
        "xaxis": {
            "title": {"text": unit},
            "gridcolor": PALETTE["line"],
            "zeroline": False,
            "fixedrange": True,
            **xaxis,
        },
        "yaxis": {
            "tickvals": list(places),
            "ticktext": list(names),
            "range": [places[-1] + edge, -edge],
            "showgrid": False,
            "fixedrange": True,
        },
    }
