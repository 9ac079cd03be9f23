import re
from xml.etree import ElementTree

import pytest
from django.utils.feedgenerator import Atom1Feed

from clusters.actions.editing import logged_change
from clusters.actions.publishing import withdraw
from clusters.models import Change
from clusters.views.changes import by_day
from tests import factories

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def history():
    """A cluster published, changed and withdrawn, and a draft of which nothing is told."""
    cluster = factories.make_public(factories.make_cluster(name="Place", summary="Before"))
    with logged_change(cluster, by=None, reason="Corrected"):
        cluster.summary = "After"
        cluster.save()
    withdraw(record=cluster, by=None, reason="Not a cluster")
    factories.make_cluster(name="Draft")
    return cluster


def test_changes_stand_day_by_day_latest_first(client, history):
    page = client.get("/changes/").content.decode()

    shown = re.findall(r"<strong>Place</strong>\s+(\w+)", page)
    assert shown == ["withdrawn", "changed", "published"]
    assert "Not a cluster" in page
    assert "Draft" not in page
    numbers = list(Change.objects.values_list("number", flat=True))
    assert numbers == list(range(len(numbers), 0, -1))


def test_changes_of_one_kind_in_a_row_are_folded(client):
    factories.make_public(*(factories.make_cluster(name=f"Place {number}") for number in range(4)))

    ((_, (clusters, publication)),) = by_day(Change.objects.all())

    assert (clusters.is_folded, clusters.words) == (True, "4 clusters")
    assert (publication.is_folded, len(publication.changes)) == (False, 1)
    page = client.get("/changes/").content.decode()
    assert page.count("<details") == page.count("<summary><strong>4 clusters</strong>") == 1


def test_no_change_shows_what_has_been_withdrawn_since(client, history):
    for change in Change.objects.filter(kind="clusters"):
        page = client.get(f"/changes/{change.number}/").content.decode()
        assert "Its last public text is kept" in page
        assert "<ins>" not in page
        assert "Shoes" not in page


def test_a_change_shows_each_value_before_and_after(client):
    cluster = factories.make_public(factories.make_cluster(name="Place", summary="Before"))
    with logged_change(cluster, by=None, reason="Corrected"):
        cluster.summary = "After"
        cluster.save()
    change = Change.objects.get(action="changed")

    page = client.get(f"/changes/{change.number}/").content.decode()

    assert "<del>Before</del>" in page
    assert "<ins>After</ins>" in page
    assert "Corrected" in page


def test_a_withdrawal_does_not_show_what_was_withdrawn(client, history):
    change = Change.objects.get(action="withdrawn")

    page = client.get(f"/changes/{change.number}/").content.decode()

    assert "Not a cluster" in page
    assert "After" not in page.replace("After</th>", "")


def test_the_feed_has_an_entry_for_each_change(client, history):
    response = client.get("/changes/feed/")

    assert response["Content-Type"] == Atom1Feed.content_type
    feed = ElementTree.fromstring(response.content)  # noqa: S314 - our own feed
    found = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert found[:2] == ["Place: withdrawn", "Place: changed"]
    links = [entry.find(f"{ATOM}link").get("href") for entry in feed.iter(f"{ATOM}entry")]
    assert all(
        client.get(link.removeprefix("http://testserver")).status_code == 200 for link in links
    )


def test_there_is_no_change_of_another_number(client):
    assert client.get("/changes/1/").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_change_and_for_three(
    client, count, django_assert_num_queries
):
    for _ in range(count):
        factories.make_public(factories.make_cluster())

    with django_assert_num_queries(3):
        client.get("/changes/")
