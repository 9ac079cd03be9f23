"""How far the coders of a round agree, factor by factor, and where they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from interventions.analysis.agreement import (
    Interval,
    bootstrap_interval,
    cohen_kappa,
    krippendorff_alpha,
    percent_agreement,
    reading,
)

# The steps of the scale, in their order.
SCALE = ("0", "0.33", "0.67", "1")


@dataclass(frozen=True)
class Unit:
    """One factor or outcome in one case, and each coder's answer: a code, or None for none."""

    case: str
    subject: str
    codes: tuple[str | None, ...]


@dataclass(frozen=True)
class Figures:
    """Agreement over some units.

    `percent` and `kappa` take every answer as a category, reasons for no score included; `alpha`
    is ordinal and of scores alone. `compared` counts units that two coders answered, `same` those
    that all of these answered alike.
    """

    compared: int
    same: int
    percent: float | None
    alpha: float | None
    interval: Interval | None
    kappa: float | None

    @property
    def reading(self) -> str:
        """What may rest on `alpha`: reliable, tentative, below or not defined."""
        return reading(self.alpha)


def figures(units: Sequence[Unit]) -> Figures:
    """Return how far the coders of these units agree."""
    compared = [unit for unit in units if len(_given(unit)) > 1]
    coders = list(zip(*(unit.codes for unit in units), strict=True))
    scores = [[_score(code) for code in coder] for coder in coders]
    return Figures(
        compared=len(compared),
        same=sum(len(set(_given(unit))) == 1 for unit in compared),
        percent=percent_agreement(coders),
        alpha=krippendorff_alpha(scores, "ordinal"),
        # Samples of one unit are all the same: they say nothing.
        interval=bootstrap_interval(scores, "ordinal") if len(compared) > 1 else None,
        kappa=cohen_kappa(*coders) if len(coders) == 2 else None,
    )


def by_subject(units: Sequence[Unit]) -> dict[str, Figures]:
    """Return the figures of each factor or outcome by its key, in the order of the units."""
    return {
        subject: figures([unit for unit in units if unit.subject == subject])
        for subject in dict.fromkeys(unit.subject for unit in units)
    }


def distance(unit: Unit) -> str:
    """Return how far the answers of a unit lie apart.

    `none` and `one` for so few answers, `same`, `kind` where a score stands beside a reason for
    none, or how many steps of the scale: `1`, `2`, `3`.
    """
    given = _given(unit)
    if len(given) < 2:
        return "one" if given else "none"
    if len(set(given)) == 1:
        return "same"
    if any(code not in SCALE for code in given):
        return "kind"
    places = [SCALE.index(code) for code in given]
    return str(max(abs(place - other) for place, other in combinations(places, 2)))


def _given(unit: Unit) -> list[str]:
    return [code for code in unit.codes if code is not None]


def _score(code: str | None) -> float | None:
    return float(code) if code in SCALE else None
