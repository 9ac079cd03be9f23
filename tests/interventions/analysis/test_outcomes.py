import pytest

from interventions.analysis.matrix import Cell, Column, Matrix, OutcomeSummary, Row
from interventions.analysis.outcomes import outcomes_by_factor, presence_of

FACTOR = Column("brief", "Funding for a brief period", "Funding too brief", "hindering", "/f/")


def row(score, direction):
    cell = Cell(FACTOR, score, "coded" if score is not None else "not_reported", False, False, "")
    return Row("slug", "Title", "", "/", (cell,), OutcomeSummary(direction, "words"))


@pytest.mark.parametrize(
    ("score", "presence"),
    [(None, "unknown"), (0.0, "absent"), (0.33, "absent"), (0.67, "present"), (1.0, "present")],
)
def test_the_middle_of_the_scale_parts_present_from_absent(score, presence):
    assert presence_of(score) == presence


def test_every_project_is_counted_once_for_a_factor_with_its_denominator():
    rows = (
        row(1.0, "negative"),
        row(0.67, "negative"),
        row(0.33, "positive"),
        row(None, "unknown"),
    )

    counts = outcomes_by_factor(Matrix((FACTOR,), rows))

    found = {
        count.presence: (
            {name: number for name, number in count.counts.items() if number},
            count.total,
        )
        for count in counts
    }
    assert found == {
        "present": ({"negative": 2}, 2),
        "absent": ({"positive": 1}, 1),
        "unknown": ({"unknown": 1}, 1),
    }
