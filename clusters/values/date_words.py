"""Dates as people and sources write them, read into EDTF: “late 2006” is `[2006-09..2006-12]`.

Forms, tables, case files and lists of literature read dates here, so that the same words mean the
same everywhere. What may mean two things is refused with both, never guessed.
"""

import re
from functools import lru_cache

from clusters.i18n import gettext as _
from clusters.values import edtf

LONGEST = 120
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTHS = {
    name: f"{number:02}"
    for number, month in enumerate(_MONTH_NAMES, start=1)
    for name in (month, month[:3])
} | {"sept": "09"}
_SEASONS = {"spring": "21", "summer": "22", "autumn": "23", "fall": "23", "winter": "24"}
_PARTS_OF_YEAR = {
    "early": ("01", "04"),
    "beginning of": ("01", "04"),
    "mid": ("05", "08"),
    "middle of": ("05", "08"),
    "late": ("09", "12"),
    "end of": ("10", "12"),
    "end": ("10", "12"),
    "start of": ("01", "04"),
    "start": ("01", "04"),
    "beginning": ("01", "04"),
    "first half of": ("01", "06"),
    "second half of": ("07", "12"),
} | {
    name: (f"{3 * number + 1:02}", f"{3 * number + 3:02}")
    for number, word in enumerate(("first", "second", "third", "fourth"))
    for name in (f"q{number + 1}", f"{word} quarter of", f"{word} quarter")
}
# First and last year of a part of a decade.
_PARTS_OF_DECADE = {"early": (0, 3), "beginning of": (0, 3), "mid": (4, 6), "middle of": (4, 6)}
_PARTS_OF_DECADE |= {"late": (7, 9), "end of": (7, 9)}
_PART = "(?:the )?(" + "|".join(sorted(_PARTS_OF_YEAR, key=len, reverse=True)) + ")"
_MARKS = {"about": "~", "around": "~", "circa": "~", "ca": "~", "c": "~", "approximately": "~"}
_MARKS |= {"approx": "~", "roughly": "~", "possibly": "?", "perhaps": "?", "probably": "?"}
_MARKS |= {"possibly about": "%"}
_MARK = "(" + "|".join(sorted(_MARKS, key=len, reverse=True)) + r")\.? ?(?=\d|[a-z]| )"
# Open dates in words, and what EDTF makes of them.
_OPEN = (
    (r"(?:until|till|up to) (.+)", "../{0}"),
    (r"(?:from|since) (.+)", "{0}/.."),
    (r"(.+?) ?(?:-|to) ?(?:present|today|now|date)", "{0}/.."),
    (r"(.+) onwards?", "{0}/.."),
    (r"(\d{4}) ?-", "{0}/.."),
    (r"by (.+)", "[..{0}]"),
    (r"(.+) or later", "[{0}..]"),
    (r"(.+) or earlier", "[..{0}]"),
)
# Figure, en, em dash, bar and minus.
_DASHES = "[\u2012-\u2015\u2212]"
_NO_DATE = re.compile(r"(n\. ?d\.?|nd|no date|undated|unknown|not known|not stated|n/a|-|\?)")
_DAY_OR_MONTH = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d\d)")


@lru_cache(maxsize=4096)
def read_date(text: str) -> str:
    """Return the EDTF text of a date that is EDTF already, or written in English words.

    Raises ValueError, which says what would be right.
    """
    if len(text) > LONGEST:
        raise ValueError(_("A date has at most %(n)s characters.") % {"n": LONGEST})
    words = _plain(text)
    # A dash between two years is a span; with a hyphen, EDTF calls it a month.
    has_dash = re.search(_DASHES, text) is not None
    as_edtf = re.sub("[\u2010\u2011]", "-", text.strip())
    is_words = has_dash or as_edtf[:1] in ("~", "?", "%")
    candidates = [_from_words(words)] if is_words else [as_edtf, _from_words(words)]
    for candidate in candidates:
        try:
            if candidate and edtf.bounds(candidate):
                return candidate
        except ValueError:
            continue
    raise ValueError(_refusal(text.strip(), words, candidates[-1]))


def _plain(text: str) -> str:
    words = re.sub(f"{_DASHES}|[\u2010\u2011]", "-", text.lower())
    return " ".join(words.replace(",", " ").split()).strip(".")


def _refusal(text: str, words: str, candidate: str) -> str:
    said = {"text": text}
    if not text or _NO_DATE.fullmatch(words):
        return _("“%(text)s” gives no date: leave this blank.") % said
    if match := _DAY_OR_MONTH.fullmatch(words):
        day, _sign, month, year = match.groups()
        if int(day) <= 12 and int(month) <= 12 and len(year) == 4:
            both = {"first": f"{year}-{int(month):02}-{int(day):02}"}
            both |= {"second": f"{year}-{int(day):02}-{int(month):02}"}
            return _("“%(text)s” may be %(first)s or %(second)s. Write one of them.") % {
                **said,
                **both,
            }
        return _("“%(text)s” can be read in two ways. Write year, month, day: 2008-03-11.") % said
    if _may_be_month(words):
        year, number = words[:4], words[-2:]
        both = {"first": f"{year}-{number}", "second": f"{year}/{year[:2]}{number}"}
        return _("“%(text)s” may be %(first)s or %(second)s. Write one of them.") % {**said, **both}
    if re.fullmatch(r"\d{5,6}", words):
        return _("“%(text)s” is a spreadsheet’s number for a day. Write the date itself.") % said
    if candidate:
        try:
            edtf.bounds(candidate)
        except ValueError as error:
            if str(error).endswith("begins."):
                return _("“%(text)s” ends before it begins.") % said
    return edtf.refusal(text)


def _may_be_month(words: str) -> bool:
    """Whether 2008/12 may be a month or two years; 2008/09 is a year that begins in one of two."""
    match = re.fullmatch(r"\d\d(\d\d) ?/ ?(\d\d)", words)
    return match is not None and int(match[2]) in range(1, 13) and int(match[2]) > int(match[1]) + 1


def _from_words(words: str) -> str:
    words = re.sub(r"^(\d{4})[ -](q[1-4])$", r"\2 \1", words)
    if match := re.fullmatch(rf"{_PART}[ -](?:the )?(\d{{4}})", words):
        first, last = _PARTS_OF_YEAR[match[1]]
        return f"[{match[2]}-{first}..{match[2]}-{last}]"
    if match := re.fullmatch(rf"{_PART}[ -](?:the )?(\d{{3}})0'?s", words):
        if match[1] not in _PARTS_OF_DECADE:
            return ""
        first_year, last_year = (f"{match[2]}{year}" for year in _PARTS_OF_DECADE[match[1]])
        return f"{first_year}~/{last_year}~"
    if match := re.fullmatch(r"between (.+) and (.+)", words):
        return _joined("[{0}..{1}]", _point(match[1]), _point(match[2]))
    if match := re.fullmatch(r"(\d{4}) or (\d{4})", words):
        is_next = int(match[2]) - int(match[1]) == 1
        return f"[{match[1]}{'..' if is_next else ','}{match[2]}]"
    if match := re.fullmatch(r"(\d\d)(\d\d) ?[-/] ?(\d\d)", words):
        # 2006–07, 2002/03, 1999/00: the next of two years, or a later one of the same century.
        year, next_year = int(match[2]), int(match[3])
        if _may_be_month(words):
            return ""
        # 1998/00 ends in 2000, and 2005/00 does not end in 2100.
        if next_year < year and (next_year != 0 or year < 90):
            return ""
        century = int(match[1]) + (next_year < year)
        return f"{match[1]}{match[2]}/{century:02}{next_year:02}"
    for pattern, form in _OPEN:
        if (match := re.fullmatch(pattern, words)) and (point := _point(match[1])):
            return form.format(point)
    if span := _span(words):
        return span
    return _point(words)


def _span(words: str) -> str:
    match = re.fullmatch(rf"(?:from )?(?:{_MARK} ?)?(.+?)(?: to | until | ?-+ ?|/)(.+)", words)
    if match is None:
        return ""
    mark = _MARKS[match[1]] if match[1] else ""
    first, last = match[2], match[3]
    # March–May 2008: the year stands once.
    if (year := re.search(r"\d{4}$", last)) and re.fullmatch(r"(\d{1,2} )?[a-z]+", first):
        first = f"{first} {year[0]}"
    # 3–5 March 2008
    elif (rest := re.search(r"[a-z]+ \d{4}$", last)) and re.fullmatch(r"\d{1,2}", first):
        first = f"{first} {rest[0]}"
    return _joined("{0}/{1}", _point(first, mark), _point(last, mark))


def _joined(form: str, first: str, last: str) -> str:
    return form.format(first, last) if first and last else ""


def _point(words: str, mark: str = "") -> str:
    """Return one date: a day, month, season, year or decade, with its mark; empty for none."""
    rest = words.strip(" .")
    if match := re.match(_MARK, rest):
        mark, rest = _MARKS[match[1]], rest[match.end() :].strip(" .")
    if rest[:1] == "~" and rest[1:].isdigit():
        mark, rest = "~", rest[1:]
    elif len(rest) > 1 and rest[-1] in "~?%":
        mark, rest = rest[-1], rest[:-1].strip()
    if match := re.fullmatch(r"(?:the )?(\d{3})0'?s", rest):
        return f"{match[1]}X{mark}"
    if match := re.fullmatch(r"(?:the )?([a-z]+)\.?[ -](?:of )?(\d{4})", rest):
        month = _SEASONS.get(match[1]) or _MONTHS.get(match[1])
        return f"{match[2]}-{month}{mark}" if month else ""
    if match := re.fullmatch(r"(\d{4}) ([a-z]+)\.?", rest):
        month = _SEASONS.get(match[2]) or _MONTHS.get(match[2])
        return f"{match[1]}-{month}{mark}" if month else ""
    ordinal = r"(\d{1,2})(?:st|nd|rd|th)?"
    day = re.fullmatch(rf"{ordinal}[ -](?:of )?([a-z]+)\.?[ -](\d{{4}})", rest)
    american = re.fullmatch(rf"([a-z]+)\.? {ordinal} (\d{{4}})", rest)
    if match := day or american:
        number, name = (match[1], match[2]) if day else (match[2], match[1])
        month = _MONTHS.get(name)
        return f"{match[3]}-{month}-{int(number):02}{mark}" if month else ""
    if (match := _DAY_OR_MONTH.fullmatch(rest)) and len(match[4]) == 4:
        month_number, day_number = sorted((int(match[1]), int(match[3])))
        # 13/3/2008 can be one day only; 3/4/2008 can be two.
        is_clear = day_number > 12 or day_number == month_number
        return f"{match[4]}-{month_number:02}-{day_number:02}{mark}" if is_clear else ""
    if match := re.fullmatch(r"(\d{4})/(\d\d)/(\d\d)", rest):
        return f"{'-'.join(match.groups())}{mark}"
    if re.fullmatch(r"\d{4}(-\d\d){0,2}", rest):
        return f"{rest}{mark}"
    return ""
