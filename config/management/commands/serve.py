"""Bring the database up to date, load the seed, and serve."""

import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from granian import Granian
from granian.constants import Interfaces

from clusters.models import SearchEntry

FIRST_ADMINISTRATOR = "admin@casebook.localhost"


class Command(BaseCommand):
    help = "Set the database up, load the Sialkot case and serve it on this machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--prepare-only", action="store_true", help="do all but serve")

    def handle(self, *args: Any, **options: Any) -> None:
        port = options["port"]
        self.check_port(port)
        call_command("migrate", verbosity=0, interactive=False)
        self.collect_static()
        self.load_seed()
        if not SearchEntry.objects.exists():  # a database from before there was a search
            call_command("rebuild_search", stdout=StringIO())
        call_command("write_documents", stdout=StringIO())
        self.stdout.write(f"\nCluster Casebook: http://localhost:{port}/")
        self.make_first_administrator(port)
        if options["prepare_only"]:
            return
        self.stdout.write("Ctrl-C stops it.\n")
        self.stdout.flush()
        with self.worker():
            Granian(
                "config.wsgi:application",
                address="127.0.0.1",
                port=port,
                interface=Interfaces.WSGI,
                workers=1,
                blocking_threads=4,
                working_dir=Path(settings.BASE_DIR),
                log_level="warning",  # type: ignore[arg-type]
            ).serve()

    @contextmanager
    def worker(self) -> Iterator[None]:
        """Run a worker beside the server, that ends with it."""
        command = [sys.executable, "manage.py", "work", "--interval", "0.5", "--until-stdin-ends"]
        beside = subprocess.Popen(command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE)
        try:
            yield
        finally:
            beside.terminate()
            beside.wait()

    def load_seed(self) -> None:
        """Load the Sialkot case. What editors did to it since must not keep the site down."""
        try:
            call_command("load_cases", settings.CASES_SEED, publish=True, verbosity=0)
        except CommandError as error:
            self.stderr.write(f"The Sialkot case was not loaded anew. {error}")

    def check_port(self, port: int) -> None:
        with socket.socket() as probe:
            # As the server will: a port in the last connections' TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except (OSError, OverflowError) as error:
                raise CommandError(
                    f"Port {port} cannot be used ({error}). Try another: make run PORT=8123"
                ) from None

    def collect_static(self) -> None:
        """Gather static files where they changed since the last time."""
        newest = max(
            path.stat().st_mtime
            for folder in (settings.BASE_DIR / "static", settings.BASE_DIR / "requirements.lock")
            for path in (folder, *folder.rglob("*"))
        )
        manifest = settings.STATIC_ROOT / "staticfiles.json"
        if not manifest.exists() or manifest.stat().st_mtime < newest:
            call_command("collectstatic", verbosity=0, interactive=False, clear=True)

    def make_first_administrator(self, port: int) -> None:
        users = get_user_model()
        if users.objects.filter(is_superuser=True).exists():
            self.stdout.write(f"Sign in at http://localhost:{port}/admin/")
            return
        password = secrets.token_urlsafe(12)
        users.objects.create_superuser(email=FIRST_ADMINISTRATOR, password=password)
        self.stdout.write(
            f"Sign in at http://localhost:{port}/admin/ as {FIRST_ADMINISTRATOR} "
            f"with the password {password}\n"
            "(shown this once; `make manage ARGS='changepassword "
            f"{FIRST_ADMINISTRATOR}'` sets another)"
        )
