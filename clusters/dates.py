"""Uncertain dates: Extended Date/Time Format text (EDTF, ISO 8601-2) and what it means.

Pure functions; the model field is in `clusters.models.fields`.
"""

import calendar
import datetime
import re
from dataclasses import dataclass
from functools import lru_cache

from edtf import parse_edtf
from edtf.parser.edtf_exceptions import EDTFParseException

MONTHS = calendar.month_name[1:]
SEASONS = {"21": "spring", "22": "summer", "23": "autumn", "24": "winter"}
# Spans of months that print as a part of the year.
PARTS_OF_YEAR = {
    ("01", "04"): "early",
    ("05", "08"): "mid",
    ("09", "12"): "late",
    ("10", "12"): "end of",
}


@dataclass(frozen=True)
class Bounds:
    """The first and the last day that a date may mean; None where it is open."""

    earliest: datetime.date | None
    latest: datetime.date | None


@lru_cache(maxsize=4096)
def bounds(text: str) -> Bounds:
    """Return the days between which an EDTF text lies.

    Approximate dates keep their printed limits: `1994~/1996~` is 1994-01-01 to 1996-12-31.

    Raises ValueError for text that is not EDTF or whose end lies before its start.
    """
    try:
        parsed = parse_edtf(text)
    except EDTFParseException:
        raise ValueError(
            f"“{text}” is not an EDTF date. Examples: 2008, 2008-03-11, 2007-21 (spring 2007), "
            "1994~/1996~ (about 1994–1996), [2003..2004] (in one of them), 2005/2008 (a span), "
            "1998/.. (no end known)."
        ) from None
    earliest = _day(parsed, "lower_strict", is_open=_opens(text))
    latest = _day(parsed, "upper_strict", is_open=_is_left_open(text))
    if earliest and latest and latest < earliest:
        raise ValueError(f"“{text}” ends before it begins.")
    return Bounds(earliest, latest)


def _opens(text: str) -> bool:
    return text.startswith(("../", "[..", "{..", "/"))


def _is_left_open(text: str) -> bool:
    return text.endswith(("/..", "..]", "..}", "/"))


def _day(parsed: object, limit: str, *, is_open: bool) -> datetime.date | None:
    # edtf 5 raises on the open side of an interval, or invents a day ten years on.
    if is_open:
        return None
    year, month, day = getattr(parsed, limit)()[:3]
    return datetime.date(year, month, day)


def in_words(text: str) -> str:
    """Say an EDTF text as a reader would: `[2006-09..2006-12]` is “late 2006”."""
    if not text:
        return ""
    if match := re.fullmatch(r"\[(\d{4})-(\d\d)\.\.\1-(\d\d)\]", text):
        year, *months = match.groups()
        if part := PARTS_OF_YEAR.get((months[0], months[1])):
            return f"{part} {year}" if part != "mid" else f"mid-{year}"
    match = re.fullmatch(r"\[(\d{4})\.\.(\d{4})\]", text)
    if match and int(match[2]) - int(match[1]) == 1:
        return f"{match[1]} or {match[2]}"
    if match := re.fullmatch(r"\[(.+)\.\.(.+)\]", text):
        return f"between {_point(match[1])} and {_point(match[2])}"
    if match := re.fullmatch(r"\[\.\.(.+)\]", text):
        return f"by {_point(match[1])}"
    if match := re.fullmatch(r"\[(.+)\.\.\]", text):
        return f"{_point(match[1])} or later"
    if match := re.fullmatch(r"\[(.+)\]", text):
        return " or ".join(_point(part.strip()) for part in match[1].split(","))
    if match := re.fullmatch(r"\{(.+)\}", text):
        return " and ".join(_point(part.strip()) for part in match[1].split(","))
    if "/" in text:
        first, last = text.split("/")
        if first in ("", ".."):
            return f"until {_point(last)}"
        if last in ("", ".."):
            return f"from {_point(first)}"
        if first.endswith("~") and last.endswith("~"):
            return f"about {_point(first[:-1])}–{_point(last[:-1])}"
        return (
            f"{_point(first)}–{_point(last)}"
            if len(first) == 4
            else (f"{_point(first)} – {_point(last)}")
        )
    return _point(text)


def _point(text: str) -> str:
    mark = {"~": "about ", "?": "possibly ", "%": "possibly about "}.get(text[-1:], "")
    text = text.rstrip("~?%")
    if match := re.fullmatch(r"(\d{3})X", text):
        return f"{mark}the {match[1]}0s"
    if match := re.fullmatch(r"(\d{4})-(2[1-4])", text):
        return f"{mark}{SEASONS[match[2]]} {match[1]}"
    if match := re.fullmatch(r"(\d{4})-(\d\d)(?:-(\d\d))?", text):
        day = f"{int(match[3])} " if match[3] else ""
        return f"{mark}{day}{MONTHS[int(match[2]) - 1]} {match[1]}"
    return f"{mark}{text}"
