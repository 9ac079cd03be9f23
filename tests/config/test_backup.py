"""Backup and restore, on a database of their own."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded_postgres.server import binary
from tests.browser.serving import copy, data_folder

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def manage():
    """Run manage.py on an embedded database of its own, in a short path."""
    with data_folder() as folder:

        def run(*command, answer=None, **more):
            return subprocess.run(
                [sys.executable, "manage.py", *command],
                cwd=PROJECT,
                env={
                    "PATH": "/usr/bin:/bin",
                    "CASEBOOK_MODE": "local",
                    "CASEBOOK_DATA": str(folder),
                    **more,
                },
                input=answer,
                capture_output=True,
                text=True,
                check=False,
            )

        run.folder = folder
        yield run


def test_a_backup_brings_everything_back_history_included(manage, prepared):
    copy(prepared, manage.folder)
    make = (
        "from tests.factories import make_cluster, make_public;"
        "make_public(make_cluster(slug='kept', summary='kept'))"
    )
    count = (
        "from clusters.models import Change, Cluster;"
        "print(Cluster.objects.values_list('slug', 'summary', 'version'),"
        " Change.objects.count(), Cluster.pgh_event_models['insert'].objects.count())"
    )
    assert manage("shell", "-v0", "-c", make).returncode == 0
    before = manage("shell", "-v0", "-c", count).stdout
    backup = manage.folder / "one.dump"

    assert f"Backup written to {backup}" in manage("backup", backup).stdout
    assert "name another file" in manage("backup", backup).stderr
    delete = "from clusters.models import *; Cluster.objects.filter(slug='kept').delete()"
    manage("shell", "-v0", "-c", delete)
    assert manage("shell", "-v0", "-c", count).stdout != before
    restored = manage("restore", backup)

    assert restored.returncode == 0, restored.stderr
    assert manage("shell", "-v0", "-c", count).stdout == before
    # The rules came back as well.
    refused = manage(
        "shell", "-v0", "-c", "from clusters.models import *; Change.objects.all().delete()"
    )
    assert "append_only" in refused.stderr or "Cannot delete" in refused.stderr
    kept = restored.stdout.split("kept in ")[1].split()[0]
    Path(kept).unlink()


def test_a_backup_is_its_owners_alone_from_its_first_byte(manage, prepared):
    copy(prepared, manage.folder)
    backup = manage.folder / "new" / "one.dump"
    # Another backup was broken off here, in an earlier version.
    left = manage.folder / "left.dump.unfinished"
    left.write_text("old")
    left.chmod(0o644)
    watched = manage.folder / "programs"
    watched.mkdir()
    for path in binary("pg_dump").parent.iterdir():
        if path.name != "pg_dump":
            (watched / path.name).symlink_to(path)
    program = watched / "pg_dump"
    program.write_text(
        f'#!/bin/sh\n{binary("pg_dump")} "$@" || exit 1\n'
        f'for last; do :; done; stat -c %a "$last" >> {manage.folder}/modes\n'
    )
    program.chmod(0o755)

    before = os.umask(0)
    try:
        done = [
            manage("backup", path, POSTGRES_BIN=str(watched))
            for path in (backup, manage.folder / "left.dump")
        ]
    finally:
        os.umask(before)

    assert [run.returncode for run in done] == [0, 0], done
    assert (manage.folder / "modes").read_text().split() == ["600", "600"]
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert stat.S_IMODE(backup.parent.stat().st_mode) == 0o700


def test_what_is_no_backup_is_refused_before_anything_is_touched(manage):
    bad = manage.folder / "bad.dump"
    bad.write_text("nothing")

    refused = manage("restore", bad)

    assert refused.returncode != 0
    assert "pg_restore failed" in refused.stderr
    assert "There is no file" in manage("restore", manage.folder / "none.dump").stderr


def test_reset_asks_and_keeps_a_backup(manage, prepared):
    copy(prepared, manage.folder)

    refused = manage("reset_data", answer="no\n")
    assert "Nothing was removed" in refused.stderr

    done = manage("reset_data", answer="reset\n")
    backup = Path(done.stdout.split("Backup written to ")[1].split()[0])
    assert backup.is_file()
    assert manage("restore", backup).returncode == 0
    backup.unlink()
