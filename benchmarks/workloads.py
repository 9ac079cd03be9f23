"""What is asked of the casebook, of the bare view, and of Datasette on the same rows."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

# Words from the middle of the vocabulary: of a hundred thousand projects some hundreds use each.
SEARCHED = ["grievance", "mediation", "handover", "embassy", "apprentices", "effluent", "prawns"]
COUNTRIES = ["PK", "IN", "BD", "VN", "KE"]
ISSUES = ["child_labour", "labour_rights", "collective_action"]
ENDINGS = ["completed", "ended_by_donor", "dissolved"]


@dataclass(frozen=True)
class Workload:
    """One kind of request: addresses to ask for in turn, each another record or parameter."""

    name: str
    words: str
    ours: list[str]
    bare: list[str] = field(default_factory=list)
    datasette: list[str] = field(default_factory=list)
    # Which floor its bar is a share of, and how large a share.
    floor: str = "bare"
    bar: float = 0.5


MATRIX = (
    "select factor, score, missing_reason, direction, count(*) from codings "
    "join outcomes on outcomes.project = codings.project where factor = '{}' group by 1, 2, 3, 4"
)
SEARCH = (
    "select projects.slug, projects.title, snippet(projects_fts, -1, '**', '**', ' … ', 28), "
    "(select count(*) from projects_fts where projects_fts match '{0}*') from projects_fts "
    "join projects on projects.rowid = projects_fts.rowid "
    "where projects_fts match '{0}*' order by bm25(projects_fts) limit 50"
)
FACTORS = ["brief-funding", "co-financing", "no-business-case", "know-how-and-training"]


def workloads(projects: int, clusters: Sequence[str] = ()) -> list[Workload]:
    """Return every workload for a casebook of that many synthetic projects.

    `clusters` are those by which a filter matches few.
    """
    chance = random.Random(1)  # noqa: S311 - the same addresses in every run
    pages = [f"projects/?page_size=50&page={number}" for number in range(2, 102)]
    filters = [(c, i, e) for c in COUNTRIES for i in ISSUES for e in ENDINGS]
    some = [f"projects/project-{chance.randint(1, projects)}/" for _ in range(3_000)]
    found = [f"search/?q={word}" for word in SEARCHED]
    asked = [
        f"projects/?country={c}&issue={i}&ending={e}&ordering=-actual_start" for c, i, e in filters
    ]
    facets = ["country,ending", "country,issue", "ending,issue", "issue,status", "country,status"]
    few = [f"projects/?cluster={cluster}&ordering=-actual_start&cursor=" for cluster in clusters]
    return [
        Workload(
            "list",
            "list of 50, unfiltered",
            pages,
            pages,
            [
                f"projects.json?_size=50&_sort=slug&_next=project-{chance.randint(1, projects)}"
                for _ in range(100)
            ],
        ),
        Workload(
            "filter",
            "list of 50, three filters and an order",
            asked,
            asked,
            [
                f"projects.json?_size=50&country={c}&issue={i}&ending={e}&_sort_desc=actual_start"
                for c, i, e in filters
            ],
        ),
        Workload(
            "detail",
            "one project with everything nested (Datasette: its flat row)",
            some,
            some,
            [f"projects/{path.split('/')[1]}.json" for path in some],
            floor="empty",
        ),
        Workload(
            "search",
            "full-text search, the best 50 with passages and the number (Datasette: SQL, bm25)",
            found,
            found,
            [f".json?sql={quote(SEARCH.format(word))}" for word in SEARCHED],
        ),
        Workload(
            "facets",
            "two facets of all projects counted",
            [f"projects/facets/?facets={names}" for names in facets],
            [f"projects/facets/?facets={names}" for names in facets],
            [
                "projects.json?_size=1&_nofacet=0&"
                + "&".join(
                    f"_facet={name.replace('status', 'ending')}" for name in names.split(",")
                )
                for names in facets
            ],
            bar=1.0,
        ),
        Workload(
            "matrix",
            "scores of every factor by outcome, all projects (Datasette: one factor)",
            ["projects/scores/"],
            ["projects/scores/"],
            [f".json?sql={quote(MATRIX.format(factor))}" for factor in FACTORS],
            bar=1.0,
        ),
        Workload("few", "list of 50 by one filter that matches 50 to 10,000", few, floor=""),
    ]
