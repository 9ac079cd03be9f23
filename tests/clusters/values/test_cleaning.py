"""What people type and paste: numbers, and signs that nobody sees."""

from decimal import Decimal

import pytest

from clusters.values.cleaning import (
    exact_number,
    read_json,
    record_number,
    trimmed,
    whole_number,
    without_width,
)


@pytest.mark.parametrize(
    ("text", "number"),
    [("1250", "1250"), ("2.5", "2.5"), ("-3", "-3"), ("1.00", "1"), ("1e3", "1000")],
)
def test_numbers_are_digits_with_a_point(text, number):
    assert exact_number(text, 2) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1.250", "Write 1250 or 1.25, whichever is meant."),
        ("1,250", "Write 1250 or 1.25, whichever is meant."),
        ("1.250,00", "Write it without signs between thousands: 1250.00."),
        ("12 500", "Write it without signs between thousands: 12500."),
        ("1_000", "is not a number"),
        ("１２", "is not a number"),
        ("nan", "is not a number"),
        ("1e400", "too large or too exact"),
        ("9" * 5000, "too large or too exact"),
    ],
)
def test_what_may_be_two_numbers_is_asked_about(text, words):
    with pytest.raises(ValueError, match=r"“") as refused:
        exact_number(text, 2)

    assert words in str(refused.value)


@pytest.mark.parametrize("text", ["1.0", "1_000", "٣", "9" * 40, ""])
def test_a_whole_number_is_digits_only(text):
    with pytest.raises(ValueError, match="is not a whole number"):
        whole_number(text)


def test_signs_without_width_go_but_not_the_joiners_of_scripts():
    assert trimmed("\u200b\u00a0 sialkot\u200e ") == "sialkot"
    assert without_width("a\u200bb\ufeffc\u2060") == "abc"
    assert without_width("می\u200cخواهم") == "می\u200cخواهم"


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "[" * 60 + "]" * 60, "NaN", "1e999", '{"a": "\\u0000"}', "", "{"]
)
def test_json_that_no_database_keeps_is_none(text):
    with pytest.raises(ValueError, match="This is not JSON"):
        read_json(text)


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("²", None), ("9" * 30, None), ("", None)]
)
def test_numbers_of_records_are_digits_that_fit(text, number):
    assert record_number(text) == number
