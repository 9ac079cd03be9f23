"""Bring the database up to date, load the seed, and serve."""

import errno
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from granian import Granian
from granian.constants import Interfaces

from clusters.models import SearchEntry

FIRST_ADMINISTRATOR = "admin@casebook.localhost"
# How long the server and its worker have to end what they do before they are killed.
GRACE_SECONDS = 3
RESTART_SECONDS = 1.0


class Command(BaseCommand):
    help = "Set the database up, load the Sialkot case and serve it on this machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--prepare-only", action="store_true", help="do all but serve")

    def handle(self, *args: Any, **options: Any) -> None:
        port = options["port"]
        try:
            with self.folder_of_our_own(port), self.claimed(port):
                self.prepare(port)
                if not options["prepare_only"]:
                    self.stdout.write("Ctrl-C stops it.\n")
                    self.stdout.flush()
                    self.end_what_is_forked()
                    with self.worker():
                        self.serve(port)
                    self.leave_the_database()
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")
        except OperationalError as error:
            raise CommandError(f"The database cannot be used: {error}".strip()) from error
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename or error}") from error

    def prepare(self, port: int) -> None:
        """Bring the database and the files up to date, and write the address to go to."""
        call_command("migrate", verbosity=0, interactive=False)
        self.collect_static()
        self.load_seed()
        if not SearchEntry.objects.exists():  # a database from before there was a search
            call_command("rebuild_search", stdout=StringIO())
        call_command("write_documents", stdout=StringIO())
        self.stdout.write(f"\nCluster Casebook: http://localhost:{port}/")
        self.make_first_administrator(port)

    @staticmethod
    def end_what_is_forked() -> None:
        """Let granian's processes end with this one, even a killed one: a pipe tells them."""
        reading, writing = os.pipe()

        def wait_for_the_end() -> None:
            os.read(reading, 1)
            os._exit(1)

        def begin_to_wait() -> None:
            os.close(writing)  # else the pipe would never end
            threading.Thread(target=wait_for_the_end, daemon=True).start()

        os.register_at_fork(after_in_child=begin_to_wait)

    def serve(self, port: int) -> None:
        """Serve until somebody stops it, whichever way the server ended before."""
        while True:
            server = Granian(
                "config.wsgi:application",
                address="127.0.0.1",
                port=port,
                interface=Interfaces.WSGI,
                workers=1,
                blocking_threads=8,
                respawn_failed_workers=True,
                # A signal that meets a process before it listens to signals is lost, and an open
                # request may never end.
                workers_kill_timeout=GRACE_SECONDS,
                working_dir=Path(settings.BASE_DIR),
                log_level="warning",  # type: ignore[arg-type]
            )
            server.on_startup(partial(self.stop_when_the_terminal_closes, server))
            try:
                server.serve()
            except SystemExit:
                # It gives up where a process dies twice in some seconds.
                if not server.interrupt_signal:
                    threading.Event().wait(RESTART_SECONDS)
                    continue
            return

    @staticmethod
    def stop_when_the_terminal_closes(server: Any) -> None:
        """Stop the server at SIGHUP, which would make granian start its processes anew."""
        signal.signal(signal.SIGHUP, server.signal_handler_interrupt)

    @contextmanager
    def worker(self) -> Iterator[None]:
        """Run a worker beside the server, which ends with it; start it again when it dies."""
        command = [sys.executable, "manage.py", "work", "--interval", "0.5", "--until-stdin-ends"]
        is_over = threading.Event()
        running: list[subprocess.Popen[bytes]] = []

        def start() -> None:
            # Ctrl-C reaches a process group, and this one ends when it is told to.
            running[:] = [
                subprocess.Popen(
                    command, cwd=settings.BASE_DIR, stdin=subprocess.PIPE, process_group=0
                )
            ]

        def keep() -> None:
            while not is_over.is_set():
                running[0].wait()
                if not is_over.wait(RESTART_SECONDS):
                    start()

        start()
        keeper = threading.Thread(target=keep, daemon=True)
        keeper.start()
        try:
            yield
        finally:
            is_over.set()
            while keeper.is_alive():
                running[0].terminate()
                keeper.join(GRACE_SECONDS)
                running[0].kill()

    @contextmanager
    def folder_of_our_own(self, port: int) -> Iterator[None]:
        """Hold the lock of the data folder. Raises CommandError where another server holds it."""
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(settings.DATA_DIR / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                where = os.read(descriptor, 100).decode() or "a port that it has not said yet"
                raise CommandError(
                    f"The casebook in {settings.DATA_DIR} runs already, at {where}: use that one, "
                    "or stop it with Ctrl-C first."
                ) from None
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"http://localhost:{port}/".encode())
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def claimed(self, port: int) -> Iterator[None]:
        """Hold the port from before the first slow step, so that no other program takes it.

        Granian's sockets share a port (SO_REUSEPORT), with those of another copy as well. A socket
        that shares nothing is refused where there is another one. It gives way to one that
        shares with granian's and, as it may not be bound again, keeps other copies out.
        """
        with socket.socket() as claim, socket.socket() as held:
            # As the server will: a port in the last connections' TIME_WAIT is free.
            claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                claim.bind(("127.0.0.1", port))
                claim.listen()
                for each in (claim, held):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                held.bind(("127.0.0.1", port))
            except (OSError, OverflowError) as error:
                is_taken = getattr(error, "errno", None) == errno.EADDRINUSE
                why = "is in use" if is_taken else f"cannot be used ({error})"
                other = port + 1 if 1024 <= port < 65535 else 8001
                raise CommandError(
                    f"Port {port} {why}; choose another: make run PORT={other}"
                ) from None
            claim.close()
            yield

    def leave_the_database(self) -> None:
        """Connect once more: where the supervisor was killed, another one stops the database."""
        connection.close()
        connection.ensure_connection()

    def load_seed(self) -> None:
        """Load the Sialkot case; go on without it where editors' changes since keep it out."""
        try:
            call_command("load_cases", settings.CASES_SEED, publish=True, verbosity=0)
        except CommandError as error:
            self.stderr.write(f"The Sialkot case was not loaded anew. {error}")

    def collect_static(self) -> None:
        """Gather static files where they have changed since the last time."""
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
