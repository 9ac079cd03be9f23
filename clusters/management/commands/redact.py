"""Take past values of a field out of history."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Model

from clusters.actions.redaction import redact
from clusters.records.schema import record_schemas


class Command(BaseCommand):
    help = (
        "Remove every past value of one text field from history, the change log, proposals, "
        "comments, uploads and whatever else keeps it, leaving who, when and why. The present "
        "value stays: correct it first, in every record that says it. Backups keep what they hold."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("record", help="such as clusters/sialkot or projects/x/accounts/y")
        parser.add_argument("field")
        parser.add_argument("--by", required=True, help="e-mail of the administrator")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model().objects.filter(is_superuser=True)
        by = users.filter(email__iexact=options["by"]).first()
        if by is None:
            raise CommandError(f"{options['by']} is no administrator here.")
        record = self.find(options["record"])
        try:
            done = redact(record=record, field=options["field"], by=by, reason=options["reason"])
        except (ValueError, FieldDoesNotExist) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{done.rows} rows of history redacted.")

    def find(self, name: str) -> Model:
        """Return the record that a path such as projects/x/accounts/y names."""
        parts = name.strip("/").split("/")
        shape = record_schemas().get(parts[0])
        if shape is None or len(parts) not in (2, 4):
            raise CommandError(f"“{name}” is not kind/slug or kind/slug/parts/key.")
        record: Any = shape.model._default_manager.filter(slug=parts[1]).first()
        if record is not None and len(parts) == 4:
            if parts[2] not in shape.children:
                raise CommandError(f"There are no {parts[2]}. Known: {', '.join(shape.children)}.")
            record = getattr(record, parts[2]).filter(key=parts[3]).first()
        if record is None:
            raise CommandError(f"There is no {name}.")
        return record
