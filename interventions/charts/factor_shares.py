"""How often each factor was present, over many projects: degrees and what is not known, with n."""

from collections.abc import Callable

import plotly.graph_objects as go

from clusters.charts.chart import Cell, Chart, table, wrapped
from clusters.charts.style import PALETTE, house_layout, lying_bars
from clusters.words import PROJECTS, counted
from clusters.words import gettext as _
from interventions.analysis.matrix import DEGREE_WORDS, GROUPS, Column
from interventions.analysis.shares import FactorShare

ROW_HEIGHT = 40
SCALES = {"enabling": "teal", "hindering": "rust"}


type Links = Callable[[str, float | None], str]


def factor_shares(shares: list[FactorShare], *, projects: int, links: Links, source: str) -> Chart:
    """Draw one bar a factor: projects by agreed degree, then those without one.

    `links` gives, for a factor's key and a degree or None, the address of the projects behind.
    """
    return Chart(
        name="factor-shares",
        title=_("How often each factor was present, absent or not known"),
        reading=_(
            "Projects by agreed degree, from 1 (fully present) to 0 (absent), then those without "
            "an agreed degree. n = %(projects)s for every factor."
        )
        % {"projects": counted(projects, PROJECTS)},
        source=source,
        key=_(
            "The darker, the more present; teal favours collective action, rust stands in its way. "
            "White: no agreed degree."
        ),
        summary="; ".join(
            _("%(factor)s: present in %(present)s of %(known)s with a degree")
            % {
                "factor": share.column.short_name,
                "present": share.present,
                "known": share.known,
            }
            for share in shares
        ),
        figure=_figure(shares, links) if projects > 1 and shares else None,
        head=(
            _("Factor"),
            *(_in_words(degree) for degree in reversed(DEGREE_WORDS)),
            _("No degree"),
            _("n with a degree"),
            _("n"),
        ),
        rows=table(
            *(
                (
                    Cell(share.column.name, share.column.url),
                    *(
                        _part(share, degree, share.degrees.get(degree, 0), links)
                        for degree in reversed(DEGREE_WORDS)
                    ),
                    _part(share, None, share.unknown, links),
                    share.known,
                    share.total,
                )
                for share in shares
            )
        ),
    )


def _part(share: FactorShare, degree: float | None, number: int, links: Links) -> Cell:
    return Cell(str(number), links(share.column.key, degree) if number else "")


def _fill(column: Column, degree: float) -> str:
    if not degree:
        return PALETTE["zero"]
    return PALETTE[f"{SCALES[column.polarity]}-{round(degree * 100)}"]


def _in_words(degree: float) -> str:
    return f"{DEGREE_WORDS[degree]} ({degree:g})"


def _hover(share: FactorShare, degree: str, number: int) -> str:
    words = _("%(degree)s: %(number)s of %(total)s") % {
        "degree": degree,
        "number": number,
        "total": share.total,
    }
    return f"<b>{share.column.name}</b><br>{words}"


def _figure(shares: list[FactorShare], links: Links) -> go.Figure:
    rows = list(range(len(shares)))
    shown = [share.column for share in shares]
    traces = []
    for degree in reversed(DEGREE_WORDS):
        traces.append(
            go.Bar(
                orientation="h",
                y=rows,
                x=[share.degrees.get(degree, 0) for share in shares],
                width=0.7,
                marker={
                    "color": [
                        _fill(column, degree) if column.polarity in GROUPS else PALETTE["ink-2"]
                        for column in shown
                    ],
                    "line": {"width": 1, "color": PALETTE["ink-2"]},
                },
                customdata=[
                    _part(share, degree, share.degrees.get(degree, 0), links).url
                    for share in shares
                ],
                hovertext=[
                    _hover(share, _in_words(degree), share.degrees.get(degree, 0))
                    for share in shares
                ],
                hovertemplate="%{hovertext}<extra></extra>",
                name=f"{degree:g}",
            )
        )
    traces.append(
        go.Bar(
            orientation="h",
            y=rows,
            x=[share.unknown for share in shares],
            width=0.7,
            marker={"color": PALETTE["paper"], "line": {"width": 1, "color": PALETTE["line"]}},
            customdata=[_part(share, None, share.unknown, links).url for share in shares],
            hovertext=[_hover(share, _("no agreed degree"), share.unknown) for share in shares],
            hovertemplate="%{hovertext}<extra></extra>",
            name=_("no degree"),
        )
    )
    return go.Figure(
        traces,
        house_layout(
            height=70 + ROW_HEIGHT * len(shares),
            margin={"l": 190, "r": 16, "t": 8, "b": 48},
            **lying_bars(rows, [wrapped(column.short_name, 26) for column in shown], _("projects")),
        ),
    )
