from clusters.charts.style import PALETTE
from interventions.analysis.matrix import Cell, Column, Matrix, OutcomeSummary, Row
from interventions.charts.factor_matrix import column_places, factor_matrix

HELPS = Column("training", "Know-how and training", "Know-how, training", "enabling", "/f/")
HINDERS = Column("brief", "Donor funding for brief period", "Funding too brief", "hindering", "/g/")


def drawn(matrix):
    return factor_matrix(matrix, "Source: a test").figure


def row(slug, helps, hinders, direction="negative"):
    cells = tuple(
        Cell(
            column,
            value if isinstance(value, float) else None,
            "coded" if isinstance(value, float) else value,
            disagreement=disagreement if slug == "contested" else "",
            single_coder=slug == "ringed",
            url=f"/{slug}/{column.key}/",
        )
        for column, value, disagreement in (
            (HELPS, helps, "position"),
            (HINDERS, hinders, "reasons"),
        )
    )
    outcome = OutcomeSummary(direction, "network ended")
    return Row(slug, slug.title(), "Sialkot · 2008", f"/{slug}/", cells, outcome)


MATRIX = Matrix(
    (HELPS, HINDERS),
    (
        row("plain", 0.33, "not_reported"),
        row("contested", 0.0, 1.0),
        row("ringed", "not_searched", 0.67, direction="mixed"),
    ),
)


def test_fills_keep_the_order_of_rows_and_the_two_groups_apart():
    helps, hinders = (trace for trace in drawn(MATRIX).data if trace.type == "heatmap")

    assert [list(line) for line in helps.z] == [[0.33], [0.0], [None]]
    assert [list(line) for line in hinders.z] == [[None], [1.0], [0.67]]
    assert [list(line) for line in hinders.customdata] == [
        ["/plain/brief/"],
        ["/contested/brief/"],
        ["/ringed/brief/"],
    ]
    assert helps.colorscale[-1] == (1, PALETTE["teal-100"])
    assert hinders.colorscale[-1] == (1, PALETTE["rust-100"])


def test_what_is_not_known_is_a_mark_and_never_a_fill():
    marks = {
        (trace.marker.symbol, trace.marker.color): list(trace.customdata)
        for trace in drawn(MATRIX).data
        if trace.type == "scatter" and trace.mode == "markers"
    }

    assert marks == {
        ("circle-open", PALETTE["ink-2"]): ["/plain/brief/"],
        ("line-ew-open", PALETTE["ink-2"]): ["/ringed/training/"],
        ("diamond", PALETTE["ink"]): ["/contested/training/"],
        ("diamond", PALETTE["paper"]): ["/contested/brief/"],
    }


def test_one_persons_codings_have_a_ring():
    rings = drawn(MATRIX).layout.shapes

    place = column_places(MATRIX)["brief"]
    assert [((ring.x0 + ring.x1) / 2, (ring.y0 + ring.y1) / 2) for ring in rings] == [(place, 2)]


def test_the_outcome_stands_at_the_end_with_a_dot_of_its_direction():
    outcomes = drawn(MATRIX).data[-1]

    assert list(outcomes.marker.color) == [
        PALETTE["negative"],
        PALETTE["negative"],
        PALETTE["mixed"],
    ]
    assert list(outcomes.customdata) == [
        "/plain/#outcomes",
        "/contested/#outcomes",
        "/ringed/#outcomes",
    ]


def test_heads_are_at_most_two_level_lines():
    heads = [note.text for note in drawn(MATRIX).layout.annotations]

    assert heads == [
        "<b>Favours collective action</b>",
        "<b>Stands in its way</b>",
        "Know-how,<br>training",
        "Funding<br>too brief",
        "<b>What came of it</b>",
    ]


def test_an_empty_matrix_draws_nothing():
    assert drawn(Matrix((), ())) is None


def test_the_table_says_what_the_figure_shows():
    chart = factor_matrix(MATRIX, "Source: a test")

    assert chart.head == (
        "Project",
        "Know-how, training",
        "Funding too brief",
        "What came of it",
        "Accounts disagree on",
    )
    assert [[str(cell) for cell in row[:3]] for row in chart.rows] == [
        [
            "Plain",
            "more absent than present (0.33)",
            "not reported: looked for, the sources are silent",
        ],
        [
            "Contested",
            "absent (0); stakeholders say different things of it",
            "fully present (1); stakeholders differ on whether it was a reason for the end",
        ],
        [
            "Ringed",
            "not searched; coded by one person only",
            "more present than absent (0.67); coded by one person only",
        ],
    ]
    assert [row[2].url for row in chart.rows] == [
        "/plain/brief/",
        "/contested/brief/",
        "/ringed/brief/",
    ]
