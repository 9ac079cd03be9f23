"""Write the JSON Schemas of case files, one a kind."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from clusters.records.json_schema import case_file_schema
from clusters.records.schema import record_schemas


class Command(BaseCommand):
    help = "Write the JSON Schema of every kind of case file into a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["path"]
        folder.mkdir(parents=True, exist_ok=True)
        for shape in record_schemas().values():
            text = json.dumps(case_file_schema(shape), indent=2, ensure_ascii=False)
            (folder / f"{shape.folder}.json").write_text(text + "\n", encoding="utf-8")
