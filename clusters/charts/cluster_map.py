"""Where the clusters are: points over outlines of countries, drawn without any map server."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import plotly.graph_objects as go

from clusters.charts.chart import Cell, Chart, table
from clusters.charts.style import PALETTE, house_layout
from clusters.i18n import counted, gettext_lazy, ngettext_lazy
from clusters.i18n import gettext as _

type Ring = tuple[tuple[float, float], ...]

# Degrees kept free around the outermost clusters.
MARGIN = 6.0
HEIGHT = 420
# Rounding: a tenth of a degree is a pixel at most on a map of this size.
DIGITS = 1
OUTLINES_FROM = gettext_lazy("Outlines: world.geo.json as the package countryinfo brings it.")
CLUSTERS = ngettext_lazy("%(n)s cluster", "%(n)s clusters", "count")


@dataclass(frozen=True)
class Place:
    """A cluster on the map: degrees north and east, or None where no point is recorded."""

    name: str
    words: str
    url: str
    latitude: float | None
    longitude: float | None


def cluster_map(places: Sequence[Place], source: str) -> Chart:
    """Return a map of the places that have a point; its table also has those without one."""
    known = [place for place in places if place.latitude is not None]
    counts = {"known": len(known), "clusters": counted(len(places), CLUSTERS)}
    return Chart(
        name="cluster-map",
        title=_("Where %(cluster)s is") % {"cluster": places[0].name}
        if len(places) == 1
        else _("Where the clusters are"),
        reading=_(
            "One point a cluster, in degrees north and east (WGS 84). "
            "n = %(known)s of %(clusters)s with a recorded point."
        )
        % counts,
        source=f"{source} {OUTLINES_FROM}",
        summary=_("%(known)s of %(clusters)s have a point on the map.") % counts,
        figure=_figure(known) if known else None,
        head=(_("Cluster"), _("What and where"), _("° north"), _("° east")),
        rows=table(
            *(
                (Cell(place.name, place.url), place.words, place.latitude, place.longitude)
                for place in places
            )
        ),
    )


def _figure(places: Sequence[Place]) -> go.Figure:
    west, south, east, north = bounds(places)
    return go.Figure(
        [
            _countries(outlines(west, south, east, north)),
            go.Scatter(
                x=[place.longitude for place in places],
                y=[place.latitude for place in places],
                mode="markers+text",
                marker={"size": 11, "color": PALETTE["ink"]},
                text=[place.name for place in places],
                textposition=_text_positions(places),
                customdata=[place.url for place in places],
                hovertext=[f"<b>{place.name}</b><br>{place.words}" for place in places],
                hovertemplate="%{hovertext}<extra></extra>",
                cliponaxis=False,
                name=_("Clusters"),
            ),
        ],
        house_layout(
            height=HEIGHT,
            xaxis={"range": [west, east], "visible": False, "fixedrange": True},
            yaxis={
                "range": [south, north],
                "visible": False,
                "fixedrange": True,
                "scaleanchor": "x",
                # A degree east is about 0.86 of a degree north at 30°.
                "scaleratio": 1.15,
            },
        ),
    )


def _countries(rings: Iterable[Ring]) -> go.Scatter:
    lines_x: list[float | None] = []
    lines_y: list[float | None] = []
    for ring in rings:
        # None lifts the pen between one outline and the next.
        lines_x += [*(x for x, _ in ring), None]
        lines_y += [*(y for _, y in ring), None]
    return go.Scatter(
        x=lines_x,
        y=lines_y,
        mode="lines",
        fill="toself",
        fillcolor=PALETTE["zero"],
        line={"width": 1, "color": PALETTE["unknown"]},
        hoverinfo="skip",
        name=_("Countries"),
    )


def _text_positions(places: Sequence[Place]) -> list[str]:
    """Return Plotly's text position of each name, away from the names of near neighbours."""
    positions = []
    for place in places:
        near = [
            other
            for other in places
            if other is not place
            and abs(_north(place) - _north(other)) < 4
            and abs(_east(place) - _east(other)) < 8
        ]
        if all(_east(place) >= _east(other) for other in near):
            positions.append("middle right")
        elif all(_east(place) <= _east(other) for other in near):
            positions.append("middle left")
        elif all(_north(place) >= _north(other) for other in near):
            positions.append("top center")
        else:
            positions.append("bottom center")
    return positions


def _north(place: Place) -> float:
    return place.latitude or 0.0


def _east(place: Place) -> float:
    return place.longitude or 0.0


def bounds(places: Sequence[Place]) -> tuple[float, float, float, float]:
    """Return west, south, east and north, in degrees, of a map that holds all places."""
    longitudes = [float(place.longitude or 0) for place in places]
    latitudes = [float(place.latitude or 0) for place in places]
    return (
        max(min(longitudes) - 2 * MARGIN, -180.0),
        max(min(latitudes) - MARGIN, -60.0),
        min(max(longitudes) + 2 * MARGIN, 180.0),
        min(max(latitudes) + MARGIN, 84.0),
    )


def outlines(west: float, south: float, east: float, north: float) -> list[Ring]:
    """Return the rings of countries that reach into a rectangle, as points (east, north)."""
    return [
        ring
        for ring in _world()
        if min(x for x, _ in ring) <= east
        and max(x for x, _ in ring) >= west
        and min(y for _, y in ring) <= north
        and max(y for _, y in ring) >= south
    ]


@cache
def _world() -> tuple[Ring, ...]:
    """Return every country's outer rings, read from countryinfo's GeoJSON once a process."""
    rings: list[Ring] = []
    folder = resources.files("countryinfo") / "data"
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.endswith(".json"):
            found = json.loads(path.read_text(encoding="utf-8")).get("geoJSON") or {}
            for feature in found.get("features", []):
                rings += _rings(feature.get("geometry") or {})
    return tuple(rings)


def _rings(geometry: dict[str, Any]) -> Iterable[Ring]:
    coordinates = geometry.get("coordinates", [])
    polygons = coordinates if geometry.get("type") == "MultiPolygon" else [coordinates]
    for polygon in polygons:
        for ring in polygon[:1]:  # holes are other countries, which have outlines of their own
            rounded = [(round(x, DIGITS), round(y, DIGITS)) for x, y in ring]
            kept = [
                point
                for number, point in enumerate(rounded)
                if number == 0 or point != rounded[number - 1]
            ]
            if len(kept) > 3:
                yield tuple(kept)
