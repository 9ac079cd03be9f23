"""`make bench`: generate, serve, ask, compare, and write RESULTS.md. All in one run.

python -m benchmarks --sizes 10000 100000 1000000
"""

import argparse
import json
import math
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import flat
from benchmarks.generate import LOADED
from benchmarks.load import Measured, measure
from benchmarks.workloads import Workload, workloads
from config.embedded_postgres.server import Server as Database

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT / "data" / "bench"
RESULTS = Path(__file__).with_name("RESULTS.md")
MAIN = 100_000
ROUNDS, SECONDS = 5, 3
PORTS = {"ours": 8301, "bare": 8302, "datasette": 8303}
SUBJECTS = {"ours": "config.wsgi:application", "bare": "benchmarks.wsgi:application"}
API = "/api/v1/"
EMPTY = "/api/empty/"
WHOLE_TABLE = {
    "ours": f"{API}projects/?format=jsonl",
    "bare": f"{API}projects/?format=jsonl",
    "datasette": "/flat/projects.csv?_stream=on&_size=max",
}
# Of the API's list, what the bare view does not say.
OURS_ALONE = {"count_is_exact", "next", "previous"}


@dataclass
class Server:
    """A running server: its address and its processes."""

    site: str
    process: "subprocess.Popen[bytes]"

    def peak_megabytes(self) -> float:
        """The largest resident set that any of its processes had so far."""
        peaks = [0.0]
        for number in [self.process.pid, *children_of(self.process.pid)]:
            status = Path(f"/proc/{number}/status").read_text()
            (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
            peaks.append(int(line.split()[1]) / 1024)
        return max(peaks)


def children_of(number: int) -> list[int]:
    children = Path(f"/proc/{number}/task/{number}/children")
    found = [int(child) for child in children.read_text().split()]
    return found + [further for child in found for further in children_of(child)]


@contextmanager
def serving(name: str, folder: Path, port: int, threads: int) -> Iterator[Server]:
    """Serve one of the subjects, with one worker, until the block ends."""
    site = f"http://localhost:{port}"
    ours = port - PORTS[name] + PORTS["ours"]
    environment = environment_of(folder) | {"BENCH_SITE": f"http://localhost:{ours}"}
    if name == "datasette":
        command = [str(part) for part in flat.command(folder / "flat.sqlite", port)]
        command[0] = str(Path(sys.executable).with_name("datasette"))
        ready = f"{site}/flat/projects/project-1.json"
    else:
        command = [
            *(str(Path(sys.executable).with_name("granian")), "--interface", "wsgi"),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
            *("--blocking-threads", str(threads), "--log-level", "error", SUBJECTS[name]),
        ]
        ready = f"{site}{API}projects/project-1/"
    log = (folder / f"{name}.log").open("wb")
    process = subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    try:
        wait_for(ready, process, folder / f"{name}.log")
        yield Server(site, process)
    finally:
        process.terminate()
        process.wait(60)
        log.close()


def environment_of(folder: Path) -> dict[str, str]:
    """Settings of a run: data of its own, one line of log less a request, no limits reached."""
    limits = ("RATE_ANONYMOUS", "RATE_SIGNED_IN", "RATE_EXPORT", "RATE_PAGES")
    rates = dict.fromkeys(limits, "99999999/minute")
    return {
        **os.environ,
        **rates,
        # Nothing is sent here, and the threads are few, so that none waits for another.
        "BODIES_AT_ONCE": "1",
        "CASEBOOK_MODE": "local",
        "CASEBOOK_DATA": str(folder),
        "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
        "LOG_LEVEL": "WARNING",
    }


def wait_for(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(address) as answer:  # noqa: S310 - an address of ours
                answer.read()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"It does not start: {log.read_text()[-2000:]}") from None
            time.sleep(0.2)


def asked_of(site: str, path: str, **headers: str) -> Any:
    request = urllib.request.Request(f"{site}{path}", headers=headers)  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer), answer.headers


def generated(size: int) -> tuple[Path, dict[str, Any]]:
    """Return the folder with a database of that size, made where there is none.

    The database is held until this process ends: what reads it without Django would not start it.
    """
    folder = DATA / str(size)
    Database(folder / "postgres").ensure_running()
    if not (folder / LOADED).exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, "-m", "benchmarks.generate", str(size)],
            cwd=PROJECT,
            env=environment_of(folder),
            check=True,
        )
    else:
        # Code may have changed since: the answers must be those of this one.
        for command in (["manage.py", "migrate"], ["-m", "benchmarks.renew"]):
            subprocess.run(
                [sys.executable, *command],
                cwd=PROJECT,
                env=environment_of(folder),
                check=True,
                stdout=subprocess.DEVNULL,
            )
    return folder, json.loads((folder / LOADED).read_text())


class Run:
    """What was measured at one size: for each workload and subject one figure a round."""

    def __init__(self, size: int, folder: Path, loaded: dict[str, Any]) -> None:
        self.size, self.folder, self.loaded = size, folder, loaded
        self.servers: dict[str, Server] = {}
        self.measured: dict[tuple[str, str], list[Measured]] = {}
        # Rows a second.
        self.exports: dict[str, list[float]] = {}
        # Megabytes.
        self.peaks: dict[str, float] = {}

    def told(self, workload: str, subject: str) -> Measured | None:
        """Return what is in the middle of the rounds."""
        if (rounds := self.measured.get((workload, subject))) is None:
            return None
        each = zip(*map(astuple, rounds), strict=True)
        return Measured(*map(statistics.median, each))

    def share(self, workload: str, subject: str) -> float:
        """Return how many requests we answer for each that another does, in the middle round."""
        rounds = zip(self.measured[workload, "ours"], self.measured[workload, subject], strict=True)
        return statistics.median(ours.per_second / theirs.per_second for ours, theirs in rounds)

    def export_share(self, subject: str) -> float:
        rounds = zip(self.exports["ours"], self.exports[subject], strict=True)
        return statistics.median(ours / theirs for ours, theirs in rounds)


def growth(first: Run, last: Run, workload: str) -> float:
    """Return how many times as long half of the answers take, in the middle round."""
    rounds = zip(last.measured[workload, "ours"], first.measured[workload, "ours"], strict=True)
    return statistics.median(later.p50 / earlier.p50 for later, earlier in rounds)


def main_of(runs: list[Run]) -> Run:
    """Return the run that is measured beside the floors: of the usual size, or the largest."""
    return next((run for run in runs if run.size == MAIN), runs[-1])


def run_all(sizes: list[int], threads: int) -> list[Run]:
    """Measure every size. All are served at once and asked in turn, round after round.

    Whatever else the machine does meets all of them so, and a ratio is of one moment.
    """
    runs = [Run(size, *generated(size)) for size in sizes]
    main = main_of(runs)
    with ExitStack() as stack:
        for number, run in enumerate(runs):
            if run is main:
                flat.write(run.folder / "flat.sqlite", dsn_of(run.folder))
            for subject in PORTS if run is main else ("ours",):
                served = serving(subject, run.folder, PORTS[subject] + 10 * number, threads)
                run.servers[subject] = stack.enter_context(served)
        for workload, asked in asked_of_all(runs):
            for number in range(ROUNDS):
                say(f"{workload}, round {number + 1}")
                for run, subject, paths, headers in asked:
                    server = run.servers["ours" if subject == "empty" else subject]
                    found = measure(
                        server.site, paths, run.folder, seconds=SECONDS, headers=headers
                    )
                    run.measured.setdefault((workload, subject), []).append(found)
        for run in runs:
            for number in range(ROUNDS if len(run.servers) > 1 else 1):
                say(f"whole table of {run.size:,}, round {number + 1}")
                for subject, server in run.servers.items():
                    rows = rows_per_second(f"{server.site}{WHOLE_TABLE[subject]}")
                    run.exports.setdefault(subject, []).append(rows)
            run.peaks = {name: running.peak_megabytes() for name, running in run.servers.items()}
    return runs


# What is asked in turn: at which size, of whom, which addresses, with which headers.
type Asked = list[tuple[Run, str, list[str], dict[str, str]]]


def asked_of_all(runs: list[Run]) -> Iterator[tuple[str, Asked]]:
    """Yield every workload, and all that are asked it."""
    every = [workloads(run.size, clusters_in(run.folder)) for run in runs]
    for run, its in zip(runs, every, strict=True):
        if "bare" in run.servers:
            check_same(run.servers, its)
    yield "empty", [(run, "empty", [EMPTY], {}) for run in runs]
    for at_each_size in zip(*every, strict=True):
        asked: Asked = []
        for run, workload in zip(runs, at_each_size, strict=True):
            for subject in run.servers:
                if paths := getattr(workload, subject):
                    asked.append((run, subject, [address_of(subject, path) for path in paths], {}))
            if workload.floor == "empty":
                asked.append((run, "empty", [EMPTY], {}))
        yield at_each_size[0].name, asked
    for name, path in (("list", "projects/?page=2"), ("detail", "projects/project-7/")):
        asked = []
        for run in runs:
            _body, headers = asked_of(run.servers["ours"].site, f"{API}{path}")
            known = {"If-None-Match": headers["ETag"]}
            asked += [(run, "ours", [f"{API}{path}"], known), (run, "empty", [EMPTY], {})]
        yield f"{name}, known", asked


def address_of(subject: str, path: str) -> str:
    if subject == "datasette":
        return f"/flat{'' if path.startswith('.') else '/'}{path}"
    return f"{API}{path}"


def clusters_in(folder: Path) -> list[str]:
    """Return clusters with a full page of projects and no more than are counted exactly."""
    with psycopg.connect(dsn_of(folder)) as connection:
        rows = connection.execute(
            "SELECT slug FROM clusters_cluster cluster "
            "JOIN interventions_projectcluster tie ON tie.cluster_id = cluster.id "
            "GROUP BY slug HAVING count(*) BETWEEN 50 AND 10000 ORDER BY count(*), slug"
        ).fetchall()
    # At most some hundred, evenly from those with few to those with many.
    return [slug for (slug,) in rows[:: max(1, len(rows) // 100)]]


def dsn_of(folder: Path) -> str:
    return f"host={folder}/postgres/run dbname=postgres user=casebook"


def rows_per_second(address: str) -> float:
    """Fetch a whole table, as a client that reads as fast as it comes."""
    started = time.perf_counter()
    lines = 0
    with urllib.request.urlopen(address) as answer:  # noqa: S310
        while chunk := answer.read(1 << 20):
            lines += chunk.count(b"\n")
    return lines / (time.perf_counter() - started)


def check_same(servers: dict[str, Server], asked: list[Workload]) -> None:
    """Stop where the bare view does not give the same JSON: it would be no floor."""
    for workload in asked:
        for path in workload.bare[:3]:
            ours, _ = asked_of(servers["ours"].site, f"{API}{path}")
            bare, _ = asked_of(servers["bare"].site, f"{API}{path}")
            kept = {name: value for name, value in ours.items() if name not in OURS_ALONE}
            if not same(kept, bare):
                names = [name for name in kept if not same(kept[name], bare.get(name))]
                raise RuntimeError(f"The bare view answers {path} otherwise: {names}")


def same(first: Any, second: Any) -> bool:
    """Whether two answers are equal; numbers up to what adding in another order changes."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(
            same(first[name], second[name]) for name in first
        )
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, float) or isinstance(second, float):
        return math.isclose(first, second, rel_tol=1e-9)
    return bool(first == second)


def say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def report(runs: list[Run], threads: int) -> str:
    """Return the results as a page."""
    main = main_of(runs)
    empty = main.told("empty", "empty")
    lines = [
        "# How fast",
        "",
        "Written by `make bench`; what is asked: `workloads.py`. All sizes, and all beside them,",
        f"were served at once and asked in turn, {ROUNDS} rounds of {SECONDS} seconds; figures and",
        "ratios are those of the middle round. Load times and sizes on disk are of the day a",
        "database was generated, which may be an earlier one, with other work beside it.",
        "",
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores ({processor()}), {memory()} GiB, "
        f"Python {platform.python_version()}, Django {version('django')}, "
        f"psycopg {version('psycopg')}, granian {version('granian')} with one worker and "
        f"{threads} thread{'s' if threads > 1 else ''}, "
        f"PostgreSQL {version('embedded-postgres')}, "
        f"Datasette {version('datasette')}; asked by wrk over two connections.",
        "",
        "## Data",
        "",
        "| projects | codings | load (s) | answers written (s) | on disk (GB) |",
        "|---|---|---|---|---|",
    ]
    for run in runs:
        rows = run.loaded["rows"]
        lines.append(
            f"| {run.size:,} | {rows['coding']:,} | {run.loaded['load_seconds']:,} "
            f"| {run.loaded['answers_seconds']:,} | {run.loaded['bytes'] / 1e9:.2f} |"
        )
    lines += [
        "",
        f"## Beside the floors, {main.size:,} projects",
        "",
        f"An empty view behind the same middleware (a second, p50, p99): {in_cell(empty)}.",
        "",
        "| workload | ours: a second, p50, p99 (ms) | bare view | Datasette | share of its floor "
        "| bar | of Datasette |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [row_of(main, workload) for workload in workloads(main.size) if workload.floor]
    for name in ("list", "detail"):
        known = f"{name}, known"
        lines.append(
            f"| {name}, which the client has (304) | {in_cell(main.told(known, 'ours'))} | | | "
            f"{main.share(known, 'empty'):.2f} of the empty view | 0.8 | |"
        )
    if "bare" in main.exports:
        cells = [
            f"{statistics.median(main.exports[subject]):,.0f} ({main.peaks[subject]:,.0f})"
            for subject in PORTS
        ]
        lines.append(
            f"| whole table, rows a second (peak memory, MB) | {' | '.join(cells)} "
            f"| {main.export_share('bare'):.2f} of the bare view | 0.5 "
            f"| {main.export_share('datasette'):.1f} |"
        )
    lines += ["", "## As it grows", "", curve(runs), ""]
    return "\n".join(lines)


def row_of(main: Run, workload: Workload) -> str:
    bare, other = main.told(workload.name, "bare"), main.told(workload.name, "datasette")
    share = f"{main.share(workload.name, workload.floor):.2f} of the {workload.floor} view"
    ratio = f"{main.share(workload.name, 'datasette'):.1f}" if other else ""
    bar = "faster" if workload.bar == 1.0 else workload.bar
    cells = " | ".join(map(in_cell, (main.told(workload.name, "ours"), bare, other)))
    return f"| {workload.words} | {cells} | {share} | {bar} | {ratio} |"


def in_cell(measured: Measured | None) -> str:
    return f"{measured.per_second:,.0f}, {measured.p50:.2f}, {measured.p99:.1f}" if measured else ""


def curve(runs: list[Run]) -> str:
    """Return how the median answer of each workload grows with the data."""
    sizes = [run.size for run in runs]
    lines = [
        f"| p50 (ms) at | {' | '.join(f'{size:,}' for size in sizes)} | last ÷ first |",
        f"|---|{'---|' * (len(sizes) + 1)}",
    ]
    for workload in workloads(sizes[0]):
        values = [found.p50 for run in runs if (found := run.told(workload.name, "ours"))]
        shown = " | ".join(f"{value:.2f}" for value in values)
        ratio = growth(runs[0], runs[-1], workload.name)
        lines.append(f"| {workload.words.split(' (')[0]} | {shown} | {ratio:.2f} |")
    exports = " | ".join(
        f"{statistics.median(run.exports['ours']):,.0f} ({run.peaks['ours']:,.0f} MB)"
        for run in runs
    )
    lines.append(f"| whole table, rows a second (peak memory) | {exports} | |")
    return "\n".join(lines)


def processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, MAIN])
    parser.add_argument("--threads", type=int, default=4, help="as `make run` has them")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    runs = run_all(sorted(options.sizes), options.threads)
    options.out.write_text(report(runs, options.threads))
    sys.stdout.write(f"{options.out}\n")


if __name__ == "__main__":
    main()
