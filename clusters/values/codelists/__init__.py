"""Codelists of international standards, each value found by its code or its name.

Countries are ISO 3166-1, currencies ISO 4217, languages BCP 47, industries ISIC Revision 4. Nothing
is cut and nothing is guessed: a name that fits two codes finds neither.
"""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pycountry
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries.fields import CountryField

# Everyday names that the standard does not print.
_FURTHER_COUNTRIES = {
    "Great Britain": "GB",
    "England": "GB",
    "Scotland": "GB",
    "Wales": "GB",
    "Northern Ireland": "GB",
    "Russia": "RU",
    "UK": "GB",
    "Burma": "MM",
    "DR Congo": "CD",
    "DRC": "CD",
    "Democratic Republic of Congo": "CD",
    "Republic of the Congo": "CG",
    "Congo-Brazzaville": "CG",
    "Congo-Kinshasa": "CD",
    "Palestine": "PS",
    "UAE": "AE",
    "USA": "US",
    "United States of America": "US",
    "The Gambia": "GM",
    "The Bahamas": "BS",
    "The Netherlands": "NL",
    "The Philippines": "PH",
    "Holland": "NL",
    "Vatican": "VA",
    "Cape Verde": "CV",
    "Czech Republic": "CZ",
    "East Timor": "TL",
    "Ivory Coast": "CI",
    "Macedonia": "MK",
    "Swaziland": "SZ",
    "Turkey": "TR",
}
# Names that people use for more than one country, although the standard gives them to one.
_AMBIGUOUS = {"congo", "korea"}
# What people write for a currency that the standard names more fully.
_FURTHER_CURRENCIES = {
    "US$": "USD",
    "U.S. dollar": "USD",
    "US dollars": "USD",
    "£ sterling": "GBP",
    "British pound": "GBP",
    "€": "EUR",
    "euros": "EUR",
    "Pakistani rupee": "PKR",
    "Indian rupees": "INR",
    "Pakistani rupees": "PKR",
    "PKRs": "PKR",
    "Bangladeshi taka": "BDT",
    "Chinese yuan": "CNY",
    "RMB": "CNY",
    "renminbi": "CNY",
    "Vietnamese dong": "VND",
    "Brazilian reais": "BRL",
    "South African rand": "ZAR",
    "deutschmark": "DEM",
    "German mark": "DEM",
}
# Signs and short forms that several currencies share, and the word in all their names.
_SHARED_SIGNS = {"rs": "rupee", "rs.": "rupee", "$": "dollar", "£": "pound", "kr": "kron"}
# Withdrawn codes (ISO 4217, list three) in which donors once paid.
_FORMER_CURRENCIES = {
    "ATS": "Austrian Schilling",
    "BEF": "Belgian Franc",
    "DEM": "Deutsche Mark",
    "ESP": "Spanish Peseta",
    "FIM": "Finnish Markka",
    "FRF": "French Franc",
    "GRD": "Greek Drachma",
    "IEP": "Irish Pound",
    "ITL": "Italian Lira",
    "LUF": "Luxembourg Franc",
    "NLG": "Netherlands Guilder",
    "PTE": "Portuguese Escudo",
    "XEU": "European Currency Unit",
}
_TAG = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|\d{3}))?", re.IGNORECASE)
MOST_SUGGESTIONS = 6


def _plain(text: str) -> str:
    """Return a name in small letters without accents, with straight apostrophes: côte d’ivoire."""
    letters = unicodedata.normalize("NFKD", text.replace("\u2019", "'"))
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(bare.split()).casefold()


@dataclass(frozen=True)
class Codelist:
    """One standard's codes: `find` reads a code or a name, `label` says a code in words."""

    name: str
    # What a value is called in errors, and how the standard writes it.
    noun: str | Promise
    form: str | Promise
    load: Callable[[], dict[str, str]]
    further: Iterable[tuple[str, str]] = ()
    # Reads codes that are composed, such as en-GB; none elsewhere.
    compose: Callable[[str], str] | None = None

    @cached_property
    def names(self) -> dict[str, str]:
        """Codes with their names, in the order of the names."""
        return dict(sorted(self.load().items(), key=lambda item: item[1].casefold()))

    @cached_property
    def _index(self) -> dict[str, str]:
        found = {_plain(name): code for name, code in self.further}
        named = Counter(map(_plain, self.names.values()))
        shared = _AMBIGUOUS | {name for name, number in named.items() if number > 1}
        for code, name in self.names.items():
            for text in (name, code, self.label(code)):
                found[_plain(text)] = code
        return {text: code for text, code in found.items() if text not in shared}

    def label(self, code: str) -> str:
        """Return a code with its name, such as “Pakistan (PK)”; a code without a name alone."""
        name = self.names.get(code, "")
        return f"{name} ({code})" if name else code

    @cached_property
    def labels(self) -> list[str]:
        """Every code with its name, to choose from."""
        return [self.label(code) for code in self.names]

    def find(self, text: str) -> str:
        """Return the code for a code or name in any case. Raises ValueError, in words."""
        wanted = _plain(text)
        if found := self._index.get(wanted):
            return found
        if self.compose is not None and (found := self.compose(wanted)):
            return found
        raise ValueError(self._refusal(text))

    def _refusal(self, text: str) -> str:
        words = _("Unknown %(noun)s “%(text)s”.") % {"noun": self.noun, "text": text[:60]}
        if nearest := self.nearest(text):
            known = _(" or ").join(self.label(code) for code in nearest)
            words += " " + _("Did you mean %(known)s?") % {"known": known}
        return f"{words} {self.form}"

    def nearest(self, text: str) -> list[str]:
        """Return the codes whose names are most like a text, six at most."""
        wanted = _plain(text[:60])
        wanted = _SHARED_SIGNS.get(wanted, wanted)
        stem = wanted.rstrip("s")
        holding = [
            code for code, name in self.names.items() if len(stem) > 3 and stem in _plain(name)
        ]
        if holding:
            return holding[:MOST_SUGGESTIONS]
        close = difflib.get_close_matches(wanted, self._index, MOST_SUGGESTIONS, 0.8)
        return list(dict.fromkeys(self._index[text] for text in close))

    def validate(self, value: str) -> None:
        """Raise ValidationError, in words, for a text that is no code as it is stored."""
        try:
            code = self.find(value)
        except ValueError as error:
            raise ValidationError(str(error), code="codelist") from None
        if code != value:
            raise ValidationError(self._refusal(value), code="codelist")


def _countries() -> dict[str, str]:
    return {
        country.alpha_2: getattr(country, "common_name", country.name)
        for country in pycountry.countries
    }


def _further_countries() -> Iterable[tuple[str, str]]:
    for country in pycountry.countries:
        for name in (country.name, country.alpha_3, getattr(country, "official_name", "")):
            if name:
                yield name, country.alpha_2
    yield from _FURTHER_COUNTRIES.items()


def _currencies() -> dict[str, str]:
    current = {currency.alpha_3: currency.name for currency in pycountry.currencies}
    return _FORMER_CURRENCIES | current


def _languages() -> dict[str, str]:
    return {
        language.alpha_2: language.name
        for language in pycountry.languages
        if hasattr(language, "alpha_2")
    }


def _language_tag(text: str) -> str:
    """Return a BCP 47 tag in its usual case: language, script, region. Empty for none."""
    match = _TAG.fullmatch(text)
    if match is None:
        return ""
    language, script, region = match.groups()
    known = pycountry.languages.get(**{f"alpha_{len(language)}": language})
    is_known = (
        known is not None
        # The shorter code is the one to use, where there is one.
        and (len(language) == 2 or not hasattr(known, "alpha_2"))
        and (not script or pycountry.scripts.get(alpha_4=script.title()) is not None)
        and (
            not region
            or region.isdigit()
            or pycountry.countries.get(alpha_2=region.upper()) is not None
        )
    )
    if not is_known:
        return ""
    parts = (language, script.title() if script else "", region.upper() if region else "")
    return "-".join(filter(None, parts))


def _industries() -> dict[str, str]:
    rows = Path(__file__).with_name("isic4.csv").read_text().splitlines()
    return {code: name for code, _comma, name in (row.partition(",") for row in rows)}


COUNTRIES = Codelist(
    "countries",
    gettext_lazy("country"),
    gettext_lazy("Use two letters of ISO 3166-1, such as PK, or the country’s name."),
    _countries,
    tuple(_further_countries()),
)
CURRENCIES = Codelist(
    "currencies",
    gettext_lazy("currency"),
    gettext_lazy("Use three letters of ISO 4217, such as USD."),
    _currencies,
    tuple(_FURTHER_CURRENCIES.items()),
)
LANGUAGES = Codelist(
    "languages",
    gettext_lazy("language"),
    gettext_lazy("Use a BCP 47 tag, such as en or pt-BR."),
    _languages,
    compose=_language_tag,
)
INDUSTRIES = Codelist(
    "industries",
    gettext_lazy("industry class"),
    gettext_lazy("Use four digits of ISIC, Revision 4, such as 3230."),
    _industries,
)
CODELISTS = (COUNTRIES, CURRENCIES, LANGUAGES, INDUSTRIES)


def codelist_of(field: Any) -> Codelist | None:
    """Return the codelist that a model field takes its values from, if any."""
    if isinstance(field, CountryField):
        return COUNTRIES
    found: Codelist | None = getattr(field, "codelist", None)
    return found
