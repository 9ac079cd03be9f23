"""A file on its way in: looked through by the worker, then brought in, all of it or nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django_tasks_db.models import DBTaskResult

from clusters.actions import uploads
from clusters.models import Upload, UploadState
from interventions.models import Project
from tests import factories
from tests.queue import work

PAGE = "/admin/desk/tables/"


@pytest.fixture
def researcher(db, client):
    user = factories.make_user(role="researcher")
    client.force_login(user)
    return user


def send(client, text, *, table="projects", mode="update", name="cases.csv"):
    answer = client.post(
        PAGE, {"table": table, "mode": mode, "file": SimpleUploadedFile(name, text)}
    )
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def test_from_a_file_to_drafts(client, researcher):
    address = send(client, b"slug,title\njalandhar,Jalandhar\n")
    assert "Waiting for its turn" in client.get(address).content.decode()
    work()
    looked = client.get(address).content.decode()
    assert "nothing is wrong" in looked
    assert "1 rows new" in looked
    assert not Project.objects.exists()

    refused = client.post(address, {"act": "apply", "reason": " "}, follow=True)
    assert "Say why" in refused.content.decode()
    client.post(address, {"act": "apply", "reason": "From our field notes"})
    work()

    assert "Brought in" in client.get(address).content.decode()
    made = Project.objects.get()
    assert (made.slug, made.entered_by) == ("jalandhar", researcher)
    kept = Upload.objects.get()
    assert (kept.state, bytes(kept.content)) == (UploadState.DONE, b"")
    events = Project.pgh_event_models["insert"].objects.get()
    assert events.pgh_context.metadata["reason"] == "From our field notes"


def test_what_is_wrong_is_shown_and_comes_as_csv(client, researcher):
    address = send(client, b"slug,title,stated_months\nBad Slug,A,many\nb,,1\n")
    work()

    page = client.get(address).content.decode()
    assert "3 things are wrong; nothing was changed" in page
    assert "“many” is not a whole number." in page
    rows = client.get(f"{address}wrong/").content.decode("utf-8-sig").splitlines()
    assert rows[0] == "Row,Column,Value,What is wrong"
    assert [row.split(",")[:2] for row in rows[1:]] == [
        ["2", "slug"],
        ["2", "stated_months"],
        ["3", "title"],
    ]
    assert client.post(address, {"act": "apply", "reason": "x"}, follow=True).status_code == 200
    work()
    assert not Project.objects.exists()


def test_a_file_that_is_no_table_is_refused_in_words(client, researcher):
    address = send(client, "slug\nß\n".encode("latin-1"))
    work()

    assert "Line 2 is not UTF-8" in client.get(address).content.decode()


def test_what_has_changed_since_one_looked_is_not_overwritten(client, researcher):
    project = factories.make_project(slug="mine", title="Old", entered_by=researcher)
    address = send(client, b"slug,title\nmine,New\n")
    work()
    Project.objects.filter(pk=project.pk).update(title="Of somebody else")

    client.post(address, {"act": "apply", "reason": "x"})
    work()

    assert "Records have changed since you looked" in client.get(address).content.decode()
    project.refresh_from_db()
    assert project.title == "Of somebody else"
    client.post(address, {"act": "again"})
    work()
    client.post(address, {"act": "apply", "reason": "x"})
    work()
    project.refresh_from_db()
    assert project.title == "New"


def test_an_unforeseen_error_changes_nothing_and_can_be_tried_again(client, researcher):
    address = send(client, b"slug,title\na,A\n")
    Upload.objects.update(table="no-such-table")
    work()
    assert DBTaskResult.objects.get().status == "FAILED"
    assert "broken off in the middle. Nothing was changed" in client.get(address).content.decode()

    Upload.objects.update(table="projects")
    client.post(address, {"act": "again"})
    work()

    assert Upload.objects.get().state == UploadState.FIT


def test_uploads_are_their_owners_alone(client, researcher):
    address = send(client, b"slug,title\na,A\n")

    client.force_login(factories.make_user(role="editor"))
    assert [client.get(page).status_code for page in (address, f"{address}wrong/")] == [404, 404]
    assert client.post(address, {"act": "again"}).status_code == 404
    client.force_login(factories.make_user(role="reader"))
    assert client.get(PAGE).status_code == 302


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"table": "users"}, "users is not one of the available choices"),
        ({"mode": "replace"}, "replace is not one of the available choices"),
        ({"file": ""}, "This field is required"),
    ],
)
def test_a_form_that_is_wrong_says_so(client, researcher, fields, said):
    form = {"table": "projects", "mode": "skip", "file": SimpleUploadedFile("a.csv", b"slug\na\n")}
    answer = client.post(PAGE, {**form, **fields})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Upload.objects.exists()


def test_the_oldest_files_make_room(client, researcher, monkeypatch):
    monkeypatch.setattr(Upload, "KEPT", 2)

    for name in ("a.csv", "b.csv", "c.csv"):
        send(client, b"slug,title\na,A\n", name=name)

    assert [upload.file_name for upload in Upload.objects.all()] == ["c.csv", "b.csv"]


@pytest.mark.django_db(transaction=True)
def test_whether_a_worker_is_still_at_it_is_known_by_its_lock():
    upload = Upload.objects.create(
        table="projects", file_name="a", content=b"", by=factories.make_user(), state="running"
    )

    assert not uploads.is_at_work(upload)
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute(f"SELECT pg_advisory_lock({uploads.LOCKS}, %s)", [upload.pk])
            assert uploads.is_at_work(upload)
            cursor.execute("SELECT pg_advisory_unlock_all()")
    finally:
        other.close()
    assert not uploads.is_at_work(upload)


@pytest.mark.django_db(transaction=True)
def test_how_far_it_is_is_seen_while_its_transaction_is_open():
    upload = Upload.objects.create(
        table="projects", file_name="a", content=b"", by=factories.make_user(), state="running"
    )

    with uploads.Progress(upload) as progress:
        progress.total = 10
        progress.step()
        progress.step()
        progress._told.wait(10)

    upload.refresh_from_db()
    assert (upload.done, upload.total) == (2, 10)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_templates_are_there_for_every_table(client, researcher, suffix):
    page = client.get(PAGE).content.decode()

    for name in ("projects", "projects-accounts-replies", "publications"):
        assert f'href="/admin/desk/tables/{name}.{suffix}"' in page
        empty = client.get(f"/admin/desk/tables/{name}.{suffix}")
        assert empty.status_code == 200
        assert empty["Content-Disposition"] == f'attachment; filename="{name}.{suffix}"'
    assert client.get(f"/admin/desk/tables/users.{suffix}").status_code == 404
    assert client.get("/admin/desk/tables/projects.exe").status_code == 404
