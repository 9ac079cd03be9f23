"""How many projects have each factor to which score, in all and by what came of them."""

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count

from interventions.analysis.outcomes import DIRECTIONS
from interventions.models import Coding, Factor, Framework
from interventions.models.project_queries import ProjectQuerySet
from interventions.selectors.facet_counts import Counts, counts_of, counts_of_all

FACETS = ("all", "coded")


@dataclass(frozen=True)
class FactorCounts:
    """One factor: how many projects have which score, or no score for which reason.

    `counts` has a number for each (score or reason, direction of all outcomes together).
    """

    factor: Factor
    counts: dict[tuple[str, str], int]

    @property
    def mean(self) -> float | None:
        """The mean agreed score from 0 to 1; None where no project has one."""
        weighed = [(float(v), n) for (v, _direction), n in self.counts.items() if v[0].isdigit()]
        total = sum(number for _value, number in weighed)
        return sum(value * number for value, number in weighed) / total if total else None


def scores_of(
    projects: ProjectQuerySet, framework: Framework, *, are_all: bool
) -> tuple[int, list[FactorCounts]]:
    """Return how many projects there are, and the counts of each factor of a framework.

    From the facts that are kept of every project; from the tables where these are not all ready.
    """
    counts = counts_of_all(FACETS) if are_all else counts_of(projects, FACETS)
    if counts is None:
        counts = counted_anew(projects)
    by_factor: dict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for fact, number in counts["coded"].items():
        name, value, direction = fact.split(":")
        by_factor[name][value, direction] = number
    factors = framework.factors.order_by("sort_order", "key")
    found = [
        FactorCounts(factor, by_factor[f"{framework.slug}/{factor.key}"]) for factor in factors
    ]
    return counts["all"].get("yes", 0), found


def counted_anew(projects: ProjectQuerySet) -> Counts:
    """Return the counts that `interventions.selectors.facet_index` keeps, read off the tables."""
    coded: dict[str, int] = {}
    for direction in DIRECTIONS:
        rows = (
            Coding.objects.published()
            .agreed()
            .overall()
            .filter(
                factor__isnull=False,
                project__in=projects.with_outcome(direction).order_by().values("pk"),
            )
            .order_by()
            .values("factor__framework__slug", "factor__key", "score", "missing_reason")
            .annotate(number=Count("pk"))
        )
        for framework, key, score, reason, number in rows.values_list(
            "factor__framework__slug", "factor__key", "score", "missing_reason", "number"
        ):
            coded[f"{framework}/{key}:{reason or f'{float(score):g}'}:{direction}"] = number
    return {"all": {"yes": projects.count()}, "coded": coded}
