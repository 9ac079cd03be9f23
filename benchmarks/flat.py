"""The same rows in SQLite, as Datasette serves them: a table a kind, indexes, full-text search."""

import sqlite3
from pathlib import Path
from typing import Any

import psycopg

TABLES = {
    "projects": """
        SELECT p.slug, p.title, p.summary, p.aims, p.activities, p.issues[1] AS issue, p.ending,
            p.actual_start, p.stated_months, c.country, c.slug AS cluster
        FROM interventions_project p
        JOIN interventions_projectcluster t ON t.project_id = p.id
        JOIN clusters_cluster c ON c.id = t.cluster_id
        WHERE p.state = 'published' ORDER BY p.id""",
    "codings": """
        SELECT p.slug AS project, x.key, f.key AS factor, x.score::float, x.missing_reason,
            x.rationale
        FROM interventions_coding x JOIN interventions_project p ON p.id = x.project_id
        JOIN interventions_factor f ON f.id = x.factor_id WHERE p.id > 1000000000""",
    "outcomes": """
        SELECT p.slug AS project, x.key, x.direction, x.title
        FROM interventions_outcome x JOIN interventions_project p ON p.id = x.project_id
        WHERE p.id > 1000000000""",
    "accounts": """
        SELECT p.slug AS project, x.key, x.position, x.reason_for_ending, x.statement
        FROM interventions_account x JOIN interventions_project p ON p.id = x.project_id
        WHERE p.id > 1000000000""",
}
INDEXES = """
    CREATE UNIQUE INDEX projects_slug ON projects (slug);
    CREATE INDEX projects_country ON projects (country);
    CREATE INDEX projects_ending ON projects (ending);
    CREATE INDEX projects_issue ON projects (issue);
    CREATE INDEX projects_start ON projects (actual_start);
    CREATE INDEX codings_project ON codings (project);
    CREATE INDEX codings_factor ON codings (factor, score);
    CREATE INDEX outcomes_project ON outcomes (project);
    CREATE INDEX accounts_project ON accounts (project);
    CREATE VIRTUAL TABLE projects_fts
        USING fts5(title, summary, aims, activities, content=projects, tokenize='porter unicode61');
    INSERT INTO projects_fts(projects_fts) VALUES ('rebuild');
    ANALYZE;
"""


def write(path: Path, dsn: str) -> None:
    """Copy the rows once; a file that is there is left as it is."""
    if path.exists():
        return
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with psycopg.connect(dsn) as source, sqlite3.connect(unfinished) as target:
        for name, query in TABLES.items():
            with source.cursor(name=name) as rows:
                rows.itersize = 10_000
                rows.execute(query)  # type: ignore[arg-type]
                first = rows.fetchmany(1)
                columns = [column.name for column in rows.description or ()]
                key = " PRIMARY KEY" if name == "projects" else ""
                target.execute(
                    f"CREATE TABLE {name} ({columns[0]} TEXT{key}, {', '.join(columns[1:])})"
                )
                places = ", ".join("?" * len(columns))
                statement = f"INSERT OR IGNORE INTO {name} VALUES ({places})"
                target.executemany(statement, first)
                while some := rows.fetchmany(10_000):
                    target.executemany(statement, some)
        target.executescript(INDEXES)
    unfinished.rename(path)


def command(path: Path, port: int) -> list[Any]:
    """Return how Datasette is started on that file, without its limits on time and size."""
    settings = {
        "sql_time_limit_ms": 60_000,
        "facet_time_limit_ms": 60_000,
        "max_returned_rows": 10_000,
        "max_csv_mb": 0,
        "suggest_facets": "off",
        "num_sql_threads": 3,
    }
    options = [part for pair in settings.items() for part in ("--setting", pair[0], str(pair[1]))]
    return ["datasette", "serve", "-i", str(path), "-h", "127.0.0.1", "-p", str(port), *options]
