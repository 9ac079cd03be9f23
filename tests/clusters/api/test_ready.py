"""What is answered ahead of the views is what the views answer, and is never older."""

import pytest
from django.db import connection
from django.test import override_settings

from clusters import database
from clusters.actions.publishing import withdraw
from clusters.api import ready
from clusters.models import PublicDocument
from clusters.published import documents
from tests import factories

VILLAGE = "/api/v1/projects/village/"
LIST = "/api/v1/projects/"
# Of each answer its own; what a view could do besides; and how long nothing is.
OF_ITS_OWN = {"X-Request-ID", "Allow", "Content-Length"}


@pytest.fixture
def village(transactional_db):
    project = factories.make_public(factories.make_project(slug="village", summary="long " * 200))
    documents.refresh_stale()
    return project


@pytest.fixture
def by_the_views(monkeypatch):
    """Leave everything to the views from here on."""

    def leave():
        monkeypatch.setattr(ready.FastPathMiddleware, "ready", lambda self, request: None)

    return leave


def whole(answer):
    headers = {name: value for name, value in answer.items() if name not in OF_ITS_OWN}
    return answer.status_code, answer.content, headers


REQUESTS = [
    (VILLAGE, {}),
    (VILLAGE, {"Accept": "application/json"}),
    (VILLAGE, {"Accept": "text/html"}),
    (VILLAGE, {"Accept-Encoding": "br"}),
    (VILLAGE, {"Accept-Encoding": "gzip"}),
    (VILLAGE, {"Origin": "https://example.org"}),
    (f"{VILLAGE}?fields=title", {}),
    (f"{VILLAGE}?colour=red", {}),
    ("/api/v1/projects/Village/", {}),
    ("/api/v1/projects/other/", {}),
    ("/api/v1/nothing/village/", {}),
    (LIST, {}),
]


@pytest.mark.parametrize("is_known", [False, True])
@pytest.mark.parametrize("method", ["get", "head"])
def test_the_short_way_answers_as_the_long_one(client, village, by_the_views, method, is_known):
    asked = []
    for address, headers in REQUESTS:
        if is_known:
            tag = client.get(address, headers=headers).headers.get("ETag", '"none"')
            headers = {**headers, "If-None-Match": tag}
        asked.append((address, headers))

    def answers():
        return [whole(getattr(client, method)(path, headers=headers)) for path, headers in asked]

    short = answers()
    assert [status for status, _body, _headers in short].count(304 if is_known else 200) >= 7
    by_the_views()
    for request, found, expected in zip(asked, answers(), short, strict=True):
        assert found == expected, request


def test_a_record_is_one_statement_and_a_list_that_is_known_another(
    client, village, django_assert_num_queries
):
    tag = client.get(LIST)["ETag"]
    with django_assert_num_queries(1):
        assert client.get(VILLAGE).status_code == 200
    with django_assert_num_queries(1):
        assert client.get(LIST, headers={"If-None-Match": tag}).status_code == 304


def test_an_answer_is_never_older_than_the_last_commit(client, village):
    first = client.get(VILLAGE)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE interventions_project SET title = 'New'")
    assert PublicDocument.objects.get(kind="project").record == ""

    assert client.get(VILLAGE).json()["title"] == "New"
    again = client.get(VILLAGE, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200
    documents.refresh_stale()
    assert client.get(VILLAGE).json()["title"] == "New"
    withdraw(record=village, by=None, reason="Entered twice")
    assert client.get(VILLAGE).status_code == 410


def test_the_tag_of_a_record_stays_while_others_change(client, village):
    tag = client.get(VILLAGE)["ETag"]
    factories.make_public(factories.make_project(slug="other"))

    assert client.get(VILLAGE, headers={"If-None-Match": tag}).status_code == 304


def test_a_statement_is_prepared_once_and_survives_a_connection_that_ends(village):
    statement = database.PreparedStatement("SELECT %s || 'b', NULL::text")
    connection.ensure_connection()
    assert statement.row(["a"]) == ("ab", None)
    assert statement.row(["c"]) == ("cb", None)

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (number,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [number])
    other.close()
    assert statement.row(["d"]) == ("db", None)


def test_a_statement_that_the_server_forgot_is_asked_all_the_same(village):
    statement = database.PreparedStatement("SELECT %s::text")
    statement.row(["a"])
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")

    assert statement.row(["b"]) == ("b",)


def test_a_statement_without_a_row_says_so(village):
    assert database.PreparedStatement("SELECT 1::text WHERE false").row() is None


@override_settings(ALLOWED_HOSTS=["testserver"])
def test_a_forged_host_is_refused_and_told_as_a_problem(client, village):
    answer = client.get(VILLAGE, headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert b"evil" not in answer.content
