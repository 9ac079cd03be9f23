"""A record as inputs: whatever the casebook holds comes back from its form as it was."""

import pytest
from django.http import QueryDict

from clusters.admin.form_layout import title_of
from clusters.admin.pickers import every_shape
from clusters.admin.record_form import Entry
from clusters.models import Publication, Root
from clusters.records.schema import record_schema, record_schemas
from clusters.records.serialization import document_of
from clusters.records.validation import Problem, read_value
from interventions.models import Project
from tests import factories
from tests.forms import form_of, send

pytestmark = pytest.mark.django_db

PROJECT = record_schema(Project)


def sent(shape=PROJECT, **fields):
    data = QueryDict(mutable=True)
    for name, value in fields.items():
        data.setlist(name.replace("__", "-"), value if isinstance(value, list) else [value])
    return Entry.from_data(shape, data)


def read(entry):
    case_file, problems = read_value("form", entry.document(), entry.shape)
    return case_file.document, problems


@pytest.mark.parametrize("folder", [name for name in record_schemas() if name != "contributors"])
def test_every_record_of_the_seed_comes_back_from_its_inputs(seeded, folder):
    shape = record_schemas()[folder]
    assert issubclass(shape.model, Root)
    for record in shape.model.objects.all():
        document = document_of(record, public=True)

        found, problems = read(Entry.from_document(shape, document))

        assert problems == []
        assert found == document


@pytest.mark.parametrize("slug", ["soccer-village", "imac-monitoring"])
def test_a_page_sent_back_as_it_is_changes_nothing(seeded, desk, settings, slug):
    settings.TWO_PERSON_REVIEW = False
    project = Project.objects.get(slug=slug)
    before = document_of(project)
    page = desk.get(f"/admin/interventions/project/{project.pk}/change/")

    answer = send(desk, page, reason="Looked through")

    assert answer.status_code == 302
    project = Project.objects.get(slug=slug)
    assert (document_of(project), project.version) == (before, 1)


def test_what_is_empty_is_left_out_and_words_become_dates():
    entry = sent(
        title=" Jalandhar ",
        aims="",
        aliases="One\r\n\r\n Two ",
        issues=["child_labour"],
        actual_start__edtf="late 2006",
        actual_start__printed="late in 2006",
        actual_end__edtf="some day",
    )

    assert entry.document() == {
        "slug": "jalandhar",
        "title": "Jalandhar",
        "aliases": ["One", "Two"],
        "issues": ["child_labour"],
        "actual_start": {"edtf": "[2006-09..2006-12]", "printed": "late in 2006"},
        "actual_end": {"edtf": "some day"},
    }


def test_parts_come_in_the_order_sent_and_get_keys_of_what_they_name():
    entry = sent(
        **{
            "slug": "case",
            "outcomes-7-here": "1",
            "outcomes-7-title": "Women lost work",
            "outcomes-2-here": "1",
            "outcomes-2-title": "Women lost work",
            "outcomes-3-here": "1",
            "outcomes-3-title": "Gone",
            "outcomes-3-removed": "on",
            "accounts-1-here": "1",
            "accounts-1-stakeholder_group": "exporter",
            "accounts-1-stakeholder": "maker",
            "accounts-1-factor": "frame/brief-funding",
        }
    )

    document = entry.document()

    assert [outcome["key"] for outcome in document["outcomes"]] == [
        "women-lost-work",
        "women-lost-work-2",
    ]
    assert document["accounts"][0]["key"] == "maker-brief-funding"


def test_a_reading_is_a_score_or_a_reason_for_none_never_both():
    def reading(value):
        entry = sent(**{"codings-0-here": "1", "codings-0-one-of": value})
        return {
            name: entry.document()["codings"][0].get(name) for name in ("score", "missing_reason")
        }

    assert reading("score:0") == {"score": "0", "missing_reason": None}
    assert reading("missing_reason:not_reported") == {
        "score": None,
        "missing_reason": "not_reported",
    }
    assert reading("") == {"score": None, "missing_reason": None}


def test_places_are_cited_removed_and_left_empty():
    place = "outcomes-0-citations-{}-{}".format
    entry = sent(
        **{
            "outcomes-0-here": "1",
            **{place(number, "here"): "1" for number in range(3)},
            place(0, "publication"): "paper",
            place(0, "locator_type"): "table",
            place(0, "locator"): "Table 2",
            place(0, "for_field"): "direction",
            place(0, "stance"): "disputes",
            place(1, "publication"): "paper",
            place(1, "locator_type"): "page",
            place(1, "locator"): "5",
            place(1, "removed"): "on",
            place(2, "locator_type"): "page",
        }
    )

    assert entry.document()["outcomes"][0]["citations"] == [
        {"publication": "paper", "table": "Table 2", "for": "direction", "stance": "disputes"}
    ]


def test_a_kind_of_place_without_the_place_asks_for_the_place():
    entry = sent(
        **{
            "slug": "case",
            "citations-0-here": "1",
            "citations-0-publication": "paper",
            "citations-0-locator_type": "front_matter",
        }
    )

    assert [(problem.field, problem.message.partition(":")[0]) for problem in read(entry)[1]] == [
        ("citations", "Write the place"),
        ("title", "This is required."),
    ]


def test_problems_stand_at_their_inputs_and_the_others_are_told():
    entry = sent(**{"slug": "case", "outcomes-0-here": "1", "outcomes-0-key": "work"})
    entry.document()
    problems = [
        Problem("form", 0, field, message)
        for field, message in (
            ("title", "Needed."),
            ("outcomes.work.direction", "Not known."),
            ("outcomes.work", "Wrong together."),
            ("outcomes.work.citations", "No such paper."),
            ("", "The whole is wrong."),
        )
    ]

    homeless = entry.put_problems(problems)

    assert [problem.message for problem in homeless] == ["The whole is wrong."]
    assert entry.problems == {"title": ["Needed."]}
    assert entry.parts["outcomes"][0].problems == {
        "direction": ["Not known."],
        "": ["Wrong together."],
        "citations": ["No such paper."],
    }
    assert entry.number_of_problems == 4


def test_a_publication_is_called_by_author_and_year_where_nothing_is_said():
    publication = record_schema(Publication)
    fields = {"title": "Stitches", "authors": "Khan, F.\nMunir, K.", "issued__edtf": "2007-05"}

    named = sent(publication, **fields).document()
    as_printed = sent(publication, **fields, cited_as="K&M 2007").document()
    without_author = sent(publication, title="Stitches").document()

    assert named["cited_as"] == "Khan and Munir (2007)"
    assert as_printed["cited_as"] == "K&M 2007"
    assert "cited_as" not in without_author


def test_a_new_coding_is_by_one_coder_until_it_says_otherwise():
    blank = Entry.blank(PROJECT.children["codings"], "codings-0")

    assert blank.document() == {"resolution": "single_coder", "round": 1}


def test_a_part_without_a_name_is_not_called_by_a_code():
    shape = PROJECT.children["accounts"]
    blank = Entry.blank(shape, "accounts-0")
    typed = Entry.from_document(shape, {"informant": "a manager", "position": "absent"})

    assert blank.values["reason_for_ending"] == "not_mentioned"
    assert title_of(blank, {}) == ""
    assert title_of(typed, {}) == "a manager: It was not so"


@pytest.mark.parametrize("shape", list(every_shape()), ids=lambda shape: shape.kind)
def test_every_field_says_what_belongs_in_it(shape):
    assert [described.name for described in shape.fields if not described.field.help_text] == []


def test_a_form_of_a_new_record_is_empty_but_for_its_defaults(desk):
    fields = form_of(desk.get("/admin/interventions/project/add/"))

    given = {name: values for name, values in fields.items() if values not in ([""], [])}
    assert given.keys() - {"token", "csrfmiddlewaretoken"} == {"base", "kind", "language"}
    assert factories.make_project().language == "en"
    assert given["language"] == ["English (en)"]
