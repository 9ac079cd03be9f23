from interventions.analysis.outcomes import OutcomeCount
from interventions.charts.factor_outcomes import factor_outcomes

ZERO = {"positive": 0, "mixed": 0, "negative": 0, "none": 0, "unknown": 0}
COUNTS = [
    OutcomeCount("brief", "Brief funding", "Too brief", "present", {**ZERO, "negative": 2}),
    OutcomeCount("brief", "Brief funding", "Too brief", "absent", ZERO),
    OutcomeCount(
        "brief", "Brief funding", "Too brief", "unknown", {**ZERO, "positive": 1, "negative": 1}
    ),
]


def chart(counts=COUNTS):
    def links(factor, presence, direction=""):
        return f"/{factor}/{presence}/{direction}"

    return factor_outcomes(counts, projects=4, links=links, source="S")


def test_bars_stack_to_the_denominator_and_lead_to_the_projects_behind_them():
    figure = chart().figure

    heights = [sum(trace.x[number] for trace in figure.data) for number in range(2)]
    assert heights == [2, 2]
    assert {trace.name: list(trace.x) for trace in figure.data} == {
        "positive": [0, 1],
        "negative": [2, 1],
    }
    assert {trace.name: list(trace.customdata) for trace in figure.data} == {
        "positive": ["", "/brief/unknown/positive"],
        "negative": ["/brief/present/negative", "/brief/unknown/negative"],
    }
    assert list(figure.layout.yaxis.ticktext) == ["present, n = 2", "not known, n = 2"]


def test_the_table_also_has_what_occurs_in_no_project():
    rows = [[str(cell) for cell in row] for row in chart().rows]

    assert [row[1:] for row in rows] == [
        ["present (0.67 or 1)", "0", "0", "2", "0", "0", "2"],
        ["absent (0 or 0.33)", "0", "0", "0", "0", "0", "0"],
        ["not known", "1", "0", "1", "0", "0", "2"],
    ]
    assert [cell.url for cell in chart().rows[0][2:]] == [
        *("", "", "/brief/present/negative", "", ""),
        "/brief/present/",
    ]


def test_directions_can_be_told_apart_without_colour():
    patterns = [trace.marker.pattern.shape for trace in chart().figure.data]
    assert len(set(patterns)) == len(patterns)


def test_one_bar_is_no_chart():
    assert chart(COUNTS[:2]).figure is None
