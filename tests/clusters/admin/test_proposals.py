"""Proposals and deleted drafts at the desk, and the roles that see them."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.html import strip_tags

from clusters.actions.entering import create, delete
from clusters.actions.proposing import propose
from clusters.models import DeletedRecord, Proposal
from clusters.models.roles import ROLES, may_enter, may_review
from clusters.records.display import field_words, value_words
from clusters.records.schema import record_schema
from clusters.records.serialization import document_of
from interventions.models import Project
from tests import factories

pytestmark = pytest.mark.django_db

ACCOUNT = "Accounts › early › As a reason for how it ended"
REPLY = "Accounts › early › Replies › first › By"


START = "late 2006 (“end of 2006”)"
PART = {
    "key": "early",
    "reason_for_ending": "main",
    "replies": [{"key": "a"}],
    "citations": [
        {"publication": "fayyaz-2017", "section": "Findings", "for": "reason_for_ending"},
        {"publication": "khan-2007", "page": "3", "stance": "disputes"},
    ],
}
PART_WORDS = """As a reason for how it ended: A main reason
Replies: 1
Citations: fayyaz-2017, Findings (As a reason for how it ended)
khan-2007, p. 3 (disputes it)"""


@pytest.fixture
def proposal():
    project = factories.make_public(factories.make_project(slug="village", title="Village"))
    base = document_of(project, public=True)
    return propose(
        record=project,
        base=base,
        document={**base, "title": "Soccer Village"},
        by=factories.make_user(),
        reason="The source says so",
    )


def address(proposal):
    return reverse("admin:clusters_proposal_change", args=[proposal.pk])


def source_of(page, field):
    """Return what the page of a proposal says of the source of one value, in one line."""
    (row,) = re.findall(rf'<th scope="row">{field}</th>(.*?)</tr>', page, re.S)
    cell = re.findall(r"<td>(.*?)</td>", row, re.S)[-1]
    return " ".join(unescape(strip_tags(cell)).split())


def test_each_value_stands_with_what_bears_it(client):
    project = factories.make_public(factories.make_project(slug="village", aims="Old"))
    base = document_of(project, public=True)
    place = {"publication": "paper", "section": "Findings, para 2", "for": "aims"}
    whole = base["citations"][0]
    factories.make_public(factories.make_publication(slug="paper"))
    changed = {"title": "New", "aims": "New", "citations": [whole, place]}
    made = propose(
        record=project,
        base=base,
        document={**base, **changed},
        by=factories.make_user(),
        reason="The source says so",
    )
    client.force_login(factories.make_user(role="editor"))
    page = client.get(address(made)).content.decode()

    said = f"{whole['publication']}, Section 1, para 1"
    before = "Before this change the whole record was cited:"
    assert source_of(page, "Title") == f"No source. {before} {said}"
    assert source_of(page, "Aims") == "paper, Findings, para 2 (Aims)"
    assert source_of(page, "Citations") == ""


def title():
    return Project.objects.get(slug="village").title


@pytest.mark.parametrize(
    ("role", "enters", "reviews"),
    [
        (None, False, False),
        ("reader", False, False),
        ("researcher", True, False),
        ("editor", True, True),
        ("administrator", True, True),
    ],
)
def test_what_each_role_may(role, enters, reviews):
    user = factories.make_user()
    if role:
        user.groups.add(Group.objects.get(name=role))

    assert (may_enter(user), may_review(user)) == (enters, reviews)
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)


def test_an_inactive_user_may_nothing():
    user = factories.make_user(is_active=False)
    user.groups.add(Group.objects.get(name="editor"))

    assert (may_enter(user), may_review(user)) == (False, False)


def test_an_editor_sees_what_changes_and_approves_it(desk, proposal):
    page = desk.get(address(proposal)).content.decode()
    assert "<del>Village</del>" in page
    assert "<ins>Soccer Village</ins>" in page
    assert '<th scope="row">Title</th>' in page

    answer = desk.post(address(proposal), {"act": "approve", "answer": "Thank you"}, follow=True)
    assert answer.redirect_chain == [(address(proposal), 302)]
    assert "Approved: the public sees it." in answer.content.decode()
    proposal.refresh_from_db()
    assert (proposal.state, proposal.answer) == ("approved", "Thank you")
    assert title() == "Soccer Village"


@pytest.mark.parametrize(
    ("where", "kind", "words"),
    [
        (("title",), "projects", "Title"),
        (("ending_note",), "projects/imac", "How it ended"),
        (("accounts", "early", "reason_for_ending"), "projects", ACCOUNT),
        ("accounts.early.reason_for_ending", "projects", ACCOUNT),
        (("accounts", "early"), "projects", "Accounts › early"),
        (("accounts", "early", "replies", "first", "by"), "projects", REPLY),
        (("accounts", "early", "citations"), "projects", "Accounts › early › Citations"),
        (("gone_field",), "no-such-kind", "Gone field"),
    ],
)
def test_fields_are_called_as_their_forms_call_them(where, kind, words):
    assert field_words(where, kind) == words


@pytest.mark.parametrize(
    ("where", "value", "words"),
    [
        (("title",), "Village", "Village"),
        (("ending",), "ended_by_donor", "Ended early by the donor"),
        (("actual_start",), {"edtf": "[2006-09..2006-12]", "printed": "end of 2006"}, START),
        (("aliases",), ["Balls", "Gloves"], "Balls; Gloves"),
        (("issues",), ["child_labour"], "Child labour"),
        (("codings", "early", "score"), "0.33", "More absent than present (0.33)"),
        (("citations",), [{"publication": "fayyaz-2017", "page": "12"}], "fayyaz-2017, p. 12"),
        (("accounts", "early"), PART, PART_WORDS),
        (("actual_start",), {"edtf": "2006-33"}, "2006-33"),
        (("actual_start",), {"edtf": "", "printed": "lately"}, "(“lately”)"),
        (("citations",), [{"publication": "old"}], "publication: old"),
        (("gone",), {"of_old": [True, 2]}, "of old: Yes; 2"),
    ],
)
def test_values_are_said_as_their_forms_say_them(where, value, words):
    assert value_words(value, where, "projects") == words
    assert value_words(value, ".".join(where), "projects/imac") == words


def test_authors_are_said_by_their_names():
    authors = [{"family": "Khan", "given": "F. R."}, {"literal": "ILRF"}]

    assert value_words(authors, ("authors",), "publications") == "Khan, F. R.; ILRF"


def test_a_proposal_is_returned_with_a_reason_only(desk, proposal):
    desk.post(address(proposal), {"act": "return", "answer": ""})
    proposal.refresh_from_db()
    assert proposal.state == "open"

    desk.post(address(proposal), {"act": "return", "answer": "Which page?"})
    proposal.refresh_from_db()
    assert (proposal.state, proposal.answer) == ("returned", "Which page?")
    assert title() == "Village"


def test_a_conflict_is_shown_and_decided(desk, proposal):
    Project.objects.filter(slug="village").update(title="Otherwise")

    page = desk.post(address(proposal), {"act": "approve"}).content.decode()
    assert "Otherwise" in page
    assert "Approve, with what is proposed" in page
    assert title() == "Otherwise"
    desk.post(address(proposal), {"act": "approve-proposed"})
    assert title() == "Soccer Village"


def test_ones_own_proposal_is_for_somebody_else(desk, proposal, administrator):
    Proposal.objects.update(by=administrator)

    assert "it is your own" in desk.get(address(proposal)).content.decode()
    desk.post(address(proposal), {"act": "approve"})
    assert title() == "Village"


def test_a_researcher_sees_proposals_of_ones_own_only(client, proposal):
    user = factories.make_user(role="researcher")
    client.force_login(user)
    listed = reverse("admin:clusters_proposal_changelist")

    assert client.get(address(proposal)).status_code == 404
    assert "The source says so" not in client.get(listed).content.decode()

    Proposal.objects.update(by=user)
    page = client.get(address(proposal)).content.decode()
    assert "The source says so" in client.get(listed).content.decode()
    assert "Take it back" in page
    assert ">Approve<" not in page


def test_its_author_takes_a_proposal_back(client, proposal):
    client.force_login(proposal.by)
    proposal.by.groups.add(Group.objects.get(name="researcher"))

    client.post(address(proposal), {"act": "take-back"})
    proposal.refresh_from_db()
    assert (proposal.state, title()) == ("taken_back", "Village")


def test_what_is_taken_of_a_proposal_leaves_other_edits_alone(desk, proposal):
    """Preferring what is proposed is about values that both changed, and no others."""
    Project.objects.filter(slug="village").update(title="Otherwise", aims="Named since")

    desk.post(address(proposal), {"act": "approve-proposed"})
    assert (title(), Project.objects.get(slug="village").aims) == ("Soccer Village", "Named since")


def test_a_deleted_draft_comes_back_from_the_desk(desk, administrator):
    (project,) = create(
        shape=record_schema(Project), values=[{"slug": "gone", "title": "Gone"}], by=administrator
    )
    removal = delete(record=project, by=administrator, reason="By mistake")

    desk.post(
        reverse("admin:clusters_deletedrecord_changelist"),
        {"action": "restore_selected", "_selected_action": [removal.pk]},
    )
    assert Project.objects.get(slug="gone").title == "Gone"
    assert DeletedRecord.objects.get().restored_at


def test_roles_are_given_at_the_desk(desk):
    user = factories.make_user()
    group = Group.objects.get(name="researcher")
    page = reverse("admin:clusters_user_change", args=[user.pk])

    answer = desk.post(
        page,
        {
            "email": user.email,
            "is_active": "on",
            "groupmembership_set-TOTAL_FORMS": "1",
            "groupmembership_set-INITIAL_FORMS": "0",
            "groupmembership_set-0-group": group.pk,
            "groupmembership_set-0-user": user.pk,
        },
    )

    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert may_enter(type(user).objects.get(pk=user.pk))
