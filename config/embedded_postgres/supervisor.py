"""Keep one embedded server alive while it has users, and stop it when it has none.

Run as `python -m config.embedded_postgres.supervisor FOLDER`, by `Server.ensure_running`.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from config.embedded_postgres.server import Server, as_owner, locked

LOOK_SECONDS = 0.2
IDLE_SECONDS = 1.0
# After kill -9 of the server its lock file stays valid until the dead process is reaped.
RESTART_SECONDS = 0.2
GIVE_UP_SECONDS = 6.0


def supervise(server: Server) -> None:
    """Run the server until nobody has held `users.lock` for a moment."""
    # An earlier supervisor may have been killed, and its server goes on.
    process = None if server.lives() or server.answers() else start(server)
    # Since when every start has failed; None while the server runs.
    failing_since: float | None = None
    idle_since: float | None = None
    users = os.open(server.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
    while True:
        if has_ended(server, process):
            failing_since = failing_since or time.monotonic()
            if time.monotonic() - failing_since > GIVE_UP_SECONDS:
                sys.exit("The server ended again and again; giving up.")
            time.sleep(RESTART_SECONDS)
            process = start(server)
        elif failing_since is not None and server.answers():
            failing_since = None
        now = time.monotonic()
        if not is_free(users):
            idle_since = None
        elif idle_since is None:
            idle_since = now
            fcntl.flock(users, fcntl.LOCK_UN)
        elif now - idle_since < IDLE_SECONDS:
            fcntl.flock(users, fcntl.LOCK_UN)
        else:
            # The lock stays ours: a newcomer waits for it, finds no server and starts one.
            stop(server, process)
            return
        time.sleep(LOOK_SECONDS)


def start(server: Server) -> "subprocess.Popen[bytes]":
    """Start the server as a child of this process, after the end of any earlier one."""
    lock = os.open(server.folder / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # PostgreSQL would not start where the number in them is another process's by now.
        for left_behind in (
            server.pgdata / "postmaster.pid",
            server.socket_folder / ".s.PGSQL.5432.lock",
        ):
            left_behind.unlink(missing_ok=True)
        command, account = as_owner(server.pgdata, server.server_command())
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            command, cwd="/", stdin=subprocess.DEVNULL, pass_fds=[lock], **account
        )
    finally:
        os.close(lock)


def has_ended(server: Server, process: "subprocess.Popen[bytes] | None") -> bool:
    """Return whether the server is gone; where a supervisor was killed, it is no child of ours."""
    if process is not None:
        return process.poll() is not None
    return not server.lives() and not server.answers()


def stop(server: Server, process: "subprocess.Popen[bytes] | None") -> None:
    """Ask for a fast shutdown, which rolls open transactions back, and wait for its end."""
    number = process.pid if process is not None else written_process_number(server)
    if number is not None and not has_ended(server, process):
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGINT)
    if process is not None:
        process.wait()
    with locked(server.folder / "server.lock"):
        pass


def written_process_number(server: Server) -> int | None:
    """Return the first line of the file that a running server keeps in its data folder."""
    with contextlib.suppress(FileNotFoundError, IndexError):
        return int((server.pgdata / "postmaster.pid").read_text().split()[0])
    return None


def is_free(descriptor: int) -> bool:
    """Take the exclusive lock on a file; return whether nobody held a shared one."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def main() -> None:
    server = Server(Path(sys.argv[1]))
    with (
        contextlib.suppress(BlockingIOError),
        locked(server.folder / "supervisor.lock", wait=False),
    ):
        # The child keeps the lock, and whoever started us need not wait for its end.
        if os.fork() == 0:
            supervise(server)


if __name__ == "__main__":
    main()
