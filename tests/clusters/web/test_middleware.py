"""What odd addresses and parameters come to, before any page is asked."""

import pytest
from django.core.cache import cache

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted():
    cache.clear()


@pytest.mark.parametrize(
    ("path", "query", "target"),
    [
        ("/projects/", "utm_source=x&country=PK", "/projects/?country=PK"),
        ("//evil.example/", "utm_source=x", "/%2Fevil.example/"),
    ],
)
def test_trackers_go_and_no_other_host_is_reached(client, path, query, target):
    assert client.get("/", PATH_INFO=path, QUERY_STRING=query)["Location"] == target


@pytest.mark.parametrize("address", ["/projects/?q=%00", "/sign-in/?next=%00", "/search/?q=a%00b"])
def test_a_nul_in_an_address_is_the_readers_mistake(client, address):
    assert client.get(address).status_code == 400


@pytest.mark.parametrize("address", ["/", "/projects/", "/sign-in/", "/admin/", "/no-such-page/"])
def test_an_address_that_asks_for_too_many_pages_waits(client, settings, address):
    settings.PAGE_RATE = (2, 86_400)
    from_here = {"headers": {"Cookie": f"{settings.SESSION_COOKIE_NAME}=invented"}}
    for _number in range(2):
        assert client.get(address, REMOTE_ADDR="192.0.2.1", **from_here).status_code != 429

    refused = client.get(address, REMOTE_ADDR="192.0.2.1", **from_here)

    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 86_400
    assert "Too many pages at once" in refused.content.decode()
    assert client.get(address, REMOTE_ADDR="192.0.2.2").status_code != 429


def test_health_and_the_api_are_counted_apart_from_pages(client, settings):
    settings.PAGE_RATE = (1, 86_400)

    answers = [
        client.get(address, REMOTE_ADDR="192.0.2.3").status_code
        for address in ("/healthz", "/readyz", "/healthz", "/api/v1/", "/about/", "/api/v1/")
    ]

    assert answers == [200] * 6


def test_a_nul_in_a_form_is_its_senders_mistake(desk):
    answer = desk.post("/admin/desk/keep/", {"token": "\x00", "kind": "projects"})

    assert answer.status_code == 400


def test_an_old_slug_is_replaced_in_its_own_segment_only(client):
    project = factories.make_public(factories.make_project(slug="projects"))
    project.slug = "village"
    project.save()

    moved = client.get("/projects/projects/")

    assert moved.status_code == 301
    assert moved["Location"] == "/projects/village/"


@pytest.mark.parametrize("address", ["/api/v1/projects/", "/changes/feed/"])
def test_pages_of_other_sites_may_read_data(client, address):
    assert client.get(address, headers={"Origin": "https://other.example"}).has_header(
        "Access-Control-Allow-Origin"
    )


def test_a_chart_in_a_frame_stays_there_at_its_second_visit(seeded, client):
    first = client.get("/charts/factor-matrix/?embed=1")
    again = client.get("/charts/factor-matrix/?embed=1", headers={"If-None-Match": first["ETag"]})

    assert (first.status_code, again.status_code) == (200, 304)
    for name in ("Content-Security-Policy", "X-Frame-Options", "Cache-Control", "ETag"):
        assert again.get(name) == first.get(name), name
    assert not again.has_header("X-Frame-Options")


@pytest.mark.parametrize("address", ["/", "/projects/", "/literature/", "/changes/", "/about/"])
def test_a_304_has_the_headers_of_its_200(seeded, client, address):
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first["ETag"]})

    assert again.status_code == 304
    told = {name: value for name, value in first.items() if name not in ("Content-Length",)}
    told.pop("Content-Type", None), told.pop("X-Request-ID", None)
    assert {name: again.get(name) for name in told} == told
