"""Asks a server the same kinds of things over and over, by wrk, and reads what wrk says."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = """
local lines = {}
for line in io.lines(arg_file) do lines[#lines + 1] = line end
local number = 0
request = function()
    number = number % #lines + 1
    return wrk.format("GET", lines[number], headers)
end
"""
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


class NoLoad(Exception):
    """There is nothing to ask with, or what was asked was refused."""


@dataclass(frozen=True)
class Measured:
    """Requests a second, and the milliseconds within which half and 99 % were answered."""

    per_second: float
    p50: float
    p99: float


def wrk() -> str:
    """Return where wrk is; as root Debian's is installed. Raises NoLoad where there is none."""
    if (found := shutil.which("wrk")) is None and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-q", "wrk"], capture_output=True, check=False)
        found = shutil.which("wrk")
    if found is None:
        raise NoLoad("The benchmarks need wrk (Debian: apt-get install wrk).")
    return found


def measure(
    site: str,
    paths: list[str],
    folder: Path,
    *,
    seconds: int = 5,
    connections: int = 2,
    headers: dict[str, str] | None = None,
) -> Measured:
    """Ask for these paths in turn, over and over. Raises NoLoad where any answer is an error."""
    asked = folder / "paths.txt"
    asked.write_text("\n".join(paths) + "\n")
    script = folder / "ask.lua"
    written = ", ".join(f'["{name}"] = [[{value}]]' for name, value in (headers or {}).items())
    script.write_text(f'local arg_file = "{asked}"\nlocal headers = {{{written}}}\n{SCRIPT}')
    said = subprocess.run(
        [
            *(wrk(), "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s"),
            *("--latency", "-s", str(script), site),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise NoLoad(f"{site}{paths[0]} and the like: {said}")
    return Measured(
        float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0]), _time(said, 50), _time(said, 99)
    )


def _time(said: str, percent: int) -> float:
    ((number, unit),) = re.findall(rf"{percent}%\s+([\d.]+)(us|ms|s|m)\b", said)
    return float(number) * UNITS[unit]
