"""Habits of real spreadsheet programs, one in each file of tests/cases/tables: the right values."""

from pathlib import Path

import pytest

from clusters.actions.table_rows import TableRows
from clusters.formats.spreadsheets.columns import tables
from clusters.formats.spreadsheets.files import Unreadable, read
from clusters.models import Stakeholder, Statistic
from tests import factories

pytestmark = pytest.mark.django_db

FILES = Path(__file__).parents[2] / "cases" / "tables"


@pytest.fixture
def researcher():
    user = factories.make_user(role="researcher")
    factories.make_cluster(slug="sialkot", entered_by=user)
    return user


def bring(name, by, table="clusters-statistics"):
    resource = TableRows(tables()[table], by=by)
    resource.bring_in(read((FILES / name).read_bytes()), is_trial=False)
    return resource


def wrong(name, by):
    return {(problem.row, problem.column): problem.message for problem in bring(name, by).wrong}


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("X04-sep-line.csv", ["x-ten"]),
        ("X06-blank-rows.xlsx", None),
        ("X12-invisible.csv", ["x-12b", "x-12c", "x-12d", "x-twelve"]),
        ("X18-cr-mac.csv", ["x-mac"]),
        ("X23-inch-quote.csv", ["x-24"]),
    ],
)
def test_what_programs_put_around_values_does_no_harm(researcher, name, keys):
    assert bring(name, researcher).wrong == []

    found = Statistic.objects.order_by("key")
    if keys is not None:
        assert [figure.key for figure in found] == keys
        assert {(figure.value, figure.when) for figure in found} == {(2, "2008")}
    assert found.exists()


def test_thousands_and_decimals_of_other_locales_are_asked_about(researcher):
    assert wrong("X01b-thousands.csv", researcher) == {
        (2, "value"): "“1.250” has more than 2 decimals. Write 1250 or 1.25, whichever is meant.",
        (3, "value"): "“12 500” is not a number. Write it without signs between thousands: 12500.",
        (4, "value"): "“12\u202f500,5” is not a number. "
        "Write it without signs between thousands: 12500.5.",
    }
    assert wrong("X01-semicolon-decimal-comma.csv", researcher) == {
        (2, name): f"“{text}” is not a number. "
        "Write digits only, with a point before decimals, such as 1250 or 2.5."
        for name, text in (("value", "2,5"), ("value_to", "3,75"))
    }


def test_dates_that_excel_made_of_text_are_refused_each_for_its_reason(researcher):
    found = wrong("X19-excel-dates.csv", researcher)

    assert {row: words.split(". ")[0] for (row, _name), words in found.items()} == {
        2: "“Mar-08” is not a date that can be read",
        3: "“01/03/2008” may be 2008-03-01 or 2008-01-03",
        4: "“39508” is a spreadsheet’s number for a day",
        6: "“n.d.” gives no date: leave this blank.",
    }


@pytest.mark.parametrize("name", ["X13-year-number.xlsx", "X14-head-case.xlsx", "X17-merged.xlsx"])
def test_what_cannot_be_told_apart_is_refused_with_its_row(researcher, name):
    found = bring(name, researcher)

    assert bool(found.wrong) == (name != "X13-year-number.xlsx")
    assert Statistic.objects.exists() == (name == "X13-year-number.xlsx")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("X02-cp1252.csv", "Line 2 is not UTF-8: save it as “CSV UTF-8”."),
        ("X03-utf16-tab.txt", "Line 1 is not UTF-8: save it as “CSV UTF-8”."),
        ("X09-strict.xlsx", "Save it as “Excel Workbook (.xlsx)”."),
        ("X22-unclosed-quote.csv", "a quotation mark is opened and never closed."),
    ],
)
def test_a_file_that_cannot_be_read_says_what_to_do(name, words):
    with pytest.raises(Unreadable) as refused:
        read((FILES / name).read_bytes())

    assert words in str(refused.value)


def test_a_line_break_that_xml_escapes_is_a_line_break(researcher):
    factories.make_group(slug="exporter")

    assert bring("X25-escaped-cr.xlsx", researcher, "stakeholders").wrong == []

    (found,) = Stakeholder.objects.all()
    assert "First line\nsecond line" in (found.summary, found.mission, found.role_in_csr)
