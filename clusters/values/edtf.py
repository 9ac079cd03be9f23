"""Uncertain dates: Extended Date/Time Format text (EDTF, ISO 8601-2) and what it means.

Pure functions; the model field is in `clusters.models.fields`.
"""

import datetime
import re
from dataclasses import dataclass
from functools import lru_cache

from edtf import parse_edtf
from edtf.parser.edtf_exceptions import EDTFParseException

from clusters.i18n import MONTHS, gettext_lazy
from clusters.i18n import gettext as _

SEASONS = {
    "21": gettext_lazy("spring %(year)s"),
    "22": gettext_lazy("summer %(year)s"),
    "23": gettext_lazy("autumn %(year)s"),
    "24": gettext_lazy("winter %(year)s"),
}
# Longer texts are no dates, and parsing takes long to find so.
LONGEST = 60
# What the mark after a date says.
MARKS = {
    "~": gettext_lazy("about %(when)s"),
    "?": gettext_lazy("possibly %(when)s"),
    "%": gettext_lazy("possibly about %(when)s"),
}
# Spans of months that print as a part of the year.
PARTS_OF_YEAR = {
    ("01", "04"): gettext_lazy("early %(year)s"),
    ("05", "08"): gettext_lazy("mid-%(year)s"),
    ("09", "12"): gettext_lazy("late %(year)s"),
    ("10", "12"): gettext_lazy("end of %(year)s"),
}


@dataclass(frozen=True)
class Bounds:
    """The first and the last day that a date may mean; None where it is open."""

    earliest: datetime.date | None
    latest: datetime.date | None


def refusal(text: str) -> str:
    """Say that a text is no date, and what one looks like."""
    said = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return _(
        "“%(text)s” is not a date that can be read. Write 2008, 2008-03-11, March 2008, late 2006, "
        "about 1995, 2005–2008 or since 1998."
    ) % {"text": said}


@lru_cache(maxsize=4096)
def bounds(text: str) -> Bounds:
    """Return the days between which an EDTF text lies.

    Approximate dates keep their printed limits: `1994~/1996~` is 1994-01-01 to 1996-12-31.

    Raises ValueError for text that is not EDTF or whose end lies before its start.
    """
    if len(text) > LONGEST:
        raise ValueError(refusal(text))
    try:
        parsed = parse_edtf(text)
    except EDTFParseException:
        raise ValueError(refusal(text)) from None
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
            return part % {"year": year}
    match = re.fullmatch(r"\[(\d{4})\.\.(\d{4})\]", text)
    if match and int(match[2]) - int(match[1]) == 1:
        return _("%(first)s or %(last)s") % {"first": match[1], "last": match[2]}
    if match := re.fullmatch(r"\[(.+)\.\.(.+)\]", text):
        limits = {"first": _point(match[1]), "last": _point(match[2])}
        return _("between %(first)s and %(last)s") % limits
    if match := re.fullmatch(r"\[\.\.(.+)\]", text):
        return _("by %(when)s") % {"when": _point(match[1])}
    if match := re.fullmatch(r"\[(.+)\.\.\]", text):
        return _("%(when)s or later") % {"when": _point(match[1])}
    if match := re.fullmatch(r"\[(.+)\]", text):
        return _(" or ").join(_point(part.strip()) for part in match[1].split(","))
    if match := re.fullmatch(r"\{(.+)\}", text):
        return _(" and ").join(_point(part.strip()) for part in match[1].split(","))
    if text.count("/") == 1:
        return _span(*text.split("/"))
    return _point(text)


def _span(first: str, last: str) -> str:
    if first in ("", ".."):
        return _("until %(when)s") % {"when": _point(last)}
    if last in ("", ".."):
        return _("from %(when)s") % {"when": _point(first)}
    if first.endswith("~") and last.endswith("~"):
        limits = {"first": _point(first[:-1]), "last": _point(last[:-1])}
        return _("about %(first)s–%(last)s") % limits
    dash = "–" if len(first) == 4 else " – "
    return f"{_point(first)}{dash}{_point(last)}"


def _point(text: str) -> str:
    when = _plain(text.rstrip("~?%"))
    mark = MARKS.get(text[-1:])
    return mark % {"when": when} if mark else when


def _plain(text: str) -> str:
    if match := re.fullmatch(r"(\d{3})X", text):
        return _("the %(year)ss") % {"year": f"{match[1]}0"}
    if match := re.fullmatch(r"(\d{4})-(2[1-4])", text):
        return SEASONS[match[2]] % {"year": match[1]}
    if match := re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])(?:-(\d\d))?", text):
        parts = {"year": match[1], "month": MONTHS[int(match[2])]}
        if not match[3]:
            return _("%(month)s %(year)s") % parts
        return _("%(day)s %(month)s %(year)s") % {**parts, "day": int(match[3])}
    return text
