"""Remove every record, after asking and after a backup."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from config.management.commands.backup import write_backup


class Command(BaseCommand):
    help = "Remove all data. Asks first, and writes a backup first."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("This removes every record of this copy. A backup is written first.")
        try:
            answer = input('Type "reset" to go on: ')
        except EOFError:
            answer = ""
        if answer.strip() != "reset":
            raise CommandError("Nothing was removed.")
        path = write_backup()
        self.stdout.write(f"Backup written to {path}")
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
        self.stdout.write(
            "All data removed. `make run` begins anew; "
            f"`python manage.py restore {path}` brings it back."
        )
