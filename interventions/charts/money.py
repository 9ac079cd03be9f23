"""Money by donor and year, a panel for each currency and kind, which are never added up."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from clusters.charts.chart import Cell, Chart, table, wrapped
from clusters.charts.style import PALETTE, house_layout
from clusters.i18n import counted, ngettext_lazy
from clusters.i18n import gettext as _

PANEL_HEIGHT = 220
# Fills that differ in lightness and pattern; colour has its meaning elsewhere.
FILLS = (("ink", ""), ("line", ""), ("ink-2", "/"), ("unknown", "."), ("ink-2", "x"))
AMOUNTS = ngettext_lazy("%(n)s amount", "%(n)s amounts", "count")
FUNDING = ngettext_lazy("%(n)s funding", "%(n)s funding", "count")


@dataclass(frozen=True)
class Payment:
    """One amount that a source states. `year` is None where it does not say when."""

    donor: str
    year: int | None
    currency: str
    kind: str
    amount: Decimal
    project: str
    url: str


def money_by_donor(payments: Sequence[Payment], *, unstated: int, source: str) -> Chart:
    """Return a chart of dated amounts; its table has all. `unstated` funding give no amount."""
    dated = [payment for payment in payments if payment.year is not None]
    return Chart(
        name="money",
        title=_("Money by donor and year, as far as sources state it"),
        reading=_(
            "Amounts as stated, not converted and not corrected for prices, one panel for each "
            "currency and transaction type. A programme’s money is not added to that of its parts, "
            "nor what one project passes on. n = %(stated)s of %(funding)s with an amount."
        )
        % {
            "stated": len(payments),
            "funding": counted(len(payments) + unstated, FUNDING),
        },
        source=source,
        summary=" ".join([_summary(payments, unstated), *map(_said, payments[:5])]),
        figure=_figure(dated) if len(dated) > 1 else None,
        head=(
            _("Donor"),
            _("Year"),
            _("Currency"),
            _("Amount"),
            _("Transaction type"),
            _("Project"),
        ),
        rows=table(
            *(
                (
                    payment.donor,
                    payment.year or _("not stated"),
                    payment.currency,
                    f"{payment.amount:,.0f}",
                    payment.kind,
                    Cell(payment.project, payment.url),
                )
                for payment in payments
            )
        ),
    )


def _summary(payments: Sequence[Payment], unstated: int) -> str:
    return _("%(amounts)s stated; %(funding)s without an amount.") % {
        "amounts": counted(len(payments), AMOUNTS),
        "funding": counted(unstated, FUNDING),
    }


def _said(payment: Payment) -> str:
    return _("%(donor)s, %(year)s: %(currency)s %(amount)s.") % {
        "donor": payment.donor,
        "year": payment.year or _("year not stated"),
        "currency": payment.currency,
        "amount": f"{payment.amount:,.0f}",
    }


def _bars(paid: Sequence[Payment], colour: str, pattern: str) -> go.Bar:
    """Return the bars of what one donor paid in one panel, a bar a payment."""
    donor = paid[0].donor
    return go.Bar(
        x=[payment.year for payment in paid],
        y=[float(payment.amount) for payment in paid],
        marker={
            "color": PALETTE[colour],
            "pattern": {"shape": pattern, "fillmode": "overlay", "fgcolor": PALETTE["paper"]},
            "line": {"width": 1, "color": PALETTE["ink"]},
        },
        customdata=[payment.url for payment in paid],
        hovertext=[
            f"<b>{donor}</b><br>{payment.year}: {payment.currency} {payment.amount:,.0f}<br>"
            f"{payment.project}"
            for payment in paid
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        name=wrapped(donor, 28),
        legendgroup=donor,
    )


def _figure(dated: Sequence[Payment]) -> go.Figure:
    not_stated = _("type not stated")
    panels = sorted({(payment.currency, payment.kind) for payment in dated})
    donors = sorted({payment.donor for payment in dated})
    figure = make_subplots(
        rows=len(panels),
        cols=1,
        shared_xaxes=True,
        vertical_spacing=0.12 / len(panels),
        subplot_titles=[f"{currency}, {kind.lower() or not_stated}" for currency, kind in panels],
    )
    for row, (currency, kind) in enumerate(panels, 1):
        for number, donor in enumerate(donors):
            found = [
                payment
                for payment in dated
                if (payment.currency, payment.kind, payment.donor) == (currency, kind, donor)
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
    years = {payment.year for payment in dated}
    figure.update_xaxes(
        dtick=max(1, (max(years) - min(years)) // 12),  # type: ignore[type-var, operator]
        tickformat="d",
        fixedrange=True,
        showgrid=False,
    )
    figure.update_yaxes(gridcolor=PALETTE["line"], fixedrange=True, zeroline=False)
    return figure
