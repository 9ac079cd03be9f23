"""Make the index of search anew from what is public."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from clusters.actions.publishing import lock_public_log
from clusters.published.search import rebuild


class Command(BaseCommand):
    help = "Make the index that search reads anew, from everything that is published."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        lock_public_log()
        self.stdout.write(f"{rebuild()} entries.")
