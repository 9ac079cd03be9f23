"""Realistic data of any size, in a database of its own; the same for the same size.

Beside the Sialkot case: projects with eight codings, three accounts, two outcomes and three
citations each, in clusters and of donors that follow a power law. Rows are written by SQL with
triggers off; the API's answers are then written as they always are.

    CASEBOOK_DATA=data/bench/10000 python -m benchmarks.generate 10000
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.settings")
os.environ.setdefault("CASEBOOK_MODE", "local")
LOADED = "loaded.json"
WRITERS = 2
# The most frequent words of titles and texts; the others are made of syllables.
WORDS = """
    project workers firms cluster labour network children factory local donor training wages
    export standards buyers women stitching monitoring association compliance village school
    leather water waste union safety credit design quality market small owners families costs
    health audit code conduct agreement tannery garments knitwear surgical instruments carpets
    footwear furniture ceramics fans cutlery rice flowers prawns cotton silk dyeing effluent
    treatment insurance pension clinic literacy apprentices cooperative chamber ministry embassy
    evaluation baseline exit handover trust dialogue mediation grievance overtime homework
"""
SYLLABLES = "ba de fi go hu ka le mi no pu ra se ti vo wa ze bri dra flo gre kli pra sto tru vla"
VOCABULARY = 20_000
PHRASES = 60_000


def insert(model: Any, values: dict[str, str], rows: str) -> int:
    """Insert one row for each row of a FROM clause; columns not given take their default."""
    from django.db import connection

    columns, expressions, defaults = [], [], []
    for column in model._meta.concrete_fields:
        if column.generated or (column.primary_key and column.name not in values):
            continue
        columns.append(connection.ops.quote_name(column.column))
        if column.name in values:
            expressions.append(values[column.name])
        else:
            prepared = column.get_db_prep_save(_default(column), connection)
            expressions.append(f"%s::{column.db_type(connection)}")
            defaults.append(prepared)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) "
            f"SELECT {', '.join(expressions)} FROM {rows}",
            defaults,
        )
        return int(cursor.rowcount)


def _default(column: Any) -> Any:
    if column.has_default():
        return column.get_default()
    return None if column.null else ""


FUNCTIONS = f"""
    -- From 0 to 1, the same for the same number and purpose.
    CREATE FUNCTION chance(number bigint, purpose int) RETURNS double precision
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT (hashint8extended(number, purpose) & 1073741823)::double precision / 1073741824
    $$;
    -- A whole number below `most`; the lower the likelier, by a power law.
    CREATE FUNCTION skewed(number bigint, purpose int, most bigint) RETURNS bigint
        LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT floor(most * power(chance(number, purpose), 3))::bigint
    $$;
    -- Words by how often they are used, and runs of eight of them that texts are put together from.
    CREATE UNLOGGED TABLE vocabulary (id int PRIMARY KEY, word text NOT NULL);
    INSERT INTO vocabulary
        SELECT place - 1, word
        FROM unnest(ARRAY{WORDS.split()}) WITH ORDINALITY AS frequent (word, place)
        UNION ALL
        SELECT n, (
            SELECT string_agg(part[1 + floor(25 * chance(n * 4 + k, 40))::int], '' ORDER BY k)
            FROM generate_series(1, 3 + mod(n, 2)) k)
        FROM generate_series({len(WORDS.split())}, {VOCABULARY} - 1) n,
            (SELECT ARRAY{SYLLABLES.split()} AS part) syllables;
    CREATE UNLOGGED TABLE phrase (id int PRIMARY KEY, words text NOT NULL);
    INSERT INTO phrase
        SELECT n, string_agg(word, ' ' ORDER BY k)
        FROM generate_series(0, {PHRASES} - 1) n, generate_series(1, 8) k
        JOIN LATERAL (
            SELECT word FROM vocabulary WHERE id = skewed(n * 8 + k, 41, {VOCABULARY})
        ) drawn ON true
        GROUP BY n;
"""


def generate(projects: int) -> dict[str, Any]:
    """Fill the database of these settings; return what was loaded, how fast and how large."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0, interactive=False)
    from django.conf import settings

    call_command("load_cases", settings.CASES_SEED, publish=True, verbosity=0)
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(FUNCTIONS)
        # No history, no versions, no checks of keys: what is written here is sound by itself.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("SET synchronous_commit = off")
    rows = write_rows(projects)
    loaded = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("RESET session_replication_role")
        cursor.execute("VACUUM ANALYZE")
    started = time.perf_counter()
    write_answers()
    written = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT pg_database_size(current_database())")
        size = cursor.fetchone()[0]
    return {
        "projects": projects,
        "rows": rows,
        "load_seconds": round(loaded, 1),
        "answers_seconds": round(written, 1),
        "bytes": size,
    }


def write_answers() -> None:
    """Write the API's answers as after any load, in as many processes as there are cores."""
    command = [sys.executable, "manage.py", "write_documents"]
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL}
    subprocess.run([*command, "--make-rows"], check=True, **quiet)
    writers = [subprocess.Popen([*command, "--due"], **quiet) for _ in range(WRITERS)]
    codes = [writer.wait() for writer in writers]
    if any(codes):
        raise RuntimeError("The answers could not be written.")
    subprocess.run(command, check=True, **quiet)


# A model, the SQL of its values by their columns, and the FROM clause of which each row makes one.
type Table = tuple[Any, dict[str, str], str]

BASE = 1_000_000_000  # numbers above those of the seed
ID = f"{BASE} + n"
ROOT = {"id": ID, "state": "'published'", "version": "1", "version_transaction": "0"}
YEAR = "(1995 + floor(28 * chance(n, 11)))::int"


@dataclass(frozen=True)
class Size:
    """How many rows there are of what so many projects lean on."""

    projects: int

    @property
    def each_project(self) -> str:
        return f"generate_series(1, {self.projects}) n"

    @property
    def clusters(self) -> int:
        return min(2_000, max(20, self.projects // 50))

    @property
    def donors(self) -> int:
        return min(500, max(10, self.projects // 200))

    @property
    def works(self) -> int:
        return min(20_000, max(50, self.projects // 10))


def write_rows(projects: int) -> dict[str, int]:
    """Write every table; return how many rows each got."""
    size = Size(projects)
    counts: dict[str, int] = {}
    tables = chain(
        donors(size),
        clusters_and_works(size),
        project_records(size),
        funding(size),
        outcomes(size),
        accounts(size),
        codings(size),
        search_entries(),
    )
    for model, values, rows in tables:
        counts[model._meta.model_name] = insert(model, values, rows)
    note_change()
    return counts


def donors(size: Size) -> Iterator[Table]:
    from clusters.models import Stakeholder
    from interventions.models import Donor

    yield (
        Stakeholder,
        {
            **ROOT,
            "slug": "'stakeholder-' || n",
            "name": f"initcap({_words('n, 1', 2)}) || ' Agency ' || n",
        },
        f"generate_series(1, {size.donors}) n",
    )
    yield (
        Donor,
        {
            **ROOT,
            "slug": "'donor-' || n",
            "stakeholder": ID,
            "organisation_type": _pick("n, 2", ["10", "21", "22", "40", "60", "70"]),
        },
        f"generate_series(1, {size.donors}) n",
    )


def clusters_and_works(size: Size) -> Iterator[Table]:
    from clusters.models import Citation, Cluster, Publication
    from clusters.models.places import ClusterCitation

    countries = ["PK", "IN", "BD", "VN", "KE", "ET", "BR", "CN", "TN", "ID", "NP", "LK"]
    yield (
        Cluster,
        {
            **ROOT,
            "slug": "'cluster-' || n",
            "name": f"'Cluster ' || initcap({_words('n, 3', 1)}) || ' ' || n",
            "country": _pick("n, 4", countries, skewed=True),
            "industry": f"{_words('n, 5', 2)}",
            "latitude": "round((60 * chance(n, 6) - 20)::numeric, 5)",
            "longitude": "round((180 * chance(n, 7) - 60)::numeric, 5)",
        },
        f"generate_series(1, {size.clusters}) n",
    )
    yield (
        Publication,
        {
            **ROOT,
            "slug": "'work-' || n",
            "title": f"initcap({_words('n, 8', 6)})",
            "issued": "(1995 + mod(n, 28))::text",
            "issued_earliest": "make_date((1995 + mod(n, 28))::int, 1, 1)",
            "issued_latest": "make_date((1995 + mod(n, 28))::int, 12, 31)",
        },
        f"generate_series(1, {size.works}) n",
    )
    yield (
        Citation,
        {
            "id": f"{BASE} + n * 4 + place",
            "publication": ID,
            "locator_type": "'section'",
            "locator": "'Findings, para ' || place + 1",
        },
        f"generate_series(1, {size.works}) n, generate_series(0, 3) place",
    )
    yield (
        ClusterCitation,
        {"target": ID, "citation": f"{BASE} + (1 + skewed(n, 9, {size.works})) * 4"},
        f"generate_series(1, {size.clusters}) n",
    )


def project_records(size: Size) -> Iterator[Table]:
    from interventions.models import Project
    from interventions.models.projects import ProjectCitation, ProjectCluster

    issues = ["child_labour", "labour_rights", "collective_action", "csr_compliance", "environment"]
    endings = ["completed", "ended_by_donor", "dissolved", "handed_over", "running", "unknown"]
    yield (
        Project,
        {
            **ROOT,
            "slug": "'project-' || n",
            "title": f"initcap({_words('n, 12', 4)}) || ' ' || n",
            "issues": f"ARRAY[{_pick('n, 13', issues, skewed=True)}]",
            "summary": f"{_words('n, 14', 24)}",
            "aims": f"{_words('n, 15', 20)}",
            "activities": f"{_words('n, 16', 20)}",
            "actual_start": f"{YEAR}::text",
            "actual_start_earliest": f"make_date({YEAR}, 1, 1)",
            "actual_start_latest": f"make_date({YEAR}, 12, 31)",
            "stated_months": "CASE WHEN chance(n, 17) < 0.7 "
            "THEN (6 + floor(54 * chance(n, 18)))::int END",
            "ending": _pick("n, 19", endings, skewed=True),
        },
        size.each_project,
    )
    yield (
        ProjectCluster,
        {"project": ID, "cluster": f"{BASE} + 1 + skewed(n, 20, {size.clusters})"},
        size.each_project,
    )
    yield (
        ProjectCitation,
        {
            "target": ID,
            "citation": f"{BASE} + (1 + skewed(n * 3 + use, 21, {size.works})) * 4 + use",
            "field": "(ARRAY['', 'title', 'ending'])[1 + use]",
        },
        f"{size.each_project}, generate_series(0, 2) use",
    )


def funding(size: Size) -> Iterator[Table]:
    from interventions.models import Funding

    yield (
        Funding,
        {
            "key": "'paid'",
            "project": ID,
            "provider": f"{BASE} + 1 + skewed(n, 22, {size.donors})",
            "transaction_type": "'commitment'",
            "amount": "round((10000 * (1 + 200 * power(chance(n, 23), 4)))::numeric, 2)",
            "currency": "'USD'",
        },
        size.each_project,
    )


def outcomes(size: Size) -> Iterator[Table]:
    from interventions.models import Outcome, OutcomeDimension

    dimensions = list(OutcomeDimension.objects.values_list("pk", flat=True))
    yield (
        Outcome,
        {
            "key": "'outcome-' || place",
            "project": ID,
            "dimension": _pick("n * 2 + place, 24", dimensions),
            "title": f"{_words('n * 2 + place, 25', 3)}",
            "direction": _pick(
                "n * 2 + place, 26", ["positive", "negative", "mixed", "none"], skewed=True
            ),
            "sort_order": "place",
        },
        f"{size.each_project}, generate_series(0, 1) place",
    )


def accounts(size: Size) -> Iterator[Table]:
    from interventions.models import Account

    factors = main_factors()
    groups = list(Account.objects.values_list("stakeholder_group", flat=True).distinct())
    says = ["present", "absent", "mixed"]
    reasons = ["not_mentioned", "contributing", "main", "rejected"]
    yield (
        Account,
        {
            "key": "'account-' || place",
            "project": ID,
            "stakeholder_group": f"(ARRAY{groups})[1 + mod(n + place, {len(groups)})]",
            "informant": "'a member'",
            "factor": f"(ARRAY{factors})[1 + skewed(n, 27, {len(factors)})]",
            "position": _pick("n * 4 + place, 28", says, skewed=True),
            "reason_for_ending": _pick("n * 4 + place, 29", reasons, skewed=True),
            "statement": f"{_words('n * 4 + place, 30', 16)}",
            "sort_order": "place",
        },
        f"{size.each_project}, generate_series(0, 2) place",
    )


def codings(size: Size) -> Iterator[Table]:
    from interventions.models import Coding

    factors = main_factors()
    has_score = "chance(n * 8 + place, 31) < 0.7"
    yield (
        Coding,
        {
            "key": "'coding-' || place",
            "project": ID,
            "factor": f"(ARRAY{factors})[1 + mod(place, {len(factors)})]",
            "resolution": "'consensus'",
            "score": f"CASE WHEN {has_score} THEN "
            f"{_pick('n * 8 + place, 32', [0, 0.33, 0.67, 1])} END",
            "missing_reason": f"CASE WHEN {has_score} THEN '' ELSE 'not_reported' END",
            "rationale": f"{_words('n * 8 + place, 33', 10)}",
        },
        f"{size.each_project}, generate_series(0, {len(factors) - 1}) place",
    )


def main_factors() -> list[int]:
    from interventions.models import Factor
    from interventions.web.charts import MAIN_FRAMEWORK

    return list(Factor.objects.filter(framework__slug=MAIN_FRAMEWORK).values_list("pk", flat=True))


def search_entries() -> Iterator[Table]:
    from clusters.models import SearchEntry

    yield (
        SearchEntry,
        {
            "root_kind": "'projects'",
            "root_id": "id",
            "kind": "'projects'",
            "title": "title",
            "url": "'/projects/' || slug || '/'",
            "text": "summary || ' · ' || aims || ' · ' || activities",
        },
        f"interventions_project WHERE id > {BASE}",
    )


def note_change() -> None:
    """Have the list of changes say that there are new records."""
    from clusters.models import Change

    number = (Change.objects.order_by("number").values_list("number", flat=True).last() or 0) + 1
    insert(
        Change,
        {
            "number": str(number),
            "kind": "'projects'",
            "object_id": str(BASE),
            "title": "'Synthetic projects'",
            "slug": "'project-1'",
            "version": "1",
            "action": "'published'",
            "at": "now()",
        },
        "(SELECT) nothing",
    )


def _words(seed: str, many: int) -> str:
    """SQL of a text of that many words, put together from phrases."""
    phrases = [
        f"(SELECT words FROM phrase WHERE id = floor({PHRASES} * chance({seed} + {place}))::int)"
        for place in range(0, 1000 * ((many + 7) // 8), 1000)
    ]
    if many % 8:
        last = phrases[-1]
        phrases[-1] = f"array_to_string((string_to_array({last}, ' '))[1:{many % 8}], ' ')"
    return f"({" || ' ' || ".join(phrases)})"


def _pick(seed: str, values: list[Any], *, skewed: bool = False) -> str:
    """SQL that picks one of some values, evenly or the first ones more often."""
    listed = ", ".join(f"'{value}'" if isinstance(value, str) else str(value) for value in values)
    place = f"skewed({seed}, {len(values)})" if skewed else f"floor({len(values)} * chance({seed}))"
    return f"(ARRAY[{listed}])[1 + {place}::int]"


if __name__ == "__main__":
    django.setup()
    from django.conf import settings

    found = generate(int(sys.argv[1]))
    (Path(settings.DATA_DIR) / LOADED).write_text(json.dumps(found, indent=2))
    sys.stdout.write(f"{json.dumps(found)}\n")
