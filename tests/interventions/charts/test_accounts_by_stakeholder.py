from interventions.charts.accounts_by_stakeholder import View, accounts_by_stakeholder


def view(
    stakeholder,
    subject,
    position="present",
    reason_for_ending="not_mentioned",
    disagreement="",
    url="/a/",
):
    words = ("words", "It was so.")
    return View(
        "Village", stakeholder, subject, position, reason_for_ending, *words, url, disagreement
    )


VIEWS = [
    view("Members", "Early exit", reason_for_ending="main", disagreement="position", url="/1/"),
    view("Members", "Early exit", position="mixed", disagreement="position", url="/2/"),
    view("Donor", "Commitment", position="absent", url="/3/"),
]


def test_each_account_is_one_mark_of_what_it_says():
    figure = accounts_by_stakeholder(VIEWS, "S").figure

    marks = {trace.name: list(trace.customdata) for trace in figure.data}
    assert marks == {
        "Reason for the end": ["/1/"],
        "It was so": ["/1/"],
        "It was not so": ["/3/"],
        "In part": ["/2/"],
    }
    symbols = [trace.marker.symbol for trace in figure.data]
    assert len(set(symbols)) == len(symbols)


def test_contested_subjects_stand_first_with_a_sign():
    chart = accounts_by_stakeholder(VIEWS, "S")

    assert list(chart.figure.layout.yaxis.ticktext) == ["◆ Early exit", "Commitment"]
    assert [str(row[0]) for row in chart.rows] == ["◆ Early exit", "◆ Early exit", "Commitment"]
    assert [row[5].url for row in chart.rows] == ["/1/", "/2/", "/3/"]
    assert "they say different things of 1, and differ on 0 more" in chart.summary


def test_marks_of_one_cell_stand_side_by_side():
    figure = accounts_by_stakeholder(VIEWS, "S").figure
    places = {
        place
        for trace in figure.data
        if trace.name != "Reason for the end"
        for place in zip(trace.x, trace.y, strict=True)
    }
    assert len(places) == 3


def test_a_subject_that_is_contested_as_a_reason_only_has_a_sign_of_its_own():
    contested = View(
        "V", "Donor", "Security", "present", "main", "w", "It was so.", "/4/", "reasons"
    )

    chart = accounts_by_stakeholder([*VIEWS, contested], "S")

    assert [str(row[0]) for row in chart.rows] == [
        "◆ Early exit",
        "◆ Early exit",
        "◇ Security",
        "Commitment",
    ]
