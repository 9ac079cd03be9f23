"""How long projects ran, beside the shortest time that their donor's own rule asks for."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from clusters.charts.chart import Cell, Chart, table, wrapped
from clusters.charts.style import PALETTE, house_layout, lying_bars
from clusters.i18n import PROJECTS, counted
from clusters.i18n import gettext as _

ROW_HEIGHT = 46


@dataclass(frozen=True)
class Length:
    """One project: how many months at least and at most, and what its donor's rule asks for."""

    title: str
    url: str
    least: int | None
    most: int | None
    basis: str
    guideline: str = ""
    guideline_url: str = ""
    minimum: int | None = None
    validity: str = ""

    @property
    def months(self) -> str:
        if self.most is None:
            return _("not known")
        if self.least is None:
            return _("at most %(months)s") % {"months": self.most}
        if self.least == self.most:
            return str(self.most)
        return f"{self.least}–{self.most}"

    @property
    def against(self) -> str:
        """The verdict, as far as it can be given."""
        if self.minimum is None or self.most is None:
            return _("cannot be said")
        if self.is_short:
            return _("shorter than its minimum")
        if self.least is None or self.least < self.minimum:
            return _("may be shorter or longer")
        return _("as long as its minimum, or longer")

    @property
    def is_short(self) -> bool:
        """Whether it surely ran shorter than the rule asks for."""
        return self.minimum is not None and self.most is not None and self.most < self.minimum


def project_length(lengths: Sequence[Length], source: str) -> Chart:
    """Draw the projects whose length is known, longest first; the table has all."""
    known = sorted(
        (one for one in lengths if one.most is not None),
        key=lambda one: (-(one.most or 0), one.title),
    )
    measured = [one for one in known if one.minimum is not None]
    counts = {
        "known": len(known),
        "projects": counted(len(lengths), PROJECTS),
        "short": sum(one.is_short for one in measured),
        "measured": len(measured),
    }
    return Chart(
        name="project-length",
        title=_("How long projects ran, against their donor’s own minimum"),
        reading=_(
            "Months. Full bars: at least; outlines: at most, where dates leave it open; "
            "strokes: the minimum of the donor’s own rule. "
            "n = %(known)s of %(projects)s with a known length."
        )
        % counts,
        source=source,
        summary=_(
            "The length of %(known)s of %(projects)s is known; %(short)s of the %(measured)s whose "
            "donor has a rule on length ran shorter than it."
        )
        % counts,
        figure=_figure(known) if len(known) > 1 else None,
        head=(
            _("Project"),
            _("Months"),
            _("Known from"),
            _("Donor’s own rule"),
            _("Minimum, months"),
            _("Rule valid"),
            _("Against its minimum"),
        ),
        rows=table(
            *(
                (
                    Cell(one.title, one.url),
                    one.months,
                    one.basis,
                    Cell(one.guideline, one.guideline_url),
                    one.minimum,
                    one.validity,
                    one.against,
                )
                for one in lengths
            )
        ),
    )


def _hover(one: Length) -> str:
    ran = _("%(months)s months (%(basis)s)") % {"months": one.months, "basis": one.basis}
    lines = [f"<b>{one.title}</b>", ran]
    if one.minimum is not None:
        lines.append(
            _("%(guideline)s: at least %(months)s months, %(validity)s")
            % {"guideline": one.guideline, "months": one.minimum, "validity": one.validity}
        )
    lines.append(one.against)
    return "<br>".join(lines)


def _figure(known: Sequence[Length]) -> go.Figure:
    rows = list(range(len(known)))
    hover = [_hover(one) for one in known]
    common = {"orientation": "h", "hovertemplate": "%{hovertext}<extra></extra>", "width": 0.5}
    urls = [one.url for one in known]
    least = [one.least or 0 for one in known]
    ruled = [(row, one) for row, one in enumerate(known) if one.minimum is not None]
    return go.Figure(
        [
            go.Bar(
                y=rows,
                x=least,
                marker={"color": PALETTE["ink-2"]},
                customdata=urls,
                hovertext=hover,
                name=_("at least"),
                **common,
            ),
            go.Bar(
                y=rows,
                x=[(one.most or 0) - low for one, low in zip(known, least, strict=True)],
                marker={
                    "color": PALETTE["paper"],
                    "line": {"width": 1, "color": PALETTE["ink-2"]},
                },
                customdata=urls,
                hovertext=hover,
                name=_("at most"),
                **common,
            ),
            go.Scatter(
                x=[one.minimum for _, one in ruled],
                y=[row for row, _ in ruled],
                mode="markers",
                marker={
                    "symbol": "line-ns-open",
                    "size": 26,
                    "color": PALETTE["ink"],
                    "line": {"width": 3},
                },
                customdata=[one.guideline_url for _, one in ruled],
                hovertext=[_hover(one) for _, one in ruled],
                hovertemplate="%{hovertext}<extra></extra>",
                name=_("the donor’s minimum"),
            ),
        ],
        house_layout(
            height=70 + ROW_HEIGHT * len(known),
            margin={"l": 210, "r": 24, "t": 8, "b": 48},
            **lying_bars(
                rows, [wrapped(one.title, 30) for one in known], _("months"), rangemode="tozero"
            ),
        ),
    )
