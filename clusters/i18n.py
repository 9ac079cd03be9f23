"""Words in the reader's language: all that charts and analysis take from Django."""

from collections.abc import Iterable
from difflib import get_close_matches

from django.utils.dates import MONTHS
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy, ngettext_lazy

__all__ = [
    "ACCOUNTS",
    "MONTHS",
    "PROJECTS",
    "counted",
    "gettext",
    "gettext_lazy",
    "known_words",
    "ngettext_lazy",
    "not_known",
    "short",
]
# How many known values a refusal names, and how much of a wrong one it repeats.
MOST_NAMED = 10
LONGEST_ECHO = 60

# Nouns that several charts count.
PROJECTS = ngettext_lazy("%(n)s project", "%(n)s projects", "count")
ACCOUNTS = ngettext_lazy("%(n)s account", "%(n)s accounts", "count")


def counted(number: int, noun: Promise) -> str:
    """Return a number with its noun, a lazy plural like those above: 1 project, 3,000 projects."""
    return str(noun % {"count": number, "n": f"{number:,}"})


def short(text: object) -> str:
    """Return what was sent, cut to a length that a refusal may repeat."""
    said = str(text)
    return said if len(said) <= LONGEST_ECHO else f"{said[:LONGEST_ECHO]}…"


def known_words(wrong: object, known: Iterable[object]) -> str:
    """Return which values are known, ten at most, and which of all comes nearest to a wrong one.

    >>> known_words("county", ["country", "cluster"])
    'Known: country, cluster. Did you mean “country”?'
    """
    names = [str(value) for value in known]
    named = ", ".join([*names[:MOST_NAMED], *(["…"] if len(names) > MOST_NAMED else [])])
    said = gettext("Known: %(known)s.") % {"known": named or gettext("none")}
    near = get_close_matches(str(wrong)[:LONGEST_ECHO], names, n=1)
    return f"{said} {gettext('Did you mean “%s”?') % near[0]}" if near else said


def not_known(wrong: object, known: Iterable[object]) -> str:
    """Return a refusal of a value that is none of the known ones."""
    refused = gettext("“%(value)s” is not known here.") % {"value": short(wrong)}
    return f"{refused} {known_words(wrong, known)}"
