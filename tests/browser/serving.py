"""A copy of the casebook, served as `make run` serves it, in a data folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.embedded_postgres.server import Server, locked

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 240
# What was said while a data folder was prepared, the administrator's password with it.
PREPARED = "prepared"
SAFE_ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def browser_arguments() -> list[str]:
    """Arguments under which Chromium asks nobody for anything; as root it needs one more."""
    return SAFE_ARGUMENTS + (["--no-sandbox"] if os.getuid() == 0 else [])


class Served:
    """A copy of the casebook in a data folder of its own, that is started, killed and started."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.address = f"http://localhost:{self.port}"
        self.environment = environment_of(folder, environment)
        before = (folder / PREPARED).read_text() if (folder / PREPARED).exists() else ""
        self.start()
        said = before + self.log.read_text()
        found = re.search(r"as (\S+) with the password (\S+)", said)
        assert found, said
        self.account, self.password = found.groups()

    @property
    def log(self) -> Path:
        return self.folder / "said"

    def start(self) -> None:
        """Run `manage.py serve`, and wait until it answers."""
        with self.log.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "manage.py", "serve", "--port", str(self.port)],
                cwd=PROJECT,
                env=self.environment,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(self.port, self.process, self.log)

    def kill(self) -> None:
        """End the server and its worker in the middle of whatever they do."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        # Its workers are gone a moment later; until then one of them holds the port.
        deadline = time.monotonic() + PATIENCE
        while answers(self.port):
            assert time.monotonic() < deadline

    def manage(self, *command: str) -> str:
        """Run a command beside the server, on its data; return what it prints."""
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=PROJECT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout


def environment_of(folder: Path, further: dict[str, str]) -> dict[str, str]:
    return {
        **further,
        "PATH": os.environ["PATH"],
        "CASEBOOK_MODE": "local",
        "CASEBOOK_DATA": str(folder),
    }


def prepare(folder: Path) -> None:
    """Make a data folder with the Sialkot case and an administrator, for others to be copies of.

    Of several processes that ask for the same folder one makes it, and the others wait.
    """
    with locked(folder.with_suffix(".lock")):
        if (folder / PREPARED).exists():
            return
        folder.mkdir(mode=0o755)
        said = subprocess.run(
            [sys.executable, "manage.py", "serve", "--prepare-only"],
            cwd=PROJECT,
            env=environment_of(folder, {}),
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        Server(folder / "postgres").wait_for_its_end()
        (folder / PREPARED).write_text(said)


def copy(prepared: Path, folder: Path) -> None:
    """Copy a prepared data folder with its files' owners, which Python's own copying leaves out."""
    subprocess.run(["cp", "-a", f"{prepared}/.", str(folder)], check=True)


@contextmanager
def data_folder(start: Path | None = None) -> Iterator[Path]:
    """Make a data folder in a short path, and remove it once its database has ended.

    `start` is a data folder to begin with a copy of.
    """
    with tempfile.TemporaryDirectory(prefix="casebook-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if start is not None:
            copy(start, folder)
        try:
            yield folder
        finally:
            Server(folder / "postgres").wait_for_its_end()


@contextmanager
def serving(start: Path | None = None, **environment: str) -> Iterator[Served]:
    """Run `manage.py serve` on a free port until the block ends, with some settings of its own.

    `start` is a data folder to begin with a copy of; without one everything is made anew.
    """
    with data_folder(start) as folder:
        running = Served(folder, environment)
        try:
            yield running
        finally:
            running.process.terminate()
            running.process.wait(PATIENCE)


def answers(port: int) -> bool:
    """Whether anything listens at a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the port answers; fail with the log if the process ends before."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert time.monotonic() < deadline, log.read_text()
        if answers(port):
            return
        # Leaves the processor to the start, where a loop that only asks would take half of it.
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            raise AssertionError(log.read_text())
