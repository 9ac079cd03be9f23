"""Words in the reader's language: all that charts and analysis take from Django."""

from typing import Any

from django.utils.dates import MONTHS
from django.utils.translation import gettext, gettext_lazy, ngettext_lazy

__all__ = ["ACCOUNTS", "MONTHS", "PROJECTS", "counted", "gettext", "gettext_lazy", "ngettext_lazy"]

# Nouns that several charts count.
PROJECTS = ngettext_lazy("%(n)s project", "%(n)s projects", "count")
ACCOUNTS = ngettext_lazy("%(n)s account", "%(n)s accounts", "count")


def counted(number: int, noun: Any) -> str:
    """Write a number with its noun, a lazy plural like those above: 1 project, 3,000 projects."""
    return str(noun % {"count": number, "n": f"{number:,}"})
