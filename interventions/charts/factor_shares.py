"""How often each factor was present, over many projects: scores and what is not known, with n."""

from collections.abc import Callable

import plotly.graph_objects as go

from clusters.charts.chart import Cell, Chart, table, wrapped
from clusters.charts.style import PALETTE, house_layout, lying_bars
from clusters.i18n import PROJECTS, counted
from clusters.i18n import gettext as _
from interventions.analysis.matrix import GROUPS, SCORE_WORDS, Column
from interventions.analysis.shares import FactorShare

ROW_HEIGHT = 40
SCALES = {"enabling": "teal", "hindering": "rust"}


type Links = Callable[[str, float | None], str]


def factor_shares(shares: list[FactorShare], *, projects: int, links: Links, source: str) -> Chart:
    """Return a chart with one bar a factor: projects by agreed score, then those without one.

    `links` gives, for a factor's key and a score or None, the address of the projects behind.
    """
    return Chart(
        name="factor-shares",
        title=_("How often each factor was present, absent or not known"),
        reading=_(
            "Projects by agreed score, from 1 (fully present) to 0 (absent), then those without "
            "an agreed score. n = %(projects)s for every factor."
        )
        % {"projects": counted(projects, PROJECTS)},
        source=source,
        key=_(
            "The darker, the more present; teal favours collective action, rust stands in its way. "
            "White: no agreed score."
        ),
        summary="; ".join(
            _("%(factor)s: present in %(present)s of %(known)s with a score")
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
            *(_in_words(score) for score in reversed(SCORE_WORDS)),
            _("No score"),
            _("n with a score"),
            _("n"),
        ),
        rows=table(*(_row(share, links) for share in shares)),
    )


def _row(share: FactorShare, links: Links) -> tuple[object, ...]:
    parts = (
        _part(share, score, share.scores.get(score, 0), links) for score in reversed(SCORE_WORDS)
    )
    return (
        Cell(share.column.name, share.column.url),
        *parts,
        _part(share, None, share.unknown, links),
        share.known,
        share.total,
    )


def _part(share: FactorShare, score: float | None, number: int, links: Links) -> Cell:
    return Cell(str(number), links(share.column.key, score) if number else "")


def _fill(column: Column, score: float) -> str:
    if column.polarity not in GROUPS:
        return PALETTE["ink-2"]
    if not score:
        return PALETTE["zero"]
    return PALETTE[f"{SCALES[column.polarity]}-{round(score * 100)}"]


def _in_words(score: float) -> str:
    return f"{SCORE_WORDS[score]} ({score:g})"


def _hover(share: FactorShare, score: str, number: int) -> str:
    words = _("%(score)s: %(number)s of %(total)s") % {
        "score": score,
        "number": number,
        "total": share.total,
    }
    return f"<b>{share.column.name}</b><br>{words}"


def _figure(shares: list[FactorShare], links: Links) -> go.Figure:
    names = [wrapped(share.column.short_name, 26) for share in shares]
    return go.Figure(
        [
            *(_score_bars(shares, score, links) for score in reversed(SCORE_WORDS)),
            _unknown_bars(shares, links),
        ],
        house_layout(
            height=70 + ROW_HEIGHT * len(shares),
            margin={"l": 190, "r": 16, "t": 8, "b": 48},
            **lying_bars(list(range(len(shares))), names, _("projects")),
        ),
    )


def _score_bars(shares: list[FactorShare], score: float, links: Links) -> go.Bar:
    numbers = [(share, share.scores.get(score, 0)) for share in shares]
    return go.Bar(
        orientation="h",
        y=list(range(len(shares))),
        x=[number for _, number in numbers],
        width=0.7,
        marker={
            "color": [_fill(share.column, score) for share in shares],
            "line": {"width": 1, "color": PALETTE["ink-2"]},
        },
        customdata=[_part(share, score, number, links).url for share, number in numbers],
        hovertext=[_hover(share, _in_words(score), number) for share, number in numbers],
        hovertemplate="%{hovertext}<extra></extra>",
        name=f"{score:g}",
    )


def _unknown_bars(shares: list[FactorShare], links: Links) -> go.Bar:
    return go.Bar(
        orientation="h",
        y=list(range(len(shares))),
        x=[share.unknown for share in shares],
        width=0.7,
        marker={"color": PALETTE["paper"], "line": {"width": 1, "color": PALETTE["line"]}},
        customdata=[_part(share, None, share.unknown, links).url for share in shares],
        hovertext=[_hover(share, _("no agreed score"), share.unknown) for share in shares],
        hovertemplate="%{hovertext}<extra></extra>",
        name=_("no score"),
    )
