"""The benchmark begins with a database that nobody else holds."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

from benchmarks.__main__ import Run, main_of
from config.embedded_postgres.server import Server
from tests.browser.serving import PROJECT, data_folder

GENERATE_AND_READ = """
import sys
from pathlib import Path
import benchmarks.__main__ as bench
from config.embedded_postgres.server import is_held
bench.DATA = Path(sys.argv[1])
folder, loaded = bench.generated(60)
assert is_held(folder / "postgres" / "users.lock"), "nobody keeps the database"
bench.flat.write(folder / "flat.sqlite", bench.dsn_of(folder))
print(len(bench.clusters_in(folder)), loaded["rows"]["project"])
"""


def test_a_generated_database_is_there_as_long_as_it_is_read():
    with data_folder() as folder:
        done = subprocess.run(
            [sys.executable, "-c", GENERATE_AND_READ, str(folder)],
            cwd=PROJECT,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
            capture_output=True,
            text=True,
            check=False,
        )
        Server(folder / "60" / "postgres").wait_for_its_end()

        assert done.returncode == 0, done.stderr
        assert done.stdout.split()[-1] == "60"
        with closing(sqlite3.connect(folder / "60" / "flat.sqlite")) as copied:
            assert copied.execute("SELECT count(*) FROM codings").fetchone()[0] >= 480


def test_some_size_is_always_measured_beside_the_floors(tmp_path):
    sizes = {(200, 400): 400, (10_000, 100_000): 100_000, (10_000, 100_000, 1_000_000): 100_000}
    for several, expected in sizes.items():
        assert main_of([Run(size, tmp_path, {}) for size in several]).size == expected
