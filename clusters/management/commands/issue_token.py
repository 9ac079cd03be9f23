"""Make a token of the API for an account, from the command line."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from clusters.models import ApiToken, Scope, User


class Command(BaseCommand):
    help = "Make a token of the API for an account, and print it; it is never shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="command line")
        parser.add_argument("--scope", choices=Scope.values, default=Scope.READ)
        parser.add_argument("--days", type=int, default=90)

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active account {options['email']}.")
        if not 1 <= options["days"] <= ApiToken.LONGEST.days:
            raise CommandError(f"--days: from 1 to {ApiToken.LONGEST.days}.")
        _token, text = ApiToken.issue(
            user=user,
            name=options["name"],
            scope=options["scope"],
            expires_at=timezone.now() + timedelta(days=options["days"]),
        )
        self.stdout.write(text)
