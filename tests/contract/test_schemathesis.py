"""Whatever the description allows, and what it does not, is answered as it says."""

import subprocess
import sys
from pathlib import Path

# Of each of more than a hundred operations; `docs/extending.md` says how to try more.
EXAMPLES = "4"


def test_every_operation_answers_as_it_is_described(served, token):
    checked = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file"),
            str(Path(__file__).with_name("schemathesis.toml")),
            *("run", f"{served.address}/api/v1/schema/?format=json"),
            *("--header", f"Authorization: Bearer {token}", "--checks", "all"),
            *("--phases", "examples,fuzzing", "--max-examples", EXAMPLES),
            *("--seed", "20261126", "--continue-on-failure", "--warnings", "off", "--no-color"),
            *("--workers", "2", "--suppress-health-check", "all"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout[-8000:] + checked.stderr[-2000:]
    assert "0 failures" not in checked.stdout
    assert "Tested: " in checked.stdout
