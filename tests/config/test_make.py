"""What `make` says while it sets up: nothing of the installer's, unless it fails."""

import shutil
import subprocess

import pytest

from tests.browser.serving import PROJECT

# Stands for Python with pip, where a package index is incomplete.
INSTALLER = """#!/bin/sh
[ "$2" = pip ] || exit 0
echo "WARNING: the index knows no such page" >&2
exit {code}
"""


@pytest.mark.parametrize("code", [0, 1])
def test_what_the_installer_says_is_shown_where_it_fails(tmp_path, code):
    shutil.copy(PROJECT / "Makefile", tmp_path)
    (tmp_path / "requirements-local.lock").touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(INSTALLER.format(code=code))
    python.chmod(0o755)

    done = subprocess.run(
        ["make", "UV=", f"PYTHON={python}", ".venv/.installed-to-run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode == 0) == (code == 0)
    assert ("WARNING" in done.stdout + done.stderr) == (code != 0)
    assert (tmp_path / ".venv" / ".installed-to-run").exists() == (code == 0)
