from interventions.charts.project_length import Length, project_length

SHORT = Length(
    "Village", "/village/", 18, 18, "stated", "IDA, own rule", "/ida/", 36, "no validity"
)
OPEN = Length("Monitoring", "/monitoring/", 48, 72, "start and end")
VAGUE = Length("Global", "/global/", 24, 48, "start and end", "IDA, own rule", "/ida/", 36, "")
UNKNOWN = Length("Cell", "/cell/", None, None, "not stated")


def test_bars_show_the_least_and_outlines_the_most_longest_first():
    least, most, minimum = project_length([SHORT, OPEN, UNKNOWN], "Source: a test").figure.data

    assert (list(least.x), list(most.x)) == ([48, 18], [24, 0])
    assert list(least.customdata) == ["/monitoring/", "/village/"]
    assert (list(minimum.x), list(minimum.y), list(minimum.customdata)) == ([36], [1], ["/ida/"])


def test_the_table_says_how_each_stands_against_its_minimum():
    rows = project_length([SHORT, OPEN, VAGUE, UNKNOWN], "Source: a test").rows

    assert [(str(row[0]), str(row[1]), str(row[6])) for row in rows] == [
        ("Village", "18", "shorter than its minimum"),
        ("Monitoring", "48–72", "cannot be said"),
        ("Global", "24–48", "may be shorter or longer"),
        ("Cell", "not known", "cannot be said"),
    ]


def test_one_known_length_is_no_chart():
    assert project_length([SHORT, UNKNOWN], "Source: a test").figure is None


def test_a_length_without_a_lower_bound_is_drawn_and_said_as_such():
    bounded = Length("Open", "/open/", None, 40, "dates", "IDA, own rule", "/ida/", 36, "")

    chart = project_length([bounded, OPEN], "Source: a test")

    assert [str(row[1]) for row in chart.rows] == ["at most 40", "48–72"]
    assert str(chart.rows[0][6]) == "may be shorter or longer"
    least, most, _ = chart.figure.data
    assert (list(least.x), list(most.x)) == ([48, 0], [24, 40])
