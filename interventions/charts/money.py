"""Money by donor and year, one panel for each currency and flow, which are never added up."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from clusters.charts.chart import Cell, Chart, plural, table, wrapped
from clusters.charts.style import PALETTE, house_layout

PANEL_HEIGHT = 220
# Fills that differ in lightness and pattern; colour has its meaning elsewhere.
FILLS = (("ink", ""), ("line", ""), ("ink-2", "/"), ("unknown", "."), ("ink-2", "x"))


@dataclass(frozen=True)
class Payment:
    """One amount that a source states. `year` is None where it does not say when."""

    donor: str
    year: int | None
    currency: str
    flow: str
    amount: Decimal
    project: str
    url: str


def money_by_donor(payments: Sequence[Payment], *, unstated: int, source: str) -> Chart:
    """Draw the dated amounts; the table has all. `unstated` fundings give no amount."""
    dated = [one for one in payments if one.year is not None]
    return Chart(
        name="money",
        title="Money by donor and year, as far as sources state it",
        reading="Amounts as stated, not converted and not corrected for prices, one panel for "
        "each currency and kind of flow. A programme’s money is not added to that of its "
        "parts, nor what one project passes on. "
        f"n = {len(payments)} of {plural(len(payments) + unstated, 'funding')} with an amount.",
        source=source,
        summary=f"{plural(len(payments), 'amount')} stated; "
        f"{plural(unstated, 'funding')} without an amount."
        + "".join(
            f" {one.donor}, {one.year or 'year not stated'}: {one.currency} {one.amount:,.0f}."
            for one in payments[:5]
        ),
        figure=_figure(dated) if len(dated) > 1 else None,
        head=("Donor", "Year", "Currency", "Amount", "Flow", "Project"),
        rows=table(
            *(
                (
                    one.donor,
                    one.year or "not stated",
                    one.currency,
                    f"{one.amount:,.0f}",
                    one.flow,
                    Cell(one.project, one.url),
                )
                for one in payments
            )
        ),
    )


def _bars(paid: Sequence[Payment], colour: str, pattern: str) -> go.Bar:
    """Draw what one donor paid in one panel, a bar a payment."""
    donor = paid[0].donor
    return go.Bar(
        x=[one.year for one in paid],
        y=[float(one.amount) for one in paid],
        marker={
            "color": PALETTE[colour],
            "pattern": {"shape": pattern, "fillmode": "overlay", "fgcolor": PALETTE["paper"]},
            "line": {"width": 1, "color": PALETTE["ink"]},
        },
        customdata=[one.url for one in paid],
        hovertext=[
            f"<b>{donor}</b><br>{one.year}: {one.currency} {one.amount:,.0f}<br>{one.project}"
            for one in paid
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        name=wrapped(donor, 28),
        legendgroup=donor,
    )


def _figure(dated: Sequence[Payment]) -> go.Figure:
    panels = sorted({(one.currency, one.flow) for one in dated})
    donors = sorted({one.donor for one in dated})
    figure = make_subplots(
        rows=len(panels),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.12 / len(panels),
        subplot_titles=[
            f"{currency}, {flow or 'flow not stated'}".lower().replace(
                currency.lower(), currency, 1
            )
            for currency, flow in panels
        ],
    )
    for row, (currency, flow) in enumerate(panels, 1):
        for number, donor in enumerate(donors):
            found = [
                one
                for one in dated
                if (one.currency, one.flow, one.donor) == (currency, flow, donor)
            ]
            if found:
                colour, pattern = FILLS[number % len(FILLS)]
                bars = _bars(found, colour, pattern)
                bars.showlegend = not any(trace.legendgroup == donor for trace in figure.data)
                figure.add_trace(bars, row=row, col=1)
    figure.update_layout(
        house_layout(
            height=90 + PANEL_HEIGHT * len(panels),
            barmode="stack",
            showlegend=True,
            legend={"orientation": "h", "x": 0, "y": -0.08, "yanchor": "top"},
            margin={"l": 80, "r": 16, "t": 32, "b": 72},
        )
    )
    years = {one.year for one in dated}
    figure.update_xaxes(
        dtick=max(1, (max(years) - min(years)) // 12),  # type: ignore[type-var, operator]
        tickformat="d",
        fixedrange=True,
        showgrid=False,
    )
    figure.update_yaxes(gridcolor=PALETTE["line"], fixedrange=True, zeroline=False)
    return figure
