from interventions.analysis.matrix import Column
from interventions.analysis.shares import shares_of
from interventions.charts.factor_shares import factor_shares

FACTOR = Column("brief", "Brief funding", "Too brief", "hindering", "/f/")
CODINGS = [("brief", 1.0, 2), ("brief", 0.33, 1)]


def test_shares_keep_their_denominators():
    (share,) = shares_of((FACTOR,), CODINGS, total=5)

    assert (share.known, share.unknown, share.present, share.total) == (3, 2, 2, 5)


def test_bars_and_table_say_the_same():
    chart = factor_shares(
        shares_of((FACTOR,), CODINGS, 5),
        projects=5,
        links=lambda factor, score: f"/{factor}/{score}",
        source="S",
    )

    assert {trace.name: list(trace.x) for trace in chart.figure.data} == {
        "1": [2],
        "0.67": [0],
        "0.33": [1],
        "0": [0],
        "no score": [2],
    }
    assert [[str(cell) for cell in row[1:]] for row in chart.rows] == [
        ["2", "0", "1", "0", "2", "3", "5"]
    ]
    marks = {trace.name: trace.customdata[0] for trace in chart.figure.data}
    assert marks == {
        "1": "/brief/1.0",
        "0.67": "",
        "0.33": "/brief/0.33",
        "0": "",
        "no score": "/brief/None",
    }
    assert [cell.url for cell in chart.rows[0][1:6]] == list(marks.values())
