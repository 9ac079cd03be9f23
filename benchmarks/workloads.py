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


FACETS = ["country,ending", "country,issue", "ending,issue", "issue,status", "country,status"]


def workloads(projects: int, clusters: Sequence[str] = ()) -> list[Workload]:
    """Return every workload for a casebook of that many synthetic projects.

    `clusters` are those by which a filter matches few.
    """
    chance = random.Random(1)  # noqa: S311 - the same addresses in every run
    slugs = [f"project-{chance.randint(1, projects)}" for _ in range(3_000)]
    starts = [f"project-{chance.randint(1, projects)}" for _ in range(100)]
    few = [f"projects/?cluster={cluster}&ordering=-actual_start&cursor=" for cluster in clusters]
    return [
        pages_from(starts),
        filtered(),
        details_of(slugs),
        searches(),
        facets(),
        matrix(),
        Workload("few", "list of 50 by one filter that matches 50 to 10,000", few, floor=""),
    ]


def pages_from(starts: list[str]) -> Workload:
    pages = [f"projects/?page_size=50&page={number}" for number in range(2, 102)]
    return Workload(
        "list",
        "list of 50, unfiltered",
        pages,
        pages,
        [f"projects.json?_size=50&_sort=slug&_next={start}" for start in starts],
    )


def filtered() -> Workload:
    filters = [
        f"country={country}&issue={issue}&ending={ending}"
        for country in COUNTRIES
        for issue in ISSUES
        for ending in ENDINGS
    ]
    asked = [f"projects/?{three}&ordering=-actual_start" for three in filters]
    return Workload(
        "filter",
        "list of 50, three filters and an order",
        asked,
        asked,
        [f"projects.json?_size=50&{three}&_sort_desc=actual_start" for three in filters],
    )


def details_of(slugs: list[str]) -> Workload:
    asked = [f"projects/{slug}/" for slug in slugs]
    return Workload(
        "detail",
        "one project with everything nested (Datasette: its flat row)",
        asked,
        asked,
        [f"projects/{slug}.json" for slug in slugs],
        floor="empty",
    )


def searches() -> Workload:
    asked = [f"search/?q={word}" for word in SEARCHED]
    return Workload(
        "search",
        "full-text search, the best 50 with passages and the number (Datasette: SQL, bm25)",
        asked,
        asked,
        [f".json?sql={quote(SEARCH.format(word))}" for word in SEARCHED],
    )


def facets() -> Workload:
    asked = [f"projects/facets/?facets={names}" for names in FACETS]
    # Datasette's table has no status, which we derive from how a project ended.
    columns = [names.replace("status", "ending").split(",") for names in FACETS]
    return Workload(
        "facets",
        "two facets of all projects counted",
        asked,
        asked,
        [
            "projects.json?_size=1&_nofacet=0&" + "&".join(f"_facet={name}" for name in names)
            for names in columns
        ],
        bar=1.0,
    )


def matrix() -> Workload:
    return Workload(
        "matrix",
        "scores of every factor by outcome, all projects (Datasette: one factor)",
        ["projects/scores/"],
        ["projects/scores/"],
        [f".json?sql={quote(MATRIX.format(factor))}" for factor in FACTORS],
        bar=1.0,
    )
