"""From draft to public at the desk: every step, allowed and refused, and two people at one record."""

import re

import pytest
from django.core import mail
from django.urls import reverse

from clusters.actions.commenting import comment
from clusters.actions.proposing import changes_of, propose, return_
from clusters.actions.publishing import NotAllowed
from clusters.actions.reviewing import (
    missing_citations,
    publish_reviewed,
    reopen,
    return_to_author,
    steps_for,
    submit,
    take_back,
    withdraw_reviewed,
)
from clusters.models import Comment, DeletedRecord, Proposal, ReviewStep, State
from clusters.records.serialization import document_of
from interventions.models import Project
from tests import factories
from tests.forms import form_of, prefix_of, send
from tests.queue import work

pytestmark = pytest.mark.django_db


@pytest.fixture
def author():
    return factories.make_user(role="researcher")


@pytest.fixture
def editor():
    return factories.make_user(role="editor")


@pytest.fixture
def draft(author):
    project = factories.make_project(slug="case", title="Case", entered_by=author)
    factories.cite(
        project, factories.make_place(factories.make_public(factories.make_publication()))
    )
    return project


def page_of(record):
    return reverse("admin:interventions_project_change", args=[record.pk])


def place_for(field, record):
    """The inputs of a new citation of the record's place, for one field."""
    place = record.citations.get().citation
    values = {
        "here": "1",
        "publication": place.publication.slug,
        "locator_type": place.locator_type,
        "locator": place.locator,
        "for_field": field,
        "stance": "supports",
    }
    return {f"citations-99-{name}": value for name, value in values.items()}


def again(record):
    return Project.objects.get(pk=record.pk)


def at(state, project, author, editor):
    """Bring a draft to a state by the steps that lead there."""
    if state != State.DRAFT:
        submit(record=project, by=author)
    if state == State.RETURNED:
        return_to_author(record=project, by=editor, reason="Which page?")
    if state in (State.PUBLISHED, State.WITHDRAWN):
        publish_reviewed(records=[project], by=editor, reason="Good")
    if state == State.WITHDRAWN:
        withdraw_reviewed(records=[project], by=editor, reason="Entered twice")
    return again(project)


STEPS = {
    "submit": (lambda record, by: submit(record=record, by=by), "in_review"),
    "take back": (lambda record, by: take_back(record=record, by=by), "draft"),
    "return": (
        lambda record, by: return_to_author(record=record, by=by, reason="Why?"),
        "returned",
    ),
    "publish": (
        lambda record, by: publish_reviewed(records=[record], by=by, reason="Good"),
        "published",
    ),
    "withdraw": (
        lambda record, by: withdraw_reviewed(records=[record], by=by, reason="Twice"),
        "withdrawn",
    ),
    "reopen": (lambda record, by: reopen(record=record, by=by, reason="Once"), "draft"),
}
# Who may take which step from where; whatever is not here is refused.
ALLOWED = {
    ("draft", "submit"): {"author", "editor"},
    ("returned", "submit"): {"author", "editor"},
    ("in_review", "take back"): {"author", "editor"},
    ("in_review", "return"): {"editor"},
    ("in_review", "publish"): {"editor"},
    ("published", "withdraw"): {"editor"},
    ("withdrawn", "reopen"): {"editor"},
}


@pytest.mark.parametrize("who", ["reader", "other", "author", "editor"])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", list(State.values))
def test_every_step_from_every_state_by_everybody(state, step, who, draft, author, editor):
    project = at(state, draft, author, editor)
    people = {"author": author, "editor": editor}
    user = people.get(who) or factories.make_user(role={"other": "researcher"}.get(who))
    take, wanted = STEPS[step]

    if who in ALLOWED.get((state, step), ()):
        take(project, user)
        assert again(project).state == wanted
        assert ReviewStep.objects.last().by == user
    else:
        steps = ReviewStep.objects.count()
        with pytest.raises(NotAllowed):
            take(project, user)
        assert (again(project).state, ReviewStep.objects.count()) == (state, steps)


def test_the_chain_stays_readable(draft, author, editor):
    submit(record=draft, by=author)
    return_to_author(record=again(draft), by=editor, reason="Which page?")
    submit(record=again(draft), by=author, note="Page 5")
    publish_reviewed(records=[again(draft)], by=editor, reason="Good")

    chain = ReviewStep.objects.filter(kind="projects").values_list(
        "step", "state", "by__email", "reason"
    )
    assert list(chain) == [
        ("submitted", "in_review", author.email, ""),
        ("returned", "returned", editor.email, "Which page?"),
        ("submitted", "in_review", author.email, "Page 5"),
        ("published", "published", editor.email, "Good"),
    ]


def test_nobody_publishes_a_record_of_their_own_but_where_one_person_may(draft, editor, settings):
    Project.objects.update(entered_by=editor)
    submit(record=again(draft), by=editor)

    with pytest.raises(NotAllowed, match="nobody publishes a record of their own"):
        publish_reviewed(records=[again(draft)], by=editor, reason="Good")
    assert again(draft).state == "in_review"

    settings.TWO_PERSON_REVIEW = False
    publish_reviewed(records=[again(draft)], by=editor, reason="Good")
    assert again(draft).is_published


def test_what_is_uncited_is_not_handed_in_and_the_page_leads_there(client, draft, author):
    outcome = factories.make_outcome(draft)
    outcome.citations.all().delete()
    client.force_login(author)

    answer = send(client, client.get(page_of(draft)), act="submit")
    page = client.get(answer.url).content.decode()

    assert again(draft).state == "draft"
    assert f'data-path="outcomes.{outcome.key}.direction"' in page
    assert "have no place yet. They are listed below." in page
    assert f'data-path="outcomes.{outcome.key}.direction"' in page


def test_a_case_is_entered_cited_and_handed_in_on_one_page(client, author):
    paper = factories.make_public(factories.make_publication(slug="paper"))
    client.force_login(author)
    page = client.get(reverse("admin:interventions_project_add"))
    places = {"here": "1", "publication": paper.slug, "locator_type": "page", "locator": "5"}
    places["for_field"] = "*"

    answer = send(
        client,
        page,
        {"title": "Jalandhar", "actual_start-edtf": "about 2004"}
        | {f"citations-0-{name}": value for name, value in places.items()},
        act="submit",
    )

    project = Project.objects.get(slug="jalandhar")
    assert answer.url == page_of(project)
    assert (project.state, project.entered_by, project.actual_start) == (
        "in_review",
        author,
        "2004~",
    )
    assert project.citations.get().citation.locator == "5"


def test_what_is_wrong_is_told_at_its_input_and_nothing_is_saved(client, author):
    client.force_login(author)
    page = client.get(reverse("admin:interventions_project_add"))

    answer = send(
        client,
        page,
        {"title": "", "aims": "To act together", "actual_start-edtf": "one day", "slug": "x"},
    )
    words = answer.content.decode()

    assert answer.status_code == 422
    assert "“one day” is not a date that can be read" in words
    assert words.count("This is required.") == 1
    assert form_of(answer)["aims"] == ["To act together"]
    assert not Project.objects.exists()


def test_what_fields_are_wrong_about_together_is_told_at_one_of_them(client, author):
    client.force_login(author)
    page = client.get(reverse("admin:interventions_project_add"))
    parts = {
        "codings-0-here": "1",
        "codings-0-one-of": "score:1.00",
        "codings-0-rationale": "Why",
        "outcomes-0-here": "1",
        "outcomes-0-title": "Women lost work",
    }

    answer = send(client, page, {"title": "Case", **parts})

    told = {
        name: re.findall(rf'id="id_{name}-problem">\s*<li>(.*?)</li>', answer.content.decode())
        for name in ("codings-0-factor", "codings-0-coder", "outcomes-0-dimension")
    }
    assert told == {
        "codings-0-factor": [
            "A coding is of a factor or of an outcome dimension, not both.",
        ],
        "codings-0-coder": [
            "A coding is one coder&#x27;s own, or says how it was agreed: "
            "name a coder or the agreement, not both."
        ],
        "outcomes-0-dimension": ["This is required."],
    }
    assert not Project.objects.exists()


def test_a_change_to_what_is_public_waits_for_somebody_else(client, draft, author, editor):
    project = at(State.PUBLISHED, draft, author, editor)
    client.force_login(author)
    page = client.get(page_of(project))

    refused = send(client, page, {"title": "Other"})
    assert refused.status_code == 422
    assert "needs a reason" in refused.content.decode()

    answer = send(client, page, {"title": "Other"}, reason="The source says so")
    proposal = Proposal.objects.get()
    assert answer.url == proposal.get_absolute_url()
    assert again(project).title == "Case"
    assert [str(change) for change in changes_of(proposal)] == ["title: Case → Other"]


def test_what_a_form_states_of_defaults_is_no_change(client, draft, author, editor):
    outcome, coding = factories.make_outcome(draft), factories.make_coding(draft)
    place = draft.citations.get().citation
    for part in (outcome, coding):
        factories.cite(part, place)
    factories.make_public(coding.factor.framework, outcome.dimension)
    project = at(State.PUBLISHED, draft, author, editor)
    client.force_login(author)

    answer = send(client, client.get(page_of(project)), reason="Looked through")

    assert "Nothing is changed by this." in answer.content.decode()
    assert not Proposal.objects.exists()


def test_one_goes_on_with_a_returned_proposal(client, draft, author, editor):
    project = at(State.PUBLISHED, draft, author, editor)
    client.force_login(author)
    send(client, client.get(page_of(project)), {"title": "Other"}, reason="The source says so")
    proposal = Proposal.objects.get()
    client.force_login(editor)
    client.post(proposal.get_absolute_url(), {"act": "return", "answer": "Which?"})
    client.force_login(author)

    page = client.get(f"{page_of(project)}?proposal={proposal.pk}")

    assert form_of(page)["title"] == ["Other"]
    assert form_of(page)["reason"] == ["The source says so"]
    assert "Which?" in page.content.decode()
    send(client, page, {"aims": "To act", **place_for("aims", project)}, reason="Page 5")
    proposal.refresh_from_db()
    assert proposal.state == "replaced"
    assert client.get(f"{page_of(project)}?proposal={proposal.pk}").status_code == 404
    assert Proposal.objects.first().document["aims"] == "To act"
    assert Proposal.objects.first().document["title"] == "Other"


def test_two_people_at_one_record_lose_nothing(client, draft, author, editor):
    client.force_login(author)
    mine = client.get(page_of(draft))
    client.force_login(editor)
    theirs = client.get(page_of(draft))
    send(client, theirs, {"title": "Theirs", "aims": "Their aims"})

    client.force_login(author)
    answer = send(client, mine, {"title": "Mine", "summary": "My summary"})

    assert answer.status_code == 409
    assert again(draft).title == "Theirs"
    fields = form_of(answer)
    assert (fields["title"], fields["aims"], fields["summary"]) == (
        ["Mine"],
        ["Their aims"],
        ["My summary"],
    )
    assert 'value="title"' in answer.content.decode()

    taken = send(client, answer, theirs=["title"])
    assert taken.status_code == 302
    saved = again(draft)
    assert (saved.title, saved.aims, saved.summary) == ("Theirs", "Their aims", "My summary")


def test_changes_to_different_values_are_joined_without_a_word(client, draft, author, editor):
    client.force_login(author)
    mine = client.get(page_of(draft))
    client.force_login(editor)
    send(client, client.get(page_of(draft)), {"aims": "Their aims"})
    client.force_login(author)

    answer = send(client, mine, {"title": "Mine"})

    assert answer.status_code == 302
    assert (again(draft).title, again(draft).aims) == ("Mine", "Their aims")


def test_a_part_that_somebody_removed_is_a_conflict_where_it_was_changed(
    client, draft, author, editor
):
    outcome = factories.make_outcome(draft)
    client.force_login(author)
    mine = client.get(page_of(draft))
    client.force_login(editor)
    page = client.get(page_of(draft))
    send(client, page, {f"{prefix_of(page, outcome.key)}-removed": "on"})
    client.force_login(author)

    answer = send(client, mine, {f"{prefix_of(mine, outcome.key)}-title": "Changed"})

    assert answer.status_code == 409
    assert "nothing" in answer.content.decode()
    send(client, answer)
    assert again(draft).outcomes.get().title == "Changed"


def test_those_concerned_get_mail_and_whoever_acts_does_not(draft, author, editor):
    submit(record=draft, by=author)
    comment(record=draft, by=editor, text="Which page?", field="title")
    return_to_author(record=again(draft), by=editor, reason="No page", url="http://desk/1/")

    work()
    assert [(message.to, message.subject) for message in mail.outbox] == [
        ([editor.email], "Submitted for review: Case"),
        ([author.email], "Comment on Case"),
        ([author.email], "Returned with a reason: Case"),
    ]
    assert "Which page?" in mail.outbox[1].body
    assert mail.outbox[2].body == (
        f"{editor}:\n\nNo page\n\nhttp://desk/1/\n\n"
        "You get this because you work on it in the Cluster Casebook."
    )


def test_authors_hear_of_publication_and_editors_of_proposals_and_each_of_the_decision(
    draft, author, editor, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        submit(record=draft, by=author)
        publish_reviewed(records=[draft], by=editor, reason="Good")
        public = document_of(again(draft), public=True)
        place = {**public["citations"][0], "for": "summary"}
        changed = {**public, "summary": "More", "citations": [*public["citations"], place]}
        made = propose(
            record=again(draft),
            base=public,
            document=changed,
            by=author,
            reason="Read\nagain",
            site="http://s/",
        )
        return_(proposal=made, by=editor, answer="Why?", site="http://s/")

    work()
    assert [(message.to, message.subject.partition(":")[0]) for message in mail.outbox] == [
        ([editor.email], "Submitted for review"),
        ([author.email], "Published"),
        ([editor.email], "A change is proposed"),
        ([author.email], "Returned"),
    ]
    for message in mail.outbox[2:]:
        assert f"http://s/admin/clusters/proposal/{made.pk}/" in message.body


def test_comments_are_made_settled_and_stay(client, draft, author, editor):
    client.force_login(editor)
    client.post(page_of(draft), {"act": "comment", "text": " ", "field": ""})
    client.post(page_of(draft), {"act": "comment", "text": "Which?", "field": "title"})
    made = Comment.objects.get()
    client.force_login(author)

    waiting = client.get(reverse("admin:index")).content.decode()
    client.post(page_of(draft), {"act": "resolve", "comment": made.pk})

    assert "projects/case: Which?" in waiting
    made.refresh_from_db()
    assert (made.field, made.by, made.resolved_by) == ("title", editor, author)
    assert "Which?" in client.get(page_of(draft)).content.decode()
    assert "projects/case: Which?" not in client.get(reverse("admin:index")).content.decode()


def test_what_waits_is_on_the_front_page_of_whom_it_waits_for(client, draft, author, editor):
    def front(user):
        client.force_login(user)
        return client.get(reverse("admin:index")).content.decode()

    assert "Your drafts" in front(author)
    assert "To review" not in front(editor)
    submit(record=draft, by=author)
    assert "To review" in front(editor)
    assert "Your drafts" not in front(author)
    return_to_author(record=again(draft), by=editor, reason="Which page?")
    assert "Returned to you" in front(author)
    assert "Which page?" in front(author)


def test_what_is_handed_in_stands_on_its_authors_front_page(client, draft, author):
    client.force_login(author)
    assert "Handed in, with the editors" not in client.get("/admin/").content.decode()

    at(State.IN_REVIEW, draft, author, None)

    page = client.get("/admin/").content.decode()
    assert "Handed in, with the editors" in page
    assert page.count(f'href="{page_of(draft)}"') == 1


@pytest.mark.parametrize("is_along", [False, True])
def test_handing_in_names_the_drafts_that_must_come_along(client, draft, author, is_along):
    cluster = factories.make_cluster(name="Jalandhar", entered_by=author)
    draft.clusters.add(cluster)
    if is_along:
        factories.cite(cluster, draft.citations.get().citation)
        submit(record=cluster, by=author)
    client.force_login(author)

    answer = send(client, client.get(page_of(draft)), act="submit")

    words = client.get(answer.url.partition("#")[0]).content.decode()
    assert "Submitted: an editor reviews it." in words
    assert ("It names what is not public yet: Jalandhar. Submit that, too." in words) != is_along


def test_records_that_name_each_other_are_published_together(client, draft, author, editor):
    cluster = factories.make_cluster(slug="town", name="Town", entered_by=author)
    factories.cite(
        cluster, factories.make_place(factories.make_public(factories.make_publication()))
    )
    draft.clusters.add(cluster)
    submit(record=draft, by=author)
    submit(record=cluster, by=author)
    client.force_login(editor)

    alone = client.post(page_of(draft), {"act": "publish"}, follow=True).content.decode()
    assert "names clusters/town, which is not published" in alone
    assert 'value="clusters/town"' in alone
    client.post(page_of(draft), {"act": "publish", "together": ["clusters/town"]})

    cluster.refresh_from_db()
    assert (again(draft).is_published, cluster.is_published) == (True, True)


def test_steps_offered_are_those_that_may_be_taken(draft, author, editor):
    assert steps_for(author, draft) == ["submitted"]
    project = at(State.IN_REVIEW, draft, author, editor)
    assert steps_for(editor, project) == ["taken_back", "returned", "published"]
    assert steps_for(author, project) == ["taken_back"]


@pytest.mark.parametrize(
    ("field", "is_there"),
    [
        ("", True),
        ("title", True),
        ("accounts.early.position", True),
        ("accounts.early", True),
        ("accounts.early.citations", True),
        ("nonsense xyz", False),
        ("title.words", False),
        ("accounts.early.nonsense", False),
    ],
)
def test_comments_are_on_the_record_or_on_a_field_that_there_is(draft, author, field, is_there):
    if is_there:
        assert comment(record=draft, by=author, text="Why?", field=field).field == field
        return
    with pytest.raises(NotAllowed, match="There is no field"):
        comment(record=draft, by=author, text="Why?", field=field)


def test_a_returned_record_says_why_on_its_page(client, draft, author, editor):
    submit(record=draft, by=author)
    return_to_author(record=again(draft), by=editor, reason="Cite a page")
    client.force_login(author)

    assert client.get(page_of(draft)).content.decode().count("Cite a page") == 2  # and the chain


def test_a_draft_is_deleted_from_its_page_and_brought_back_from_removals(
    client, draft, author, editor
):
    client.force_login(author)
    page = client.get(page_of(draft)).content.decode()
    delete = page_of(draft).replace("change", "delete")
    assert f'href="{delete}"' in page
    assert "A deleted draft is kept whole." in client.get(delete).content.decode()
    after = client.post(delete, {"post": "yes"})["Location"]
    assert "It is deleted." in client.get(after).content.decode()
    # Its address leads its author there; others learn nothing of it.
    assert client.get(page_of(draft))["Location"] == after
    client.force_login(factories.make_user(role="researcher"))
    assert client.get(page_of(draft)).status_code == 404
    client.force_login(editor)
    removal = f"/admin/clusters/deletedrecord/{DeletedRecord.objects.get().pk}/change/"
    history = client.get(removal)["Location"]
    client.post(history)
    assert again(draft).title == draft.title
    public = factories.make_public(factories.make_project())
    assert "Delete this draft" not in client.get(page_of(public)).content.decode()


def test_withdrawing_is_confirmed_told_and_undone(client, draft, author, editor):
    project = at("published", draft, author, editor)
    client.force_login(editor)
    work()
    mail.outbox.clear()

    client.post(page_of(project), {"act": "withdraw", "why": "Wrong village"})
    assert again(project).state == "published"
    client.post(page_of(project), {"act": "withdraw", "why": "Wrong village", "sure": "withdraw"})
    assert again(project).state == "withdrawn"
    work()
    assert [message.to for message in mail.outbox] == [[author.email]]
    client.post(page_of(project), {"act": "reopen", "why": "It was the right one"})
    assert again(project).state == "draft"

    client.logout()
    gone = client.get(project.get_absolute_url())
    assert (gone.status_code, "Wrong village" in gone.content.decode()) == (410, True)


def test_an_author_brings_a_deleted_draft_back(client, draft, author):
    client.force_login(author)
    after = client.post(page_of(draft).replace("change", "delete"), {"post": "yes"})["Location"]

    client.post(after)

    assert again(draft).title == draft.title


def test_several_that_are_withdrawn_are_told_of_in_one_mail(client, author, editor):
    published = [
        factories.make_public(factories.make_project(slug=slug, entered_by=author))
        for slug in ("one", "two")
    ]
    client.force_login(editor)
    sent = {"action": "withdraw_selected", "reason": "Not of this field"}
    listed = "/admin/interventions/project/"

    client.post(listed, {**sent, "_selected_action": [project.pk for project in published]})

    work()
    assert [message.to for message in mail.outbox] == [[author.email]]
    assert "projects/one" in mail.outbox[0].body
    assert "projects/two" in mail.outbox[0].body


def test_what_a_record_names_is_handed_in_and_published_with_it(client, draft, author, editor):
    """Also what those name in turn; and everybody gets one mail an act."""
    place = factories.make_place(factories.make_public(factories.make_publication()))
    group = factories.make_group(slug="makers", entered_by=author)
    maker = factories.make_stakeholder(slug="maker", name="Maker", group=group, entered_by=author)
    factories.cite(maker, place)
    part = draft.participants.create(key="maker", stakeholder=maker, role="member")
    factories.cite(part, place)
    client.force_login(author)
    work()
    mail.outbox.clear()

    send(client, client.get(page_of(draft)), act="submit")

    work()
    assert [message.to for message in mail.outbox] == [[editor.email]]
    client.force_login(editor)
    names = re.findall(
        r'name="together" value="([^"]+)"', client.get(page_of(draft)).content.decode()
    )
    assert sorted(names) == ["stakeholder-groups/makers", "stakeholders/maker"]
    mail.outbox.clear()
    client.post(page_of(draft), {"act": "publish", "together": names})
    work()
    assert [message.to for message in mail.outbox] == [[author.email]]
    for record in (draft, maker, group):
        record.refresh_from_db()
        assert record.is_published


def test_what_is_changed_under_a_citation_of_all_is_missing_until_somebody_says_so(
    client, draft, author
):
    client.force_login(author)
    send(client, client.get(page_of(draft)), {"title": "Other", "aims": "To act"})

    page = client.get(page_of(draft))
    assert [missing.where for missing in missing_citations(again(draft))] == [("title",), ("aims",)]
    assert page.content.decode().count("changed after the whole record was cited") == 2
    assert form_of(page)["citations-0-not_for"] == ["aims", "title"]
    with pytest.raises(NotAllowed, match="aims was written after the whole record was cited"):
        submit(record=again(draft), by=author)

    send(client, page, place_for("aims", draft))
    assert [missing.where for missing in missing_citations(again(draft))] == [("title",)]

    send(client, client.get(page_of(draft)), {"citations-0-not_for": ["aims"]})
    assert missing_citations(again(draft)) == []


def test_what_is_added_to_something_public_needs_a_place_and_what_is_corrected_is_told(
    client, draft, author, editor, settings
):
    settings.TWO_PERSON_REVIEW = False
    project = at(State.PUBLISHED, draft, author, editor)
    client.force_login(editor)
    page = client.get(page_of(project))

    refused = send(client, page, {"planned_end-edtf": "2001"}, reason="Read again")
    assert refused.status_code == 422
    assert (
        "The whole record was cited before this was written: cite it for this field."
        in refused.content.decode()
    )
    assert again(project).planned_end == ""

    send(client, page, {"title": "Other"}, reason="A slip")
    assert again(project).title == "Other"
    assert again(project).citations.get().not_for == ["title"]
    page = client.get(page_of(project)).content.decode()
    assert "0 of 1 values lead to a place" in page
    assert page.count("changed after the whole record was cited") == 1
