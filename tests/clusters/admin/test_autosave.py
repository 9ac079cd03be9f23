"""Nothing typed is lost: forms are kept on the server until they are saved."""

import uuid
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from clusters.models import FormDraft
from interventions.models import Project
from tests import factories
from tests.forms import form_of, send

pytestmark = pytest.mark.django_db

KEEP = "/admin/desk/keep/"


@pytest.fixture
def author(client):
    user = factories.make_user(role="researcher")
    client.force_login(user)
    return user


@pytest.fixture
def draft(author):
    return factories.make_project(slug="case", title="Case", entered_by=author)


def page_of(project):
    return reverse("admin:interventions_project_change", args=[project.pk])


def keep(client, page, **changes):
    """Send what the page's script sends while one types."""
    fields = form_of(page) | {name: [value] for name, value in changes.items()}
    pairs = [(name, value) for name, values in fields.items() for value in values]
    return client.post(KEEP, urlencode(pairs), content_type="application/x-www-form-urlencoded")


def test_what_was_typed_comes_back_until_it_is_saved(client, draft):
    page = client.get(page_of(draft))

    assert keep(client, page, title="Half a ti").status_code == 200
    keep(client, page, title="Half a title")
    kept = FormDraft.objects.get()

    assert "You left this form unfinished" in client.get(page_of(draft)).content.decode()
    assert f"?unfinished={kept.token}" in client.get("/admin/").content.decode()
    restored = client.get(f"{page_of(draft)}?unfinished={kept.token}")
    assert form_of(restored)["title"] == ["Half a title"]
    assert Project.objects.get().title == "Case"

    send(client, restored)
    assert Project.objects.get().title == "Half a title"
    assert not FormDraft.objects.exists()


def test_two_tabs_of_one_record_are_kept_apart(client, draft):
    first, second = client.get(page_of(draft)), client.get(page_of(draft))

    keep(client, first, title="First")
    keep(client, second, title="Second")
    send(client, first, {"title": "First"})

    kept = FormDraft.objects.get()
    restored = client.get(f"{page_of(draft)}?unfinished={kept.token}")
    assert form_of(restored)["title"] == ["Second"]


def test_a_new_record_is_kept_as_well(client, author):
    add = reverse("admin:interventions_project_add")
    keep(client, client.get(add), title="New one")

    kept = FormDraft.objects.get()
    assert (kept.kind, kept.object_id) == ("projects", None)
    assert form_of(client.get(f"{add}?unfinished={kept.token}"))["title"] == ["New one"]


def test_nobody_sees_or_overwrites_what_another_typed(client, draft):
    page = client.get(page_of(draft))
    keep(client, page, title="Mine")
    kept = FormDraft.objects.get()
    client.force_login(factories.make_user(role="editor"))

    assert client.get(f"{page_of(draft)}?unfinished={kept.token}").status_code == 404
    assert keep(client, page, title="Theirs").status_code == 400
    client.post("/admin/desk/discard/", {"token": kept.token})
    kept.refresh_from_db()
    assert "Mine" in kept.data


def test_it_can_be_thrown_away_and_brought_back(client, draft):
    keep(client, client.get(page_of(draft)), title="Mine")
    kept = FormDraft.objects.get()
    going_on = f"{page_of(draft)}?unfinished={kept.token}"

    answer = client.post("/admin/desk/discard/", {"token": kept.token, "back": page_of(draft)})

    assert answer.url == page_of(draft)
    assert f'<a href="{going_on}">Bring it back</a>' in client.get("/admin/").content.decode()
    assert going_on not in client.get("/admin/").content.decode()
    assert "You left this form unfinished" not in client.get(page_of(draft)).content.decode()

    brought_back = client.get(going_on)
    assert form_of(brought_back)["title"] == ["Mine"]
    keep(client, brought_back)
    assert going_on in client.get("/admin/").content.decode()


def test_it_is_thrown_away_from_the_front_page(client, draft):
    keep(client, client.get(page_of(draft)), title="Mine")
    token = FormDraft.objects.get().token

    sent = form_of(client.get("/admin/"), f"discard-{token}")

    assert client.post("/admin/desk/discard/", sent).url == "/admin/"
    assert FormDraft.objects.get().discarded_at is not None


@pytest.mark.parametrize("back", ["https://example.org/", "//example.org/", ""])
def test_one_is_not_sent_to_another_site(client, author, back):
    answer = client.post("/admin/desk/discard/", {"token": uuid.uuid4(), "back": back})

    assert answer.url == "/admin/"


@pytest.mark.parametrize(
    ("token", "kind"), [("no-token", "projects"), (uuid.uuid4(), "castles"), ("", "")]
)
def test_what_is_no_form_is_not_kept(client, author, token, kind):
    assert client.post(KEEP, {"token": token, "kind": kind}).status_code == 400
    assert not FormDraft.objects.exists()


def test_a_reader_keeps_nothing(client):
    client.force_login(factories.make_user(role="reader"))

    answer = client.post(KEEP, {"token": uuid.uuid4(), "kind": "projects"})

    assert answer.status_code == 302
    assert not FormDraft.objects.exists()
