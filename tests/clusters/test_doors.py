"""Who may change a record in which state: one rule for every door."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clusters.actions.entering import delete
from clusters.actions.loading import apply, preview
from clusters.actions.permissions import Becomes, becomes
from clusters.actions.publishing import set_state
from clusters.actions.table_rows import TableRows
from clusters.formats.spreadsheets.columns import tables
from clusters.formats.spreadsheets.files import read
from clusters.models import ApiToken, Proposal, State
from clusters.models.access import Scope
from clusters.records.schema import record_schema
from clusters.records.serialization import document_of
from clusters.records.validation import CaseFilesRefused, read_value
from interventions.models import Project
from tests import factories
from tests.forms import send

pytestmark = pytest.mark.django_db

VILLAGE = "/api/v1/projects/village/"
ROLES = ("reader", "researcher", "author", "editor")


def user_of(role):
    return factories.make_user(role="researcher" if role == "author" else role)


def by_api(client, user, project):
    expires_at = timezone.now() + timedelta(days=1)
    _token, text = ApiToken.issue(user=user, name="x", scope=Scope.WRITE, expires_at=expires_at)
    client.patch(
        f"{VILLAGE}?reason=x",
        {"title": "After"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {text}", "If-Match": "*"},
    )


def by_admin(client, user, project):
    client.force_login(user)
    page = client.get(reverse("admin:interventions_project_change", args=[project.pk]))
    if page.status_code == 200:
        send(client, page, {"title": "After"}, reason="x")


def by_case_file(client, user, project):
    document = {**document_of(project, public=True), "title": "After"}
    case_file, _problems = read_value("village.yaml", document, record_schema(type(project)))
    with suppress(CaseFilesRefused):
        plan = preview(files=[case_file], by=user)
        apply(files=[case_file], by=user, reason="x", versions=plan.versions)


def by_table(client, user, project):
    resource = TableRows(tables()["projects"], by=user, mode="update", reason="x")
    resource.bring_in(read(b"slug,title\nvillage,After\n"), is_trial=False)


DOORS = {"api": by_api, "admin": by_admin, "case file": by_case_file, "table": by_table}


def expected(role, state, two_person_review):
    """The table: a withdrawn record rests, drafts are their author's and editors'."""
    if role == "reader" or state == State.WITHDRAWN:
        return Becomes.REFUSED
    if state == State.PUBLISHED:
        is_alone = role == "editor" and not two_person_review
        return Becomes.CHANGE if is_alone else Becomes.PROPOSAL
    return Becomes.EDIT if role in ("author", "editor") else Becomes.REFUSED


def became(project):
    """What came of a wish, by what is stored."""
    if Proposal.objects.exists():
        return Becomes.PROPOSAL
    now = Project.objects.get(pk=project.pk)
    if now.title != "After":
        return Becomes.REFUSED
    return Becomes.CHANGE if now.is_published else Becomes.EDIT


@pytest.mark.parametrize("two_person_review", [True, False], ids=["two people", "one person"])
@pytest.mark.parametrize("state", State.values)
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("door", DOORS)
def test_a_wish_becomes_the_same_through_every_door(
    client, settings, door, role, state, two_person_review
):
    settings.TWO_PERSON_REVIEW = two_person_review
    user = user_of(role)
    author = user if role == "author" else factories.make_user(role="researcher")
    project = factories.make_project(slug="village", title="Before", entered_by=author)
    if state in (State.PUBLISHED, State.WITHDRAWN):
        factories.make_public(project)
    set_state(project, state)

    assert becomes(project, user) is expected(role, state, two_person_review)
    DOORS[door](client, user, project)
    assert became(project) is expected(role, state, two_person_review)


def test_only_who_may_enter_makes_a_draft():
    assert becomes(None, user_of("reader")) is Becomes.REFUSED
    assert becomes(None, user_of("researcher")) is Becomes.NEW_DRAFT


def test_a_private_note_is_shown_to_editors_only(client):
    paper = factories.make_publication()
    body = factories.make_stakeholder(is_pseudonym=True, pseudonym_source=paper)
    factories.make_public(body, paper)
    type(body).objects.filter(pk=body.pk).update(pseudonym_note="SENTINEL")
    address = reverse("admin:clusters_stakeholder_change", args=[body.pk])
    shown = []
    for role in ("researcher", "editor"):
        client.force_login(factories.make_user(role=role))
        shown.append("SENTINEL" in client.get(address).content.decode())

    assert shown == [False, True]


def test_a_title_of_anothers_draft_is_not_told_to_who_guesses_its_slug(client):
    factories.make_cluster(slug="secret", name="SENTINEL", entered_by=factories.make_user())
    client.force_login(factories.make_user(role="researcher"))

    page = client.post(
        reverse("admin:interventions_project_add"), {"act": "save", "clusters": "secret"}
    )

    assert "SENTINEL" not in page.content.decode()


def test_a_draft_publication_that_was_cited_once_can_be_deleted(administrator):
    paper = factories.make_publication()
    project = factories.make_project()
    factories.cite(project, factories.make_place(paper))
    project.citations.all().delete()

    delete(record=paper, by=administrator)

    assert not type(paper).objects.filter(pk=paper.pk).exists()
