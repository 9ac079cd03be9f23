import pytest

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/", "/projects/", "/changes/", "/charts/money/", "/about/"])
def test_a_public_page_is_kept_until_the_data_changes(client, address):
    factories.make_public(factories.make_framework(slug="donor-financed-csr-and-collective-action"))
    first = client.get(address)
    assert first.status_code == 200
    assert first["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "Cookie" not in first.get("Vary", "")
    assert not first.cookies

    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")

    factories.make_public(factories.make_cluster())
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_the_tag_knows_the_address_and_who_is_named_as_coder(client):
    coder = factories.make_coder(name="Somebody")
    tags = [client.get(address)["ETag"] for address in ("/about/", "/changes/", "/changes/?page=1")]
    assert len(set(tags)) == 3

    coder.consents_to_be_named = True
    coder.save()

    assert client.get("/about/")["ETag"] != tags[0]


def test_pages_refuse_to_be_posted_to(client):
    assert client.post("/projects/").status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        "/projects/compare/?project=%00",
        "/charts/factor-matrix/?framework=%00",
        "/charts/cluster-timeline/?cluster=%00",
        "/search/?q=a%00b",
        "/projects/?%00=1",
    ],
)
def test_a_nul_is_refused_by_every_page(client, address):
    assert client.get(address).status_code == 400


def test_a_redaction_changes_the_tag_of_pages(client):
    from clusters.actions.redaction import redact

    cluster = factories.make_public(factories.make_cluster(summary="Somebody's name"))
    before = client.get("/changes/")["ETag"]

    redact(record=cluster, field="summary", by=factories.make_user(), reason="A name")

    assert client.get("/changes/")["ETag"] != before


@pytest.mark.parametrize("address", ["/", "/changes/feed/", "/sitemap.xml", "/robots.txt"])
def test_a_page_that_is_asked_for_again_has_the_headers_that_it_had(client, address):
    factories.make_public(factories.make_project())
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first["ETag"]})

    assert (first.status_code, again.status_code) == (200, 304)
    of_each = {"Content-Type", "Content-Length", "Content-Language", "X-Request-ID"}
    said, said_again = (
        {name: value for name, value in answer.items() if name not in of_each}
        for answer in (first, again)
    )
    assert said_again == said
