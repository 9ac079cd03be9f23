import pytest

from interventions.analysis.matrix import (
    Cell,
    Column,
    Matrix,
    OutcomeSummary,
    Row,
    summarise_outcomes,
)

TRAINING = Column("training", "Know-how and training", "Know-how, training", "enabling", "/f/")


def cell(score=None, status="coded", disagreement="", single_coder=False):
    return Cell(TRAINING, score, status, disagreement, single_coder, "/cell/")


def row(slug, *cells, disagrees_on=""):
    summary = OutcomeSummary("unknown", "not known")
    return Row(slug, slug.title(), "Sialkot", f"/{slug}/", cells, summary, disagrees_on)


@pytest.mark.parametrize(
    ("found", "mark", "words", "css"),
    [
        (cell(0.0), "0", "absent (0)", "enabling-0"),
        (cell(0.67), "0.67", "more present than absent (0.67)", "enabling-67"),
        (
            cell(1.0, disagreement="position", single_coder=True),
            "1",
            "fully present (1); stakeholders say different things of it; coded by one person only",
            "enabling-100",
        ),
        (
            cell(0.0, disagreement="reasons"),
            "0",
            "absent (0); stakeholders differ on whether it was a reason for the end",
            "enabling-0",
        ),
        (
            cell(status="not_reported"),
            "○",
            "not reported: looked for, the sources are silent",
            "no-score",
        ),
        (cell(status="not_searched"), "–", "not searched", "no-score"),
        (cell(status="not_applicable"), "×", "not applicable", "no-score"),
        (cell(status="not_agreed"), "…", "coded, not yet agreed", "no-score"),
    ],
)
def test_a_cell_says_what_is_known(found, mark, words, css):
    assert (found.mark, found.words, found.css) == (mark, words, css)


@pytest.mark.parametrize(
    ("outcomes", "direction", "words"),
    [
        ([], "unknown", "not known"),
        ([("positive", "child labour gone")], "positive", "child labour gone"),
        (
            [
                ("positive", "child labour gone"),
                ("negative", "women lost work"),
                ("negative", "less income"),
            ],
            "mixed",
            "child labour gone · women lost work",
        ),
        ([("none", "nothing changed")], "none", "nothing changed"),
    ],
)
def test_good_and_bad_outcomes_stand_side_by_side(outcomes, direction, words):
    assert summarise_outcomes(outcomes) == OutcomeSummary(direction, words)


def test_the_groups_name_their_columns():
    hinders = Column("brief", "Brief", "Brief", "hindering", "/g/")
    other = Column("other", "Other", "Other", "", "/h/")

    assert Matrix((TRAINING, hinders, hinders, other), ()).groups == [
        ("enabling", "Favours collective action", 1),
        ("hindering", "Stands in its way", 2),
        ("", "Other factors", 1),
    ]


def test_the_summary_names_its_denominators():
    matrix = Matrix(
        (TRAINING,), (row("a", cell(1.0), disagrees_on="x"), row("b", cell(status="not_reported")))
    )

    assert matrix.summary == (
        "2 projects by 1 factors: 1 of 2 cells have a score; accounts disagree in 1 of 2."
    )
