"""A cluster's timeline: events above, each as long as its date is uncertain; projects below."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any

import plotly.graph_objects as go

from clusters.charts.chart import Cell, Chart, table, wrapped
from clusters.charts.style import PALETTE, house_layout
from clusters.i18n import PROJECTS, counted, gettext_lazy, ngettext_lazy
from clusters.i18n import gettext as _

ROW_HEIGHT = 30
PROJECT = "project"
SHOCK = "shock"
KINDS = {
    "challenge": gettext_lazy("Challenge and response"),
    SHOCK: gettext_lazy("Shock"),
    "milestone": gettext_lazy("Step"),
    PROJECT: gettext_lazy("Project"),
}
EVENTS = ngettext_lazy("%(n)s event", "%(n)s events", "count")
DATED_EVENTS = ngettext_lazy("%(n)s dated event", "%(n)s dated events", "count")
DATED_PROJECTS = ngettext_lazy("%(n)s dated project", "%(n)s dated projects", "count")
SHOCKS = ngettext_lazy("%(n)s shock", "%(n)s shocks", "count")


@dataclass(frozen=True)
class Happening:
    """An event or a project on the time axis. Open ends are None.

    Of a project, `planned` holds the first and the last planned day, where a plan is known, and
    `surely` the time in which it ran for certain: from the last day on which it may have begun to
    the first on which it may have ended. `lasted` says of an event that it filled its time, rather
    than that its day in it is not known.
    """

    title: str
    words: str
    earliest: datetime.date | None
    latest: datetime.date | None
    url: str
    kind: str  # challenge, shock, milestone or project
    planned: tuple[datetime.date | None, datetime.date | None] = (None, None)
    surely: tuple[datetime.date, datetime.date] | None = None
    lasted: bool = False

    @property
    def days(self) -> list[datetime.date]:
        return [day for day in (self.earliest, self.latest, *self.planned) if day]


def cluster_timeline(cluster: str, happenings: Sequence[Happening], source: str) -> Chart:
    """Return a timeline, top to bottom, of the happenings with a date; its table has all."""
    dated = [happening for happening in happenings if happening.days]
    return Chart(
        name="cluster-timeline",
        title=_("What happened in and around %(cluster)s, by year") % {"cluster": cluster},
        reading=_(
            "Points: events dated to the month or closer. Thin bars: grey where an event fell on "
            "some day of that time, dark where it lasted. Lettered bands: shocks dated to a year "
            "or closer. Thick bars: projects, dark while they surely ran, pale while they may "
            "have; outlines: as planned. Dots: the source leaves an end open."
        )
        + f" {_drawn(dated, len(happenings) - len(dated))}",
        source=source,
        summary=_summary(dated),
        figure=_figure(dated) if len(dated) > 1 else None,
        head=(_("What"), _("Kind"), _("When"), _("From"), _("To")),
        rows=table(
            *(
                (
                    Cell(happening.title, happening.url),
                    KINDS[happening.kind],
                    happening.words,
                    happening.earliest,
                    happening.latest,
                )
                for happening in happenings
            )
        ),
        wide=True,
    )


def _drawn(dated: Sequence[Happening], undated: int) -> str:
    events = sum(happening.kind != PROJECT for happening in dated)
    counts = {
        "events": counted(events, EVENTS),
        "projects": counted(len(dated) - events, PROJECTS),
        "undated": undated,
    }
    if undated:
        return _("n = %(events)s, %(projects)s; %(undated)s without any date not drawn.") % counts
    return _("n = %(events)s, %(projects)s.") % counts


def _summary(dated: Sequence[Happening]) -> str:
    events = sum(happening.kind != PROJECT for happening in dated)
    counts = {
        "events": counted(events, DATED_EVENTS),
        "shocks": counted(sum(happening.kind == SHOCK for happening in dated), SHOCKS),
        "projects": counted(len(dated) - events, DATED_PROJECTS),
    }
    if not dated:
        return _("%(events)s, of which %(shocks)s, and %(projects)s.") % counts
    return _("%(events)s, of which %(shocks)s, and %(projects)s, from %(first)s to %(last)s.") % {
        **counts,
        "first": _first(dated).year,
        "last": _last(dated).year,
    }


def _first(dated: Sequence[Happening]) -> datetime.date:
    return min(day for happening in dated for day in happening.days)


def _last(dated: Sequence[Happening]) -> datetime.date:
    return max(day for happening in dated for day in happening.days)


def _figure(dated: Sequence[Happening]) -> go.Figure:
    first, last = _first(dated), _last(dated)
    shocks = [happening for happening in dated if _is_short_shock(happening)]
    letters = {
        id(happening): ascii_uppercase[number % 26] for number, happening in enumerate(shocks)
    }
    traces = [
        trace
        for number, happening in enumerate(dated)
        for trace in _bars(happening, number, first, last)
    ]
    return go.Figure(
        traces,
        house_layout(
            height=60 + ROW_HEIGHT * len(dated),
            margin={"l": 380, "r": 24, "t": 28, "b": 12},
            xaxis={
                "range": [
                    datetime.date(first.year, 1, 1).isoformat(),
                    datetime.date(min(last.year + 1, 9999), 1, 1).isoformat(),
                ],
                "side": "top",
                "gridcolor": PALETTE["line"],
                "tickformat": "%Y",
                "dtick": f"M{12 * max(1, round((last.year - first.year) / 12))}",
                "fixedrange": True,
                "zeroline": False,
            },
            yaxis={
                "tickvals": list(range(len(dated))),
                "ticktext": [
                    _label(happening, letters.get(id(happening), "")) for happening in dated
                ],
                "range": [len(dated) - 0.4, -0.6],
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            shapes=[_span(happening, first, last) for happening in shocks],
            annotations=[_letter(happening, letters[id(happening)], first) for happening in shocks],
        ),
    )


def _label(happening: Happening, letter: str) -> str:
    title = wrapped(f"{letter} · {happening.title}" if letter else happening.title, 56)
    return f"<b>{title}</b>" if happening.kind == PROJECT else title


def _is_short_shock(happening: Happening) -> bool:
    """Return whether a shock is dated to a year or closer, so that its time can be marked."""
    if happening.kind != SHOCK or happening.earliest is None or happening.latest is None:
        return False
    return (happening.latest - happening.earliest).days <= 366


def _span(happening: Happening, first: datetime.date, last: datetime.date) -> dict[str, Any]:
    """Return Plotly's shape of a shock's time, over all rows, to show what ran through it."""
    start, end = happening.earliest or first, happening.latest or last
    return {
        "type": "rect",
        "xref": "x",
        "yref": "paper",
        "x0": start.isoformat(),
        # A single day would be too thin to see.
        "x1": max(end, start + datetime.timedelta(days=30)).isoformat(),
        "y0": 0,
        "y1": 1,
        "fillcolor": PALETTE["zero"],
        # Bands that overlap are told apart by their edges.
        "line": {"width": 1, "color": PALETTE["unknown"], "dash": "dot"},
        "layer": "below",
    }


def _letter(happening: Happening, letter: str, first: datetime.date) -> dict[str, Any]:
    """Return Plotly's annotation with the letter of a shock, where its band begins."""
    return {
        "x": (happening.earliest or first).isoformat(),
        "y": 0,
        "yref": "paper",
        "yanchor": "bottom",
        "xanchor": "left",
        "text": f"<b>{letter}</b>",
        "showarrow": False,
        "font": {"size": 12, "color": PALETTE["ink"]},
    }


def _bars(
    happening: Happening, number: int, first: datetime.date, last: datetime.date
) -> list[go.Scatter]:
    bars = []
    if any(happening.planned):
        bars.append(_planned_bar(happening, number, first, last))
    if happening.earliest or happening.latest:
        bars.append(_actual_bar(happening, number, first, last))
        if happening.surely:
            bars.append(_sure_bar(happening, number, happening.surely))
    return bars


def _planned_bar(
    happening: Happening, number: int, first: datetime.date, last: datetime.date
) -> go.Scatter:
    as_planned = _("as planned")
    start, end = happening.planned[0] or first, happening.planned[1] or last
    box = [start, end, end, start, start]
    return go.Scatter(
        x=[day.isoformat() for day in box],
        y=[number - 0.36, number - 0.36, number + 0.36, number + 0.36, number - 0.36],
        mode="lines",
        line={"width": 1, "color": PALETTE["ink-2"]},
        customdata=[happening.url] * 5,
        hovertemplate=f"<b>{happening.title}</b><br>{as_planned}<extra></extra>",
        name=_("%(project)s, planned") % {"project": happening.title},
    )


def _actual_bar(
    happening: Happening, number: int, first: datetime.date, last: datetime.date
) -> go.Scatter:
    start, end = happening.earliest or first, happening.latest or last
    is_point = (end - start).days < 32
    return go.Scatter(
        x=[start.isoformat()] if is_point else [start.isoformat(), end.isoformat()],
        y=[number] if is_point else [number, number],
        mode="markers" if is_point else "lines",
        line={
            # Dots where the source leaves an end open.
            "dash": "solid" if happening.earliest and happening.latest else "dot",
            "width": 12 if happening.kind == PROJECT else 5,
            "color": PALETTE[_colour(happening)],
        },
        marker={
            "size": 9,
            "symbol": "diamond" if happening.kind == SHOCK else "circle",
            "color": PALETTE["ink"],
        },
        customdata=[happening.url] * (1 if is_point else 2),
        hovertemplate=f"<b>{happening.title}</b><br>{happening.words}<extra></extra>",
        name=happening.title,
    )


def _sure_bar(
    happening: Happening, number: int, surely: tuple[datetime.date, datetime.date]
) -> go.Scatter:
    return go.Scatter(
        x=[day.isoformat() for day in surely],
        y=[number, number],
        mode="lines",
        line={"width": 12, "color": PALETTE["ink"]},
        customdata=[happening.url] * 2,
        hovertemplate=f"<b>{happening.title}</b><br>{happening.words}<extra></extra>",
        name=_("%(project)s, surely") % {"project": happening.title},
    )


def _colour(happening: Happening) -> str:
    """Return the palette's name for a bar: dark where an end is open, or an event lasted."""
    is_open = not (happening.earliest and happening.latest)
    is_dark = is_open if happening.kind == PROJECT else happening.lasted
    return "ink" if is_dark else "unknown"
