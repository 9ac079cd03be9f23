"""What each role may at the desk, cell by cell."""

import pytest
from django.contrib import admin
from django.test import RequestFactory

from clusters.admin.site import _is_account, _is_part, _is_record, _is_tie
from clusters.models import (
    Alias,
    Change,
    Citation,
    Comment,
    Contributor,
    Correction,
    DeletedRecord,
    Import,
    ImportedRecord,
    Invitation,
    Proposal,
    Redaction,
    ReviewStep,
)
from clusters.models.people import GroupMembership, PermissionGrant
from interventions.models import CodingRound, Project
from tests import factories

pytestmark = pytest.mark.django_db

ROLES = ("nobody", "reader", "researcher", "editor", "administrator")
REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
EVERYTHING = {"view", "add", "change", "delete"}
# Kinds of pages, and what reader, researcher, editor and administrator may with them.
PAGES = {
    "records": (set(), EVERYTHING, EVERYTHING, EVERYTHING),
    "parts": (set(), {"view"}, {"view"}, {"view"}),
    "contributors": (set(), {"view"}, EVERYTHING, EVERYTHING),
    "rounds": (set(), {"view"}, EVERYTHING, EVERYTHING),
    "proposals": (set(), {"view"}, {"view"}, {"view"}),
    "corrections": (set(), set(), {"view", "change", "delete"}, {"view", "change", "delete"}),
    "books": (set(), set(), {"view"}, {"view"}),
    "accounts": (set(), set(), set(), {"view", "change"}),
    "invitations": (set(), set(), set(), {"view", "add"}),
    "tokens": (set(), set(), set(), {"view"}),
}
BOOKS = (Alias, Change, Citation, Comment, Import, ImportedRecord, Redaction, ReviewStep)


def kind_of(model):
    if _is_record(model):
        return "records"
    if _is_part(model) or _is_tie(model):
        return "parts"
    if model in (Proposal, DeletedRecord):
        return "proposals"
    if model in (GroupMembership, PermissionGrant) or model.__name__ in ("ApiToken", "Mail"):
        return "tokens"
    if model is CodingRound:
        return "rounds"
    if model is Invitation:
        return "invitations"
    if _is_account(model):
        return "accounts"
    kinds = {Contributor: "contributors", Correction: "corrections"}
    return kinds.get(model) or ("books" if model in BOOKS else None)


def asked_by(role):
    request = RequestFactory().get("/")
    known = role if role != "nobody" else None
    request.user = factories.make_user(role=known)
    return request


def allowed(page, request, record=None):
    asks = {
        "view": page.has_view_permission,
        "change": page.has_change_permission,
        "delete": page.has_delete_permission,
    }
    found = {verb for verb, may in asks.items() if may(request, record)}
    return found | ({"add"} if record is None and page.has_add_permission(request) else set())


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_what_each_role_may_with_each_kind_of_page(model, role):
    column = max(0, ROLES.index(role) - 1)

    assert (
        allowed(admin.site.get_model_admin(model), asked_by(role)) == PAGES[kind_of(model)][column]
    )


# What reader, researcher and editor may with one record, by its state and whose it is.
RECORDS = {
    ("draft", "own"): (None, {"view", "change", "delete"}, {"view", "change", "delete"}),
    ("draft", "another's"): (None, None, {"view", "change", "delete"}),
    ("returned", "own"): (None, {"view", "change", "delete"}, {"view", "change", "delete"}),
    ("in_review", "own"): (None, {"view", "change", "delete"}, {"view", "change", "delete"}),
    ("in_review", "another's"): (None, None, {"view", "change", "delete"}),
    ("published", "own"): (None, {"view", "change"}, {"view", "change"}),
    ("published", "another's"): (None, {"view", "change"}, {"view", "change"}),
    ("withdrawn", "own"): (None, {"view"}, {"view"}),
    ("withdrawn", "another's"): (None, None, {"view"}),
}


@pytest.mark.parametrize("role", ["reader", "researcher", "editor"])
@pytest.mark.parametrize(("state", "whose"), RECORDS)
def test_what_each_role_may_with_one_record(state, whose, role):
    request = asked_by(role)
    owner = request.user if whose == "own" else factories.make_user(role="researcher")
    record = factories.make_project(entered_by=owner, state=state)
    page = admin.site.get_model_admin(Project)
    wanted = RECORDS[state, whose][("reader", "researcher", "editor").index(role)]

    seen = page.get_queryset(request).filter(pk=record.pk).exists()
    if wanted is None:
        assert not (seen and page.has_view_permission(request, record))
        assert allowed(page, request, record) & {"change", "delete"} == (
            {"change"} if state == "published" and role != "reader" else set()
        )
    else:
        assert seen
        assert allowed(page, request, record) == wanted


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("nobody", 302),
        ("reader", 302),
        ("researcher", 200),
        ("editor", 200),
        ("administrator", 200),
    ],
)
def test_who_may_sit_at_the_desk(client, role, status):
    client.force_login(factories.make_user(role=None if role == "nobody" else role))

    assert client.get("/admin/").status_code == status
    answer = client.get("/admin/interventions/project/add/")
    assert answer.status_code == status


def test_whoever_is_not_signed_in_is_sent_there_and_back(client):
    answer = client.get("/admin/interventions/project/add/", follow=True)

    assert (
        answer.redirect_chain[-1][0] == "/sign-in/?next=%2Fadmin%2Finterventions%2Fproject%2Fadd%2F"
    )


def test_administrators_give_roles_but_make_nobody_more_than_they_are(client):
    client.force_login(factories.make_user(role="administrator"))
    above = factories.make_user(is_superuser=True)
    other = factories.make_user()

    page = client.get(f"/admin/clusters/user/{other.pk}/change/").content.decode()

    assert 'name="is_superuser"' not in page
    assert 'name="groupmembership_set-0-group"' in page or "groupmembership_set" in page
    client.post(f"/admin/clusters/user/{above.pk}/change/", {"email": "taken@example.org"})
    above.refresh_from_db()
    assert above.email != "taken@example.org"
