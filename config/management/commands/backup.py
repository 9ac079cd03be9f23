"""Write the whole database, history included, into one file."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config import postgres_tools


def write_backup(path: Path | None = None) -> Path:
    """Write a backup, readable by its owner only, and return its path.

    Half a file never bears the name of a whole one. Raises CommandError where the file exists or
    pg_dump fails.
    """
    if path is None:
        name = f"casebook-{timezone.now():%Y%m%d-%H%M%S-%f}.dump"
        path = settings.BASE_DIR / "backups" / name
    if path.exists():
        raise CommandError(f"{path} exists; name another file.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    # One that was left behind might be readable by others, and would stay so.
    unfinished.unlink(missing_ok=True)
    try:
        postgres_tools.run("pg_dump", "--format=custom", "--no-owner", "--file", unfinished)
        unfinished.rename(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


class Command(BaseCommand):
    help = "Back the whole database up into one file (default: a new one in backups/)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, nargs="?")

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Backup written to {write_backup(options['path'])}")
