import pytest

from interventions.analysis.status import activity_status


@pytest.mark.parametrize(
    ("ending", "has_start", "status"),
    [
        ("ended_by_donor", True, ("4", "Closed")),
        ("handed_over", False, ("4", "Closed")),
        ("running", True, ("2", "Implementation")),
        ("running", False, ("", "Not known")),
        ("unknown", True, ("", "Not known")),
        ("", True, ("", "Not known")),
    ],
)
def test_the_status_follows_from_the_ending(ending, has_start, status):
    assert activity_status(ending, has_start=has_start) == status
