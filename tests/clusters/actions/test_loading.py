"""Case files brought in together: what is locked, what is refused, and what nobody may overwrite."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clusters.actions.editing import logged_change
from clusters.actions.loading import apply, preview
from clusters.actions.publishing import NotAllowed
from clusters.models import Change, Contributor, Proposal
from clusters.records.schema import record_schema
from clusters.records.serialization import document_of
from clusters.records.validation import CaseFile, CaseFilesRefused, read_value
from tests import factories

pytestmark = pytest.mark.django_db

SHOWN_NOWHERE = "Something stands here already that is not shown."


@pytest.fixture
def researcher():
    return factories.make_user(role="researcher")


@pytest.fixture
def editor():
    return factories.make_user(role="editor")


def file_of(record, **changes) -> CaseFile:
    """Return the case file of a record, with some values changed; None leaves one out."""
    document = document_of(record, public=True) | changes
    document = {name: value for name, value in document.items() if value is not None}
    case_file, problems = read_value(f"{record.slug}.yaml", document, record_schema(type(record)))
    assert problems == []
    return case_file


def told(refused):
    return [(problem.file, problem.field, problem.message) for problem in refused.value.problems]


def locks(queries):
    return [
        query["sql"]
        for query in queries
        if "FOR UPDATE" in query["sql"] or "advisory" in query["sql"]
    ]


def test_people_are_not_changed_from_what_was_looked_at_before(editor):
    ana = factories.make_coder(slug="ana", name="Ana", consents_to_be_named=True)
    files = [file_of(ana)]
    plan = preview(files=files, by=editor)
    Contributor.objects.update(consents_to_be_named=False)

    with pytest.raises(NotAllowed, match="look again"):
        apply(files=files, by=editor, reason="Old file", versions=plan.versions)
    assert not Contributor.objects.get().consents_to_be_named


def test_somebody_who_came_meanwhile_is_not_written_over(editor):
    files = [file_of(factories.make_coder(slug="ana", name="Another Ana"))]
    Contributor.objects.all().delete()
    plan = preview(files=files, by=editor)
    assert plan.created == ["contributors/ana"]
    factories.make_coder(slug="ana", name="Ana", orcid="0000-0002-1825-0097")

    with pytest.raises(NotAllowed, match="look again"):
        apply(files=files, by=editor, reason="Old file", versions=plan.versions)
    assert Contributor.objects.get().name == "Ana"


def test_what_is_not_shown_is_not_written_over(researcher):
    body = factories.make_stakeholder(
        slug="body",
        entered_by=researcher,
        is_pseudonym=True,
        pseudonym_source=factories.make_publication(entered_by=researcher),
        pseudonym_note="Of the author",
    )

    with pytest.raises(CaseFilesRefused) as refused:
        preview(files=[file_of(body, pseudonym_note="Of the file")], by=researcher)

    assert told(refused) == [("body.yaml", "pseudonym_note", SHOWN_NOWHERE)]
    unhidden = file_of(body, mission="New")
    plan = preview(files=[unhidden], by=researcher)
    apply(files=[unhidden], by=researcher, reason="x", versions=plan.versions)
    body.refresh_from_db()
    assert (body.mission, body.pseudonym_note) == ("New", "Of the author")


def test_what_keeps_changes_and_what_keeps_proposals_from_being_made_is_told_at_once(researcher):
    public = factories.make_project(slug="public", title="Old")
    factories.cite(public, place := factories.make_place(), field="title")
    factories.make_public(place.publication)
    factories.make_public(public)
    mine = factories.make_project(slug="mine", entered_by=researcher)

    with pytest.raises(CaseFilesRefused) as refused:
        preview(
            files=[file_of(public, aims="Less work."), file_of(mine, clusters=["nowhere"])],
            by=researcher,
        )

    assert [(file, field) for file, field, _ in told(refused)] == [
        ("mine.yaml", "clusters"),
        ("public.yaml", "aims"),
    ]
    assert not Proposal.objects.exists()


def test_only_what_is_to_be_changed_is_locked(researcher):
    public = factories.make_public(factories.make_project(slug="public"))
    theirs = factories.make_project(slug="theirs")
    mine = factories.make_project(slug="mine", entered_by=researcher)
    as_they_are = [file_of(public), file_of(theirs)]

    with CaptureQueriesContext(connection) as unchanged:
        plan = preview(files=as_they_are, by=researcher)
    assert (plan.unchanged, plan.changed, locks(unchanged)) == (2, {}, [])
    with CaptureQueriesContext(connection) as changed:
        preview(files=[*as_they_are, file_of(mine, title="New")], by=researcher)
    assert locks(changed)
    assert all(f"IN ({mine.pk})" in lock for lock in locks(changed))


def test_a_record_that_went_is_not_changed_unseen():
    stale = factories.make_public(factories.make_cluster())
    type(stale).objects.filter(pk=stale.pk).update(summary="")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM clusters_clustercitation")
        cursor.execute("DELETE FROM clusters_cluster")
        cursor.execute("SET LOCAL session_replication_role = origin")

    with pytest.raises(NotAllowed, match="not there"), logged_change(stale, by=None, reason="x"):
        pytest.fail("It was changed all the same.")
    assert not Change.objects.filter(action="changed").exists()
