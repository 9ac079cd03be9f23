"""The database that starts itself, with real servers in folders of their own."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from config.embedded_postgres.server import (
    EmbeddedPostgresError,
    Server,
    as_owner,
    server_major,
)
from tests.browser.serving import data_folder

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE = 30


@pytest.fixture
def server():
    """A server in a short path, stopped and removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="casebook-"))
    folder.chmod(0o755)
    server = Server(folder / "pg")
    yield server
    server.stop()
    server.wait_for_its_end()
    shutil.rmtree(folder)


def connect(server):
    return psycopg.connect(host=str(server.socket_folder), user="casebook", dbname="postgres")


def wait_until(condition):
    """Poll until something holds, and fail loudly where it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        os.sched_yield()


def server_process(server):
    return int((server.pgdata / "postmaster.pid").read_text().split()[0])


def kill_supervisor(server):
    found = subprocess.run(
        ["pgrep", "-f", f"embedded_postgres.supervisor {server.folder}"],
        capture_output=True,
        text=True,
        check=True,
    )
    os.kill(int(found.stdout.split()[0]), signal.SIGKILL)


def another_process(server, script="pass"):
    """Use the server from a process of its own, which says when it holds it."""
    code = (
        "import sys; from pathlib import Path; from config.embedded_postgres.server import Server;"
        f"server = Server(Path({str(server.folder)!r})); server.ensure_running();"
        f"print('ready', flush=True); {script}"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_it_starts_answers_and_stops_when_nobody_uses_it(server):
    server.ensure_running()

    with connect(server) as connection:
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)

    server.stop()
    wait_until(lambda: not (server.pgdata / "postmaster.pid").exists())


def test_two_processes_share_one_server_and_the_last_one_out_ends_it(server):
    with another_process(server, "sys.stdin.read()") as other:
        assert other.stdout.readline() == "ready\n"
        server.ensure_running()
        number = server_process(server)
        other.stdin.close()
        other.wait(PATIENCE)

        with connect(server) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert server_process(server) == number


def test_it_ends_when_its_only_user_is_killed(server):
    with another_process(server, "sys.stdin.read()") as other:
        assert other.stdout.readline() == "ready\n"
        other.send_signal(signal.SIGKILL)
        other.wait(PATIENCE)

    wait_until(lambda: not (server.pgdata / "postmaster.pid").exists())


def test_committed_rows_survive_a_server_that_is_killed(server):
    server.ensure_running()
    with connect(server) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (1), (2)")
    killed = server_process(server)

    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: server.answers() and server_process(server) != killed)

    with connect(server) as connection:
        assert connection.execute("SELECT sum(n) FROM kept").fetchone() == (3,)


def test_a_killed_supervisor_is_replaced_and_the_server_kept(server):
    server.ensure_running()
    number = server_process(server)
    kill_supervisor(server)

    with another_process(server) as other:
        assert other.stdout.readline() == "ready\n"
        other.wait(PATIENCE)

    assert server_process(server) == number


def test_a_killed_supervisor_is_replaced_by_the_next_connection_and_all_ends(server):
    server.ensure_running()
    kill_supervisor(server)

    server.ensure_running()
    server.stop()

    wait_until(lambda: not (server.pgdata / "postmaster.pid").exists())
    server.wait_for_its_end()
    assert not server.answers()


@pytest.mark.parametrize("left", ["pgdata/postmaster.pid", "run/.s.PGSQL.5432.lock"])
def test_a_number_left_behind_that_is_another_process_by_now_is_no_hindrance(server, left):
    server.ensure_running()
    lines = (server.folder / left).read_text().splitlines()
    server.stop()
    server.wait_for_its_end()
    (server.folder / left).write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    with another_process(server) as other:
        assert other.stdout.readline() == "ready\n"
        other.wait(PATIENCE)


def test_a_folder_is_removed_only_after_its_database_has_ended():
    with data_folder() as folder:
        used = Server(folder / "postgres")
        with another_process(used) as other:
            assert other.stdout.readline() == "ready\n"
        number = server_process(used)

    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_lock_files_left_behind_are_no_hindrance(server):
    server.folder.mkdir()
    for name in ("users.lock", "start.lock", "supervisor.lock", "server.lock"):
        (server.folder / name).touch()
    (server.folder / "pgdata.unfinished").mkdir()

    server.ensure_running()

    assert server.answers()


def test_everything_it_writes_is_in_its_folder(server):
    before = {path.name for path in server.folder.parent.iterdir()}
    shared_before = set(os.listdir("/dev/shm"))

    server.ensure_running()

    assert {path.name for path in server.folder.parent.iterdir()} - before == {"pg"}
    assert {
        name for name in set(os.listdir("/dev/shm")) - shared_before if "Postgre" in name
    } == set()


def test_data_of_another_major_version_is_refused_with_what_to_do(server):
    server.pgdata.mkdir(parents=True)
    (server.pgdata / "PG_VERSION").write_text("9\n")

    with pytest.raises(EmbeddedPostgresError) as refused:
        server.ensure_running()

    said = str(refused.value)
    assert f"written by PostgreSQL 9, and the binaries here are PostgreSQL {server_major()}" in said
    assert "manage.py backup" in said
    assert "manage.py restore" in said
    assert [path.name for path in server.pgdata.iterdir()] == ["PG_VERSION"]


def test_a_path_too_long_for_a_socket_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(EmbeddedPostgresError, match="Set CASEBOOK_DATA to a folder with a shorter"):
        Server(tmp_path / ("long" * 30)).ensure_running()


def test_a_server_that_cannot_start_shows_its_log(server):
    server.ensure_running()
    server.stop()
    wait_until(lambda: not (server.pgdata / "postmaster.pid").exists())
    (server.pgdata / "postgresql.auto.conf").write_text("no_such_setting = 1\n")

    with another_process(server, "") as other:
        assert other.stdout.readline() == ""
        assert other.wait(PATIENCE) != 0

    assert "no_such_setting" in server.log.read_text()


@pytest.mark.parametrize("private", [False, True], ids=["reachable folder", "private parent"])
def test_it_runs_as_an_unprivileged_account_where_root_starts_it(server, private):
    """As root through another account or a user namespace; as anyone else, as oneself."""
    if private:
        server.folder.parent.chmod(0o700)

    server.ensure_running()

    owner = server.pgdata.stat().st_uid
    if os.getuid() != 0:
        assert owner == os.getuid()
    elif private:
        assert owner == 0
        assert as_owner(server.pgdata, ["x"])[0][0] == "unshare"
    else:
        assert pwd.getpwuid(owner).pw_name in ("postgres", "nobody")
    assert server.answers()
