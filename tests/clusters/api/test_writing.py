"""Writes of the API: what is created, changed, proposed, refused, deleted and brought back."""

import json
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clusters.models import (
    ApiToken,
    Change,
    Cluster,
    DeletedRecord,
    IdempotentRequest,
    Proposal,
    ReviewStep,
    Root,
    Stakeholder,
)
from clusters.published import documents
from clusters.records.schema import record_schemas
from interventions.models import Account, Project
from tests import factories

pytestmark = pytest.mark.django_db

API = "/api/v1/"


class Writer:
    """A client that acts by a token of a user with one role."""

    def __init__(self, client, role, scope="write"):
        self.client = client
        self.user = factories.make_user()
        if role:
            self.user.groups.add(Group.objects.get(name=role))
        _token, self.text = ApiToken.issue(
            user=self.user, name="test", scope=scope, expires_at=timezone.now() + timedelta(1)
        )

    def __call__(self, method, path, body=None, **headers):
        return self.client.generic(
            method,
            path if path.startswith("/") else f"{API}{path}",
            b"" if body is None else json.dumps(body),
            content_type=headers.pop("content_type", "application/json"),
            HTTP_AUTHORIZATION=f"Bearer {self.text}",
            **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
        )

    def get(self, path):
        return self("GET", path)


@pytest.fixture
def researcher(client):
    return Writer(client, "researcher")


@pytest.fixture
def editor(client):
    return Writer(client, "editor")


@pytest.fixture
def village():
    """A published project with one account, and what it names."""
    project = factories.make_project(slug="village", title="Village")
    framework = factories.make_framework(slug="frame")
    factor = factories.make_factor(framework, key="exit", name="Early exit")
    account = factories.make_account(project, key="position", factor=factor, statement="It was so.")
    factories.make_public(project, framework, account.stakeholder_group)
    return project


def tag(writer, path):
    return writer.get(path)["ETag"]


CASE = {
    "slug": "jalandhar-project",
    "title": "Jalandhar project",
    "actual_start": {"edtf": "1998", "printed": "in 1998"},
    "issues": ["child_labour"],
}


def test_a_researcher_creates_a_draft_that_the_public_does_not_see(researcher, client):
    made = researcher("POST", "projects/", CASE)

    assert made.status_code == 201
    assert made["Location"] == "http://testserver/api/v1/projects/jalandhar-project/"
    assert made["Cache-Control"] == "private, no-store"
    record = made.json()
    assert (record["title"], record["state"]["code"]) == ("Jalandhar project", "draft")
    assert record["actual_start"]["earliest"] == "1998-01-01"
    project = Project.objects.get()
    assert (project.state, project.entered_by) == ("draft", researcher.user)
    assert client.get(f"{API}projects/jalandhar-project/").status_code == 404
    assert client.get(f"{API}projects/").json()["count"] == 0


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"isic": "Manufacture of sports goods"}, "3230"),
        ({"isic": "3230"}, "3230"),
        ({"isic": "Sports, mostly"}, None),
        ({"isic": "x" * 5_000}, None),
    ],
)
def test_a_code_is_sent_as_it_is_called_or_written(researcher, sent, kept):
    town = {"slug": "town", "name": "Town", "country": "Pakistan", "industry": "Balls"}

    made = researcher("POST", "clusters/", town | sent)

    if kept is None:
        assert made.status_code == 400
        (error,) = made.json()["errors"]
        assert error["pointer"] == "/isic"
        assert error["detail"].startswith("Unknown ")
        assert len(error["detail"]) < 400
    else:
        assert (Cluster.objects.get().isic, Cluster.objects.get().country.code) == (kept, "PK")


def test_a_draft_is_seen_by_its_author_and_by_editors_only(researcher, editor, client):
    researcher("POST", "projects/", CASE)
    other, reader = Writer(client, "researcher"), Writer(client, "reader")

    def seen(who):
        return (
            who.get("projects/jalandhar-project/").status_code,
            who.get("projects/?state=draft").json().get("count"),
        )

    assert seen(researcher) == (200, 1)
    assert seen(editor) == (200, 1)
    assert seen(other) == (404, 0)
    assert seen(reader) == (404, 0)
    assert client.get(f"{API}projects/?state=draft").status_code == 401
    for path in ("projects/jalandhar-project/", "projects/jalandhar-project/history/"):
        answer = researcher.get(path)
        assert answer["Cache-Control"] == "private, no-store"
        assert client.get(f"{API}{path}").status_code == 404
    assert answer.json() == {"results": []}


def test_a_list_of_drafts_costs_the_same_for_one_and_for_three(
    researcher, django_assert_num_queries
):
    for count in (1, 3):
        while Project.objects.count() < count:
            researcher("POST", "projects/", {**CASE, "slug": f"case-{Project.objects.count()}"})
        with django_assert_num_queries(16):
            assert researcher.get("projects/?state=draft").json()["count"] == count


@pytest.mark.parametrize(
    ("role", "scope", "status"),
    [
        (None, "write", 403),
        ("reader", "write", 403),
        ("researcher", "write", 201),
        ("editor", "write", 201),
        ("administrator", "write", 201),
        ("researcher", "read", 403),
        ("editor", "read", 403),
    ],
)
def test_who_may_create(client, role, scope, status):
    writer = Writer(client, role, scope)

    assert writer("POST", "projects/", CASE).status_code == status
    assert Project.objects.count() == (status == 201)


def test_nobody_in_particular_may_not_write(client, village):
    for method, path in (
        ("POST", "projects/"),
        ("PATCH", "projects/village/"),
        ("DELETE", "projects/village/"),
        ("POST", "accounts/"),
        ("DELETE", "accounts/village/says/"),
    ):
        answer = client.generic(method, API + path, "{}", content_type="application/json")
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "change",
    [
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"revoked_at": timezone.now()},
        {"digest": "0" * 64},
    ],
)
def test_a_token_that_is_no_good_opens_nothing(researcher, change):
    ApiToken.objects.update(**change)

    assert researcher("POST", "projects/", CASE).status_code == 401
    assert researcher.get("projects/").status_code == 401


def test_a_token_of_somebody_who_left_opens_nothing(researcher):
    researcher.user.is_active = False
    researcher.user.save()

    assert researcher("POST", "projects/", CASE).status_code == 401


def test_every_mistake_is_told_at_once_with_a_pointer(researcher):
    factories.make_framework(slug="frame")
    body = {
        **CASE,
        "slug": "Not A Slug",
        "colour": "green",
        "stated_months": "many",
        "actual_start": "someday",
        "accounts": [
            {
                "key": "one",
                "informant": "a",
                "position": "perhaps",
                "statement": "x",
                "reporting": "paraphrased",
            }
        ],
        "citations": [{"publication": "nowhere", "section": "1"}],
    }

    answer = researcher("POST", "projects/", body)

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    told = {error["pointer"] for error in answer.json()["errors"]}
    assert told >= {
        "/colour",
        "/stated_months",
        "/accounts/0/position",
        "/accounts/0/stakeholder_group",
    }
    assert told >= {"/slug", "/actual_start", "/citations/0"}
    assert not Project.objects.exists()


@pytest.mark.parametrize(
    "body",
    ["", "{", "[1, 2", '"text"', "[]", "null", "12", '{"slug": null}', '{"title": ["a"]}', "[[]]"],
)
def test_what_is_no_record_is_refused(researcher, body):
    answer = researcher.client.post(
        f"{API}projects/",
        body,
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {researcher.text}",
    )

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("latitude", "NaN"),
        ("latitude", "1e999999999"),
        ("name", "a\x00b"),
        ("name", "a" * 121),
        ("products", ["a\x00b"]),
        ("country", "XX"),
        ("language", 12 * "x" + "yyyy"),
    ],
)
def test_values_that_no_column_takes_are_refused(researcher, field, value):
    body = {"slug": "a", "name": "A", "country": "PK", "industry": "Shoes", field: value}

    answer = researcher("POST", "clusters/", body)

    assert answer.status_code == 400, answer.content
    assert {error["pointer"].split("/")[1] for error in answer.json()["errors"]} <= {
        field,
        "longitude",
        "",
    }
    assert not Cluster.objects.exists()


def test_many_are_created_all_or_none_with_the_errors_of_every_row(researcher):
    rows = [{**CASE, "slug": f"case-{number}"} for number in range(3)]
    bad = [rows[0], {**rows[1], "ending": "vanished"}, {**rows[2], "slug": "case-0"}]

    answer = researcher("POST", "projects/", bad)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/1/ending", "/2/slug"]
    assert not Project.objects.exists()

    answer = researcher("POST", "projects/", rows)
    assert answer.status_code == 201
    assert [project["slug"] for project in answer.json()["results"]] == [
        "case-0",
        "case-1",
        "case-2",
    ]
    assert Project.objects.count() == 3


def test_a_request_with_a_key_is_carried_out_once(researcher):
    first = researcher("POST", "projects/", CASE, idempotency_key="one")
    again = researcher("POST", "projects/", CASE, idempotency_key="one")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again["Idempotency-Replayed"] == "true"
    assert again["Location"] == first["Location"]
    assert again.json() == first.json()
    assert Project.objects.count() == 1
    other = researcher("POST", "projects/", {**CASE, "slug": "other"}, idempotency_key="one")
    assert other.status_code == 422
    assert Project.objects.count() == 1


def test_a_key_that_led_to_a_refusal_can_be_used_again_and_is_forgotten_in_a_day(researcher):
    assert researcher("POST", "projects/", {}, idempotency_key="one").status_code == 400
    assert researcher("POST", "projects/", CASE, idempotency_key="one").status_code == 201

    IdempotentRequest.objects.update(at=timezone.now() - timedelta(days=2))
    researcher("POST", "projects/", {**CASE, "slug": "other"}, idempotency_key="two")
    assert list(IdempotentRequest.objects.values_list("key", flat=True)) == ["two"]


def test_a_key_is_ones_own(researcher, editor):
    researcher("POST", "projects/", CASE, idempotency_key="one")
    answer = editor("POST", "projects/", {**CASE, "slug": "other"}, idempotency_key="one")

    assert answer.status_code == 201


def test_a_draft_is_changed_as_its_tag_says(researcher):
    researcher("POST", "projects/", CASE)
    path = "projects/jalandhar-project/"
    first = tag(researcher, path)

    changed = researcher("PATCH", path, {"title": "New", "actual_start": None}, if_match=first)

    assert changed.status_code == 200
    assert (changed.json()["title"], changed.json()["actual_start"]) == ("New", None)
    assert changed["ETag"] != first
    assert changed["ETag"] == tag(researcher, path)
    stale = researcher("PATCH", path, {"title": "Newer"}, if_match=first)
    assert stale.status_code == 412
    assert stale.json()["type"] == "/api/v1/problems/changed-meanwhile/"
    missing = researcher("PATCH", path, {"title": "Newer"})
    assert missing.status_code == 428
    assert Project.objects.get().title == "New"


@pytest.mark.parametrize("ending", ["-br", "-gzip", ""])
def test_if_match_takes_the_tag_of_any_coding(researcher, ending):
    researcher("POST", "projects/", CASE)
    path = "projects/jalandhar-project/"
    plain = tag(researcher, path)

    answer = researcher("PATCH", path, {"title": "N"}, if_match=f'"other", {plain[:-1]}{ending}"')

    assert answer.status_code == 200


@pytest.mark.parametrize("weak", ['W/"1-0123456789abcdef-x"', '"nonsense"', '"1"', "1"])
def test_if_match_takes_no_other_tag(researcher, weak):
    researcher("POST", "projects/", CASE)

    answer = researcher("PATCH", "projects/jalandhar-project/", {"title": "N"}, if_match=weak)

    assert answer.status_code == 412


def test_a_researchers_change_of_what_is_public_waits_for_an_editor(
    researcher, editor, client, village
):
    path = "projects/village/?reason=The+source+says+so"
    seen = tag(researcher, "projects/village/")

    proposed = researcher("PATCH", path, {"title": "Soccer Village"}, if_match=seen)

    assert proposed.status_code == 202
    proposal = proposed.json()
    assert proposed["Location"] == proposal["url"]
    assert proposal["changes"] == [
        {"field": "title", "before": "Village", "after": "Soccer Village"}
    ]
    assert client.get(f"{API}projects/village/").json()["title"] == "Village"
    last = Change.objects.first()

    number = proposal["id"]
    approved = editor("POST", f"proposals/{number}/approve/", {"answer": "Thank you"})
    assert approved.status_code == 200
    assert approved.json()["state"] == "approved"
    assert client.get(f"{API}projects/village/").json()["title"] == "Soccer Village"
    change = Change.objects.first()
    assert change.number == last.number + 1
    assert (change.action, change.reason) == ("changed", "The source says so")
    again = editor("POST", f"proposals/{number}/approve/", {})
    assert again.status_code == 409


def test_what_is_changed_is_not_borne_by_an_older_citation_of_the_whole_record(researcher):
    paper = factories.make_public(factories.make_publication(slug="paper"))
    whole = {"publication": paper.slug, "section": "Findings, para 1"}
    made = researcher("POST", "projects/", {**CASE, "citations": [whole]}).json()
    assert [citation["not_for"] for citation in made["citations"]] == [[]]
    path = f"projects/{CASE['slug']}/"

    changed = researcher("PATCH", path, {"aims": "To sell"}, if_match=tag(researcher, path)).json()
    assert [citation["not_for"] for citation in changed["citations"]] == [["aims"]]

    same = researcher("PATCH", path, changed, if_match=tag(researcher, path)).json()
    assert same["citations"] == changed["citations"]

    holds = {"citations": [{**whole, "not_for": []}]}
    said = researcher("PATCH", path, holds, if_match=tag(researcher, path)).json()
    assert [citation["not_for"] for citation in said["citations"]] == [[]]


def test_a_change_of_what_is_public_needs_a_reason(researcher, village):
    answer = researcher(
        "PATCH", "projects/village/", {"title": "X"}, if_match=tag(researcher, "projects/village/")
    )

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "reason"
    assert not Proposal.objects.exists()


def test_a_proposal_that_could_not_be_carried_out_is_refused_at_once(researcher, village):
    seen = tag(researcher, "projects/village/")
    path = "projects/village/?reason=Why"

    wrong = researcher("PATCH", path, {"ending": "vanished"}, if_match=seen)
    assert wrong.status_code == 400
    assert wrong.json()["errors"][0]["pointer"] == "/ending"
    nothing = researcher("PATCH", path, {"title": "Village"}, if_match=seen)
    assert nothing.status_code == 200
    account = {"key": "new", "informant": "x", "position": "present", "statement": "y"}
    account |= {
        "factor": "frame/exit",
        "stakeholder_group": Account.objects.get().stakeholder_group.slug,
    }
    uncited = researcher("POST", "accounts/?reason=Why", {"project": "village", **account})
    assert uncited.status_code == 409
    assert "has no citation" in uncited.json()["detail"]
    pointers = {error["pointer"] for error in uncited.json()["errors"]}
    assert pointers == {"/factor", "/stakeholder_group", "/informant", "/position", "/statement"}
    assert not Proposal.objects.exists()
    assert Account.objects.count() == 1


def test_with_two_person_review_nobody_approves_a_change_of_their_own(editor, village, settings):
    path, seen = "projects/village/?reason=Why", tag(editor, "projects/village/")
    proposed = editor("PATCH", path, {"title": "New"}, if_match=seen)
    assert proposed.status_code == 202
    number = proposed.json()["id"]
    assert editor("POST", f"proposals/{number}/approve/", {}).status_code == 409

    settings.TWO_PERSON_REVIEW = False
    assert editor("POST", f"proposals/{number}/approve/", {}).status_code == 200
    seen = tag(editor, "projects/village/")
    changed = editor("PATCH", path, {"title": "Newer"}, if_match=seen)
    assert changed.status_code == 200
    assert changed.json()["title"] == "Newer"
    assert Change.objects.first().reason == "Why"


def test_a_proposal_is_merged_with_what_changed_since(
    researcher, editor, client, village, settings
):
    seen = tag(researcher, "projects/village/")
    path = "projects/village/?reason=Why"
    number = researcher("PATCH", path, {"title": "Theirs"}, if_match=seen).json()["id"]
    settings.TWO_PERSON_REVIEW = False
    places = client.get(f"{API}projects/village/").json()["citations"]
    cited = [*places, {**places[0], "field": "summary"}]
    editor("PATCH", path, {"summary": "Ours", "citations": cited}, if_match=seen)

    assert editor("POST", f"proposals/{number}/approve/", {}).status_code == 200
    village.refresh_from_db()
    assert (village.title, village.summary) == ("Theirs", "Ours")


def test_a_conflict_shows_both_values_and_can_be_decided(researcher, editor, village, settings):
    seen = tag(researcher, "projects/village/")
    path = "projects/village/?reason=Why"
    number = researcher("PATCH", path, {"title": "Theirs"}, if_match=seen).json()["id"]
    settings.TWO_PERSON_REVIEW = False
    editor("PATCH", path, {"title": "Ours"}, if_match=seen)

    refused = editor("POST", f"proposals/{number}/approve/", {})
    assert refused.status_code == 409
    assert refused.json()["conflicts"] == [{"field": "title", "now": "Ours", "proposed": "Theirs"}]
    village.refresh_from_db()
    assert village.title == "Ours"
    taken = editor("POST", f"proposals/{number}/approve/", {"take": "proposed"})
    assert taken.status_code == 200
    village.refresh_from_db()
    assert village.title == "Theirs"


def test_proposals_are_seen_and_decided_by_those_who_may(researcher, editor, client, village):
    seen = tag(researcher, "projects/village/")
    path = "projects/village/?reason=Why"
    number = researcher("PATCH", path, {"title": "Theirs"}, if_match=seen).json()["id"]
    other = Writer(client, "researcher")

    def status(who, act, body):
        return who("POST", f"proposals/{number}/{act}/", body).status_code

    assert [who.get("proposals/").json()["count"] for who in (researcher, editor, other)] == [
        1,
        1,
        0,
    ]
    assert other.get(f"proposals/{number}/").status_code == 404
    assert client.get(f"{API}proposals/").status_code == 401
    assert status(other, "approve", {}) == 404
    assert status(researcher, "approve", {}) == 403
    assert status(researcher, "return", {"answer": "No"}) == 403
    assert status(editor, "take-back", {}) == 409
    assert status(editor, "return", {}) == 409
    assert status(editor, "return", {"answer": "Which page?"}) == 200
    assert status(researcher, "take-back", {}) == 409
    found = researcher.get(f"proposals/{number}/").json()
    assert (found["state"], found["answer"]) == ("returned", "Which page?")


def test_parts_are_written_as_changes_of_their_root(researcher):
    researcher("POST", "projects/", CASE)
    group = factories.make_group(slug="ngos")
    factories.make_factor(factories.make_framework(slug="frame"), key="exit")
    account = {"key": "one", "informant": "a member", "position": "present", "statement": "So."}
    account |= {"factor": "frame/exit", "stakeholder_group": group.slug}

    made = researcher("POST", "accounts/", {"project": "jalandhar-project", **account})
    assert made.status_code == 201
    path = "accounts/jalandhar-project/one/"
    first = tag(researcher, path)
    changed = researcher("PATCH", path, {"position": "absent"}, if_match=first)
    assert changed.status_code == 200
    assert researcher.get(path).json()["position"]["code"] == "absent"
    assert researcher("DELETE", path, if_match=first).status_code == 412
    wrong = researcher("PATCH", path, {"position": "perhaps"}, if_match=tag(researcher, path))
    assert [error["pointer"] for error in wrong.json()["errors"]] == ["/position"]
    twice = researcher("POST", "accounts/", {"project": "jalandhar-project", **account})
    assert twice.json()["errors"][0]["pointer"] == "/key"
    gone = researcher("DELETE", path, if_match=tag(researcher, path))
    assert gone.status_code == 200
    assert not Account.objects.exists()
    assert researcher("DELETE", path, if_match="*").status_code == 404


def test_a_deleted_draft_comes_back_whole_as_the_same_record(researcher, client):
    researcher("POST", "projects/", CASE)
    group = factories.make_group()
    factories.make_factor(factories.make_framework(slug="frame"), key="exit")
    account = {"key": "one", "informant": "a member", "position": "present", "statement": "So."}
    account |= {"factor": "frame/exit", "stakeholder_group": group.slug}
    researcher("POST", "accounts/", {"project": "jalandhar-project", **account})
    path = "projects/jalandhar-project/"
    before = researcher.get(path).json()
    number = Project.objects.get().pk
    other = Writer(client, "researcher")

    removed = researcher("DELETE", f"{path}?reason=By+mistake", if_match=tag(researcher, path))
    assert removed.status_code == 200
    assert not Project.objects.exists()
    assert researcher.get(path).status_code == 404
    undo = removed.json()["undo"].removeprefix("http://testserver")
    assert other("POST", undo).status_code == 404
    assert researcher("POST", undo).status_code == 200

    after = researcher.get(path).json()
    assert after | {"version": 0} == before | {"version": 0}
    assert (Project.objects.get().pk, Project.objects.get().entered_by) == (number, researcher.user)
    assert researcher("POST", undo).status_code == 409
    assert DeletedRecord.objects.get().restored_at


def test_what_others_name_is_not_deleted(researcher):
    researcher("POST", "stakeholders/", {"slug": "ida", "name": "IDA", "group": "ngos"})
    body = factories.make_stakeholder(slug="body")
    body.entered_by = researcher.user
    body.save()
    factories.make_donor(stakeholder=body)

    answer = researcher("DELETE", "stakeholders/body/", if_match="*")

    assert answer.status_code == 409
    assert Stakeholder.objects.filter(slug="body").exists()
    assert not DeletedRecord.objects.exists()


def test_what_is_public_is_withdrawn_by_an_editor_with_a_reason(
    researcher, editor, client, village
):
    path = "projects/village/"

    assert researcher("DELETE", f"{path}?reason=Why", if_match="*").status_code == 403
    assert editor("DELETE", path, if_match="*").status_code == 400
    assert editor("DELETE", f"{path}?reason=Entered+twice", if_match="*").status_code == 200
    assert ReviewStep.objects.get(slug="village", step="withdrawn").reason == "Entered twice"
    assert client.get(f"{API}{path}").status_code == 410
    assert editor("DELETE", path, if_match="*").status_code == 409
    assert Project.objects.filter(slug="village").exists()


def test_somebody_elses_draft_is_not_there_for_a_researcher(researcher, client):
    factories.make_project(slug="hidden", title="Hidden")

    for method in ("PATCH", "DELETE"):
        answer = researcher(method, "projects/hidden/", {}, if_match="*")
        assert answer.status_code == 404
        assert "Hidden" not in answer.content.decode()
    assert Project.objects.get().title == "Hidden"


def test_a_body_of_another_type_or_size_is_refused(researcher):
    typed = researcher("POST", "projects/", CASE, content_type="text/plain")
    assert typed.status_code == 415
    large = researcher("POST", "projects/", {"slug": "a" * 5_000_001})
    assert large.status_code == 413
    assert not Project.objects.exists()


@pytest.mark.parametrize(("depth", "says"), [(25, "20 levels"), (900, "20 levels"), (5, "mistake")])
def test_a_body_that_is_nested_deeply_is_refused(researcher, depth, says):
    value = "x"
    for _ in range(depth):
        value = [value]

    answer = researcher("POST", "publications/", {"slug": "a", "authors": value})
    assert answer.status_code == 400
    assert says in answer.json()["detail"]


def test_session_writes_need_the_form_token(client, village):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    editor = factories.make_user()
    editor.groups.add(Group.objects.get(name="editor"))
    strict.force_login(editor)

    answer = strict.post(f"{API}projects/", json.dumps(CASE), content_type="application/json")
    assert answer.status_code == 403
    client.force_login(editor)
    answer = client.post(f"{API}projects/", json.dumps(CASE), content_type="application/json")
    assert answer.status_code == 201


def test_a_page_of_another_site_writes_nothing_with_a_token(researcher):
    elsewhere = {"origin": "https://elsewhere.example"}

    refused = researcher("POST", "projects/", CASE, **elsewhere)
    assert refused.status_code == 403
    assert not Project.objects.exists()
    assert researcher("GET", "projects/", **elsewhere).status_code == 200
    assert researcher("POST", "projects/", CASE, origin="http://testserver").status_code == 201


def test_the_last_day_a_token_was_used_is_kept(researcher):
    researcher.get("projects/?state=draft")

    assert ApiToken.objects.get().last_used == timezone.now().date()


@pytest.fixture
def full_case(researcher):
    """A draft with values of every kind, and a part with a part of its own kind's values."""
    group = factories.make_group(slug="ngos")
    factories.make_factor(factories.make_framework(slug="frame"), key="exit")
    factories.make_publication(slug="paper")
    cluster = factories.make_public(factories.make_cluster(slug="kasur"))
    place = {"publication": "paper", "section": "Findings, para 1", "for": "title"}
    account = {"key": "one", "informant": "a member", "position": "present", "statement": "So."}
    account |= {"factor": "frame/exit", "stakeholder_group": group.slug}
    account |= {"citations": [{**place, "for": "statement"}]}
    coding = {"key": "c", "factor": "frame/exit", "score": 0.67, "resolution": "single_coder"}
    coding |= {"rationale": "It says so."}
    body = {**CASE, "clusters": [cluster.slug], "accounts": [account], "codings": [coding]}
    body |= {"citations": [place], "stated_months": 18}
    # Drafts of others are not named by a draft of one's own.
    made = researcher("POST", "projects/", body)
    assert made.status_code == 201, made.content
    return "projects/jalandhar-project/"


def test_what_was_read_can_be_sent_back_and_changes_nothing(researcher, full_case):
    for path in (full_case, "accounts/jalandhar-project/one/"):
        before = researcher.get(path)
        answer = researcher("PATCH", path, before.json(), if_match=before["ETag"])

        assert answer.status_code == 200, answer.content
        assert answer.json() == before.json()
        assert answer["ETag"] == researcher.get(path)["ETag"] == before["ETag"]


def test_what_was_read_can_be_sent_back_with_a_change(researcher, full_case):
    before = researcher.get(full_case)
    body = before.json()
    body["ending"] = {"code": "completed", "label": "Completed"}
    body["accounts"][0]["statement"] = "Otherwise."
    body["actual_start"]["edtf"] = "1999"

    answer = researcher("PATCH", full_case, body, if_match=before["ETag"])

    assert answer.status_code == 200, answer.content
    now = answer.json()
    assert (now["ending"]["code"], now["accounts"][0]["statement"]) == ("completed", "Otherwise.")
    assert now["actual_start"]["earliest"] == "1999-01-01"
    assert now["citations"] == before.json()["citations"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"version": 99}, "/version"),
        ({"state": {"code": "published", "label": "Published"}}, "/state"),
        ({"url": "http://elsewhere.example/"}, "/url"),
        ({"derived": None}, "/derived"),
        (
            {"actual_start": {"edtf": "1998", "words": "2001", "printed": "in 1998"}},
            "/actual_start",
        ),
    ],
)
def test_what_the_casebook_writes_itself_is_not_changed_in_silence(
    researcher, full_case, change, pointer
):
    before = researcher.get(full_case)
    answer = researcher("PATCH", full_case, before.json() | change, if_match=before["ETag"])

    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert researcher.get(full_case).json() == before.json()


def test_a_new_part_is_answered_with_its_address(researcher, full_case):
    account = {"key": "two", "informant": "a firm", "position": "absent", "statement": "No."}
    account |= {"factor": "frame/exit", "stakeholder_group": "ngos", "project": "jalandhar-project"}

    made = researcher("POST", "accounts/", account)

    path = f"{API}accounts/jalandhar-project/two/"
    assert (made.status_code, made["Location"]) == (201, f"http://testserver{path}")
    assert made.json() == researcher.get(path).json()
    changed = researcher("PATCH", path, {"statement": "Never."}, if_match=made["ETag"])
    assert (changed.json()["id"], changed.json()["statement"]) == (
        "jalandhar-project/two",
        "Never.",
    )


def test_an_unknown_parameter_of_a_write_is_refused(researcher, full_case):
    for method, path, body in (
        ("POST", "projects/?dryrun=true", {**CASE, "slug": "other"}),
        ("PATCH", f"{full_case}?resaon=x", {"title": "New"}),
        ("DELETE", f"{full_case}?force=1", None),
        ("POST", "projects/?dry_run=yes", {**CASE, "slug": "other"}),
    ):
        answer = researcher(method, path, body, if_match="*")
        assert answer.status_code == 400, path
        assert answer.json()["errors"][0]["parameter"] in path
    assert Project.objects.get().title == CASE["title"]


def test_a_dry_run_answers_as_the_write_would_and_saves_nothing(
    researcher, editor, full_case, mailoutbox
):
    factories.make_public(factories.make_project(slug="village", title="Village"))
    before = researcher.get(full_case).json()
    tried = researcher(
        "POST", "projects/?dry_run=true", {**CASE, "slug": "other"}, idempotency_key="k"
    )
    assert (tried.status_code, tried.json()["slug"]) == (200, "other")
    assert "Location" not in tried
    assert researcher("POST", "projects/?dry_run=true", {"slug": "B c"}).status_code == 400
    changed = researcher("PATCH", f"{full_case}?dry_run=true", {"title": "New"}, if_match="*")
    assert changed.json()["title"] == "New"
    assert researcher("DELETE", f"{full_case}?dry_run=true", if_match="*").status_code == 200
    path = "projects/village/?reason=Why&dry_run=true"
    proposed = researcher("PATCH", path, {"title": "New"}, if_match="*")
    assert (proposed.status_code, proposed.json()["changes"][0]["after"]) == (202, "New")
    assert "Location" not in proposed
    key = {"idempotency_key": "two words"}
    refused = researcher("POST", "projects/?dry_run=true", {**CASE, "slug": "other"}, **key)
    assert refused.status_code == 400

    assert researcher.get(full_case).json() == before
    assert not Project.objects.filter(slug="other").exists()
    assert not Proposal.objects.exists()
    assert not DeletedRecord.objects.exists()
    assert mailoutbox == []
    again = researcher("POST", "projects/", {**CASE, "slug": "other"}, idempotency_key="k")
    assert again.status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer", "says"),
    [
        ({"clusters": ["kasur", "kasurr"]}, "/clusters/1", "Did you mean “kasur”?"),
        ({"issues": ["child_labour", "child_labor"]}, "/issues/1", "Did you mean “child_labour”?"),
        (
            {"citations": [{"publication": "nope", "section": "1"}]},
            "/citations/0",
            "enter it first",
        ),
        ({"ending": "complted"}, "/ending", "Did you mean “completed”?"),
        ({"tittle": "x"}, "/tittle", "Did you mean “title”?"),
        ({"clusters": "kasur"}, "/clusters", "Send a list."),
        ({"title": 5}, "/title", "Send a text."),
        ({"title": "x" * 5000}, "/title", "This has 5,000 characters."),
        ({"slug": "A b"}, "/slug", "“A b” is no slug."),
        ({"ending": "x" * 5000}, "/ending", "…” is not known here."),
    ],
)
def test_a_refusal_points_to_the_element_and_speaks_of_the_api(researcher, body, pointer, says):
    factories.make_public(factories.make_cluster(slug="kasur"))

    answer = researcher("POST", "projects/", {**CASE, **body})

    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert says in error["detail"]
    assert "yaml" not in error["detail"]
    assert len(error["detail"]) < 400


def test_a_refusal_names_no_draft_of_others(researcher):
    factories.make_cluster(slug="secret-cluster")

    answer = researcher("POST", "projects/", {**CASE, "clusters": ["secret-clusterr"]})

    assert "“" not in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "citations": [
                {"publication": f"nowhere-{number}", "page": "1"} for number in range(2_000)
            ]
        },
        {"industries": [9] * 2_000},
        {"statistics": [{"key": "a b"}] * 2_000},
    ],
    ids=["places", "values", "parts"],
)
def test_of_thousands_of_mistakes_the_first_are_told(researcher, wrong):
    answer = researcher("POST", "clusters/", {"slug": "kasur", "name": "Kasur", **wrong})

    assert answer.status_code == 400
    assert 1 <= len(answer.json()["errors"]) <= 502
    assert Cluster.objects.count() == 0


@pytest.mark.parametrize("label", ["Khan  (2004)", " khan (2004)", "Khan\u200b (2004)\ufeff"])
def test_a_label_that_looks_the_same_is_the_same(researcher, label):
    factories.make_public(factories.make_publication(slug="khan-2004", cited_as="Khan (2004)"))

    answer = researcher("POST", "publications/", {"slug": "x", "title": "X", "cited_as": label})

    assert [error["pointer"] for error in answer.json()["errors"]] == ["/cited_as"]


def test_drafts_of_others_are_not_known_to_whoever_may_not_see_them(client, editor):
    author, other = Writer(client, "researcher"), Writer(client, "researcher")
    factories.make_cluster(slug="hidden", name="Words of another", entered_by=author.user)
    body = {**CASE, "clusters": ["hidden"]}

    refused = other("POST", "projects/", body)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["pointer"] == "/clusters/0"
    assert "hidden is not known" in refused.json()["errors"][0]["detail"]
    assert author("POST", "projects/", body).status_code == 201


def test_a_donor_does_not_tell_what_its_stakeholder_is_called(client):
    author, other = Writer(client, "researcher"), Writer(client, "researcher")
    hidden = factories.make_stakeholder(
        slug="hidden", name="Words of another", entered_by=author.user
    )
    donor = factories.make_donor(slug="donor", stakeholder=hidden, entered_by=other.user)
    project = factories.make_project(slug="mine", entered_by=other.user)
    project.funding.create(key="grant", provider=donor)

    read = other.get("projects/mine/").json()

    assert read["funding"][0]["provider"]["title"] == "donor"


@pytest.mark.parametrize("written", ["https://doi.org/10.1007/a", "http://dx.doi.org/10.1007/A"])
def test_the_address_of_a_doi_is_written_as_the_doi(researcher, written):
    body = {"slug": "paper", "title": "A paper", "web_address": written}
    refused = researcher("POST", "publications/", body)

    assert refused.json()["errors"] == [
        {
            "pointer": "/web_address",
            "detail": "This is the address of a DOI. Write it as the DOI: 10.1007/a.",
        }
    ]


def test_a_draft_of_others_that_is_named_already_stays_and_goes_by_its_slug(client, editor):
    author, other = Writer(client, "researcher"), Writer(client, "researcher")
    cluster = factories.make_cluster(
        slug="hidden", name="Words of another", country="VN", entered_by=author.user
    )
    factories.make_project(slug="mine", entered_by=other.user).clusters.add(cluster)

    read = other.get("projects/mine/")
    made = other("PATCH", "projects/mine/", {"aims": "To meet"}, if_match=read["ETag"]).json()

    assert [made["clusters"][0][name] for name in ("id", "title")] == ["hidden", "hidden"]
    assert (made["aims"], made["countries"]) == ("To meet", [])
    assert "Words of another" not in other.get("projects/?state=draft").content.decode()
    seen = editor.get("projects/mine/").json()
    assert seen["clusters"][0]["title"] == "Words of another"
    assert seen["countries"][0]["code"] == "VN"


KINDS = {
    path: model
    for shape in record_schemas().values()
    if issubclass(shape.model, Root)
    for path, model in (
        (shape.folder, shape.model),
        *((child.folder, child.model) for child in shape.children.values()),
    )
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_read_changes_nothing_when_it_is_written(seeded, editor, kind):
    for record in editor.get(f"{kind}/?page_size=3").json()["results"]:
        path = urlsplit(record["url"]).path
        read = editor.get(path)
        written = editor("PATCH", path, read.json(), if_match=read["ETag"])
        assert (written.status_code, written.json()) == (200, read.json())


def loads(queries):
    """How often a project was fetched with its parts, here its accounts."""
    return sum('"interventions_account"."statement"' in query["sql"] for query in queries)


def test_a_proposal_loads_its_record_twice_and_so_does_its_approval(
    village, researcher, editor, django_capture_on_commit_callbacks
):
    documents.refresh_stale()
    known = tag(researcher, "projects/village/")
    with CaptureQueriesContext(connection) as queries:
        body = {"title": "New"}
        made = researcher("PATCH", "projects/village/?reason=So", body, if_match=known)
    assert made.status_code == 202
    assert loads(queries) <= 2

    with CaptureQueriesContext(connection) as queries:
        approved = editor("POST", f"proposals/{Proposal.objects.get().pk}/approve/")
    assert approved.status_code == 200
    assert Project.objects.get(slug="village").title == "New"
    assert loads(queries) <= 2
