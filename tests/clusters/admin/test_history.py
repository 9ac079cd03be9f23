"""The history of a record at the desk: read, and restored through the form."""

import pytest
from django.urls import reverse

from clusters.actions.entering import delete
from clusters.records.history import RecordHistory
from clusters.records.serialization import document_of
from interventions.models import Project
from tests import factories
from tests.forms import form_of, send

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def author():
    return factories.make_user(role="researcher")


@pytest.fixture
def draft(client, author):
    """A case that was changed twice on its page."""
    client.force_login(author)
    factories.make_dimension(slug="work")
    send(
        client,
        client.get(reverse("admin:interventions_project_add")),
        {"title": "Case", "aims": "To act together"}
        | {
            f"outcomes-0-{name}": value
            for name, value in {
                "here": "1",
                "title": "Women lost work",
                "dimension": "work",
                "direction": "negative",
            }.items()
        },
    )
    project = Project.objects.get()
    for aims in ("Something else", "A third thing"):
        send(client, client.get(page_of(project)), {"aims": aims})
    return project


def page_of(project):
    return reverse("admin:interventions_project_change", args=[project.pk])


def history_of(project):
    return reverse("admin:interventions_project_history", args=[project.pk])


def test_it_tells_what_was_before_and_after(client, draft, author):
    page = client.get(history_of(draft)).content.decode()

    assert "<del>Something else</del>" in page
    assert "<ins>A third thing</ins>" in page
    assert page.count(author.email) == 4  # of the header, and of each act


def test_a_field_is_restored_through_the_form(client, draft):
    moment = RecordHistory(Project, draft.pk).moments[1]

    page = client.get(page_of(draft), {"before": moment.key, "where": "aims"})

    assert form_of(page)["aims"] == ["To act together"]
    assert "Nothing changes until you save it" in page.content.decode()
    assert Project.objects.get().aims == "A third thing"
    send(client, page)
    assert Project.objects.get().aims == "To act together"


def test_the_whole_record_is_restored_with_its_parts(client, draft):
    first = RecordHistory(Project, draft.pk).moments[0]
    draft.outcomes.all().delete()

    send(client, client.get(page_of(draft), {"as-of": first.key}))

    assert document_of(Project.objects.get()) == first.document
    assert Project.objects.get().outcomes.get().title == "Women lost work"


@pytest.mark.parametrize(
    "query", [{"as-of": "yesterday"}, {"before": "x", "where": "aims"}, {"before": "", "where": ""}]
)
def test_what_never_was_is_not_restored(client, draft, query):
    assert client.get(page_of(draft), query).status_code == 404


@pytest.mark.parametrize("how", ["at the desk", "by raw SQL"])
def test_a_deleted_record_comes_back_whole_under_its_number(client, draft, author, how):
    before = document_of(Project.objects.get())
    number = draft.pk
    if how == "at the desk":
        delete(record=draft, by=author)
    else:
        draft.delete()
    editor = factories.make_user(role="editor")

    client.force_login(factories.make_user(role="researcher"))
    assert client.get(history_of(Project(pk=number))).status_code == 404
    client.force_login(editor)
    assert "It is deleted." in client.get(history_of(Project(pk=number))).content.decode()
    client.post(history_of(Project(pk=number)))

    back = Project.objects.get()
    assert (back.pk, back.state, back.entered_by) == (number, "draft", author)
    assert document_of(back) == before


def test_the_history_of_another_ones_draft_is_not_shown(client, draft):
    client.force_login(factories.make_user(role="researcher"))

    assert client.get(history_of(draft)).status_code == 404


@pytest.mark.parametrize("role", ["researcher", "editor"])
def test_notes_for_editors_stay_out_of_what_others_read(client, role):
    paper = factories.make_public(factories.make_publication())
    hidden = factories.make_stakeholder(
        name="IDA", is_pseudonym=True, pseudonym_source=paper, pseudonym_note="Words of editors"
    )
    factories.make_public(hidden)
    client.force_login(factories.make_user(role=role))

    address = reverse("admin:clusters_stakeholder_history", args=[hidden.pk])
    page = client.get(address).content.decode()

    assert "IDA" in page
    assert ("Words of editors" in page) == (role == "editor")
