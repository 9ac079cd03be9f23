"""Write every record into a folder of case files."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clusters.formats.yaml_files import write
from clusters.records.schema import record_schemas
from clusters.records.serialization import document_of


class Command(BaseCommand):
    help = "Write every record as canonical case files into an empty folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["path"]
        if folder.exists() and any(folder.iterdir()):
            raise CommandError(f"{folder} is not empty; name a new folder.")
        written = 0
        for shape in record_schemas().values():
            for record in shape.model._default_manager.order_by("slug"):
                write(folder, shape, document_of(record))
                written += 1
        if options["verbosity"]:
            self.stdout.write(f"{written} records written to {folder}.")
