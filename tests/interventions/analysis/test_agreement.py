"""Agreement of coders, beside published examples and what must hold of any."""

import itertools
import random

import pytest

from interventions.analysis.agreement import (
    bootstrap_interval,
    cohen_kappa,
    krippendorff_alpha,
    percent_agreement,
    reading,
)

N = None
# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, sections A, B and C.
BINARY = [[0, 1, 0, 0, 0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]]
FIVE = [list("aabbdcccedda"), list("babbbccceddd")]
FOUR_CODERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
    [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
]


@pytest.mark.parametrize(
    ("coders", "level", "alpha"),
    [
        (BINARY, "nominal", 0.095),
        (FIVE, "nominal", 0.692),
        (FOUR_CODERS, "nominal", 0.743),
        (FOUR_CODERS, "ordinal", 0.815),
        (FOUR_CODERS, "interval", 0.849),
        (FOUR_CODERS, "ratio", 0.797),
    ],
)
def test_alpha_is_that_of_published_examples(coders, level, alpha):
    assert round(krippendorff_alpha(coders, level), 3) == alpha


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval", "ratio"])
def test_without_variation_or_pairs_nothing_is_defined(level):
    for coders in ([[1, 1, 1], [1, 1, 1]], [[1, N], [N, 2]], [[1, 2]], [[], []], []):
        assert krippendorff_alpha(coders, level) is None
        assert bootstrap_interval(coders, level) is None
    assert percent_agreement([[1, N], [N, 2]]) is None
    assert cohen_kappa([1, 1, 1], [1, 1, 1]) is None
    assert cohen_kappa([1, N], [N, 2]) is None
    assert reading(None) == "not defined"


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval", "ratio"])
def test_what_holds_of_any_codings(level):
    chance = random.Random(7)  # noqa: S311
    for _ in range(40):
        coders = [[chance.choice([0, 0.33, 0.67, 1, N]) for _ in range(9)] for _ in range(3)]
        alpha = krippendorff_alpha(coders, level)
        if alpha is None:
            continue
        assert alpha <= 1
        # Neither the order of coders nor that of units matters, nor units that one coded.
        for others in itertools.permutations(coders):
            assert krippendorff_alpha(others, level) == pytest.approx(alpha)
        backwards = [values[::-1] for values in coders]
        assert krippendorff_alpha(backwards, level) == pytest.approx(alpha)
        alone = [[*coders[0], 1], [*coders[1], N], [*coders[2], N]]
        assert krippendorff_alpha(alone, level) == pytest.approx(alpha)


def test_perfect_agreement_is_one_and_levels_forgive_what_is_near():
    assert krippendorff_alpha([[0, 1, 0.33], [0, 1, 0.33]], "interval") == 1
    near = [[0, 0.33, 0.67, 1], [0.33, 0.33, 0.67, 1]]
    far = [[0, 0.33, 0.67, 1], [1, 0.33, 0.67, 1]]
    assert krippendorff_alpha(near, "interval") > krippendorff_alpha(far, "interval")
    assert krippendorff_alpha(near, "ordinal") > krippendorff_alpha(far, "ordinal")


def test_kappa_and_percent_agreement():
    table = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}
    pairs = [pair for pair, number in table.items() for _ in range(number)]
    first, second = zip(*pairs, strict=True)

    assert cohen_kappa(first, second) == pytest.approx(0.4)
    assert percent_agreement([first, second]) == pytest.approx(35 / 50)
    # Of three coders every pair counts; a unit that one alone coded does not.
    assert percent_agreement([[1, 1, 1], [1, 2, N], [1, 2, N]]) == pytest.approx(4 / 6)


def test_the_interval_holds_the_alpha_and_is_the_same_each_time():
    low, high = bootstrap_interval(FOUR_CODERS, "ordinal")

    assert low < krippendorff_alpha(FOUR_CODERS, "ordinal") < high <= 1
    assert bootstrap_interval(FOUR_CODERS, "ordinal") == (low, high)
    narrow = bootstrap_interval(FOUR_CODERS, "ordinal", confidence=0.5)
    assert low <= narrow.low <= narrow.high <= high


@pytest.mark.parametrize(
    ("alpha", "words"),
    [(0.80, "reliable"), (0.79, "tentative"), (0.667, "tentative"), (0.66, "below"), (-1, "below")],
)
def test_reading_aids(alpha, words):
    assert reading(alpha) == words


@pytest.mark.parametrize(
    ("coders", "level", "message"),
    [
        ([[1, 2], [1]], "nominal", "same length"),
        ([[1], [1]], "cardinal", "“cardinal” is not a level: nominal"),
        ([["a"], ["b"]], "ordinal", "are numbers"),
        ([[-1], [1]], "ratio", "not below 0"),
    ],
)
def test_what_cannot_be_computed_is_refused(coders, level, message):
    with pytest.raises(ValueError, match=message):
        krippendorff_alpha(coders, level)
