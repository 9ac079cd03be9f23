"""The format of an answer is the one that the client would rather have."""

import pytest

from tests import factories

pytestmark = pytest.mark.django_db

LIST = "/api/v1/clusters/"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/json;q=0, text/csv", "text/csv"),
        ("application/json;q=0.5, text/csv", "text/csv"),
        ("text/csv;q=0.1, application/json;q=0.9", "application/json"),
        ("text/csv, */*", "text/csv"),
        ("text/*", "text/csv"),
        ("*/*, application/json;q=0", "text/csv"),
        ("text/csv;q=0, text/*, application/jsonl;q=0.3", "application/jsonl"),
        ("text/html, */*;q=0.8", "application/json"),
        ("TEXT/CSV; Q=1", "text/csv"),
        ("application/vnd.casebook.sparse+json", "application/json"),
    ],
)
def test_a_list_comes_as_the_client_would_rather_have_it(client, accept, kind):
    answer = client.get(LIST, headers={"Accept": accept})

    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (200, kind)


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "*/*;q=0", "text/csv;q=x"])
def test_a_refusal_of_every_format_names_those_that_there_are(client, accept):
    problem = client.get(LIST, headers={"Accept": accept})

    assert (problem.status_code, problem["Content-Type"]) == (406, "application/problem+json")
    for known in ("application/json (format=json)", "text/csv (format=csv)", "format=geojson"):
        assert known in problem.json()["detail"]


def test_a_record_is_not_sent_as_what_its_client_refuses(client):
    factories.make_public(factories.make_cluster(slug="kasur"))

    for accept, status in (("application/json;q=0, text/csv", 406), ("application/*", 200)):
        answer = client.get(f"{LIST}kasur/", headers={"Accept": accept})
        assert answer.status_code == status


def test_a_format_in_the_address_says_more_than_the_header(client):
    answer = client.get(f"{LIST}?format=csv", headers={"Accept": "application/json"})

    assert answer["Content-Type"].startswith("text/csv")


def test_the_data_set_can_be_asked_for_by_its_type(client):
    answer = client.get("/api/v1/dataset.zip", headers={"Accept": "application/zip"})

    assert answer.status_code == 200
    assert b"".join(answer.streaming_content)


@pytest.mark.parametrize(
    ("query", "near"),
    [
        ("countri=PK", "Did you mean “country”?"),
        ("ordering=nmae", "Did you mean “name”?"),
        ("fields=summry", "Did you mean “summary”?"),
        ("format=jsn", "Did you mean “json”?"),
    ],
)
def test_a_refusal_names_the_nearest_known_value(client, query, near):
    detail = client.get(f"{LIST}?{query}").json()["detail"]

    assert detail.endswith(near)
    assert detail.count(",") < 12


def test_a_refusal_does_not_repeat_at_length_what_was_sent(client):
    for query in ("q" * 3000 + "=1", "ordering=" + "x" * 3000, "fields=" + "x" * 3000):
        assert len(client.get(f"{LIST}?{query}").json()["detail"]) < 400
    found = client.get("/api/v1/projects/?cluster=" + "x" * 3000).json()
    assert len(found["detail"]) < 400


def test_the_nearest_record_is_named(client):
    factories.make_public(factories.make_cluster(slug="sialkot"))

    detail = client.get("/api/v1/projects/?cluster=sialkott").json()["detail"]

    assert detail.endswith("Did you mean “sialkot”?")


@pytest.mark.parametrize("path", [LIST, f"{LIST}sialkot/"])
def test_fields_that_name_nothing_are_refused(client, path):
    factories.make_public(factories.make_cluster(slug="sialkot"))

    refused = client.get(f"{path}?fields=")

    assert refused.status_code == 400
    assert "Name a field. Known: " in refused.content.decode()
