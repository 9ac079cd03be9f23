import datetime

from clusters.charts.style import PALETTE
from clusters.charts.timeline import Happening, cluster_timeline

ON = datetime.date
HAPPENINGS = [
    Happening("Exit", "late 2006", ON(2006, 9, 1), ON(2006, 12, 31), "#exit", "milestone"),
    Happening("Blast", "11 March 2008", ON(2008, 3, 11), ON(2008, 3, 11), "#blast", "shock"),
    Happening("Running", "from 1997", ON(1997, 1, 1), None, "/running/", "project"),
    Happening("Undated", "time not stated", None, None, "/undated/", "project"),
]
PLANNED = Happening(
    "Planned",
    "2005",
    ON(2005, 1, 1),
    ON(2005, 12, 31),
    "/planned/",
    "project",
    (ON(2004, 1, 1), ON(2007, 12, 31)),
)


def drawn(happenings):
    return cluster_timeline("Sialkot", happenings, "Source: a test").figure


def test_each_happening_is_as_long_as_its_date_is_uncertain():
    figure = drawn(HAPPENINGS)

    exit_, blast, running = figure.data
    assert list(exit_.x) == ["2006-09-01", "2006-12-31"]
    assert (list(blast.x), blast.marker.symbol) == (["2008-03-11"], "diamond")
    assert (list(running.x), running.line.dash) == (["1997-01-01", "2008-03-11"], "dot")
    assert [trace.customdata[0] for trace in figure.data] == ["#exit", "#blast", "/running/"]
    assert list(figure.layout.yaxis.ticktext) == ["Exit", "A · Blast", "<b>Running</b>"]


def test_a_plan_is_an_outline_and_what_happened_a_fill():
    outline, fill = drawn([PLANNED, HAPPENINGS[0]]).data[:2]

    assert (min(outline.x), max(outline.x)) == ("2004-01-01", "2007-12-31")
    assert list(fill.x) == ["2005-01-01", "2005-12-31"]
    assert outline.line.width < fill.line.width


def test_a_shock_marks_its_time_over_all_rows():
    layout = drawn(HAPPENINGS).layout
    (span,), (letter,) = layout.shapes, layout.annotations

    assert (span.x0, span.y0, span.y1, span.yref) == ("2008-03-11", 0, 1, "paper")
    assert (letter.x, letter.text) == ("2008-03-11", "<b>A</b>")


def test_what_is_sure_is_dark_and_what_may_be_is_pale():
    village = Happening(
        "Village",
        "2008 – 2009",
        ON(2008, 1, 1),
        ON(2009, 12, 31),
        "/village/",
        "project",
        surely=(ON(2008, 6, 30), ON(2009, 6, 1)),
    )
    war = Happening(
        "War", "2006 to 2007", ON(2006, 1, 1), ON(2007, 12, 31), "#w", "milestone", lasted=True
    )

    may, surely, lasted, some_day = drawn([village, war, HAPPENINGS[0]]).data

    assert list(may.x) == ["2008-01-01", "2009-12-31"]
    assert list(surely.x) == ["2008-06-30", "2009-06-01"]
    assert surely.line.color == lasted.line.color == PALETTE["ink"]
    assert may.line.color == some_day.line.color == PALETTE["unknown"]


def test_one_date_is_no_chart_and_no_date_still_a_table():
    assert drawn([]) is None
    assert drawn(HAPPENINGS[:1]) is None
    chart = cluster_timeline("Sialkot", HAPPENINGS, "Source: a test")
    assert [str(row[0]) for row in chart.rows] == ["Exit", "Blast", "Running", "Undated"]
    assert "2 events, 1 project" in chart.reading
