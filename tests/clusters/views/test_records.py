import re

import pytest

from clusters.actions.editing import logged_change
from clusters.actions.publishing import withdraw
from clusters.models import Change
from tests import factories

# Each step in a transaction of its own: a version is raised once in each.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def changed():
    """A cluster that was published and then changed."""
    cluster = factories.make_public(factories.make_cluster(slug="place", summary="As it was."))
    with logged_change(cluster, by=None, reason="A better source"):
        cluster.summary = "As it is."
        cluster.save()
    cluster.refresh_from_db()
    return cluster


def versions():
    return list(
        Change.objects.filter(slug="place").order_by("number").values_list("version", flat=True)
    )


def test_the_address_of_a_version_stays_right(client, changed):
    first, last = versions()

    old = client.get(f"/records/clusters/place/versions/{first}/").content.decode()
    new = client.get(f"/records/clusters/place/versions/{last}/").content.decode()

    assert "As it was." in old
    assert "The record has changed since" in old
    assert re.search(r"<del>As it was\.</del>.*<ins>As it is\.</ins>", old, re.S)
    assert "As it is." in new
    assert "Nothing has changed since" in new
    assert "As it was." not in new


def test_there_is_no_version_before_the_first_or_after_the_last(client, changed):
    first, last = versions()

    assert client.get(f"/records/clusters/place/versions/{last + 1}/").status_code == 404
    assert client.get(f"/records/clusters/place/versions/{first - 1}/").status_code == 404
    assert client.get("/records/clusters/nowhere/versions/1/").status_code == 404
    assert client.get("/records/nothings/place/versions/1/").status_code == 404
    assert client.get("/records/contributors/place/versions/1/").status_code == 404


def test_versions_of_a_withdrawn_record_are_gone_with_it(client, changed):
    withdraw(record=changed, by=None, reason="Wrong place")

    assert client.get(f"/records/clusters/place/versions/{versions()[0]}/").status_code == 410


def test_a_draft_has_no_version_no_citation_and_takes_no_correction(client):
    factories.make_cluster(slug="draft")

    for rest in ("versions/1/", "cite.bib", "correct/"):
        assert client.get(f"/records/clusters/draft/{rest}").status_code == 404


def test_every_record_page_tells_how_to_cite_it(client, changed):
    page = client.get("/clusters/place/").content.decode()

    assert f"/records/clusters/place/versions/{changed.version}/" in page
    assert "/records/clusters/place/cite.bib" in page
    assert "/records/clusters/place/cite.ris" in page
    assert "/records/clusters/place/correct/" in page


def test_what_is_not_public_does_not_raise_the_version_that_is_shown(client):
    paper = factories.make_public(factories.make_publication())
    body = factories.make_stakeholder(slug="body", is_pseudonym=True, pseudonym_source=paper)
    factories.make_public(body)
    shown = Change.objects.get(slug="body").version

    body.pseudonym_note = "For editors"
    body.save()

    body.refresh_from_db()
    assert body.version > shown
    page = client.get("/stakeholders/body/").content.decode()
    assert f"/records/stakeholders/body/versions/{shown}/" in page
    assert f"version {body.version}" not in page
    assert client.get(f"/records/stakeholders/body/versions/{body.version}/").status_code == 404


def test_an_old_address_of_a_record_that_is_called_like_a_kind_leads_to_it(client):
    cluster = factories.make_public(factories.make_cluster(slug="clusters"))
    cluster.slug = "sialkot"
    cluster.save()

    for ending in ("versions/1/", "cite.bib"):
        old = client.get(f"/records/clusters/clusters/{ending}")
        assert (old.status_code, old["Location"]) == (301, f"/records/clusters/sialkot/{ending}")
