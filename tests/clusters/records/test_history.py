"""What a record was, whoever changed it, is read off the history and can come back."""

import pytest
from django.db import connection, transaction

from clusters.actions.entering import create, update
from clusters.models import (
    Comment,
    Correction,
    DeletedRecord,
    Import,
    Proposal,
    Redaction,
    ReviewStep,
    Root,
)
from clusters.records.history import RecordHistory
from clusters.records.schema import record_schema, record_schemas
from clusters.records.serialization import document_of
from interventions.models import Outcome, Project
from tests import factories

# Acts are told apart by the time of their transaction.
committing = pytest.mark.django_db(transaction=True)


@pytest.fixture
def author():
    return factories.make_user(role="researcher")


def entered(author, **fields):
    (project,) = create(
        shape=record_schema(Project),
        values=[{"slug": "case", "title": "Case", **fields}],
        by=author,
        reason="From the paper",
    )
    return project


def changed(project, author, reason, **fields):
    base = document_of(project)
    document = {name: value for name, value in {**base, **fields}.items() if value is not None}
    update(record=project, base=base, document=document, by=author, reason=reason)


@committing
def test_each_act_is_told_with_who_why_and_what(author):
    factories.make_dimension(slug="work")
    project = entered(author)
    outcome = {
        "key": "lost",
        "dimension": "work",
        "title": "Women lost work",
        "direction": "negative",
    }
    changed(project, author, "Page 5", aims="To act", outcomes=[outcome])
    changed(project, author, "Not page 5", aims=None)

    first, second, third = RecordHistory(Project, project.pk).moments

    assert [moment.reason for moment in (first, second, third)] == [
        "From the paper",
        "Page 5",
        "Not page 5",
    ]
    assert {moment.by for moment in (first, second, third)} == {author}
    assert [str(difference) for difference in first.differences] == [
        "slug: nothing → case",
        "title: nothing → Case",
    ]
    assert [difference.where for difference in second.differences] == [
        ("aims",),
        ("outcomes", "lost"),
    ]
    assert third.document == {"slug": "case", "title": "Case", "outcomes": [outcome]}


@committing
def test_a_clock_that_is_set_back_does_not_change_the_story(author):
    factories.make_dimension(slug="work")
    project = entered(author)
    outcome = {
        "key": "lost",
        "dimension": "work",
        "title": "Women lost work",
        "direction": "negative",
    }
    changed(project, author, "Page 5", aims="To act", outcomes=[outcome])
    changed(project, author, "Not page 5", aims=None)
    told = [
        (moment.reason, moment.document) for moment in RecordHistory(Project, project.pk).moments
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        # As if the clock had been set back an hour between any two acts.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for model in (Project, Outcome):
            cursor.execute(
                f"UPDATE {model.pgh_event_models['insert']._meta.db_table} "
                "SET pgh_created_at = timestamptz '2020-01-01' - (pgh_created_at - '2020-01-01')"
            )

    assert [
        (moment.reason, moment.document) for moment in RecordHistory(Project, project.pk).moments
    ] == told
    assert len(told) == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    "model", [Comment, Correction, Import, Proposal, Redaction, DeletedRecord, ReviewStep]
)
def test_what_people_did_is_in_the_order_in_which_it_was_written(model):
    assert [name.strip("-") for name in model._meta.ordering] == ["pk"]


@committing
def test_raw_sql_and_bulk_changes_are_in_it_with_the_program_that_made_them(author):
    project = entered(author)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE interventions_project SET title = 'By hand' WHERE slug = 'case'")
    Project.objects.filter(pk=project.pk).update(aims="In bulk")

    _entered, by_hand, in_bulk = RecordHistory(Project, project.pk).moments

    assert [str(difference) for difference in by_hand.differences] == ["title: Case → By hand"]
    assert (by_hand.by, by_hand.reason) == (None, "")
    assert by_hand.program
    assert [str(difference) for difference in in_bulk.differences] == ["aims: nothing → In bulk"]


@committing
def test_a_deleted_record_is_known_whole(author):
    factories.make_dimension(slug="work")
    outcome = {
        "key": "lost",
        "dimension": "work",
        "title": "Women lost work",
        "direction": "negative",
    }
    project = entered(author, outcomes=[outcome])
    number, before = project.pk, document_of(project)
    project.delete()

    moments = RecordHistory(Project, number).moments

    assert moments[-1].document is None
    assert moments[-2].document == before
    assert Outcome.objects.count() == 0


@committing
def test_it_costs_the_same_for_one_act_and_for_three(author, django_assert_num_queries):
    project = entered(author)
    for aims in ("", "One", "Two", "Three"):
        if aims:
            changed(project, author, "Again", aims=aims)
        if aims in ("", "Three"):
            with django_assert_num_queries(10):
                assert RecordHistory(Project, project.pk).moments


@pytest.mark.parametrize("folder", [name for name in record_schemas() if name != "contributors"])
def test_the_last_moment_is_what_the_record_is(seeded, folder):
    model = record_schemas()[folder].model
    assert issubclass(model, Root)
    for record in model.objects.all()[:12]:
        assert RecordHistory(model, record.pk).moments[-1].document == document_of(record)
