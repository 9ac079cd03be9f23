"""Tables out and in: what comes back is what went out, and every wrong row is told at once."""

import csv
import io

import pytest
from django.test import override_settings

from clusters.actions.table_rows import TableRows
from clusters.formats.spreadsheets.columns import place_of, place_text, tables
from clusters.formats.spreadsheets.files import read, write_csv
from clusters.models import Change, Contributor, Proposal, Publication, Stakeholder, State
from interventions.models import Account, Coding, Project, Reply
from tests import factories
from tests.queue import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def researcher():
    return factories.make_user(role="researcher")


@pytest.fixture
def editor():
    """Somebody who may enter codings of others."""
    return factories.make_user(role="editor")


@pytest.fixture
def project(editor):
    """A project to be coded for one factor, fig/trust."""
    factories.make_factor(factories.make_framework(slug="fig"), key="trust")
    return factories.make_project(slug="mine", entered_by=editor)


def bring(table, rows, by, *, mode="update", is_trial=False):
    """Bring rows in, the first one being the head; return the resource, which knows all."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    resource = TableRows(tables()[table], by=by, mode=mode, reason="A test")
    resource.bring_in(read(out.getvalue().encode()), is_trial=is_trial)
    return resource


def wrong(resource):
    return [
        (problem.row, problem.column, problem.value, problem.message)
        for problem in sorted(resource.wrong)
    ]


def out_of(table, by):
    """Return a table as the rows of its file, by their columns."""
    resource = TableRows(tables()[table], by=by)
    content = write_csv(tables()[table], resource.exported(), remarks=False)
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.mark.parametrize("name", tables())
def test_every_table_comes_back_as_it_went_out(seeded, administrator, name):
    table = tables()[name]
    rows = TableRows(table, by=administrator).exported()
    if not rows:
        assert name in ("projects-accounts-replies", "stakeholders-identifiers")
        return

    back = TableRows(table, by=administrator)
    back.bring_in(read(write_csv(table, rows, remarks=False)), is_trial=True)

    assert wrong(back) == []
    assert (back.plan.changed, back.plan.created) == ({}, [])
    assert back.changing == len(rows)


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({}, "paper | page | 3"),
        ({"for": "title"}, "paper | page | 3 | title"),
        ({"stance": "disputes"}, "paper | page | 3 |  | disputes"),
        ({"not_for": ["aims", "title"]}, "paper | page | 3 | not aims, title"),
    ],
)
def test_a_line_of_a_cell_is_a_citation_and_back(about, words):
    citation = {"publication": "paper", "page": "3", **about}

    assert place_text(citation) == words
    assert place_of(words) == citation


def test_a_row_makes_a_draft_with_everything_in_it(researcher):
    paper = factories.make_publication(slug="paper")
    head = [
        "slug",
        "title",
        "aliases",
        "actual_start",
        "actual_start_printed",
        "stated_months",
        "citations",
    ]
    row = [
        "jalandhar",
        "Jalandhar",
        "Balls; Gloves",
        "2006-09/2006-12",
        "late 2006",
        "18",
        "paper | page | 12\npaper | table | 2 | title | disputes",
    ]

    done = bring("projects", [head, row], researcher)

    assert wrong(done) == []
    made = Project.objects.get()
    assert (made.slug, made.title, made.aliases) == ("jalandhar", "Jalandhar", ["Balls", "Gloves"])
    assert (made.state, made.entered_by, made.stated_months) == (State.DRAFT, researcher, 18)
    assert (str(made.actual_start), made.actual_start_printed) == ("2006-09/2006-12", "late 2006")
    places = {
        (use.citation.locator_type, use.citation.locator, use.field, use.stance)
        for use in made.citations.all()
    }
    assert places == {("page", "12", "", "supports"), ("table", "2", "title", "disputes")}
    assert {use.citation.publication for use in made.citations.all()} == {paper}
    (again,) = out_of("projects", researcher)
    assert {name: again[name] for name in head} == dict(zip(head, row, strict=True))


def test_names_of_authors_are_read_as_people_write_them(researcher):
    text = "Khan, Farzad R.; {ILRF, Washington}; Madonna"

    assert wrong(bring("publications", [["slug", "authors"], ["a", text]], researcher)) == []

    assert Publication.objects.get().authors == [
        {"family": "Khan", "given": "Farzad R."},
        {"literal": "ILRF, Washington"},
        {"family": "Madonna"},
    ]
    assert out_of("publications", researcher)[0]["authors"] == text


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_saved(editor, project):
    for slug in ("ana", "ben", "eva"):
        factories.make_coder(slug=slug)
    head = ["project", "key", "factor", "coder", "score", "rationale", "citations"]
    right = ["fig/trust", "ana", "1", "Because.", ""]

    done = bring(
        "projects-codings",
        [
            head,
            ["mine", "right", *right],
            ["mine", "a", "fig/trust", "ben", "0.5", "Because.", ""],
            ["mine", "b", "fig/nothing", "ana", "1", "", ""],
            ["nowhere", "c", *right],
            ["mine", "", *right],
            ["mine", "right", *right],
            ["mine", "d", "fig/trust", "eva", "1", "Because.", "paper, p. 3"],
            ["mine", "e", *right],
        ],
        editor,
    )

    assert wrong(done) == [
        (3, "score", "0.5", "“0.5” is not one of: 0, 0.33, 0.67, 1."),
        (4, "factor", "fig/nothing", "fig/nothing is not known (factor of Framework)."),
        (4, "rationale", "", "This is required."),
        (5, "project", "nowhere", "There is no such record: nowhere."),
        (6, "key", "", "This is required."),
        (7, "key", "right", "Row 2 is of the same."),
        (
            8,
            "citations",
            "paper, p. 3",
            "“paper, p. 3” is not a place: write publication | kind of place | place.",
        ),
        (9, "coder", "ana", "This coder has already coded this in this round."),
    ]
    assert not Coding.objects.exists()


def test_what_only_the_database_knows_is_told_at_its_row_too(editor, project):
    factories.make_coder(slug="ana")
    head = [
        "project",
        "key",
        "factor",
        "coder",
        "score",
        "missing_reason",
        "rationale",
        "citations",
    ]

    done = bring(
        "projects-codings",
        [
            head,
            ["mine", "a", "fig/trust", "ana", "1", "", "Because.", ""],
            ["mine", "b", "fig/trust", "ana", "0", "", "Because.", ""],
            ["mine", "c", "fig/nothing", "ana", "1", "", "Because.", ""],
            ["mine", "d", "fig/trust", "", "1", "not_reported", "Because.", ""],
            ["mine", "e", "fig/trust", "eva", "1", "", "Because.", "none | page | 1"],
        ],
        editor,
    )

    assert [(row, column) for row, column, _value, _message in wrong(done)] == [
        (3, "coder"),
        (4, "factor"),
        (5, "coder"),
        (5, "score"),
        (6, "citations"),
        (6, "coder"),
    ]
    said = " ".join(message for *_place, message in wrong(done))
    assert "This coder has already coded this in this round." in said
    assert "Give a score or the reason for none: one, not both." in said
    assert not Coding.objects.exists()


def test_what_is_not_there_is_to_be_entered_first_and_yes_is_true(researcher):
    head = ["slug", "name", "is_pseudonym", "group"]
    done = bring(
        "stakeholders",
        [head, ["a", "A", "No", ""], ["b", "B", "perhaps", "exporters"]],
        researcher,
    )

    assert wrong(done) == [
        (
            3,
            "group",
            "exporters",
            "exporters is not known (stakeholder group): enter it first, or correct the name.",
        ),
        (3, "is_pseudonym", "perhaps", "“perhaps” is neither true nor false."),
    ]
    factories.make_publication(slug="paper")
    head = [*head, "pseudonym_source"]
    assert wrong(bring("stakeholders", [head, ["a", "A", "Yes", "", "paper"]], researcher)) == []
    assert Stakeholder.objects.get().is_pseudonym


def test_the_head_is_looked_at_first(researcher):
    done = bring("clusters", [["name", "colour"], ["Kasur", "red"]], researcher)

    assert [problem[:3] for problem in wrong(done)][:2] == [(1, "colour", ""), (1, "slug", "")]
    assert "Known: slug, language, name" in wrong(done)[0][3]


def test_what_is_there_is_left_alone_or_changed_as_one_chooses(researcher):
    project = factories.make_project(
        slug="mine", title="Old", summary="Stays", aims="Go", entered_by=researcher
    )
    rows = [["slug", "title", "aims"], ["mine", "New", ""], ["other", "Other", ""]]

    left = bring("projects", rows, researcher, mode="skip")
    project.refresh_from_db()
    assert (left.entering, left.skipped, left.changing) == (1, 1, 0)
    assert (project.title, project.aims) == ("Old", "Go")

    changed = bring("projects", rows, researcher)
    project.refresh_from_db()
    assert (changed.entering, changed.skipped, changed.changing) == (0, 0, 2)
    # A column that is not there stays; an empty cell empties.
    assert (project.title, project.aims, project.summary) == ("New", "", "Stays")


def test_parts_of_parts_find_their_place_and_others_stay(researcher):
    project = factories.make_project(slug="mine", entered_by=researcher)
    account = factories.make_account(project, key="exit")
    other = factories.make_account(project, key="other")
    factories.make_stakeholder(slug="firm")
    head = ["project", "account", "key", "by", "when", "statement"]

    done = bring(
        "projects-accounts-replies",
        [
            head,
            ["mine", "exit", "a", "firm", "2012", "No."],
            ["mine", "none", "b", "firm", "2012", "No."],
        ],
        researcher,
    )
    assert wrong(done) == [(3, "account", "none", "There is no such record: none.")]

    assert (
        wrong(
            bring(
                "projects-accounts-replies",
                [head, ["mine", "exit", "a", "firm", "2012", "No."]],
                researcher,
            )
        )
        == []
    )
    assert Reply.objects.get().account == account
    assert set(Account.objects.all()) == {account, other}


def test_a_change_to_what_is_public_is_proposed_and_of_others_drafts_refused(researcher):
    public = factories.make_public(factories.make_project(slug="public", title="Old"))
    factories.make_project(slug="theirs", entered_by=factories.make_user(role="researcher"))
    head = ["slug", "title"]

    refused = bring("projects", [head, ["public", "New"], ["theirs", "New"]], researcher)
    assert wrong(refused) == [(3, "slug", "theirs", "You may not change this record.")]
    assert not Proposal.objects.exists()

    done = bring("projects", [head, ["public", "New"]], researcher)
    assert done.plan.proposed == {"projects/public"}
    public.refresh_from_db()
    assert (public.title, Proposal.objects.get().document["title"]) == ("Old", "New")


def test_a_published_value_without_a_place_is_told_at_its_row_and_column(researcher, administrator):
    paper_place = factories.make_place()
    factories.make_public(paper_place.publication)
    for slug in ("one", "two"):
        project = factories.make_project(slug=slug, title="Old")
        factories.cite(project, paper_place, field="title")
        factories.make_public(project)
    rows = [["slug", "title", "aims"], ["one", "New", ""], ["two", "Newer", "Less child labour."]]

    for by in (researcher, administrator):
        done = bring("projects", rows, by)
        assert wrong(done) == [(3, "aims", "Less child labour.", "This has no citation.")]
    assert (Proposal.objects.count(), Change.objects.filter(action="changed").count()) == (0, 0)


def test_who_reviews_gets_one_mail_for_all_changes_that_a_table_proposes(
    researcher, editor, mailoutbox
):
    for slug in ("one", "two", "three"):
        factories.make_public(factories.make_project(slug=slug, title="Old"))
    rows = [["slug", "title"], ["one", "New"], ["two", "New"], ["three", "Old"]]

    bring("projects", rows, researcher)
    work()

    assert {proposal.slug for proposal in Proposal.objects.all()} == {"one", "two"}
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        ([editor.email], "2 changes are proposed")
    ]
    assert "projects/one\nprojects/two" in mailoutbox[0].body


@override_settings(TWO_PERSON_REVIEW=False)
def test_who_approves_alone_changes_what_is_public_by_a_table(editor):
    for slug in ("one", "two"):
        factories.make_public(factories.make_project(slug=slug, title="Old"))

    done = bring("projects", [["slug", "title"], ["one", "New"], ["two", "Newer"]], editor)

    assert (wrong(done), done.plan.proposed) == ([], set())
    logged = Change.objects.filter(action="changed", by=editor, reason="A test")
    assert {(change.slug, change.after["title"]) for change in logged} == {
        ("one", "New"),
        ("two", "Newer"),
    }
    assert set(Project.objects.values_list("title", flat=True)) == {"New", "Newer"}


def test_people_are_added_and_changed_by_editors(researcher, editor):
    factories.make_coder(slug="ana", name="Ana")
    factories.make_coder(slug="ben", name="Ben")
    rows = [["slug", "name"], ["ana", "Ana"], ["ben", "Benjamin"], ["eva", "Eva"]]

    words = "Only an editor adds people, or changes what is said of them."
    refused = bring("contributors", rows, researcher)
    assert wrong(refused) == [(3, "slug", "ben", words), (4, "slug", "eva", words)]
    assert Contributor.objects.count() == 2

    done = bring("contributors", rows, editor)
    assert wrong(done) == []
    assert (done.plan.created, list(done.plan.changed)) == (
        ["contributors/eva"],
        ["contributors/ben"],
    )
    people = Contributor.objects.values_list("name", "consents_to_be_named")
    assert set(people) == {("Ana", False), ("Benjamin", False), ("Eva", False)}


def test_a_record_is_not_changed_twice_under_two_of_its_names(researcher):
    project = factories.make_project(slug="old", title="Old", entered_by=researcher)
    project.slug = "new"
    project.save()

    done = bring("projects", [["slug", "title"], ["old", "One"], ["new", "Two"]], researcher)

    assert wrong(done) == [(3, "slug", "new", "This record stands here twice.")]
    assert Project.objects.get().title == "Old"


def test_tables_hold_only_what_one_may_see(researcher):
    factories.make_project(slug="mine", entered_by=researcher)
    factories.make_project(slug="theirs")
    factories.make_public(factories.make_project(slug="public"))

    assert [row["slug"] for row in out_of("projects", researcher)] == ["mine", "public"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_table_is_written_in_as_many_queries_for_one_record_as_for_three(
    researcher, django_assert_num_queries, count
):
    for number in range(count):
        project = factories.make_project(slug=f"p-{number}", entered_by=researcher)
        factories.make_account(project)

    resource = TableRows(tables()["projects-accounts"], by=researcher)
    researcher.has_perm("clusters.enter_records")
    with django_assert_num_queries(11):
        assert len(resource.exported()) == count


def test_each_new_row_costs_a_few_queries(researcher, django_assert_max_num_queries):
    factories.make_project(slug="mine", entered_by=researcher)
    factories.make_factor(factories.make_framework(slug="fig"), key="trust")
    factories.make_publication(slug="paper")
    factories.make_coder(slug="ana", user=researcher)
    head = ["project", "key", "factor", "coder", "round", "score", "rationale", "citations"]
    rows = [
        [
            "mine",
            f"k-{number}",
            "fig/trust",
            "ana",
            str(number + 1),
            "1",
            "Because.",
            "paper | page | 1",
        ]
        for number in range(100)
    ]

    with django_assert_max_num_queries(100 * 8):
        assert wrong(bring("projects-codings", [head, *rows], researcher)) == []
    assert Coding.objects.count() == 100


@pytest.mark.parametrize("count", [1, 3])
def test_records_with_references_are_written_in_as_many_queries(
    researcher, django_assert_num_queries, count
):
    for _number in range(count):
        above = factories.make_stakeholder(entered_by=researcher, group=factories.make_group())
        factories.make_stakeholder(entered_by=researcher, group=above.group, part_of=above)

    researcher.has_perm("clusters.enter_records")
    with django_assert_num_queries(5):
        exported = TableRows(tables()["stakeholders"], by=researcher).exported()
    assert len(exported) == 2 * count


@pytest.mark.parametrize(("slug", "name"), [("draft", "own drafts"), ("public", "what is public")])
def test_each_changed_record_costs_a_few_queries(
    researcher, django_assert_max_num_queries, slug, name
):
    bodies = [
        factories.make_stakeholder(slug=f"{slug}-{number}", entered_by=researcher)
        for number in range(60)
    ]
    if slug == "public":
        factories.make_public(*bodies)
    rows = [[f"{slug}-{number}", f"New name {number}"] for number in range(60)]

    with django_assert_max_num_queries(60 * 9 + 60):
        assert wrong(bring("stakeholders", [["slug", "name"], *rows], researcher)) == []
    assert Proposal.objects.count() == (60 if slug == "public" else 0)
