"""The floor: a WSGI application without a framework, one psycopg query a request, orjson.

Each query makes the very JSON that the casebook's API answers, from the same tables; `make bench`
checks that it is the same before it measures.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
import psycopg

from benchmarks import queries


def application_for(dsn: str) -> Callable[..., Iterable[bytes]]:
    """Declare the application."""
    ours = threading.local()

    def connected() -> Any:
        """Return this thread's connection, which stays."""
        if not hasattr(ours, "connection"):
            ours.connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=1)
        return ours.connection

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        connection = connected()
        path = environ["PATH_INFO"].removeprefix("/api/v1/")
        asked = dict(parse_qsl(unquote(environ["QUERY_STRING"])))
        if asked.get("format") == "jsonl":
            start_response("200 OK", [("Content-Type", "application/jsonl")])
            return export(connection, queries.EXPORT)
        with connection.cursor() as cursor:
            body = orjson.dumps(ask(cursor, path, asked))
        start_response(
            "200 OK",
            [("Content-Type", "application/json"), ("Content-Length", str(len(body)))],
        )
        return [body]

    return answer


def export(connection: Any, query: str) -> Iterable[bytes]:
    """Every project as a line, by a cursor of the server's."""
    with connection.transaction(), connection.cursor(name="rows") as cursor:
        cursor.itersize = 500
        cursor.execute(query)
        while rows := cursor.fetchmany(500):
            yield b"".join(orjson.dumps(row[0]) + b"\n" for row in rows)


def ask(cursor: Any, path: str, asked: dict[str, str]) -> Any:
    """Answer one request with one query."""
    if path == "projects/":
        size, page = int(asked.get("page_size", 50)), int(asked.get("page", 1))
        values = {**asked, "size": size, "skip": size * (page - 1)}
        cursor.execute(queries.FILTERED if "ending" in asked else queries.LIST, values)
        count, rows = cursor.fetchone()
        return {"count": min(count, 10_000), "results": rows or []}
    if path == "projects/facets/":
        return facets(cursor, asked["facets"].split(","))
    if path == "projects/scores/":
        cursor.execute(queries.SCORES)
        return cursor.fetchone()[0]
    if path == "search/":
        cursor.execute(queries.SEARCH, {"q": asked["q"]})
    else:
        cursor.execute(queries.DETAIL, [path.split("/")[1]])
    return cursor.fetchone()[0]


def facets(cursor: Any, names: list[str]) -> Any:
    """Count some facets in one query, and name their choices."""
    cursor.execute(f"SELECT {', '.join(queries.FACETS[name] for name in names)}")
    found = []
    for name, numbers in zip(names, cursor.fetchone(), strict=True):
        choices = [
            {"code": code, "label": label, "count": numbers[code]}
            for code, label in queries.LABELS[name].items()
            if code in (numbers or {})
        ]
        if name == "country":
            choices.sort(key=lambda choice: choice["label"])
        found.append({"name": name, "label": queries.WORDS[name], "choices": choices})
    return {"facets": found}
