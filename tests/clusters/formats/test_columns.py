"""What a table writes of a value reads back as the same value, whatever signs are in it."""

import pytest

from clusters.formats.spreadsheets.columns import cell_of, tables, value_of


def read_back(table, name, value):
    column = tables()[table].column(name)
    return value_of(column, cell_of(column, {name: value}))


@pytest.mark.parametrize(
    "authors",
    [
        [{"family": "Khan", "given": "F. R."}, {"literal": "ILRF"}],
        [{"literal": "Smith; Sons"}, {"family": "Nadvi"}],
        [{"family": "Khan, Jr", "given": "A."}],
        [{"family": "{Braced}", "given": "A."}],
        [{"family": "World Bank"}],
        [{"literal": "[Anonymous]"}],
        [{"family": "Khan", "given": "A.", "suffix": "Jr"}],
    ],
)
def test_names_come_back_as_they_were(authors):
    assert read_back("publications", "authors", authors) == authors


@pytest.mark.parametrize(
    "aliases",
    [["balls; size 5", "gloves"], ["[draft] report"], ["[a]", "b"], ['["a"]'], [" a", "b"]],
)
def test_items_of_a_list_come_back_as_they_were(aliases):
    assert read_back("projects", "aliases", aliases) == aliases


@pytest.mark.parametrize(
    "citation",
    [
        {"publication": "paper", "section": "Findings | para 2"},
        {"publication": "paper", "page": "12", "for": "title", "stance": "disputes"},
        {"publication": "paper", "page": "12", "not_for": ["title", "aims"]},
    ],
)
def test_places_come_back_as_they_were(citation):
    assert read_back("projects", "citations", [citation]) == [citation]


def test_an_organisation_in_a_list_of_names_is_one():
    column = tables()["publications"].column("authors")

    assert value_of(column, "Khan, F.; World Bank") == [
        {"family": "Khan", "given": "F."},
        {"literal": "World Bank"},
    ]
