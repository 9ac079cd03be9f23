"""Load a folder of case files."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clusters.actions.case_folders import Report, load
from clusters.database import UNAVAILABLE
from clusters.records.validation import CaseFilesRefused


class Command(BaseCommand):
    help = "Load a folder of case files: all or nothing, and twice is once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="show what would change")
        parser.add_argument(
            "--force",
            action="store_true",
            help="overwrite what people edited since the last import",
        )
        parser.add_argument(
            "--publish", action="store_true", help="publish new records, if every value is cited"
        )
        parser.add_argument("--reason", default="", help="for the change log")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = load(
                options["path"],
                force=options["force"],
                dry_run=options["dry_run"],
                publish_all=options["publish"],
                reason=options["reason"],
            )
        except CaseFilesRefused as error:
            lines = "\n".join(f"  {problem}" for problem in error.problems)
            raise CommandError(f"Nothing was loaded.\n{lines}") from None
        except UNAVAILABLE as error:
            raise CommandError(f"Broken off: nothing was changed. The database: {error}") from None
        if options["verbosity"]:
            self.tell(report, dry_run=options["dry_run"])

    def tell(self, report: Report, *, dry_run: bool) -> None:
        for name in report.created if dry_run else []:
            self.stdout.write(f"new: {name}")
        for name, found in report.changed.items():
            self.stdout.write(name)
            for difference in found:
                self.stdout.write(f"  {difference}")
        for name, kept in report.kept.items():
            if not kept:
                self.stdout.write(f"{name}: deleted or withdrawn, left so")
                continue
            self.stdout.write(f"{name}: edited since the last import, kept (--force overwrites)")
            for difference in kept:
                self.stdout.write(f"  {'.'.join(difference.where)}")
        would = "would be " if dry_run else ""
        self.stdout.write(
            f"{len(report.created)} records {would}created, {len(report.changed)} {would}changed, "
            f"{report.unchanged} unchanged, {report.published} {would}published."
        )
