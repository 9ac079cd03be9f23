"""Who may change a record in which state: one rule for every door."""

import itertools
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clusters.actions.entering import remove
from clusters.actions.publishing import set_state
from clusters.actions.reviewing import may_edit
from clusters.models import ApiToken, State
from clusters.models.access import Scope
from tests import factories
from tests.forms import send

pytestmark = pytest.mark.django_db

VILLAGE = "/api/v1/projects/village/"
ROLES = ("reader", "researcher", "author", "editor")


def user_of(role):
    return factories.make_user(role="researcher" if role == "author" else role)


def may(role, state):
    """The table: a withdrawn record rests, drafts are their author's and editors'."""
    if role == "reader" or state == State.WITHDRAWN:
        return False
    return role in ("author", "editor") or state == State.PUBLISHED


@pytest.mark.parametrize(("role", "state"), list(itertools.product(ROLES, State.values)))
def test_every_door_asks_the_same_rule(client, role, state):
    user = user_of(role)
    author = user if role == "author" else factories.make_user(role="researcher")
    project = factories.make_project(slug="village", title="Before", entered_by=author)
    if state in (State.PUBLISHED, State.WITHDRAWN):
        factories.make_public(project)
    set_state(project, state)
    expires_at = timezone.now() + timedelta(days=1)
    _token, text = ApiToken.issue(user=user, name="x", scope=Scope.WRITE, expires_at=expires_at)

    said = {"Authorization": f"Bearer {text}"}
    told = client.patch(
        f"{VILLAGE}?reason=x",
        {"title": "After"},
        content_type="application/json",
        headers={**said, "If-Match": "*"},
    )
    client.force_login(user)
    page = client.get(reverse("admin:interventions_project_change", args=[project.pk]))
    form = send(client, page, {"title": "Later"}, reason="x") if page.status_code == 200 else page

    assert may_edit(user, project) == may(role, state)
    assert (told.status_code in (200, 202)) == may(role, state), told.content
    is_saved = form is not page and form.status_code == 302
    assert is_saved == may(role, state)


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

    remove(record=paper, by=administrator)

    assert not type(paper).objects.filter(pk=paper.pk).exists()
