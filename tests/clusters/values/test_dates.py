import datetime
import re

import pytest

from clusters.values.date_words import read_date
from clusters.values.edtf import Bounds, bounds, in_words


def day(text):
    return datetime.date.fromisoformat(text) if text else None


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "words"),
    [
        ("2008", "2008-01-01", "2008-12-31", "2008"),
        ("2008-03-11", "2008-03-11", "2008-03-11", "11 March 2008"),
        ("2007-21", "2007-03-01", "2007-05-31", "spring 2007"),
        ("1994~/1996~", "1994-01-01", "1996-12-31", "about 1994–1996"),
        ("[2006-09..2006-12]", "2006-09-01", "2006-12-31", "late 2006"),
        ("[2007-01..2007-04]", "2007-01-01", "2007-04-30", "early 2007"),
        ("[2003..2004]", "2003-01-01", "2004-12-31", "2003 or 2004"),
        ("2003/2004", "2003-01-01", "2004-12-31", "2003–2004"),
        ("2011-03/2012-10", "2011-03-01", "2012-10-31", "March 2011 – October 2012"),
        ("1998/..", "1998-01-01", None, "from 1998"),
        ("../2004", None, "2004-12-31", "until 2004"),
        ("[..2006]", None, "2006-12-31", "by 2006"),
        ("199X", "1990-01-01", "1999-12-31", "the 1990s"),
        ("2005?", "2005-01-01", "2005-12-31", "possibly 2005"),
    ],
)
def test_edtf_text_has_bounds_and_words(text, earliest, latest, words):
    assert bounds(text) == Bounds(day(earliest), day(latest))
    assert in_words(text) == words
    assert read_date(words) == text


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("Late  2006", "[2006-09..2006-12]"),
        ("mid 2006", "[2006-05..2006-08]"),
        ("end 2006", "[2006-10..2006-12]"),
        ("the end of 2006", "[2006-10..2006-12]"),
        ("start of 2001", "[2001-01..2001-04]"),
        ("Q1 2005", "[2005-01..2005-03]"),
        ("2005 Q4", "[2005-10..2005-12]"),
        ("third quarter of 2004", "[2004-07..2004-09]"),
        ("1998–", "1998/.."),
        ("c. 1994", "1994~"),
        ("Sept 2008", "2008-09"),
        ("March 11, 2008", "2008-03-11"),
        ("from 2005 to 2008", "2005/2008"),
        ("between March 2011 and October 2012", "[2011-03..2012-10]"),
        ("2003 or 2007", "[2003,2007]"),
        ("since May 1998", "1998-05/.."),
        ("2008-03", "2008-03"),
        ("2006–07", "2006/2007"),
        ("2006-07", "2006-07"),
        ("2002/03", "2002/2003"),
        ("1999/00", "1999/2000"),
        ("1998/00", "1998/2000"),
        ("1991-92", "1991/1992"),
        ("2003 – 2004", "2003/2004"),
        ("March–May 2008", "2008-03/2008-05"),
        ("3–5 March 2008", "2008-03-03/2008-03-05"),
        ("c. 1995", "1995~"),
        ("ca.1995", "1995~"),
        ("~1995", "1995~"),
        ("Sept. 2006", "2006-09"),
        ("late 1990s", "1997~/1999~"),
        ("mid-1990s", "1994~/1996~"),
        ("1998–present", "1998/.."),
        ("11th March 2008", "2008-03-11"),
        ("13/03/2008", "2008-03-13"),
        ("first half of 2006", "[2006-01..2006-06]"),
    ],
)
def test_words_that_sources_print_become_edtf_or_nothing(words, text):
    assert read_date(words) == text


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("after the war", "“after the war” is not a date that can be read. Write 2008, "),
        ("31 February 2008", "is not a date that can be read"),
        ("2009 to 2008", "“2009 to 2008” ends before it begins."),
        ("01/03/2008", "“01/03/2008” may be 2008-03-01 or 2008-01-03. Write one of them."),
        ("2008 / 12", "“2008 / 12” may be 2008-12 or 2008/2012. Write one of them."),
        ("2008/12", "“2008/12” may be 2008-12 or 2008/2012. Write one of them."),
        ("2005/00", "is not a date that can be read"),
        ("39508", "is a spreadsheet’s number for a day. Write the date itself."),
        ("Mar-08", "is not a date that can be read"),
        ("n.d.", "“n.d.” gives no date: leave this blank."),
        ("", "gives no date: leave this blank."),
        ("x" * 25_000, "A date has at most 120 characters."),
    ],
)
def test_what_is_no_date_or_may_be_two_is_refused_in_words(words, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        read_date(words)


@pytest.mark.parametrize("text", ["late 2006", "mid-1990s", "2003–2004", "2008-02-30", ".."])
def test_text_that_is_not_edtf_is_refused_with_examples(text):
    with pytest.raises(ValueError, match="is not a date that can be read. Write 2008, 2008-03-11"):
        bounds(text)


def test_a_span_that_ends_before_it_begins_is_refused():
    with pytest.raises(ValueError, match="ends before it begins"):
        bounds("2009/2008")


@pytest.mark.parametrize("text", ["2006-33", "2006-00", "a/b/c"])
def test_what_there_are_no_words_for_stays_as_it_is(text):
    assert in_words(text) == text
