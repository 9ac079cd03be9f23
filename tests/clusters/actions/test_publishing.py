import pytest
from django.db import DatabaseError, connections, transaction

from clusters.actions.publishing import NotAllowed, publish, withdraw
from clusters.models import Change, State
from tests import factories

pytestmark = pytest.mark.django_db


def test_publishing_refuses_a_value_without_a_citation_and_names_it():
    cluster = factories.make_cluster(slug="kasur", summary="Tanneries.", region="Punjab")
    place = factories.make_place()
    for field in ("name", "country", "industry", "summary"):
        factories.cite(cluster, place, field=field)
    figure = factories.make_statistic(cluster, key="firms")
    factories.cite(figure, place, field="value")

    with pytest.raises(NotAllowed) as refused:
        publish(records=[cluster], by=None, reason="")

    assert refused.value.reasons == [
        "clusters/kasur: region has no citation.",
        "clusters/kasur: statistics.firms.indicator has no citation.",
        f"clusters/kasur names publications/{place.publication.slug}, which is not published.",
    ]
    cluster.refresh_from_db()
    assert cluster.state == State.DRAFT
    assert Change.objects.count() == 0


def test_records_that_name_each_other_are_published_together():
    paper = factories.make_publication(cited_as="Khan (2004)")
    place = factories.make_place(paper)
    cluster = factories.make_cluster()
    factories.cite(cluster, place)
    factories.cite(paper, place)

    changes = publish(records=[cluster, paper], by=None, reason="Ready")

    assert [change.number for change in changes] == [1, 2]
    assert [change.kind for change in changes] == ["clusters", "publications"]
    assert changes[0].before is None
    assert changes[0].after["slug"] == cluster.slug


def test_withdrawing_is_refused_while_something_public_points_to_the_record():
    body = factories.make_stakeholder(slug="saga")
    donor = factories.make_donor(slug="saga-fund", stakeholder=body)
    factories.make_public(body, donor)

    with pytest.raises(NotAllowed) as refused:
        withdraw(record=body, by=None, reason="Wrong")
    assert refused.value.reasons == ["donors/saga-fund points to it."]

    withdraw(record=donor, by=None, reason="Wrong")
    assert withdraw(record=body, by=None, reason="Wrong").action == "withdrawn"


def test_a_publication_that_is_cited_cannot_be_withdrawn():
    cluster = factories.make_public(factories.make_cluster(slug="kasur"))
    paper = cluster.citations.get().citation.publication

    with pytest.raises(NotAllowed, match="clusters/kasur points to it"):
        withdraw(record=paper, by=None, reason="Wrong")


def test_withdrawing_needs_a_reason_and_a_published_record():
    with pytest.raises(NotAllowed) as refused:
        withdraw(record=factories.make_cluster(), by=None, reason=" ")

    assert len(refused.value.reasons) == 2


def test_the_change_log_has_no_gaps_and_its_last_number_is_the_data_version():
    assert Change.objects.all().data_version() == 0
    factories.make_public(factories.make_cluster(), factories.make_cluster())

    assert sorted(Change.objects.values_list("number", flat=True)) == [1, 2, 3]
    assert Change.objects.all().data_version() == 3


def test_private_notes_are_not_in_the_public_log():
    paper = factories.make_publication()
    body = factories.make_stakeholder(
        is_pseudonym=True, pseudonym_source=paper, pseudonym_note="SENTINEL"
    )
    factories.make_public(body, paper)

    assert "SENTINEL" not in str(list(Change.objects.values_list("after", flat=True)))


def test_a_place_that_only_disputes_a_value_does_not_cover_it():
    cluster = factories.make_cluster(slug="kasur")
    paper = factories.make_public(factories.make_publication())
    factories.cite(cluster, factories.make_place(paper), stance="disputes")

    with pytest.raises(NotAllowed, match="clusters/kasur: name has no citation"):
        publish(records=[cluster], by=None, reason="")


def test_a_stale_copy_cannot_undo_a_publication():
    cluster = factories.make_cluster()
    stale = type(cluster).objects.get()
    factories.make_public(cluster)
    stale.summary = "Typed meanwhile"
    stale.save()

    cluster.refresh_from_db()
    assert (cluster.state, cluster.summary) == (State.PUBLISHED, "Typed meanwhile")


@pytest.mark.django_db(transaction=True)
def test_public_acts_queue():
    body = factories.make_public(factories.make_stakeholder())
    other = connections.create_connection("default")
    try:
        with transaction.atomic(), other.cursor() as cursor:
            withdraw(record=body, by=None, reason="Wrong")
            cursor.execute("SET lock_timeout = '200ms'")
            # What another process would ask for first when it publishes.
            with pytest.raises(DatabaseError, match="lock timeout"):
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('clusters_change'))")
    finally:
        other.close()
