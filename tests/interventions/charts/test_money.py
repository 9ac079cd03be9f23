from decimal import Decimal

from interventions.charts.money import Payment, money_by_donor


def payment(donor="IDA", year=2003, currency="USD", kind="Budget", amount="100"):
    return Payment(donor, year, currency, kind, Decimal(amount), "Project", f"/{donor}-{year}/")


def test_two_currencies_and_two_flows_are_never_in_one_panel():
    payments = [
        payment(),
        payment(currency="EUR"),
        payment(kind="Disbursement"),
        payment(year=2004, amount="50"),
    ]

    figure = money_by_donor(payments, unstated=2, source="S").figure

    panels = {trace.yaxis: list(trace.y) for trace in figure.data}
    assert sorted(panels.values()) == [[100.0], [100.0], [100.0, 50.0]]
    titles = [note.text for note in figure.layout.annotations]
    assert titles == ["EUR, budget", "USD, budget", "USD, disbursement"]


def test_one_amount_is_no_chart_and_undated_ones_stand_in_the_table():
    chart = money_by_donor([payment(), payment(year=None)], unstated=3, source="S")

    assert chart.figure is None
    assert [str(row[1]) for row in chart.rows] == ["2003", "not stated"]
    assert "n = 2 of 5 funding with an amount" in chart.reading


def test_each_bar_leads_to_its_funding():
    figure = money_by_donor([payment(), payment(year=2004)], unstated=0, source="S").figure

    assert list(figure.data[0].customdata) == ["/IDA-2003/", "/IDA-2004/"]
