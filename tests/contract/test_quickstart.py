"""Every line of the quickstart is run as it stands, against a running casebook."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from django.conf import settings

TEXT = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
VENV = Path(sys.executable).parent


def r_program():
    """Return Rscript; as root Debian's is installed where there is none."""
    if shutil.which("Rscript") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "r-base-core"]
        for command in (["apt-get", "update", "-qq"], packages):
            subprocess.run(command, capture_output=True, check=False)
    found = shutil.which("Rscript")
    assert found, "The quickstart has lines for R: install it (on Debian: r-base-core)."
    return found


def command_for(language, code):
    if language == "python":
        return [sys.executable, "-W", "error", "-c", code]
    if language == "r":
        return [r_program(), "-e", code]
    assert language in ("", "sh"), f"There is no way to run {language}."
    strict = code.replace("curl ", "curl -sS --fail-with-body ")
    return ["bash", "-euo", "pipefail", "-c", strict]


def run(code, language, *, served, token, folder):
    return subprocess.run(
        command_for(language, code.replace("http://localhost:8000", served.address)),
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"PATH": f"{VENV}:{os.environ['PATH']}", "HOME": str(folder), "TOKEN": token},
    )


def test_the_blocks_of_the_quickstart_run_one_after_the_other(served, token, tmp_path):
    """The later ones use what earlier ones made."""
    for language, code in BLOCKS:
        done = run(code, language, served=served, token=token, folder=tmp_path)

        assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        assert done.stdout.strip() or language == "sh" or "-O" in code, code
        assert "/api/v1/problems/" not in done.stdout


def test_the_quickstart_speaks_to_everybody_it_promises_to():
    assert {language for language, _code in BLOCKS} == {"", "python", "r", "sh"}
    assert len(BLOCKS) >= 12
