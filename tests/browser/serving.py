"""A copy of the casebook, served as `make run` serves it, in a data folder of its own."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 240
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
    """A running copy: where it is, and what it said when it started."""

    def __init__(self, address: str, said: str, environment: dict[str, str]) -> None:
        self.address = address
        self.said = said
        self.environment = environment
        found = re.search(r"as (\S+) with the password (\S+)", said)
        assert found, said
        self.account, self.password = found.groups()

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


@contextmanager
def serving(**environment: str) -> Iterator[Served]:
    """Run `manage.py serve` on a free port until the block ends, with some settings of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="casebook-") as folder:
        Path(folder).chmod(0o755)
        log = Path(folder) / "said"
        environment |= {"PATH": os.environ["PATH"], "CASEBOOK_MODE": "local"}
        environment["CASEBOOK_DATA"] = folder
        with log.open("w") as said:
            process = subprocess.Popen(
                [sys.executable, "-u", "manage.py", "serve", "--port", str(port)],
                cwd=PROJECT,
                env=environment,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for(port, process, log)
            yield Served(f"http://localhost:{port}", log.read_text(), environment)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until the port answers; fail with the log if the process ends before."""
    deadline = time.monotonic() + PATIENCE
    while True:
        assert time.monotonic() < deadline, log.read_text()
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        # Leaves the processor to the start, where a loop that only asks would take half of it.
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.1)
            raise AssertionError(log.read_text())
