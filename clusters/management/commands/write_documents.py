"""Write what the API answers of each public record, where that is due."""

from typing import Any

from django.core.management.base import BaseCommand

from clusters.api.documents import write


class Command(BaseCommand):
    help = "Write the API's answers that are missing, or that other code has written."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{write()} answers written.")
