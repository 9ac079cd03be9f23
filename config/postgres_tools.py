"""PostgreSQL's own programs, run against the database of the settings."""

import os
import subprocess
from pathlib import Path

from django.core.management.base import CommandError
from django.db import connection

from config.embedded_postgres.server import EmbeddedPostgresError, binary


def run(program: str, *arguments: str | Path) -> None:
    """Run pg_dump, pg_restore and the like. Raises CommandError with what they complain of."""
    connection.ensure_connection()
    settings = connection.settings_dict
    environment = {
        **os.environ,
        "PGHOST": str(settings["HOST"] or ""),
        "PGPORT": str(settings["PORT"] or 5432),
        "PGUSER": str(settings["USER"] or ""),
        # In the environment rather than in the arguments, which every account can read.
        "PGPASSWORD": str(settings["PASSWORD"] or ""),
        "PGDATABASE": str(settings["NAME"]),
        "PGSSLMODE": str(settings["OPTIONS"].get("sslmode", "prefer")),
    }
    try:
        command = [str(binary(program)), *map(str, arguments)]
    except EmbeddedPostgresError as error:
        raise CommandError(str(error)) from None
    done = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,  # what they write holds everything, and is its owner's alone from the start
    )
    if done.returncode != 0:
        raise CommandError(f"{program} failed:\n{done.stderr.strip()}")
