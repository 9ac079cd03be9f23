"""Write what the API answers of each public record, where that is due."""

import gc
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from clusters.published.documents import make_rows, rebuild_all, refresh_stale


class Command(BaseCommand):
    help = "Write the API's answers that are missing, or that other code has written."

    def add_arguments(self, parser: CommandParser) -> None:
        only = parser.add_mutually_exclusive_group()
        only.add_argument("--make-rows", action="store_true", help="only note what is due")
        only.add_argument(
            "--due", action="store_true", help="only write what is due; several processes may"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["make_rows"]:
            make_rows()
            return
        # Records with all their parts are many objects at once, and all in use.
        gc.set_threshold(100_000, 20, 20)
        written = refresh_stale(waits=True) if options["due"] else rebuild_all()
        self.stdout.write(f"{written} answers written.")
