"""What every chart does with the names that people gave."""

import plotly.graph_objects as go

from clusters.charts.chart import Chart


def test_names_that_look_like_tags_are_text_and_our_own_tags_stay():
    figure = go.Figure(go.Bar(x=[1], y=["<b>a</b><br>b <a href='//evil.example'>c</a> 1 < 2"]))
    chart = Chart("x", "", "", "", "", figure, (), ())

    (label,) = chart.json["data"][0]["y"]
    assert label == "<b>a</b><br>b &lt;a href='//evil.example'>c&lt;/a> 1 &lt; 2"
