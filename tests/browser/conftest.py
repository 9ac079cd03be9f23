"""The casebook as `make run` serves it, in a real browser."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.browser.find_browser import find

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 90
SAFE_ARGUMENTS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    found = find()
    assert found, "The browser tests need Chromium; `make test` installs one or says how."
    arguments = SAFE_ARGUMENTS + (["--no-sandbox"] if os.getuid() == 0 else [])
    return {**browser_type_launch_args, "executable_path": found, "args": arguments}


class Served:
    """A running copy: where it is, and what it said when it started."""

    def __init__(self, address, said):
        self.address = address
        self.said = said
        self.account, self.password = re.search(r"as (\S+) with the password (\S+)", said).groups()


@pytest.fixture(scope="session")
def served():
    """`manage.py serve` in a data folder of its own, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="casebook-") as folder:
        Path(folder).chmod(0o755)
        log = Path(folder) / "said"
        with log.open("w") as said:
            process = subprocess.Popen(
                [sys.executable, "-u", "manage.py", "serve", "--port", str(port)],
                cwd=PROJECT,
                env={"PATH": os.environ["PATH"], "CASEBOOK_MODE": "local", "CASEBOOK_DATA": folder},
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_for(port, process, log)
            yield Served(f"http://localhost:{port}", log.read_text())
        finally:
            process.terminate()
            process.wait(PATIENCE)


def wait_for(port, process, log):
    deadline = time.monotonic() + PATIENCE
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        os.sched_yield()


@pytest.fixture(scope="session")
def base_url(served):
    return served.address


@pytest.fixture
def page(page):
    """A page on which any console error, policy report or script error fails the test."""
    complaints = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []
