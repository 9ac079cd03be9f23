"""Put a backup in the place of what the database holds."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from config import postgres_tools
from config.management.commands.backup import write_backup


class Command(BaseCommand):
    help = "Restore a backup, all or nothing; what was there is backed up first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        postgres_tools.run("pg_restore", "--list", path)  # refuse a bad file before anything else
        if connection.introspection.table_names():
            self.stdout.write(f"What was there is kept in {write_backup()}")
        connection.close()
        postgres_tools.run(
            "pg_restore",
            "--single-transaction",
            "--clean",
            "--if-exists",
            "--no-owner",
            f"--dbname={connection.settings_dict['NAME']}",
            path,
        )
        self.stdout.write(f"Restored {path}. Run migrate if this copy is newer than the backup.")
