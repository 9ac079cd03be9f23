import json
import logging

import pytest
from django.db import connection
from pythonjsonlogger.json import JsonFormatter

from config.middleware import RequestIdFilter


@pytest.fixture
def lines():
    """What the request log writes, line by line, as JSON."""
    found = []
    handler = logging.Handler()
    handler.addFilter(RequestIdFilter())
    handler.setFormatter(JsonFormatter("%(message)s"))
    handler.emit = lambda record: found.append(json.loads(handler.format(record)))
    logger = logging.getLogger("casebook.request")
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)


def test_alive_asks_nothing_of_the_database(client):
    response = client.get("/healthz")

    assert response.json() == {"status": "alive"}
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_ready_says_whether_migrations_wait(client):
    assert client.get("/readyz").json() == {"status": "ready"}

    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'interventions'")
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (
        503,
        {"status": "not ready", "migrations": 1},
    )


def test_one_line_a_request_without_query_address_or_user(client, lines):
    response = client.get("/healthz?name=Someone", REMOTE_ADDR="203.0.113.9")

    assert len(lines) == 1
    assert lines[0].pop("ms") >= 0
    assert lines[0] == {
        "message": "request",
        "method": "GET",
        "path": "/healthz",
        "status": 200,
        "request_id": response["X-Request-ID"],
    }


def test_an_error_page_needs_no_database(client):
    response = client.get("/no/such/page/")

    assert response.status_code == 404
    assert b"There is no such page" in response.content


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/sign-in/invited/s3cret/", "/sign-in/invited/…/"),
        ("/sign-in/password/reset/1a-s3cret/", "/sign-in/password/reset/…-…/"),
        ("/corrections/s3cret/", "/corrections/…/"),
        ("/projects/soccer-village/", "/projects/soccer-village/"),
    ],
)
def test_the_log_has_no_address_that_opens_something(client, caplog, path, told):
    with caplog.at_level("INFO", logger="casebook.request"):
        client.get(path)

    (line,) = [record for record in caplog.records if record.name == "casebook.request"]
    assert line.path == told
