"""Figures of a round are those of its units; what cannot be compared is not defined."""

import pytest

from interventions.analysis import agreement
from interventions.analysis.rounds import Unit, by_subject, distance, figures


def units(*rows, subject="trust"):
    return [Unit(f"case-{number}", subject, codes) for number, codes in enumerate(rows)]


def test_figures_are_those_of_the_published_measures():
    rows = [
        ("1", "1"),
        ("0.67", "1"),
        ("0", "0"),
        ("0.33", "0.33"),
        ("not_reported", "0"),
        ("1", None),
    ]

    found = figures(units(*rows))

    assert (found.compared, found.same) == (5, 3)
    assert found.percent == pytest.approx(3 / 5)
    scores = [[1, 0.67, 0, 0.33, None, 1], [1, 1, 0, 0.33, 0, None]]
    assert found.alpha == pytest.approx(agreement.krippendorff_alpha(scores, "ordinal"))
    assert found.kappa == pytest.approx(agreement.cohen_kappa(*zip(*rows, strict=True)))
    assert found.interval.low <= found.alpha <= found.interval.high
    assert found.reading == agreement.reading(found.alpha)


def test_kappa_is_for_two_coders_and_nothing_is_defined_without_variation():
    three = figures(units(("1", "1", "0"), ("0", "0", "0")))
    assert three.kappa is None
    assert three.alpha is not None

    same = figures(units(("1", "1"), ("1", "1")))
    assert (same.percent, same.alpha, same.interval, same.kappa) == (1, None, None, None)
    assert same.reading == "not defined"
    assert figures(units(("1", None))).percent is None


def test_each_factor_has_figures_of_its_own():
    found = by_subject(units(("1", "1"), ("0", "0")) + units(("1", "0"), subject="power"))

    assert {name: (subject.compared, subject.same) for name, subject in found.items()} == {
        "trust": (2, 2),
        "power": (1, 0),
    }


@pytest.mark.parametrize(
    ("codes", "apart"),
    [
        ((None, None), "none"),
        (("1", None), "one"),
        (("1", "1"), "same"),
        (("not_reported", "not_reported"), "same"),
        (("1", "0.67"), "1"),
        (("0", "0.67", "0.33"), "2"),
        (("0", "1"), "3"),
        (("0", "not_reported"), "kind"),
        (("not_applicable", "not_reported"), "kind"),
    ],
)
def test_how_far_answers_lie_apart(codes, apart):
    assert distance(Unit("case", "trust", codes)) == apart
