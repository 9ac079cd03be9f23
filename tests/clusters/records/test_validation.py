"""Values of a record are read by what their field is, from JSON and from files alike."""

import pytest

from clusters.formats.yaml_files import read_text
from clusters.records.schema import record_schema
from clusters.records.validation import CaseFilesRefused, Problem, read_value
from interventions.models import Project


def read(value):
    case_file, problems = read_value("case", value, record_schema(Project))
    return case_file.document, [(problem.field, problem.message) for problem in problems]


def test_json_and_files_come_to_the_same_document():
    text = "slug: village\ntitle: 2004\nstated_months: 18\nclusters: [sialkot]\naims: null\n"
    written, problems = read_text("village.yaml", text.encode(), record_schema(Project))
    sent = {"title": 2004, "stated_months": 18, "clusters": ["sialkot"], "aims": None}

    assert problems == []
    assert (written.document, []) == read({"slug": "village", **sent})
    assert written.document["title"] == "2004"


def test_lists_without_anything_in_them_say_nothing():
    assert read({"slug": "a", "title": "A", "citations": [], "accounts": [], "clusters": []}) == (
        {"slug": "a", "title": "A"},
        [],
    )


def test_a_locator_is_one_line():
    place = {"publication": "paper", "page": " 3\n4\u2028 "}
    document, problems = read({"slug": "a", "title": "A", "citations": [place]})

    assert (document["citations"], problems) == ([{"publication": "paper", "page": "3 4"}], [])


@pytest.mark.parametrize(
    ("value", "field", "message"),
    [
        ({"a\x00b": 1}, "", "A name is one word."),
        ({"title": "a\x00b"}, "title", "It holds a NUL, which no text has."),
        ({"title": ["a"]}, "title", "One value is wanted here."),
        ({"clusters": "a"}, "clusters", "A list is wanted here (lines that begin with a hyphen)."),
        ([], "", "Names with values are wanted here (name: value)."),
    ],
)
def test_what_is_of_another_kind_is_told_where_it_stands(value, field, message):
    named = {"slug": "a", "title": "A", **value} if isinstance(value, dict) else value

    assert (field, message) in read(named)[1]


def test_names_that_stand_twice_are_told_at_the_second_line():
    text = b"slug: a\ntitle: A\ntitle: B\n? [x]\n: c\n"
    _file, problems = read_text("a.yaml", text, record_schema(Project))

    assert [(problem.line, problem.field, problem.message) for problem in problems] == [
        (3, "title", "This name stands here twice."),
        (4, "", "A name is one word."),
    ]


def test_a_refusal_keeps_every_problem_of_whatever_it_is_made_of():
    problems = [Problem("b", 2, "", "Second"), Problem("a", 1, "", "First")]

    refused = CaseFilesRefused(iter(problems))

    assert refused.problems == sorted(problems)
    assert str(refused) == "a:1: First\nb:2: Second"
