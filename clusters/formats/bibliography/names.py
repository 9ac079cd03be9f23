"""Names of authors as reference managers write them, into CSL names."""

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

type Name = dict[str, str]

# Words by which a name is known to be an organisation's.
_ORGANISATION = re.compile(
    r"\b(agency|alliance|assembly|association|authority|bank|board|bureau|campaign|cent(?:er|re)"
    r"|chamber|coalition|college|commission|committee|company|confederation|congress|consortium"
    r"|corp|corporation|council|department|directorate|federation|forum|foundation|fund|gmbh"
    r"|government|group|inc|initiative|institut[eo]?|international|laboratory|limited|llc|ltd"
    r"|ministry|nations|network|office|organi[sz]ation|parliament|partnership|programme|program"
    r"|project|secretariat|service|services|society|team|trust|unicef|union|university|watch)\b",
    re.IGNORECASE,
)
_JOINING = re.compile(r"\b(of|for|the|and|on|in|to)\b|&")
# Small words that belong to a family name: van der Meer, dos Santos, de la Cruz.
_PARTICLES = frozenset(
    [
        "af",
        "al",
        "ben",
        "bin",
        "da",
        "das",
        "de",
        "del",
        "della",
        "den",
        "der",
        "di",
        "do",
        "dos",
        "du",
        "el",
        "la",
        "las",
        "le",
        "los",
        "op",
        "ten",
        "ter",
        "van",
        "von",
        "y",
        "zu",
    ]
)
_SUFFIX = re.compile(r"(jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_INITIALS = r"(?:[A-Z]\.?[ -]?){1,4}"
MOST_NAMES = 500


def is_others(text: str) -> bool:
    """Return whether a name only says that there are more: “and others”, “et al.”."""
    return re.fullmatch(r"others|et\.? al\.?", text.strip(), re.IGNORECASE) is not None


def is_organisation(text: str) -> bool:
    return bool(_ORGANISATION.search(text) or _JOINING.search(text))


def has_particle(text: str) -> bool:
    """Return whether a name has a small word of family names: De Neve, Puppim de Oliveira."""
    words = text.lower().split()
    return len(words) > 1 and any(word in _PARTICLES for word in words[:-1])


def names_of(texts: Iterable[str]) -> list[Name]:
    """Return the names of one work as CSL names.

    Where some are written “Khan, F. R.”, one without a comma is an organisation's.
    """
    names = [
        name for text in texts for name in _apart(text) if name.strip(" ;,") and not is_others(name)
    ]
    is_inverted = any(re.search(r",\s*\S", name) for name in names)
    return [
        {"literal": _tidy(name)} if is_inverted and "," not in name else name_of(name)
        for name in names
    ]


def _apart(text: str) -> list[str]:
    """Part names that some programs write into one: Khan, F.; Nadvi, K."""
    names = text.split(";")
    given = [name for name in names if name.strip()]
    are_names = all("," in name or is_organisation(name) for name in given)
    return names if are_names and "," in text else [text]


def name_of(text: str) -> Name:
    """Return the CSL name of “Khan, F. R.”, “Rehman A.”, “Catarina Lopes” or “World Bank”."""
    text = _tidy(text)
    family, comma, given = (part.strip() for part in text.partition(","))
    if comma and not given and is_organisation(family):
        return {"literal": family}  # “World Bank,” is how EndNote keeps it whole
    if comma:
        # King, Jr., Martin and King, Martin, Jr.
        parts = [part.strip() for part in given.split(",")]
        suffixes = [part for part in parts if _SUFFIX.fullmatch(part)]
        if len(parts) > len(suffixes):
            given = ", ".join(part for part in parts if part not in suffixes)
            family = " ".join([family, *suffixes])
        return person(family, given)
    words = text.split()
    if len(words) > 2 and _SUFFIX.fullmatch(words[-1]):
        whole = name_of(" ".join(words[:-1]))
        return {**whole, "family": f"{whole['family']} {words[-1]}"} if "family" in whole else whole
    if len(words) < 2 or is_organisation(text) or not all(_is_of_a_person(word) for word in words):
        return {"literal": text}
    if match := re.fullmatch(rf"(.+?) ({_INITIALS})", text):
        return person(match[1], match[2].strip())
    if len(words) > 4:
        return {"literal": text}
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    return person(" ".join(words[start:]), " ".join(words[:start]))


def _tidy(text: str) -> str:
    return " ".join(text.split()).strip(" ;")


def _is_of_a_person(word: str) -> bool:
    if word.lower() in _PARTICLES:
        return True
    return word[:1].isupper() and not (len(word) > 2 and word.isupper() and "." not in word)


def person(family: str, given: str) -> Name:
    """Return a person's CSL name; without a family name the given one is taken as the whole."""
    if not family:
        return {"literal": given}
    return {"family": family, **({"given": given} if given else {})}


def cited_as(names: list[Name], year: str, title: str, *, has_others: bool = False) -> str:
    """Return a short reference: Khan (2004), Khan and Nadvi (2010), Fayyaz et al. (2017)."""
    called: list[str] = [name.get("family") or name.get("literal") or "" for name in names]
    if not called:
        who = title[:60]
    elif len(called) > 2 or has_others:
        who = _("%(one)s et al.") % {"one": called[0]}
    elif len(called) == 2:
        who = _("%(one)s and %(other)s") % {"one": called[0], "other": called[1]}
    else:
        who = called[0]
    return f"{who[:100]} ({year or _('no year')})"
