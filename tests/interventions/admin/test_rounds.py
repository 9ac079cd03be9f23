"""Coders code apart, nobody sees the others' sheets before all have handed in; then they agree."""

import csv
import io
import re

import pytest
from django.core import mail

from clusters.actions.entering import update
from clusters.models import Proposal, Publication
from clusters.records.serialization import document_of
from clusters.records.validation import CaseFilesRefused
from interventions.models import Coding, CodingRound, RoundCoding
from tests import factories
from tests.queue import work

pytestmark = pytest.mark.django_db

SECRET = "SENTINEL of a blind reading"


class Setting:
    """A round of two coders and an editor over one project, two factors and one outcome."""

    def __init__(self, project):
        self.project = project
        self.framework = factories.make_framework(slug="fig", name="Figure")
        self.trust = factories.make_factor(self.framework, key="trust", name="Trust")
        self.power = factories.make_factor(self.framework, key="power", name="Power")
        self.work = factories.make_dimension(slug="work", name="Women's work")
        self.editor = factories.make_user(role="editor")
        self.users = [factories.make_user(role="researcher") for _ in range(2)]
        self.coders = [
            factories.make_coder(slug=f"coder-{n}", name=f"Coder {n}", user=user)
            for n, user in enumerate(self.users)
        ]
        factories.make_place(factories.make_publication(slug="paper"))
        factories.make_public(self.framework, self.work)
        self.round = CodingRound.objects.create(name="First round", framework=self.framework)
        self.round.projects.create(project=project)
        self.round.dimensions.create(dimension=self.work)
        for coder in self.coders:
            self.round.coders.create(coder=coder)

    @property
    def page(self):
        return self.round.get_absolute_url()

    @property
    def sheet(self):
        return f"/admin/interventions/codinground/{self.round.pk}/sheets/{self.project.slug}/"

    @property
    def compare(self):
        return f"/admin/interventions/codinground/{self.round.pk}/compare/{self.project.slug}/"

    @property
    def csv(self):
        return f"/admin/interventions/codinground/{self.round.pk}/codings.csv"

    def state(self):
        self.round.refresh_from_db()
        return self.round.state


def answer(subject, code="1", rationale="Because.", place="paper | page | 1"):
    return {f"{subject}-answer": code, f"{subject}-rationale": rationale, f"{subject}-place": place}


@pytest.fixture
def it():
    return Setting(factories.make_project(slug="village", title="Village"))


@pytest.fixture
def as_user(client):
    def enter(user):
        client.force_login(user)
        return client

    return enter


def said(response):
    return response.content.decode()


def act(client, it, name, **more):
    return said(client.post(it.page, {"act": name, **more}, follow=True))


def key(thing):
    return f"{'d' if thing._meta.model_name == 'outcomedimension' else 'f'}{thing.pk}"


def code_apart(it, as_user, *, second="0.67"):
    """Open, let both code trust and one outcome, and hand in."""
    act(as_user(it.editor), it, "open")
    for user, score in zip(it.users, ("1", second), strict=True):
        sheet = answer(key(it.trust), score) | answer(key(it.work), "0.33")
        assert as_user(user).post(it.sheet, sheet).status_code == 302
    for user in it.users:
        act(as_user(user), it, "hand-in")
    assert it.state() == "comparing"


# --- Preparing -----------------------------------------------------------------------------------


def test_an_editor_prepares_a_round_at_the_desk(it, as_user):
    it.round.delete()
    form = {
        "name": "Second",
        "framework": it.framework.pk,
        "perspective_group": "",
        "projects-TOTAL_FORMS": 1,
        "projects-INITIAL_FORMS": 0,
        "projects-0-project": it.project.pk,
        "coders-TOTAL_FORMS": 2,
        "coders-INITIAL_FORMS": 0,
        "coders-0-coder": it.coders[0].pk,
        "coders-1-coder": it.coders[1].pk,
        "dimensions-TOTAL_FORMS": 0,
        "dimensions-INITIAL_FORMS": 0,
    }
    client = as_user(it.editor)
    assert client.get("/admin/interventions/codinground/add/").status_code == 200
    made = client.post("/admin/interventions/codinground/add/", form)

    row = CodingRound.objects.get()
    assert (made.status_code, made["Location"]) == (302, row.get_absolute_url())
    assert [one.coder for one in row.coders.all()] == it.coders
    refused = as_user(it.users[0]).post("/admin/interventions/codinground/add/", form)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda it: it.round.projects.all().delete(), "It has no projects."),
        (lambda it: it.round.coders.last().delete(), "It needs two coders or more."),
        (
            lambda it: type(it.coders[0]).objects.filter(pk=it.coders[0].pk).update(user=None),
            "Coder-0 has no account to code with.",
        ),
        (
            lambda it: (
                it.round.dimensions.all().delete(),
                CodingRound.objects.update(framework=None),
            ),
            "It has nothing to code",
        ),
    ],
)
def test_a_round_opens_only_when_it_can_be_coded(it, as_user, spoil, why):
    spoil(it)

    told = act(as_user(it.editor), it, "open")
    assert why in told
    assert it.state() == "prepared"


def test_only_an_editor_opens_and_the_coders_are_told(it, as_user):
    assert "Only an editor opens a round." in act(as_user(it.users[0]), it, "open")

    act(as_user(it.editor), it, "open")
    work()

    assert it.state() == "coding"
    assert sorted(one.to for one in mail.outbox) == sorted([user.email] for user in it.users)


def test_a_round_has_a_number_that_its_projects_have_not_seen(it, as_user):
    factories.make_coding(it.project, round=4)

    act(as_user(it.editor), it, "open")

    it.round.refresh_from_db()
    assert it.round.number == 5


# --- Apart ---------------------------------------------------------------------------------------


def test_nobody_sees_what_another_codes_until_all_have_handed_in(it, as_user):
    act(as_user(it.editor), it, "open")
    first, second = it.users
    as_user(first).post(it.sheet, answer(key(it.trust), "1", SECRET))
    act(as_user(first), it, "hand-in")
    places = [
        it.page,
        it.sheet,
        f"/admin/interventions/project/{it.project.pk}/change/",
        f"/admin/interventions/project/{it.project.pk}/history/",
        "/admin/interventions/coding/",
        "/admin/desk/tables/projects-codings.csv?rows=1",
        "/api/v1/projects/village/?state=draft",
        "/api/v1/codings/?state=draft",
        "/admin/",
    ]

    for user in (second, it.editor, factories.make_user(role="administrator")):
        client = as_user(user)
        for place in places:
            assert SECRET not in said(client.get(place)), (user, place)
        for place in (it.compare, it.csv):
            assert client.get(place).status_code == 404, (user, place)
    assert client.get(it.sheet).status_code == 404  # who does not code has none
    assert SECRET in said(as_user(first).get(it.sheet))
    stranger = as_user(factories.make_user(role="researcher"))
    assert [stranger.get(one).status_code for one in (it.page, it.sheet, it.compare)] == [404] * 3
    assert "1 of 3" in said(as_user(it.editor).get(it.page))


def test_a_sheet_is_kept_as_it_is_typed_and_handing_in_asks_for_the_rest(it, as_user):
    act(as_user(it.editor), it, "open")
    client = as_user(it.users[0])
    half = {f"{key(it.trust)}-answer": "0.67"}
    kept = client.post(it.sheet, half, headers={"X-Autosave": "1"})
    assert set(kept.json()) == {"at", "note"}
    assert kept.json()["note"] == ""
    page = said(client.get(it.sheet))
    assert page.count("checked") == 3  # one answer, and “no coding” twice

    refused = act(client, it, "hand-in")
    assert "Village › Trust: no rationale" in refused
    assert "Village › Trust: no place in a publication" in refused
    unread = answer(key(it.trust), place="somewhere")
    told = client.post(it.sheet, unread, headers={"X-Autosave": "1"}).json()["note"]
    assert told.startswith("Trust: “somewhere” is not a place")
    assert "“somewhere” is not a place" in act(client, it, "hand-in")
    page = said(client.get(it.sheet))
    assert 'value="somewhere"' in page
    assert "“somewhere” is not a place" in page
    unknown = answer(key(it.trust), place="nowhere | page | 3")
    told = client.post(it.sheet, unknown, headers={"X-Autosave": "1"}).json()
    assert told["note"] == "Not known as publications: nowhere. Enter them before you hand in."
    assert "nowhere is no publication that is known" in act(client, it, "hand-in")
    client.post(it.sheet, answer(key(it.trust)))
    act(client, it, "hand-in")

    assert it.round.coders.get(coder=it.coders[0]).handed_in_at is not None
    shut = client.post(it.sheet, answer(key(it.trust), "0"), headers={"X-Autosave": "1"})
    assert shut.json() == {"problems": ["You have handed in: take it back first."]}
    act(client, it, "take-back")
    assert client.post(it.sheet, {}).status_code == 302
    assert not RoundCoding.objects.exists()
    assert "You have coded nothing yet." in act(client, it, "hand-in")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"answer": "0.5"}, "“0.5” is no answer."),
        ({"answer": "1", "place": "paper, p. 3"}, "is not a place: write publication"),
        ({"answer": "1", "place": "paper | leaf | 3"}, "“leaf” is not a kind of place"),
    ],
)
def test_what_cannot_be_read_is_told_and_stays_typed_and_the_rest_is_kept(it, as_user, typed, why):
    act(as_user(it.editor), it, "open")
    client = as_user(it.users[0])
    sheet = {f"{key(it.trust)}-{name}": value for name, value in typed.items()}

    answered = client.post(
        it.sheet, {**sheet, **answer(key(it.power), rationale="Kept")}, follow=True
    )

    assert why in said(answered)
    assert typed.get("place", "") in said(answered)
    kept = RoundCoding.objects.get(factor=it.power)
    assert kept.document["rationale"] == "Kept"
    assert "not a place" in act(client, it, "hand-in") or "place" not in typed


def test_a_place_is_read_as_lists_show_it(it, as_user):
    act(as_user(it.editor), it, "open")
    paper = Publication.objects.get(slug="paper")
    Publication.objects.filter(pk=paper.pk).update(cited_as="Fayyaz et al. (2017)")
    factories.make_public(paper)
    line = "Fayyaz et al. (2017) | Section and paragraph | Findings, para 2"

    told = as_user(it.users[0]).post(
        it.sheet, answer(key(it.trust), place=line), headers={"X-Autosave": "1"}
    )

    assert told.json()["note"] == ""
    assert RoundCoding.objects.get().document["citations"] == [
        {"publication": paper.slug, "section": "Findings, para 2"}
    ]


# --- Comparing and agreeing ----------------------------------------------------------------------


def test_once_all_have_handed_in_they_see_who_differs_where(it, as_user):
    code_apart(it, as_user)

    for user in (*it.users, it.editor):
        page = said(as_user(user).get(it.page))
        assert 'class="apart-1"' in page
        assert 'class="apart-same"' in page
        assert 'class="apart-none"' in page
        assert "not defined" in page
        assert "they differ" in said(as_user(user).get(it.compare))
    rows = list(csv.DictReader(io.StringIO(said(as_user(it.editor).get(it.csv)).lstrip("\ufeff"))))
    assert [(row["subject"], row["coder-0"], row["coder-1"], row["apart"]) for row in rows] == [
        ("Trust", "1", "0.67", "1"),
        ("Power", "", "", "none"),
        ("Women's work", "0.33", "0.33", "same"),
    ]


def test_they_discuss_and_agree_with_a_reason_and_the_independent_codings_stay(it, as_user):
    code_apart(it, as_user)
    client = as_user(it.users[0])
    say, agree = f"say:{key(it.trust)}", f"agree:{key(it.trust)}"
    way = f"resolution-{key(it.trust)}"

    client.post(it.compare, {"act": say, f"text-{key(it.trust)}": "Look at page 1 again."})
    assert "Look at page 1 again." in said(as_user(it.users[1]).get(it.compare))
    refused = client.post(
        it.compare,
        {"act": agree, way: "consensus", **answer(key(it.trust), "0.67", "")},
    )
    assert refused.status_code == 422
    assert "no rationale" in said(refused)
    adjudicated = {"act": agree, way: "adjudicated", **answer(key(it.trust), "0.67")}
    assert "Only an editor adjudicates." in said(client.post(it.compare, adjudicated))
    work()
    mail.outbox.clear()
    client.post(it.compare, {**adjudicated, way: "consensus"})
    work()
    # One person's consensus is none: the other is told, and says so too.
    assert [one.to for one in mail.outbox] == [[it.users[0].email]]
    assert "2 codings are not agreed yet" in act(as_user(it.editor), it, "close", reason="Done")
    client = as_user(it.users[0])
    (button,) = re.findall(r'value="(confirm:[^"]+)"', said(client.get(it.compare)))
    stale = client.post(it.compare, {"act": f"{button[:-6]}+00:01"}, follow=True)
    assert "The consensus is another by now." in said(stale)
    assert "Confirmed." in said(client.post(it.compare, {"act": button}, follow=True))
    assert "1 coding agreed, on which all say the same." in act(client, it, "agree-same")
    assert "Only an editor closes a round." in act(client, it, "close", reason="Done")
    editor = as_user(it.editor)
    assert "Say why" in act(editor, it, "close", reason="")
    act(editor, it, "close", reason="First round")

    assert it.state() == "closed"
    found = {
        (
            str(one.factor or one.dimension),
            str(one.coder or one.resolution),
            str(one.score),
            one.round,
        )
        for one in Coding.objects.all()
    }
    assert found == {
        ("Trust", "coder-0", "1.00", 1),
        ("Trust", "coder-1", "0.67", 1),
        ("Trust", "consensus", "0.67", 1),
        ("Women's work", "coder-0", "0.33", 1),
        ("Women's work", "coder-1", "0.33", 1),
        ("Women's work", "consensus", "0.33", 1),
    }
    assert all(one.citations.count() == 1 for one in Coding.objects.all())
    assert said(as_user(it.users[0]).get(it.page)).count("apart-1") >= 1


def test_what_one_person_alone_has_coded_needs_nobodys_agreement(it, as_user):
    act(as_user(it.editor), it, "open")
    first, second = it.users
    as_user(first).post(it.sheet, answer(key(it.trust)) | answer(key(it.power), "0"))
    as_user(second).post(it.sheet, answer(key(it.trust)))
    for user in it.users:
        act(as_user(user), it, "hand-in")
    act(as_user(first), it, "agree-same")

    act(as_user(it.editor), it, "close", reason="Done")

    assert it.state() == "closed"
    found = {(one.factor.key, one.resolution) for one in Coding.objects.agreed()}
    assert found == {("trust", "consensus"), ("power", "single_coder")}


def test_what_is_typed_under_other_subjects_comes_back_with_the_page(it, as_user):
    code_apart(it, as_user, second="0.67")
    client = as_user(it.users[0])
    trust, work = key(it.trust), key(it.work)
    typed = {f"text-{trust}": "See page 2.", **answer(work, "1", "As I read it.")}

    def forms(page):
        return {
            row["subject"].key: (row["form"]["code"], row["form"].get("text", ""))
            for row in page.context["rows"]
            if row["is_typed"]
        }

    begun = client.post(it.compare, {"act": f"take:{trust}:coder-1", **typed})
    assert forms(begun) == {trust: ("0.67", "See page 2."), work: ("1", "")}
    told = client.post(it.compare, {"act": f"say:{trust}", **typed})
    assert forms(told) == {work: ("1", "")}
    assert "See page 2." in said(told)
    agreed = client.post(
        it.compare, {"act": f"agree:{work}", f"resolution-{work}": "consensus", **typed}
    )
    assert forms(agreed) == {trust: ("", "See page 2.")}
    alone = client.post(it.compare, {"act": f"say:{trust}", f"text-{trust}": "Done."})
    assert (alone.status_code, alone["Location"]) == (302, f"{it.compare}#{trust}")
    for nobody in (f"take:{trust}:nobody", "take:nothing:coder-1", "agree:nothing"):
        assert client.post(it.compare, {"act": nobody}).status_code == 404


def test_whoever_is_at_the_desk_is_told_who_an_unnamed_coder_is(it, as_user):
    address = "/admin/autocomplete/?app_label=interventions&model_name=roundcoder&field_name=coder"

    def names(user):
        return {one["text"] for one in as_user(user).get(address).json()["results"]}

    assert names(it.editor) == {"coder-0 (Coder 0)", "coder-1 (Coder 1)"}
    assert names(it.users[0]) == {"coder-0 (you)", "coder-1 (Coder 1)"}


def test_a_round_that_is_prepared_has_a_page_from_which_it_is_changed(it, as_user):
    form = f"/admin/interventions/codinground/{it.round.pk}/change/"
    editor = as_user(it.editor)

    assert editor.get(form)["Location"] == it.page
    assert f"{form}?edit" in said(editor.get(it.page))
    assert editor.get(f"{form}?edit").status_code == 200
    act(editor, it, "open")
    assert editor.get(f"{form}?edit")["Location"] == it.page


def test_a_round_is_not_closed_before_everything_is_agreed(it, as_user):
    code_apart(it, as_user)

    assert "2 codings are not agreed yet, Village › Trust first." in act(
        as_user(it.editor), it, "close", reason="Done"
    )
    assert not Coding.objects.exists()


def test_an_agreed_coding_takes_the_place_of_the_one_before_and_of_no_other(it, as_user):
    before = factories.make_coding(
        it.project, key="trust", factor=it.trust, resolution="single_coder", score="0"
    )
    group = factories.make_group()
    other = factories.make_coding(
        it.project,
        key="trust-workers",
        factor=it.trust,
        resolution="single_coder",
        score="0",
        perspective_group=group,
    )
    code_apart(it, as_user, second="1")
    act(as_user(it.users[0]), it, "agree-same")

    act(as_user(it.editor), it, "close", reason="Second look")

    before.refresh_from_db()
    other.refresh_from_db()
    assert (str(before.score), before.resolution) == ("1.00", "consensus")
    assert (str(other.score), other.resolution) == ("0.00", "single_coder")
    assert Coding.objects.agreed().filter(factor=it.trust).count() == 2


def test_a_public_project_changes_by_a_proposal(as_user):
    it = Setting(factories.make_project(slug="village", title="Village"))
    paper = type(factories.make_publication()).objects.get(slug="paper")
    factories.make_public(it.project, it.framework, it.work, paper)
    code_apart(it, as_user, second="1")
    act(as_user(it.users[0]), it, "agree-same")

    told = act(as_user(it.editor), it, "close", reason="First round")

    assert "1 project is changed once another editor approves it" in told
    assert not Coding.objects.exists()
    proposal = Proposal.objects.get()
    assert (proposal.by, len(proposal.document["codings"])) == (it.editor, 6)
    as_user(factories.make_user(role="editor")).post(
        f"/admin/clusters/proposal/{proposal.pk}/change/", {"act": "approve"}
    )
    assert Coding.objects.count() == 6


def test_what_waits_for_a_coder_is_on_the_front_page(it, as_user):
    act(as_user(it.editor), it, "open")
    first, second = it.users

    assert "code, each apart" in said(as_user(first).get("/admin/"))
    as_user(first).post(it.sheet, answer(key(it.trust)))
    act(as_user(first), it, "hand-in")
    assert "First round" not in said(as_user(first).get("/admin/"))
    assert "code, each apart" in said(as_user(second).get("/admin/"))
    assert "code, each apart" not in said(as_user(it.editor).get("/admin/"))


STEPS = {
    "prepared": {"open"},
    "coding": {"hand-in", "take-back"},
    "comparing": {"agree-same", "close"},
    "closed": set(),
}


@pytest.mark.parametrize("state", STEPS)
@pytest.mark.parametrize("step", ["open", "hand-in", "take-back", "agree-same", "close"])
def test_each_step_is_taken_from_its_own_state_only(it, as_user, state, step):
    CodingRound.objects.update(state=state)

    told = act(as_user(it.editor), it, step, reason="x")

    assert ("; this needs: " in told) == (step not in STEPS[state])


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_of_a_round_cost_the_same_for_one_project_as_for_three(
    it, as_user, django_assert_num_queries, count
):
    for number in range(count - 1):
        it.round.projects.create(project=factories.make_project(slug=f"p-{number}"))
    CodingRound.objects.update(state="comparing")
    for row in it.round.projects.all():
        for coder in it.coders:
            RoundCoding.objects.create(
                round=it.round,
                project=row.project,
                coder=coder,
                factor=it.trust,
                document={
                    "score": "1",
                    "rationale": "r",
                    "citations": [{"publication": "paper", "page": "1"}],
                },
            )
    client = as_user(it.editor)
    client.get(it.page)

    with django_assert_num_queries(13):
        client.get(it.page)


# --- When somebody does not hand in ---------------------------------------------------------------


def hand_in_one(it, as_user):
    act(as_user(it.editor), it, "open")
    as_user(it.users[0]).post(it.sheet, answer(key(it.trust), "1"))
    act(as_user(it.users[0]), it, "hand-in")
    as_user(it.users[1]).post(it.sheet, answer(key(it.trust), "0"))


@pytest.mark.parametrize("what", ["framework", "work"])
def test_a_round_opens_only_with_what_it_can_close_with(it, as_user, what):
    draft = factories.make_framework(name="Draft") if what == "framework" else None
    if draft:
        factories.make_factor(draft)
        CodingRound.objects.update(framework=draft)
    else:
        it.round.dimensions.create(dimension=factories.make_dimension(name="Draft"))

    assert "Draft is not published. Publish it first." in act(as_user(it.editor), it, "open")
    assert it.state() == "prepared"


def test_a_coder_who_does_not_hand_in_is_left_out_and_nothing_is_lost(it, as_user):
    hand_in_one(it, as_user)
    leave = {"coder": "coder-1", "reason": "Away"}
    assert "Only an editor does this." in act(as_user(it.users[0]), it, "leave-out", **leave)

    act(as_user(it.editor), it, "leave-out", **leave)

    assert it.state() == "comparing"
    assert "Coder 1 (Coder 1)" not in said(as_user(it.editor).get(it.csv))
    assert it.round.codings.filter(coder=it.coders[1]).exists()
    act(as_user(it.editor), it, "close", reason="One reading")
    assert it.state() == "closed"


@pytest.mark.parametrize("had_handed_in", [True, False])
def test_one_coder_alone_makes_no_consensus(it, as_user, had_handed_in):
    if had_handed_in:
        code_apart(it, as_user)
    else:
        hand_in_one(it, as_user)
    act(as_user(it.editor), it, "leave-out", coder="coder-1", reason="Away")
    trust = key(it.trust)
    agree = {"act": f"agree:{trust}", **answer(trust, "0.67")}

    refused = as_user(it.users[0]).post(it.compare, {**agree, f"resolution-{trust}": "consensus"})

    assert "A consensus needs two coders" in said(refused)
    assert not it.round.codings.filter(coder=None).exists()
    as_user(it.editor).post(it.compare, {**agree, f"resolution-{trust}": "adjudicated"})
    assert it.round.codings.get(coder=None).resolution == "adjudicated"


def test_a_coder_is_replaced_and_the_other_codes_under_the_own_account(it, as_user):
    hand_in_one(it, as_user)
    user = factories.make_user(role="researcher")
    factories.make_coder(slug="third", name="Third", user=user)

    act(as_user(it.editor), it, "leave-out", coder="coder-1", instead="third", reason="Away")

    assert it.state() == "coding"
    assert as_user(it.users[1]).get(it.sheet).status_code in (403, 404)
    assert as_user(user).post(it.sheet, answer(key(it.trust), "0.67")).status_code == 302
    act(as_user(user), it, "hand-in")
    assert it.state() == "comparing"


def test_a_replacement_that_was_a_slip_is_undone(it, as_user):
    hand_in_one(it, as_user)
    factories.make_coder(slug="third", user=factories.make_user(role="researcher"))
    act(as_user(it.editor), it, "leave-out", coder="coder-1", instead="third", reason="Away")

    act(as_user(it.editor), it, "leave-out", coder="third", instead="coder-1", reason="A slip")

    active = it.round.coders.filter(left_at=None)
    assert [one.coder.slug for one in active.order_by("coder__slug")] == ["coder-0", "coder-1"]
    assert as_user(it.users[1]).get(it.sheet).status_code == 200
    act(as_user(it.users[1]), it, "hand-in")
    assert it.state() == "comparing"


def test_a_cancelled_round_says_why_and_can_be_reopened(it, as_user):
    hand_in_one(it, as_user)

    act(as_user(it.editor), it, "cancel", reason="Wrong framework")
    assert it.state() == "cancelled"
    assert "Wrong framework" in said(as_user(it.users[0]).get(it.page))
    act(as_user(it.editor), it, "reopen")

    assert it.state() == "coding"
    assert it.round.codings.count() == 2


def test_an_account_given_to_a_coder_later_opens_no_sheet(it, as_user):
    hand_in_one(it, as_user)
    type(it.coders[1]).objects.filter(pk=it.coders[1].pk).update(user=it.editor)

    assert as_user(it.editor).get(it.sheet).status_code in (403, 404)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"resolution": "consensus"}, "A consensus comes from a coding round"),
        ({"resolution": "adjudicated"}, "A consensus comes from a coding round"),
        ({"coder": "coder-1"}, "You may enter codings under your own name only."),
        ({"coder": "coder-0"}, ""),
        ({"resolution": "single_coder"}, ""),
    ],
)
def test_nobody_alone_gives_a_coding_that_is_others(it, values, words):
    project = factories.make_project(slug="own", entered_by=it.users[0])
    now = document_of(project)
    coding = {"key": "a", "factor": "fig/trust", "score": 1, "rationale": "So.", **values}
    wanted = {**now, "codings": [coding]}
    change = {"record": project, "base": now, "document": wanted, "by": it.users[0], "reason": ""}
    if not words:
        update(**change)
        return
    with pytest.raises(CaseFilesRefused) as refused:
        update(**change)

    assert words in str(refused.value.problems[0])
