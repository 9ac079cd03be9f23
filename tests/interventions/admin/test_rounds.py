"""Coders code apart, nobody sees the others' sheets before all have handed in; then they agree."""

import csv
import io
import re

import pytest
from django.core import mail

from clusters.actions.entering import update
from clusters.actions.proposing import propose
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
            factories.make_coder(slug=f"coder-{number}", name=f"Coder {number}", user=user)
            for number, user in enumerate(self.users)
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
def setting():
    return Setting(factories.make_project(slug="village", title="Village"))


@pytest.fixture
def as_user(client):
    def enter(user):
        client.force_login(user)
        return client

    return enter


def said(response):
    return response.content.decode()


def act(client, setting, name, **more):
    return said(client.post(setting.page, {"act": name, **more}, follow=True))


def key(thing):
    return f"{'d' if thing._meta.model_name == 'outcomedimension' else 'f'}{thing.pk}"


def code_apart(setting, as_user, *, second="0.67"):
    """Open, let both code trust and one outcome, and hand in."""
    act(as_user(setting.editor), setting, "open")
    for user, score in zip(setting.users, ("1", second), strict=True):
        sheet = answer(key(setting.trust), score) | answer(key(setting.work), "0.33")
        assert as_user(user).post(setting.sheet, sheet).status_code == 302
    for user in setting.users:
        act(as_user(user), setting, "hand-in")
    assert setting.state() == "comparing"


# --- Preparing -----------------------------------------------------------------------------------


def test_an_editor_prepares_a_round_at_the_desk(setting, as_user):
    setting.round.delete()
    form = {
        "name": "Second",
        "framework": setting.framework.pk,
        "perspective_group": "",
        "projects-TOTAL_FORMS": 1,
        "projects-INITIAL_FORMS": 0,
        "projects-0-project": setting.project.pk,
        "coders-TOTAL_FORMS": 2,
        "coders-INITIAL_FORMS": 0,
        "coders-0-coder": setting.coders[0].pk,
        "coders-1-coder": setting.coders[1].pk,
        "dimensions-TOTAL_FORMS": 0,
        "dimensions-INITIAL_FORMS": 0,
    }
    client = as_user(setting.editor)
    assert client.get("/admin/interventions/codinground/add/").status_code == 200
    made = client.post("/admin/interventions/codinground/add/", form)

    row = CodingRound.objects.get()
    assert (made.status_code, made["Location"]) == (302, row.get_absolute_url())
    assert [member.coder for member in row.coders.all()] == setting.coders
    refused = as_user(setting.users[0]).post("/admin/interventions/codinground/add/", form)
    assert refused.status_code == 403


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda setting: setting.round.projects.all().delete(), "It has no projects."),
        (lambda setting: setting.round.coders.last().delete(), "It needs two coders or more."),
        (
            lambda setting: (
                type(setting.coders[0]).objects.filter(pk=setting.coders[0].pk).update(user=None)
            ),
            "Coder-0 has no account to code with.",
        ),
        (
            lambda setting: setting.users[0].groups.clear(),
            "Coder-0 has no account to code with.",
        ),
        (
            lambda setting: (
                setting.round.dimensions.all().delete(),
                CodingRound.objects.update(framework=None),
            ),
            "It has nothing to code",
        ),
    ],
)
def test_a_round_opens_only_when_it_can_be_coded(setting, as_user, spoil, why):
    spoil(setting)

    told = act(as_user(setting.editor), setting, "open")
    assert why in told
    assert setting.state() == "prepared"


def test_only_an_editor_opens_and_the_coders_are_told(setting, as_user):
    assert "Only an editor opens a round." in act(as_user(setting.users[0]), setting, "open")

    act(as_user(setting.editor), setting, "open")
    work()

    assert setting.state() == "coding"
    assert sorted(message.to for message in mail.outbox) == sorted(
        [user.email] for user in setting.users
    )


def test_a_round_has_a_number_that_its_projects_have_not_seen(setting, as_user):
    factories.make_coding(setting.project, round=4)

    act(as_user(setting.editor), setting, "open")

    setting.round.refresh_from_db()
    assert setting.round.number == 5


# --- Apart ---------------------------------------------------------------------------------------


def test_nobody_sees_what_another_codes_until_all_have_handed_in(setting, as_user):
    act(as_user(setting.editor), setting, "open")
    first, second = setting.users
    as_user(first).post(setting.sheet, answer(key(setting.trust), "1", SECRET))
    act(as_user(first), setting, "hand-in")
    places = [
        setting.page,
        setting.sheet,
        f"/admin/interventions/project/{setting.project.pk}/change/",
        f"/admin/interventions/project/{setting.project.pk}/history/",
        "/admin/interventions/coding/",
        "/admin/desk/tables/projects-codings.csv?rows=1",
        "/api/v1/projects/village/?state=draft",
        "/api/v1/codings/?state=draft",
        "/admin/",
    ]

    for user in (second, setting.editor, factories.make_user(role="administrator")):
        client = as_user(user)
        for place in places:
            assert SECRET not in said(client.get(place)), (user, place)
        for place in (setting.compare, setting.csv):
            assert client.get(place).status_code == 404, (user, place)
    assert client.get(setting.sheet).status_code == 404  # who does not code has none
    assert SECRET in said(as_user(first).get(setting.sheet))
    stranger = as_user(factories.make_user(role="researcher"))
    for address in (setting.page, setting.sheet, setting.compare):
        assert stranger.get(address).status_code == 404, address
    assert "1 of 3" in said(as_user(setting.editor).get(setting.page))


def test_a_sheet_is_kept_as_it_is_typed_and_handing_in_asks_for_the_rest(setting, as_user):
    act(as_user(setting.editor), setting, "open")
    client = as_user(setting.users[0])
    half = {f"{key(setting.trust)}-answer": "0.67"}
    kept = client.post(setting.sheet, half, headers={"X-Autosave": "1"})
    assert set(kept.json()) == {"at", "note"}
    assert kept.json()["note"] == ""
    page = said(client.get(setting.sheet))
    assert page.count("checked") == 3  # one answer, and “no coding” twice

    refused = act(client, setting, "hand-in")
    assert "Village › Trust: no rationale" in refused
    assert "Village › Trust: no place in a publication" in refused
    unread = answer(key(setting.trust), place="somewhere")
    told = client.post(setting.sheet, unread, headers={"X-Autosave": "1"}).json()["note"]
    assert told.startswith("Trust: “somewhere” is not a place")
    assert "“somewhere” is not a place" in act(client, setting, "hand-in")
    page = said(client.get(setting.sheet))
    assert 'value="somewhere"' in page
    assert "“somewhere” is not a place" in page
    unknown = answer(key(setting.trust), place="nowhere | page | 3")
    told = client.post(setting.sheet, unknown, headers={"X-Autosave": "1"}).json()
    assert told["note"] == "Not known as publications: nowhere. Enter them before you hand in."
    assert "nowhere is no publication that is known" in act(client, setting, "hand-in")
    client.post(setting.sheet, answer(key(setting.trust)))
    act(client, setting, "hand-in")

    assert setting.round.coders.get(coder=setting.coders[0]).handed_in_at is not None
    shut = client.post(setting.sheet, answer(key(setting.trust), "0"), headers={"X-Autosave": "1"})
    assert shut.json() == {"problems": ["You have handed in: take it back first."]}
    act(client, setting, "take-back")
    assert client.post(setting.sheet, {}).status_code == 302
    assert not RoundCoding.objects.exists()
    assert "You have coded nothing yet." in act(client, setting, "hand-in")


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ({"answer": "0.5"}, "“0.5” is no answer."),
        ({"answer": "1", "place": "paper, p. 3"}, "is not a place: write publication"),
        ({"answer": "1", "place": "paper | leaf | 3"}, "“leaf” is not a kind of place"),
    ],
)
def test_what_cannot_be_read_is_told_and_stays_typed_and_the_rest_is_kept(
    setting, as_user, typed, why
):
    act(as_user(setting.editor), setting, "open")
    client = as_user(setting.users[0])
    sheet = {f"{key(setting.trust)}-{name}": value for name, value in typed.items()}

    answered = client.post(
        setting.sheet, {**sheet, **answer(key(setting.power), rationale="Kept")}, follow=True
    )

    assert why in said(answered)
    assert typed.get("place", "") in said(answered)
    kept = RoundCoding.objects.get(factor=setting.power)
    assert kept.document["rationale"] == "Kept"
    assert "not a place" in act(client, setting, "hand-in") or "place" not in typed


def test_a_place_is_read_as_lists_show_it(setting, as_user):
    act(as_user(setting.editor), setting, "open")
    paper = Publication.objects.get(slug="paper")
    Publication.objects.filter(pk=paper.pk).update(cited_as="Fayyaz et al. (2017)")
    factories.make_public(paper)
    line = "Fayyaz et al. (2017) | Section and paragraph | Findings, para 2"

    told = as_user(setting.users[0]).post(
        setting.sheet, answer(key(setting.trust), place=line), headers={"X-Autosave": "1"}
    )

    assert told.json()["note"] == ""
    assert RoundCoding.objects.get().document["citations"] == [
        {"publication": paper.slug, "section": "Findings, para 2"}
    ]


# --- Comparing and agreeing ----------------------------------------------------------------------


def test_once_all_have_handed_in_they_see_who_differs_where(setting, as_user):
    code_apart(setting, as_user)

    for user in (*setting.users, setting.editor):
        page = said(as_user(user).get(setting.page))
        assert 'class="apart-1"' in page
        assert 'class="apart-same"' in page
        assert 'class="apart-none"' in page
        assert "not defined" in page
        assert "they differ" in said(as_user(user).get(setting.compare))
    rows = list(
        csv.DictReader(io.StringIO(said(as_user(setting.editor).get(setting.csv)).lstrip("\ufeff")))
    )
    assert [(row["subject"], row["coder-0"], row["coder-1"], row["apart"]) for row in rows] == [
        ("Trust", "1", "0.67", "1"),
        ("Power", "", "", "none"),
        ("Women's work", "0.33", "0.33", "same"),
    ]


def agreement(setting, resolution, *, rationale="Because."):
    """What is sent to agree on trust."""
    subject = key(setting.trust)
    return {
        "act": f"agree:{subject}",
        f"resolution-{subject}": resolution,
        **answer(subject, "0.67", rationale),
    }


def confirmation(page):
    """What the one button of a page sends that confirms a consensus."""
    (button,) = re.findall(r'value="(confirm:[^"]+)"', said(page))
    return button


def test_coders_discuss_what_they_differ_on(setting, as_user):
    code_apart(setting, as_user)
    first, second = setting.users
    subject = key(setting.trust)

    text = {f"text-{subject}": "Look at page 1 again."}
    as_user(first).post(setting.compare, {"act": f"say:{subject}", **text})

    assert "Look at page 1 again." in said(as_user(second).get(setting.compare))


def test_a_consensus_says_why_and_is_no_coders_decision(setting, as_user):
    code_apart(setting, as_user)
    client = as_user(setting.users[1])

    refused = client.post(setting.compare, agreement(setting, "consensus", rationale=""))
    assert refused.status_code == 422
    assert "no rationale" in said(refused)
    adjudicated = client.post(setting.compare, agreement(setting, "adjudicated"))
    assert "Only an editor adjudicates." in said(adjudicated)


def test_one_persons_consensus_is_none_until_the_other_confirms_it(setting, as_user):
    code_apart(setting, as_user)
    first, second = setting.users
    work()
    mail.outbox.clear()

    as_user(second).post(setting.compare, agreement(setting, "consensus"))

    work()
    assert [message.to for message in mail.outbox] == [[first.email]]
    told = act(as_user(setting.editor), setting, "close", reason="Done")
    assert "2 codings are not agreed yet" in told
    client = as_user(first)
    button = confirmation(client.get(setting.compare))
    stale = client.post(setting.compare, {"act": f"{button[:-6]}+00:01"}, follow=True)
    assert "The consensus is another by now." in said(stale)
    assert "Confirmed." in said(client.post(setting.compare, {"act": button}, follow=True))


def test_an_editor_closes_a_round_with_a_reason_and_the_independent_codings_stay(setting, as_user):
    code_apart(setting, as_user)
    first, second = setting.users
    as_user(second).post(setting.compare, agreement(setting, "consensus"))
    client = as_user(first)
    client.post(setting.compare, {"act": confirmation(client.get(setting.compare))})

    told = act(client, setting, "agree-same")
    assert "1 coding agreed, on which all say the same." in told
    assert "Only an editor closes a round." in act(client, setting, "close", reason="Done")
    editor = as_user(setting.editor)
    assert "Say why" in act(editor, setting, "close", reason="")
    act(editor, setting, "close", reason="First round")

    assert setting.state() == "closed"
    found = {
        (
            str(coding.factor or coding.dimension),
            str(coding.coder or coding.resolution),
            str(coding.score),
            coding.round,
        )
        for coding in Coding.objects.all()
    }
    assert found == {
        ("Trust", "coder-0", "1.00", 1),
        ("Trust", "coder-1", "0.67", 1),
        ("Trust", "consensus", "0.67", 1),
        ("Women's work", "coder-0", "0.33", 1),
        ("Women's work", "coder-1", "0.33", 1),
        ("Women's work", "consensus", "0.33", 1),
    }
    assert all(coding.citations.count() == 1 for coding in Coding.objects.all())
    assert said(as_user(first).get(setting.page)).count("apart-1") >= 1


def test_what_one_person_alone_has_coded_needs_nobodys_agreement(setting, as_user):
    act(as_user(setting.editor), setting, "open")
    first, second = setting.users
    as_user(first).post(setting.sheet, answer(key(setting.trust)) | answer(key(setting.power), "0"))
    as_user(second).post(setting.sheet, answer(key(setting.trust)))
    for user in setting.users:
        act(as_user(user), setting, "hand-in")
    act(as_user(first), setting, "agree-same")

    act(as_user(setting.editor), setting, "close", reason="Done")

    assert setting.state() == "closed"
    found = {(coding.factor.key, coding.resolution) for coding in Coding.objects.agreed()}
    assert found == {("trust", "consensus"), ("power", "single_coder")}


def test_what_is_typed_under_other_subjects_comes_back_with_the_page(setting, as_user):
    code_apart(setting, as_user, second="0.67")
    client = as_user(setting.users[0])
    trust, work = key(setting.trust), key(setting.work)
    typed = {f"text-{trust}": "See page 2.", **answer(work, "1", "As I read it.")}

    def forms(page):
        return {
            row["subject"].key: (row["form"]["code"], row["form"].get("text", ""))
            for row in page.context["rows"]
            if row["is_typed"]
        }

    begun = client.post(setting.compare, {"act": f"take:{trust}:coder-1", **typed})
    assert forms(begun) == {trust: ("0.67", "See page 2."), work: ("1", "")}
    told = client.post(setting.compare, {"act": f"say:{trust}", **typed})
    assert forms(told) == {work: ("1", "")}
    assert "See page 2." in said(told)
    agreed = client.post(
        setting.compare, {"act": f"agree:{work}", f"resolution-{work}": "consensus", **typed}
    )
    assert forms(agreed) == {trust: ("", "See page 2.")}
    alone = client.post(setting.compare, {"act": f"say:{trust}", f"text-{trust}": "Done."})
    assert (alone.status_code, alone["Location"]) == (302, f"{setting.compare}#{trust}")
    for nobody in (f"take:{trust}:nobody", "take:nothing:coder-1", "agree:nothing"):
        assert client.post(setting.compare, {"act": nobody}).status_code == 404


def test_whoever_is_at_the_desk_is_told_who_an_unnamed_coder_is(setting, as_user):
    address = "/admin/autocomplete/?app_label=interventions&model_name=roundcoder&field_name=coder"

    def names(user):
        return {choice["text"] for choice in as_user(user).get(address).json()["results"]}

    assert names(setting.editor) == {"coder-0 (Coder 0)", "coder-1 (Coder 1)"}
    assert names(setting.users[0]) == {"coder-0 (you)", "coder-1 (Coder 1)"}


def test_a_round_that_is_prepared_has_a_page_from_which_it_is_changed(setting, as_user):
    form = f"/admin/interventions/codinground/{setting.round.pk}/change/"
    editor = as_user(setting.editor)

    assert editor.get(form)["Location"] == setting.page
    assert f"{form}?edit" in said(editor.get(setting.page))
    assert editor.get(f"{form}?edit").status_code == 200
    act(editor, setting, "open")
    assert editor.get(f"{form}?edit")["Location"] == setting.page


def test_a_round_is_not_closed_before_everything_is_agreed(setting, as_user):
    code_apart(setting, as_user)

    assert "2 codings are not agreed yet, Village › Trust first." in act(
        as_user(setting.editor), setting, "close", reason="Done"
    )
    assert not Coding.objects.exists()


def test_an_agreed_coding_takes_the_place_of_the_one_before_and_of_no_other(setting, as_user):
    before = factories.make_coding(
        setting.project, key="trust", factor=setting.trust, resolution="single_coder", score="0"
    )
    group = factories.make_group()
    other = factories.make_coding(
        setting.project,
        key="trust-workers",
        factor=setting.trust,
        resolution="single_coder",
        score="0",
        perspective_group=group,
    )
    code_apart(setting, as_user, second="1")
    act(as_user(setting.users[0]), setting, "agree-same")

    act(as_user(setting.editor), setting, "close", reason="Second look")

    before.refresh_from_db()
    other.refresh_from_db()
    assert (str(before.score), before.resolution) == ("1.00", "consensus")
    assert (str(other.score), other.resolution) == ("0.00", "single_coder")
    assert Coding.objects.agreed().filter(factor=setting.trust).count() == 2


def test_a_public_project_changes_by_a_proposal(as_user):
    setting = Setting(factories.make_project(slug="village", title="Village"))
    paper = type(factories.make_publication()).objects.get(slug="paper")
    factories.make_public(setting.project, setting.framework, setting.work, paper)
    code_apart(setting, as_user, second="1")
    act(as_user(setting.users[0]), setting, "agree-same")

    told = act(as_user(setting.editor), setting, "close", reason="First round")

    assert "1 project is changed once another editor approves it" in told
    assert not Coding.objects.exists()
    proposal = Proposal.objects.get()
    assert (proposal.by, len(proposal.document["codings"])) == (setting.editor, 6)
    as_user(factories.make_user(role="editor")).post(
        f"/admin/clusters/proposal/{proposal.pk}/change/", {"act": "approve"}
    )
    assert Coding.objects.count() == 6


def test_what_waits_for_a_coder_is_on_the_front_page(setting, as_user):
    act(as_user(setting.editor), setting, "open")
    first, second = setting.users

    assert "code, each apart" in said(as_user(first).get("/admin/"))
    as_user(first).post(setting.sheet, answer(key(setting.trust)))
    act(as_user(first), setting, "hand-in")
    assert "First round" not in said(as_user(first).get("/admin/"))
    assert "code, each apart" in said(as_user(second).get("/admin/"))
    assert "code, each apart" not in said(as_user(setting.editor).get("/admin/"))


STEPS = {
    "prepared": {"open"},
    "coding": {"hand-in", "take-back"},
    "comparing": {"agree-same", "close"},
    "closed": set(),
}


@pytest.mark.parametrize("state", STEPS)
@pytest.mark.parametrize("step", ["open", "hand-in", "take-back", "agree-same", "close"])
def test_each_step_is_taken_from_its_own_state_only(setting, as_user, state, step):
    CodingRound.objects.update(state=state)

    told = act(as_user(setting.editor), setting, step, reason="x")

    assert ("; this needs: " in told) == (step not in STEPS[state])


@pytest.mark.parametrize("count", [1, 3])
def test_the_pages_of_a_round_cost_the_same_for_one_project_as_for_three(
    setting, as_user, django_assert_num_queries, count
):
    for number in range(count - 1):
        setting.round.projects.create(project=factories.make_project(slug=f"p-{number}"))
    CodingRound.objects.update(state="comparing")
    for row in setting.round.projects.all():
        for coder in setting.coders:
            RoundCoding.objects.create(
                round=setting.round,
                project=row.project,
                coder=coder,
                factor=setting.trust,
                document={
                    "score": "1",
                    "rationale": "r",
                    "citations": [{"publication": "paper", "page": "1"}],
                },
            )
    client = as_user(setting.editor)
    client.get(setting.page)

    with django_assert_num_queries(13):
        client.get(setting.page)


# --- When somebody does not hand in ---------------------------------------------------------------


def hand_in_one(setting, as_user):
    act(as_user(setting.editor), setting, "open")
    as_user(setting.users[0]).post(setting.sheet, answer(key(setting.trust), "1"))
    act(as_user(setting.users[0]), setting, "hand-in")
    as_user(setting.users[1]).post(setting.sheet, answer(key(setting.trust), "0"))


@pytest.mark.parametrize("what", ["framework", "work"])
def test_a_round_opens_only_with_what_it_can_close_with(setting, as_user, what):
    draft = factories.make_framework(name="Draft") if what == "framework" else None
    if draft:
        factories.make_factor(draft)
        CodingRound.objects.update(framework=draft)
    else:
        setting.round.dimensions.create(dimension=factories.make_dimension(name="Draft"))

    assert "Draft is not published. Publish it first." in act(
        as_user(setting.editor), setting, "open"
    )
    assert setting.state() == "prepared"


def test_a_coder_who_does_not_hand_in_is_left_out_and_nothing_is_lost(setting, as_user):
    hand_in_one(setting, as_user)
    leave = {"coder": "coder-1", "reason": "Away"}
    assert "Only an editor does this." in act(
        as_user(setting.users[0]), setting, "leave-out", **leave
    )

    act(as_user(setting.editor), setting, "leave-out", **leave)

    assert setting.state() == "comparing"
    assert "Coder 1 (Coder 1)" not in said(as_user(setting.editor).get(setting.csv))
    assert setting.round.codings.filter(coder=setting.coders[1]).exists()
    act(as_user(setting.editor), setting, "close", reason="One reading")
    assert setting.state() == "closed"


@pytest.mark.parametrize("had_handed_in", [True, False])
def test_one_coder_alone_makes_no_consensus(setting, as_user, had_handed_in):
    if had_handed_in:
        code_apart(setting, as_user)
    else:
        hand_in_one(setting, as_user)
    act(as_user(setting.editor), setting, "leave-out", coder="coder-1", reason="Away")
    trust = key(setting.trust)
    agree = {"act": f"agree:{trust}", **answer(trust, "0.67")}

    refused = as_user(setting.users[0]).post(
        setting.compare, {**agree, f"resolution-{trust}": "consensus"}
    )

    assert "A consensus needs two coders" in said(refused)
    same = act(as_user(setting.users[0]), setting, "agree-same")
    assert "A consensus needs two coders" in same
    assert not setting.round.codings.filter(coder=None).exists()
    as_user(setting.editor).post(setting.compare, {**agree, f"resolution-{trust}": "adjudicated"})
    assert setting.round.codings.get(coder=None).resolution == "adjudicated"


def replace(setting, as_user, coder, instead):
    parts = {"coder": coder, "instead": instead, "reason": "Away"}
    return act(as_user(setting.editor), setting, "leave-out", **parts)


def test_a_coder_is_replaced_and_the_other_codes_under_the_own_account(setting, as_user):
    hand_in_one(setting, as_user)
    user = factories.make_user(role="researcher")
    factories.make_coder(slug="third", name="Third", user=user)

    replace(setting, as_user, "coder-1", instead="third")

    assert setting.state() == "coding"
    assert as_user(setting.users[1]).get(setting.sheet).status_code in (403, 404)
    assert as_user(user).post(setting.sheet, answer(key(setting.trust), "0.67")).status_code == 302
    act(as_user(user), setting, "hand-in")
    assert setting.state() == "comparing"


def test_a_replacement_that_was_a_slip_is_undone(setting, as_user):
    hand_in_one(setting, as_user)
    factories.make_coder(slug="third", user=factories.make_user(role="researcher"))
    replace(setting, as_user, "coder-1", instead="third")

    replace(setting, as_user, "third", instead="coder-1")

    active = setting.round.coders.filter(left_at=None)
    assert [member.coder.slug for member in active.order_by("coder__slug")] == [
        "coder-0",
        "coder-1",
    ]
    assert as_user(setting.users[1]).get(setting.sheet).status_code == 200
    act(as_user(setting.users[1]), setting, "hand-in")
    assert setting.state() == "comparing"


def test_a_cancelled_round_says_why_and_can_be_reopened(setting, as_user):
    hand_in_one(setting, as_user)

    act(as_user(setting.editor), setting, "cancel", reason="Wrong framework")
    assert setting.state() == "cancelled"
    assert "Wrong framework" in said(as_user(setting.users[0]).get(setting.page))
    act(as_user(setting.editor), setting, "reopen")

    assert setting.state() == "coding"
    assert setting.round.codings.count() == 2


def test_an_account_given_to_a_coder_later_opens_no_sheet(setting, as_user):
    hand_in_one(setting, as_user)
    type(setting.coders[1]).objects.filter(pk=setting.coders[1].pk).update(user=setting.editor)

    assert as_user(setting.editor).get(setting.sheet).status_code in (403, 404)


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
def test_nobody_alone_gives_a_coding_that_is_others(setting, values, words):
    project = factories.make_project(slug="own", entered_by=setting.users[0])
    now = document_of(project)
    coding = {"key": "a", "factor": "fig/trust", "score": 1, "rationale": "So.", **values}
    wanted = {**now, "codings": [coding]}
    change = {
        "record": project,
        "base": now,
        "document": wanted,
        "by": setting.users[0],
        "reason": "",
    }
    if not words:
        update(**change)
        return
    with pytest.raises(CaseFilesRefused) as refused:
        update(**change)

    assert words in str(refused.value.problems[0])


@pytest.mark.parametrize(
    ("of", "change", "words"),
    [
        ({"coder": 1}, {"score": 0}, "You may enter codings under your own name only."),
        ({"coder": 1}, None, "You may enter codings under your own name only."),
        ({"resolution": "consensus"}, {"score": 0}, "A consensus comes from a coding round"),
        ({"resolution": "consensus"}, None, "A consensus comes from a coding round"),
        ({"coder": 1}, {"rationale": "Of another."}, "You may enter codings under your own name"),
        ({"coder": 0}, {"rationale": "Better."}, ""),
        ({"coder": 0}, {"score": 0}, ""),
        ({"coder": 0}, None, ""),
        ({"resolution": "single_coder"}, {"score": 0}, ""),
    ],
)
def test_nobody_proposes_another_answer_for_others(setting, of, change, words):
    of = of if "resolution" in of else {"coder": setting.coders[of["coder"]]}
    project = factories.make_project(slug="public")
    factories.make_coding(project, key="a", factor=setting.trust, score=1, **of)
    factories.make_public(project)
    now = document_of(project, public=True)
    wanted = {name: value for name, value in now.items() if name != "codings"}
    if change is not None:
        wanted["codings"] = [now["codings"][0] | change]

    made = {"record": project, "base": now, "document": wanted, "reason": "Because"}
    if words:
        with pytest.raises(CaseFilesRefused) as refused:
            propose(**made, by=setting.users[0])
        assert words in str(refused.value.problems[0])
    else:
        assert propose(**made, by=setting.users[0]).pk
    update(**made, by=setting.editor)
