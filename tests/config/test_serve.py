"""`manage.py serve`: one of it in a folder and at a port, alive until it is stopped, then gone."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from http.client import HTTPConnection

import pytest

from config.embedded_postgres.server import Server
from tests.browser.serving import (
    PATIENCE,
    PROJECT,
    answers,
    data_folder,
    environment_of,
    serving,
)


@pytest.fixture(scope="module")
def running(prepared):
    with serving(prepared) as served:
        yield served


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        os.sched_yield()
    return found


def children(parent, named=""):
    """Return the numbers of a process's own children whose command line has a word."""
    listed = subprocess.run(
        ["pgrep", "-P", str(parent), *(["-f", named] if named else [])],
        capture_output=True,
        text=True,
        check=False,
    )
    return {int(number) for number in listed.stdout.split()}


def group(process):
    return subprocess.run(
        ["pgrep", "-g", str(process.pid)], capture_output=True, text=True, check=False
    ).stdout.split()


def start(folder, port, **further):
    return subprocess.Popen(
        [sys.executable, "-u", "manage.py", "serve", "--port", str(port)],
        cwd=PROJECT,
        env=environment_of(folder, further),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # Tests that are run in the background ignore Ctrl-C, and so would what they start.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


FORM = "application/x-www-form-urlencoded"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_killed_worker_is_started_again(running):
    (worker,) = wait_until(lambda: children(running.process.pid, "manage.py work"))

    os.kill(worker, signal.SIGKILL)

    assert wait_until(lambda: children(running.process.pid, "manage.py work") - {worker})


def test_a_killed_server_process_is_started_again_however_often(running):
    for _ in range(2):  # granian alone gives up at the second within five seconds
        wait_until(lambda: answers(running.port))
        (process,) = wait_until(lambda: children(running.process.pid, "manage.py serve"))

        os.kill(process, signal.SIGKILL)

        wait_until(lambda gone=process: children(running.process.pid, "manage.py serve") - {gone})
    assert wait_until(lambda: answers(running.port))


def test_a_second_one_in_the_same_folder_says_where_the_first_is(running):
    second = start(running.folder, free_port())
    said = second.communicate(timeout=PATIENCE)[0]

    assert second.returncode == 1
    assert said.count("\n") == 1
    assert f"runs already, at {running.address}/: use that one" in said


def test_readers_who_take_nothing_of_a_large_file_hold_up_nobody(running):
    """They are twice as many as the threads that answer."""
    server = HTTPConnection("localhost", running.port, timeout=PATIENCE)
    server.request("GET", "/")
    page = server.getresponse().read().decode()
    (script,) = set(re.findall(r"/static/[^\"]*plotly[^\"]*\.js", page))
    with ExitStack() as open_ones:
        for _ in range(16):
            reader = open_ones.enter_context(socket.socket())
            # Else the system takes a good part of the file for the reader.
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", running.port))
            reader.sendall(f"GET {script} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert reader.recv(12) == b"HTTP/1.1 200"

        server.request("GET", "/about/")

        assert server.getresponse().status == 200
    server.close()


def test_senders_who_send_nothing_of_a_body_hold_up_nobody(running):
    """They are twice as many as the threads, and each has a cookie that would be looked up."""
    head = (
        "POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nCookie: sessionid=invented\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 999\r\n\r\na="
    )
    with ExitStack() as open_ones:
        for _ in range(16):
            sender = open_ones.enter_context(socket.create_connection(("127.0.0.1", running.port)))
            sender.sendall(head.encode())
        server = HTTPConnection("localhost", running.port, timeout=PATIENCE)

        server.request("GET", "/about/")

        assert server.getresponse().status == 200
        server.close()
    assert wait_until(lambda: signs_in(running.port) != 503)


def signs_in(port):
    """The status that an empty form of signing in is answered with."""
    server = HTTPConnection("localhost", port, timeout=PATIENCE)
    server.request("POST", "/sign-in/", body="login=", headers={"Content-Type": FORM})
    status = server.getresponse().status
    server.close()
    return status


BOUND = """
import config.wsgi
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SHOW statement_timeout")
    print(cursor.fetchone()[0])
    cursor.execute("SELECT pg_sleep(600)")
"""


def test_what_serves_lets_no_statement_run_for_ever_and_commands_do(running):
    environment = running.environment | {"STATEMENT_TIMEOUT": "1"}
    asked = subprocess.run(
        [sys.executable, "-c", BOUND],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert asked.stdout.strip() == "1s"
    assert "canceling statement due to statement timeout" in asked.stderr
    show = "from django.db import connection as c; k = c.cursor(); k.execute('SHOW statement_timeout'); print(k.fetchone())"
    assert running.manage("shell", "-v0", "-c", show).strip() == "('0',)"


def test_two_copies_never_share_a_port(prepared):
    port = free_port()
    with data_folder(prepared) as first, data_folder(prepared) as second:
        both = [start(folder, port) for folder in (first, second)]
        try:
            # At the same moment, long before either of them listens.
            (refused,) = wait_until(lambda: [each for each in both if each.poll() is not None])
            (served,) = [each for each in both if each is not refused]
            wait_until(lambda: answers(port))
        finally:
            for each in both:
                each.terminate()
                said = each.communicate(timeout=PATIENCE)[0]
                if each is refused:
                    told = said

    assert refused.returncode == 1
    assert (
        told == f"CommandError: Port {port} is in use; choose another: make run PORT={port + 1}\n"
    )
    assert served.returncode == 0


@pytest.mark.parametrize("when", ["said", "listening", "half a request"])
def test_ctrl_c_ends_server_worker_and_database(prepared, when):
    port = free_port()
    with data_folder(prepared) as folder:
        process = start(folder, port)
        held = socket.socket()
        try:
            wait_until(lambda: process.stdout.readline() == "Ctrl-C stops it.\n")
            if when != "said":
                wait_until(lambda: answers(port))
            if when == "half a request":
                held.connect(("127.0.0.1", port))
                cookie = "csrftoken=" + 32 * "a"
                head = f"POST /sign-in/ HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n"
                kind = "Content-Type: application/x-www-form-urlencoded\r\n"
                held.sendall(f"{head}{kind}Content-Length: 1000\r\n\r\na=".encode())

            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=PATIENCE)
        finally:
            held.close()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)

        assert process.returncode == 0
        # Who ended last was left to process 1, which may take a moment to bury it.
        wait_until(lambda: group(process) == [])
        assert not answers(port)
        Server(folder / "postgres").wait_for_its_end()
        assert not (folder / "postgres" / "pgdata" / "postmaster.pid").exists()


def test_nothing_is_left_of_a_server_that_was_killed(prepared):
    port = free_port()
    with data_folder(prepared) as folder:
        process = start(folder, port)
        try:
            wait_until(lambda: answers(port))
        finally:
            process.kill()
            process.communicate(timeout=PATIENCE)

        wait_until(lambda: group(process) == [])
        assert not answers(port)
        Server(folder / "postgres").wait_for_its_end()


@pytest.mark.parametrize("missing", ["the secret", "the database"])
def test_a_folder_that_cannot_be_written_ends_in_one_sentence(tmp_path, missing):
    folder = tmp_path / "data"
    folder.mkdir()
    if missing == "the database":
        (folder / "secret_key").write_text(60 * "k")
    # Root may write whatever a mode says, but not into a mount that is read only.
    mounted = f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder} && exec "
    command = f"{sys.executable} manage.py serve --port {free_port()}"
    if os.getuid() == 0:
        command = f"exec unshare --mount sh -c '{mounted}{command}'"
    else:
        folder.chmod(0o555)

    done = subprocess.run(
        ["sh", "-c", command],
        cwd=PROJECT,
        env=environment_of(folder, {}),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(folder) in done.stderr
