"""The production command as docs/settings.md has it, beside a database with few connections."""

import os
import re
import shlex
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import psycopg
import pytest

from config.connections import BESIDE, asked_of_granian
from config.embedded_postgres.server import Server
from tests.browser.serving import PATIENCE, PROJECT, data_folder, wait_for
from tests.config.test_serve import free_port

READERS, EACH = 40, 3


@pytest.fixture(scope="module")
def database(prepared):
    """A prepared database, reached as production reaches its own."""
    with data_folder(prepared) as folder:
        server = Server(folder / "postgres")
        server.ensure_running()
        yield server
        server.stop()


def documented(port):
    """Return the command of the settings page, with a free port."""
    page = (PROJECT / "docs" / "settings.md").read_text()
    (found,) = re.findall(r"^granian (?:.*\\\n)*.*$", page, re.MULTILINE)
    command = shlex.split(found.replace("\\\n", " ").replace("--port 8000", f"--port {port}"))
    return [str(Path(sys.executable).with_name("granian")), *command[1:]]


def start(command, database, log):
    with log.open("wb") as said:
        return subprocess.Popen(
            command,
            cwd=PROJECT,
            env={
                "PATH": os.environ["PATH"],
                "CASEBOOK_MODE": "production",
                "SECRET_KEY": "k" * 60 + "0123456789abc",
                "DATABASE_URL": f"postgresql://casebook@{str(database.socket_folder).replace('/', '%2F')}/postgres",
                "ALLOWED_HOSTS": "localhost",
                "MAIL_HOST": "mail.example.org",
                "BEHIND_TLS_PROXY": "true",
                "LOG_LEVEL": "ERROR",
            },
            stdout=said,
            stderr=subprocess.STDOUT,
        )


def ask(address, answers):
    for _ in range(EACH):
        request = urllib.request.Request(  # noqa: S310 - an address of ours
            address, headers={"X-Forwarded-Proto": "https"}
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
                answer.read()
                answers.append(answer.status)
        except urllib.error.HTTPError as error:
            answers.append(error.code)


def test_many_readers_are_all_answered_over_a_bounded_number_of_connections(database, tmp_path):
    port = free_port()
    command = documented(port)
    workers, threads = asked_of_granian(command[1:])
    process = start(command, database, tmp_path / "log")
    try:
        wait_for(port, process, tmp_path / "log")
        answers = []
        readers = [
            threading.Thread(
                target=ask, args=(f"http://localhost:{port}/api/v1/projects/", answers)
            )
            for _ in range(READERS)
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        with psycopg.connect(
            host=str(database.socket_folder), user="casebook", dbname="postgres"
        ) as connection:
            (opened,) = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'casebook granian%'"
            ).fetchone()
    finally:
        process.terminate()
        process.wait(PATIENCE)

    assert answers == [200] * READERS * EACH, (tmp_path / "log").read_text()[-2000:]
    assert 0 < opened <= workers * threads


def test_fewer_threads_than_slow_clients_may_hold_are_refused(database, tmp_path):
    command = documented(free_port())
    command[command.index("--blocking-threads") + 1] = "6"
    process = start(command, database, tmp_path / "log")

    process.wait(PATIENCE)
    said = (tmp_path / "log").read_text()
    assert "Slow clients may hold 6 threads" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "options", [["--blocking-threads", "60"], []], ids=["too many", "no bound"]
)
def test_more_threads_than_connections_are_refused(database, tmp_path, options):
    command = documented(free_port())
    place = command.index("--blocking-threads")
    command[place : place + 2] = options
    process = start(command, database, tmp_path / "log")

    process.wait(PATIENCE)
    said = (tmp_path / "log").read_text()
    assert f"connections, and the database allows 57, of which {BESIDE} are for" in said
    assert "Traceback" not in said
