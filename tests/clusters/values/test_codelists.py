"""Codes of standards by code or name: everywhere the same, never cut, never guessed."""

import pytest
from django.core.exceptions import ValidationError

from clusters.models import Cluster, Publication
from clusters.records.schema import record_schema
from clusters.records.validation import read_value
from clusters.values.codelists import COUNTRIES, CURRENCIES, INDUSTRIES, LANGUAGES
from interventions.models import Funding


@pytest.mark.parametrize(
    ("codelist", "text", "code"),
    [
        (COUNTRIES, "Pakistan", "PK"),
        (COUNTRIES, "pk", "PK"),
        (COUNTRIES, "PAK", "PK"),
        (COUNTRIES, "Pakistan (PK)", "PK"),
        (COUNTRIES, "Vietnam", "VN"),
        (COUNTRIES, "Viet Nam", "VN"),
        (COUNTRIES, "Namibia", "NA"),
        (COUNTRIES, "Ivory Coast", "CI"),
        (COUNTRIES, "Côte d’Ivoire", "CI"),
        (COUNTRIES, "cote d'ivoire", "CI"),
        (COUNTRIES, "Turkiye", "TR"),
        (COUNTRIES, "DR Congo", "CD"),
        (COUNTRIES, "England", "GB"),
        (COUNTRIES, "Russia", "RU"),
        (COUNTRIES, "South Korea", "KR"),
        (CURRENCIES, "usd", "USD"),
        (CURRENCIES, "Pakistan Rupee", "PKR"),
        (CURRENCIES, "DEM", "DEM"),
        (CURRENCIES, "US$", "USD"),
        (CURRENCIES, "€", "EUR"),
        (LANGUAGES, "Urdu", "ur"),
        (LANGUAGES, "EN-gb", "en-GB"),
        (LANGUAGES, "pa-arab-pk", "pa-Arab-PK"),
        (INDUSTRIES, "3230", "3230"),
        (INDUSTRIES, "manufacture of sports goods", "3230"),
    ],
)
def test_a_value_is_found_by_code_or_name(codelist, text, code):
    assert codelist.find(text) == code


@pytest.mark.parametrize(
    ("codelist", "text", "words"),
    [
        (COUNTRIES, "Pakistn", "Unknown country “Pakistn”. Did you mean Pakistan (PK)?"),
        (COUNTRIES, "PA K", "Unknown country “PA K”."),
        (COUNTRIES, "Congo", "Congo (CG) or Congo, The Democratic Republic of the (CD)?"),
        (COUNTRIES, "XX", "Use two letters of ISO 3166-1, such as PK, or the country’s name."),
        (CURRENCIES, "Rupees", "Pakistan Rupee (PKR)"),
        (CURRENCIES, "Rs.", "Pakistan Rupee (PKR)"),
        (CURRENCIES, "£", "Pound Sterling (GBP)"),
        (CURRENCIES, "RUP", "Unknown currency “RUP”. Use three letters of ISO 4217, such as USD."),
        (LANGUAGES, "zz", "Unknown language “zz”."),
        (LANGUAGES, "eng", "Unknown language “eng”."),
        (LANGUAGES, "en-ZZ", "Unknown language “en-ZZ”."),
        (INDUSTRIES, "9999", "Use four digits of ISIC, Revision 4, such as 3230."),
    ],
)
def test_what_fits_none_or_two_is_refused_with_the_nearest(codelist, text, words):
    with pytest.raises(ValueError, match=r"Unknown") as refused:
        codelist.find(text)

    assert words in str(refused.value)


def test_isic_has_its_419_classes_of_four_digits():
    assert len(INDUSTRIES.names) == 419
    assert {len(code) for code in INDUSTRIES.names} == {4}


@pytest.mark.parametrize(
    ("model", "name", "given", "stored"),
    [
        (Cluster, "country", "Pakistan", "PK"),
        (Cluster, "isic", "Manufacture of sports goods", "3230"),
        (Cluster, "language", "Urdu", "ur"),
        (Funding, "currency", "US Dollar", "USD"),
        (
            Publication,
            "doi",
            "https://doi.org/10.1007/S10551-015-2940-6",
            "10.1007/s10551-015-2940-6",
        ),
    ],
)
def test_files_forms_tables_and_api_read_names_into_codes(model, name, given, stored):
    found, problems = read_value("", {name: given}, record_schema(model))

    assert found.document[name] == stored
    assert [problem for problem in problems if problem.field == name] == []


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [
        (Cluster, "isic", "9999"),
        (Cluster, "language", "english"),
        (Funding, "currency", "RUP"),
        (Publication, "doi", "notadoi"),
        (Publication, "doi", "https://doi.org/10.1007/x"),
    ],
)
def test_a_model_keeps_codes_only(model, name, value):
    with pytest.raises(ValidationError):
        model._meta.get_field(name).clean(value, None)


def test_a_name_that_two_codes_have_finds_neither():
    with pytest.raises(ValueError, match=r"\(VED\) or .*\(VES\)"):
        CURRENCIES.find("Bolívar Soberano")

    assert CURRENCIES.find("VES") == "VES"
