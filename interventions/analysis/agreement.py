"""How far coders agree: percent agreement, Krippendorff's alpha, Cohen's kappa.

Coders are equally long lists, one value for each unit, None where a coder gave none. Whatever is
not defined, for want of pairs or of variation, is None and never 1.

Krippendorff (2011), Computing Krippendorff's Alpha-Reliability; Cohen (1960).
"""

import random
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from itertools import combinations, product
from typing import Any, Literal, NamedTuple

type Level = Literal["nominal", "ordinal", "interval", "ratio"]
type Coders = Sequence[Sequence[Hashable]]

# Above the first, conclusions may rest on it; above the second, tentative ones (Krippendorff 2004).
RELIABLE, TENTATIVE = 0.80, 0.667
DRAWS = 1_000


class Interval(NamedTuple):
    """The values between which a figure lies, by bootstrap over units."""

    low: float
    high: float


def krippendorff_alpha(coders: Coders, level: Level) -> float | None:
    """Return Krippendorff's alpha, 1 for perfect agreement and 0 for what chance gives.

    Values of levels other than nominal are numbers, of ratio none below 0. Raises ValueError for
    lists of unequal length, an unknown level, or such values.
    """
    return _alpha(_units(coders, level), level)


def bootstrap_interval(
    coders: Coders, level: Level, *, draws: int = DRAWS, confidence: float = 0.95, seed: int = 1
) -> Interval | None:
    """Return between which alphas the middle `confidence` of samples of units lies.

    Units are drawn with replacement; samples without an alpha are left out. None where there is
    no alpha.
    """
    units = _units(coders, level)
    if _alpha(units, level) is None:
        return None
    chance = random.Random(seed)  # noqa: S311 - the same interval for the same data
    found = (_alpha(chance.choices(units, k=len(units)), level) for _ in range(draws))
    alphas = sorted(alpha for alpha in found if alpha is not None)
    outside = (1 - confidence) / 2
    last = len(alphas) - 1
    return Interval(alphas[round(outside * last)], alphas[round((1 - outside) * last)])


def percent_agreement(coders: Coders) -> float | None:
    """Return the share, from 0 to 1, of pairs of values of the same unit that are the same."""
    pairs = [
        value == other
        for values in _units(coders, "nominal")
        for value, other in combinations(values, 2)
    ]
    return sum(pairs) / len(pairs) if pairs else None


def cohen_kappa(coder: Sequence[Hashable], other: Sequence[Hashable]) -> float | None:
    """Return Cohen's kappa of two coders, over the units that both gave a value for."""
    pairs = [pair for pair in _same_length([coder, other]) if None not in pair]
    if not pairs:
        return None
    observed = sum(first == second for first, second in pairs) / len(pairs)
    firsts, seconds = (Counter(values) for values in zip(*pairs, strict=True))
    expected = sum(number * seconds[value] for value, number in firsts.items()) / len(pairs) ** 2
    return None if expected == 1 else (observed - expected) / (1 - expected)


def reading(alpha: float | None) -> str:
    """Return what may rest on an alpha: reliable, tentative, below or not defined."""
    if alpha is None:
        return "not defined"
    if alpha >= RELIABLE:
        return "reliable"
    return "tentative" if alpha >= TENTATIVE else "below"


def _same_length(coders: Coders) -> list[tuple[Hashable, ...]]:
    if len({len(values) for values in coders}) > 1:
        raise ValueError("Coders have lists of the same length, one value for each unit.")
    return list(zip(*coders, strict=True))


def _units(coders: Coders, level: Level) -> list[list[Any]]:
    """Return the values of each unit that at least two coders gave one for."""
    if level not in DIFFERENCES:
        raise ValueError(f"“{level}” is not a level: {', '.join(DIFFERENCES)}.")
    units: list[list[Any]] = [
        [value for value in unit if value is not None] for unit in _same_length(coders)
    ]
    values = {value for unit in units for value in unit}
    if level != "nominal" and not all(isinstance(value, int | float) for value in values):
        raise ValueError(f"Values of the level {level} are numbers.")
    if level == "ratio" and any(value < 0 for value in values):
        raise ValueError("Values of the level ratio are not below 0.")
    return [unit for unit in units if len(unit) > 1]


def _alpha(units: Sequence[Sequence[Hashable]], level: Level) -> float | None:
    totals: Counter[Hashable] = Counter(value for unit in units for value in unit)
    number = sum(totals.values())
    if len(totals) < 2:
        return None  # without variation chance agrees as well as anybody
    values = sorted(totals) if level != "nominal" else list(totals)  # type: ignore[type-var]
    differs = DIFFERENCES[level](values, totals)
    observed = 0.0
    for unit in units:
        counts = Counter(unit)
        pairs = product(counts.items(), counts.items())
        observed += sum(
            first * second * differs[value, other] for (value, first), (other, second) in pairs
        ) / (len(unit) - 1)
    expected = sum(
        totals[value] * totals[other] * differs[value, other]
        for value, other in product(values, values)
    ) / (number - 1)
    return 1 - observed / expected


type Differences = dict[tuple[Hashable, Hashable], float]


def _nominal(values: Sequence[Hashable], totals: Counter[Hashable]) -> Differences:
    return {(value, other): float(value != other) for value, other in product(values, values)}


def _ordinal(values: Sequence[float], totals: Counter[float]) -> Differences:
    """Return squared numbers of values between ranks, half of those at the ends counted."""
    found: Differences = {}
    for (first, value), (last, other) in product(enumerate(values), enumerate(values)):
        between = values[min(first, last) : max(first, last) + 1]
        ends = (totals[value] + totals[other]) / 2
        found[value, other] = (
            0.0 if value == other else (sum(totals[v] for v in between) - ends) ** 2
        )
    return found


def _interval(values: Sequence[float], totals: Counter[float]) -> Differences:
    return {(value, other): float(value - other) ** 2 for value, other in product(values, values)}


def _ratio(values: Sequence[float], totals: Counter[float]) -> Differences:
    return {
        (value, other): 0.0 if value == other else ((value - other) / (value + other)) ** 2
        for value, other in product(values, values)
    }


# Values are numbers but for the nominal level, as `_units` sees to.
DIFFERENCES: dict[Level, Callable[[Sequence[Any], Counter[Any]], Differences]] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
    "ratio": _ratio,
}
