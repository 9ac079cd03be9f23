"""Values as people type, paste and export them: numbers, and signs that nobody sees."""

import json
import math
import re
from decimal import Decimal
from typing import Any

from clusters.i18n import gettext as _

# Signs without width that come along with copied text: marks of direction, word joiners, byte
# order marks. The two joiners of Arabic and Indic scripts (U+200C, U+200D) are letters' business.
_WITHOUT_WIDTH = re.compile(
    "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
MOST_DIGITS = 30
MOST_LEVELS = 40
# Zero width space, word joiner, byte order mark; joiners between letters are left.
_NO_LETTER = re.compile("[\u200b\u2060\ufeff]")
_SCALAR = (str, int, float, bool, type(None))
_GROUPED = re.compile(r"-?\d{1,3}([.,\s'’]\d{3})+([.,]\d+)?")


def without_width(text: str) -> str:
    """Return a text without the signs that have no width."""
    return _WITHOUT_WIDTH.sub("", text)


def one_line(text: str) -> str:
    """Return a name with single spaces, and without signs that are never part of a word."""
    return " ".join(_NO_LETTER.sub("", text).split())


def trimmed(text: str) -> str:
    """Return a text without the white space and the signs without width at its ends."""
    before = None
    while before != text:
        before, text = text, text.strip()
        if text and _WITHOUT_WIDTH.fullmatch(text[0]):
            text = text[1:]
        if text and _WITHOUT_WIDTH.fullmatch(text[-1]):
            text = text[:-1]
    return text


def whole_number(text: str) -> int:
    """Return a whole number that is written with digits only. Raises ValueError, in words."""
    if not re.fullmatch(r"[+-]?[0-9]+", text) or len(text) > MOST_DIGITS:
        raise ValueError(_refusal(text, _("a whole number"), _("Write digits only, such as 1250.")))
    return int(text)


def exact_number(text: str, places: int) -> Decimal:
    """Return a number with at most so many decimals, after a point. Raises ValueError, in words."""
    form = _("Write digits only, with a point before decimals, such as 1250 or 2.5.")
    if not re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", text):
        raise ValueError(_refusal(text, _("a number"), form))
    number = Decimal(text)
    if abs(number.adjusted()) > MOST_DIGITS:
        said = {"text": text[:60]}
        raise ValueError(_("“%(text)s” is too large or too exact a number.") % said)
    # 1.250 where two decimals are kept: where it was written, it may well be 1250.
    if len(re.sub(r"[eE].*", "", text).partition(".")[2]) > places:
        words = _("“%(text)s” has more than %(n)s decimals.") % {"text": text[:60], "n": places}
        whole = re.sub(r"\D", "", text)
        is_grouped = re.fullmatch(r"[+-]?\d{1,3}\.\d{3}", text)
        rounded = f"{round(number, places).normalize():f}"
        if is_grouped:
            form = _("Write %(whole)s or %(decimal)s, whichever is meant.")
            form %= {"whole": whole, "decimal": rounded}
        raise ValueError(f"{words} {form}")
    return number


def _refusal(text: str, kind: str, form: str) -> str:
    words = _("“%(text)s” is not %(kind)s.") % {"text": text[:60], "kind": kind}
    return f"{words} {_ways(text) or form}"


def _ways(text: str) -> str:
    """Say both ways in which a number with a sign between its digits may be meant."""
    if not _GROUPED.fullmatch(text) or len(text) > MOST_DIGITS:
        return ""
    digits = re.sub(r"[^0-9-]", "", text)
    if re.fullmatch(r"-?\d{1,3}[.,]\d{3}", text):
        both = {"whole": digits, "decimal": f"{Decimal(text.replace(',', '.')).normalize():f}"}
        return _("Write %(whole)s or %(decimal)s, whichever is meant.") % both
    decimals = re.search(r"[.,](\d+)$", text)
    if decimals and len(decimals[1]) != 3:
        whole = digits[: -len(decimals[1])]
        return _("Write it without signs between thousands: %(n)s.") % {
            "n": f"{whole}.{decimals[1]}"
        }
    return _("Write it without signs between thousands: %(n)s.") % {"n": digits}


class NotJSON(ValueError):
    """A text is no JSON that can be kept; `lineno` is where it ends to be."""

    def __init__(self, lineno: int = 1) -> None:
        super().__init__(_("This is not JSON, at line %(line)s.") % {"line": lineno})
        self.lineno = lineno


def read_json(text: str) -> Any:
    """Return the value of a JSON text. Raises NotJSON, also for what no database keeps."""
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise NotJSON(error.lineno) from None
    except (ValueError, RecursionError):
        raise NotJSON from None
    if is_deeper(value, MOST_LEVELS) or ("\\u0000" in text and _has_nul(value)):
        raise NotJSON
    if _SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise NotJSON from None
    return value


def is_deeper(value: Any, levels: int) -> bool:
    """Return whether lists and objects stand in each other more than `levels` times."""
    layer = [value]
    for _level in range(levels + 1):
        inside = [item.values() if isinstance(item, dict) else item for item in layer]
        layer = [each for item in inside if not isinstance(item, _SCALAR) for each in item]
        if not layer:
            return False
    return True


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


# Half of a letter, as JSON may write it; no text has it alone.
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _has_nul(value: object) -> bool:
    if isinstance(value, dict):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\x00" in value


def record_number(text: str) -> int | None:
    """Return the number of a record that an input or address names; None for what is none."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None
