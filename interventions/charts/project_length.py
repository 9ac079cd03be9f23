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
        """How the length compares with the rule's minimum, as far as that can be said."""
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
    """Return a chart of projects by length in months, longest first; its table has all."""
    known = sorted(
        (length for length in lengths if length.most is not None),
        key=lambda length: (-(length.most or 0), length.title),
    )
    measured = [length for length in known if length.minimum is not None]
    counts = {
        "known": len(known),
        "projects": counted(len(lengths), PROJECTS),
        "short": sum(length.is_short for length in measured),
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
        rows=table(*map(_row, lengths)),
    )


def _row(length: Length) -> tuple[object, ...]:
    return (
        Cell(length.title, length.url),
        length.months,
        length.basis,
        Cell(length.guideline, length.guideline_url),
        length.minimum,
        length.validity,
        length.against,
    )


def _hover(length: Length) -> str:
    ran = _("%(months)s months (%(basis)s)") % {"months": length.months, "basis": length.basis}
    lines = [f"<b>{length.title}</b>", ran]
    if length.minimum is not None:
        lines.append(
            _("%(guideline)s: at least %(months)s months, %(validity)s")
            % {"guideline": length.guideline, "months": length.minimum, "validity": length.validity}
        )
    lines.append(length.against)
    return "<br>".join(lines)


def _figure(known: Sequence[Length]) -> go.Figure:
    rows = list(range(len(known)))
    hover = [_hover(length) for length in known]
    common = {"orientation": "h", "hovertemplate": "%{hovertext}<extra></extra>", "width": 0.5}
    urls = [length.url for length in known]
    least = [length.least or 0 for length in known]
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
                x=[(length.most or 0) - low for length, low in zip(known, least, strict=True)],
                marker={
                    "color": PALETTE["paper"],
                    "line": {"width": 1, "color": PALETTE["ink-2"]},
                },
                customdata=urls,
                hovertext=hover,
                name=_("at most"),
                **common,
            ),
            _minimum_strokes(known),
        ],
        house_layout(
            height=70 + ROW_HEIGHT * len(known),
            margin={"l": 210, "r": 24, "t": 8, "b": 48},
            **lying_bars(
                rows,
                [wrapped(length.title, 30) for length in known],
                _("months"),
                rangemode="tozero",
            ),
        ),
    )


def _minimum_strokes(known: Sequence[Length]) -> go.Scatter:
    ruled = [(row, length) for row, length in enumerate(known) if length.minimum is not None]
    return go.Scatter(
        x=[length.minimum for _, length in ruled],
        y=[row for row, _ in ruled],
        mode="markers",
        marker={
            "symbol": "line-ns-open",
            "size": 26,
            "color": PALETTE["ink"],
            "line": {"width": 3},
        },
        customdata=[length.guideline_url for _, length in ruled],
        hovertext=[_hover(length) for _, length in ruled],
        hovertemplate="%{hovertext}<extra></extra>",
        name=_("the donor’s minimum"),
    )
