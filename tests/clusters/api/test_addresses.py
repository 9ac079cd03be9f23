"""Every address of the API is found: from its root, without a slash, and by search."""

import pytest

from config.api import description
from tests import factories

pytestmark = pytest.mark.django_db

API = "/api/v1/"


def test_the_root_leads_to_everything_there_is(client, seeded):
    root = client.get(API).json()

    described = {path for path in description()["paths"] if path.count("/") == 4}
    described |= {f"{API}dataset.zip", f"{API}schema/", f"{API}docs/"}
    assert {address.removeprefix("http://testserver") for address in root.values()} == described
    for name in root.keys() - {"proposals", "search", "dataset"}:
        assert client.get(root[name]).status_code == 200, name


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("/api/v1/projects", "/api/v1/projects/"),
        ("/api/v1/projects/village?fields=title", "/api/v1/projects/village/?fields=title"),
        ("/api/v1/accounts/village/says", "/api/v1/accounts/village/says/"),
        ("/api/v1/search?q=a", "/api/v1/search/?q=a"),
        ("/api/v1/charts/money", "/api/v1/charts/money/"),
        ("/api/v1", "/api/v1/"),
    ],
)
def test_an_address_without_its_last_slash_leads_to_that_with_it(client, asked, address):
    moved = client.get(asked)

    assert (moved.status_code, moved["Location"]) == (301, address)
    kept = client.post(asked, "{}", content_type="application/json")
    assert (kept.status_code, kept["Location"]) == (308, address)


def test_what_is_nowhere_is_not_redirected(client):
    for path in ("castles", "castles/", "dataset.zip/", "projects//"):
        assert client.get(f"{API}{path}").status_code == 404, path


def test_the_folder_of_the_api_leads_to_its_version(client):
    assert client.get("/api/")["Location"] == API


def test_root_and_description_have_strong_tags(client, seeded):
    for path in (API, f"{API}schema/", f"{API}schema/?format=json"):
        tag = client.get(path)["ETag"]
        assert tag.startswith('"')
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
        packed = client.get(path, headers={"Accept-Encoding": "gzip"})
        assert packed["ETag"].startswith('"')
        assert packed["ETag"] != tag
    yaml, json = (client.get(f"{API}schema/?format={name}") for name in ("yaml", "json"))
    assert yaml["ETag"] != json["ETag"]


def test_what_is_called_just_so_is_found_first(client):
    factories.make_public(
        factories.make_project(slug="a", title="Sialkot", summary="x"),
        factories.make_project(slug="b", title="Sialkot Sialkot Sialkot"),
        factories.make_cluster(slug="long", name="Lahore", summary="Sialkot " * 9 + "Sialkót"),
    )
    factories.make_public(factories.make_cluster(slug="c", name="Sialkót", summary="A city. " * 99))

    found = client.get(f"{API}search/?q=sialkot").json()["results"]

    assert {row["title"] for row in found[:2]} == {"Sialkot", "Sialkót"}
    assert len(found) == 4


def test_a_result_names_its_record_and_leads_to_it(client, seeded):
    kinds = set()
    for word in ("sialkot", "project", "donor", "labour", "workers", "ida"):
        for row in client.get(f"{API}search/?q={word}&page_size=200").json()["results"]:
            if (row["kind"], row["id"]) in kinds:
                continue
            kinds.add((row["kind"], row["id"]))
            record = client.get(row["api_url"]).json()
            assert row["id"] == (record.get("id") or record["slug"])
            assert row["slug"] == row["id"].partition("/")[0]
    assert {"clusters", "projects", "accounts", "events", "factors", "publications"} <= {
        kind for kind, _id in kinds
    }


def test_a_kind_that_search_does_not_know_is_refused(client):
    answer = client.get(f"{API}search/?q=a&kind=project")

    assert answer.status_code == 400
    assert "Did you mean “projects”?" in answer.json()["detail"]


def test_a_feed_is_sent_again_only_where_it_changed(client):
    factories.make_public(factories.make_cluster())
    first = client.get("/changes/feed/")

    again = client.get("/changes/feed/", headers={"If-Modified-Since": first["Last-Modified"]})
    older = client.get(
        "/changes/feed/", headers={"If-Modified-Since": "Mon, 06 Jan 2020 10:00:00 GMT"}
    )

    assert (again.status_code, older.status_code) == (304, 200)
