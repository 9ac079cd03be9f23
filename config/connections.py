"""The connections of what serves: as many as the database has, and none that asks for ever."""

import multiprocessing
import os
import signal
import sys
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created
from granian.cli import cli

# What the worker and a command beside it need.
BESIDE = 3
ALLOWED = """
    SELECT least(
        current_setting('max_connections')::int
            - current_setting('superuser_reserved_connections')::int
            - coalesce(current_setting('reserved_connections', true)::int, 0),
        nullif((SELECT rolconnlimit FROM pg_roles WHERE rolname = current_user), -1),
        nullif((SELECT datconnlimit FROM pg_database WHERE datname = current_database()), -1))
"""


def asked_of_granian(arguments: list[str]) -> tuple[int, int]:
    """Return workers and threads as granian understands its arguments and the environment."""
    asked = cli.make_context("granian", list(arguments)).params
    workers = asked["workers"]
    backpressure = asked["backpressure"] or asked["backlog"] // workers
    return workers, asked["blocking_threads"] or max(1, backpressure // 2)


def refusal(workers: int, threads: int) -> str:
    """Return why so many threads must not be served by, or nothing.

    Every thread keeps a connection. A database that does not answer is not asked: the pages say so
    until it does.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(ALLOWED)
            (allowed,) = cursor.fetchone()
    except OperationalError:
        return ""
    finally:
        connection.close()
    if workers * threads <= allowed - BESIDE:
        return ""
    return (
        f"{workers} workers with {threads} threads each may open {workers * threads} connections, "
        f"and the database allows {allowed}, of which {BESIDE} are for the worker and commands: "
        "start granian with fewer --workers or --blocking-threads (explained in docs/settings.md)."
    )


def refusal_of_slow_clients(threads: int) -> str:
    """Return why slow clients could hold every thread, or nothing."""
    held = settings.STREAMS_AT_ONCE + settings.BODIES_AT_ONCE
    if held < threads:
        return ""
    return (
        f"Slow clients may hold {held} threads (STREAMS_AT_ONCE and BODIES_AT_ONCE), and a worker "
        f"has {threads}: start granian with more --blocking-threads, or allow fewer at once "
        "(explained in docs/settings.md)."
    )


def refuse_too_many() -> None:
    """End the process where granian was told to use more connections than the database has."""
    if not sys.argv[0].endswith("granian"):
        return
    workers, threads = asked_of_granian(sys.argv[1:])
    if why := refusal(workers, threads) or refusal_of_slow_clients(threads):
        if (server := multiprocessing.parent_process()) is not None and server.pid:
            os.kill(server.pid, signal.SIGTERM)  # it would start this process again
        sys.exit(why)


def bound_statements() -> None:
    """Make the database end, in this process, statements longer than a reader waits.

    The worker and commands may take as long as they need.
    """
    connection_created.connect(_bound, dispatch_uid="statement-timeout")


def _bound(connection: Any, **_: Any) -> None:
    with connection.cursor() as cursor:
        longest = f"{settings.STATEMENT_TIMEOUT}s"
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [longest])
