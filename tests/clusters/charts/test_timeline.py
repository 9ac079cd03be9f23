import datetime

from clusters.charts.timeline import Happening, cluster_timeline

ON = datetime.date


def test_each_happening_is_as_long_as_its_date_is_uncertain():
    figure = cluster_timeline(
        [
            Happening("Exit", "late 2006", ON(2006, 9, 1), ON(2006, 12, 31), "#exit", "step"),
            Happening(
                "Blast", "11 March 2008", ON(2008, 3, 11), ON(2008, 3, 11), "#blast", "shock"
            ),
            Happening("Running", "from 1997", ON(1997, 1, 1), None, "/running/", "project"),
            Happening("Undated", "time not stated", None, None, "/undated/", "project"),
        ]
    )

    exit_, blast, running = figure.data
    assert list(exit_.x) == ["2006-09-01", "2006-12-31"]
    assert (list(blast.x), blast.marker.symbol) == (["2008-03-11"], "diamond")
    assert (list(running.x), running.line.dash) == (["1997-01-01", "2008-03-11"], "dot")
    assert [trace.customdata[0] for trace in figure.data] == ["#exit", "#blast", "/running/"]
    assert list(figure.layout.yaxis.ticktext) == ["Exit", "Blast", "Running"]


def test_nothing_dated_draws_an_empty_axis():
    assert list(cluster_timeline([]).data) == []
