"""Digital object identifiers, in the one form in which they are kept and compared."""

import html
import re
from urllib.parse import unquote

from clusters.i18n import gettext as _
from clusters.values.cleaning import without_width

# Resolvers, libraries' proxies in front of them, and words that people put before a DOI.
_BEFORE = re.compile(r"(?:https?://)?(?:[\w.-]*doi[\w.-]*(?::\d+)?/)?(?:doi)?[:\s]*", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://)?(?:[\w-]+\.)?doi\.org/(?:doi:)?10\.", re.IGNORECASE)
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[^\s\x00-\x1f]+", re.IGNORECASE)
LONGEST = 500


def doi_of_address(text: str) -> str:
    """Return the DOI whose web address this is, such as https://doi.org/10.1007/x; else nothing."""
    if not _ADDRESS.match(text[:LONGEST].strip()):
        return ""
    try:
        return bare_doi(text)
    except ValueError:
        return ""


def bare_doi(text: str) -> str:
    """Return a DOI alone, in small letters, as DOIs compare; empty for an empty text.

    Raises ValueError for what is no DOI.
    """
    given = without_width(text).strip()
    if not given:
        return ""
    if len(given) > LONGEST:  # before patterns look for more than one beginning in it
        raise ValueError(_not_a_doi(given))
    is_address = "%2f" in given.lower() or re.match(r"https?://", given, re.IGNORECASE)
    plain = html.unescape(unquote(re.split("[?#]", given)[0]) if is_address else given)
    rest = plain[match.end() :] if (match := _BEFORE.match(plain)) else plain
    rest = rest.rstrip(".,;").lower()
    if rest.endswith(")") and rest.count(")") > rest.count("("):
        rest = rest[:-1].rstrip(".,;")
    if not _DOI.fullmatch(rest):
        raise ValueError(_not_a_doi(given))
    return rest


def _not_a_doi(text: str) -> str:
    words = _("“%(text)s” is not a DOI. Write it from 10. on, such as 10.1007/s10551-015-2940-6.")
    return words % {"text": text[:80]}
