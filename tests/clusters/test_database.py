"""A database that fails is nobody's mistake: 503, broken off, and nothing is half-done."""

import io
import json
import zipfile
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO

import psycopg
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from clusters.models import ApiToken, Cluster, Upload, UploadState
from tests import factories
from tests.forms import form_of
from tests.queue import work

TOWN = "slug: town\nname: Town\ncountry: PK\nindustry: Balls\n"


@contextmanager
def connection_lost():
    """End the connection from another one as soon as a cluster is to be written."""
    settings = connection.get_connection_params()
    wanted = ("host", "port", "user", "password", "dbname")
    beside = psycopg.connect(
        **{name: settings[name] for name in wanted if name in settings}, autocommit=True
    )

    def write(execute, sql, params, many, context):
        if sql.startswith('INSERT INTO "clusters_cluster"'):
            number = connection.connection.info.backend_pid
            beside.execute("SELECT pg_terminate_backend(%s, 10000)", [number])
        return execute(sql, params, many, context)

    with beside, connection.execute_wrapper(write):
        yield


@contextmanager
def disk_full():
    """Refuse to write clusters in the way that PostgreSQL refuses when its disk is full."""
    with connection.cursor() as cursor:
        cursor.execute("""
            CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'could not extend file: No space left on device'
                USING ERRCODE = '53100'; END $$;
            CREATE TRIGGER full_disk BEFORE INSERT ON clusters_cluster
                FOR EACH ROW EXECUTE FUNCTION full_disk();
        """)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION full_disk CASCADE")


pytestmark = pytest.mark.django_db(transaction=True)
failing = pytest.mark.parametrize("failure", [connection_lost, disk_full])


@pytest.fixture
def reader():
    """A client that shows what a browser would be answered."""
    return Client(raise_request_exception=False)


@pytest.fixture
def author(reader):
    user = factories.make_user(role="researcher")
    reader.force_login(user)
    return user


def assert_broken_off(answer):
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0
    assert "nothing was changed" in answer.content.decode().lower()
    assert not Cluster.objects.exists()


@failing
def test_a_page_that_saves_says_that_it_was_broken_off(reader, author, failure):
    page = "/admin/clusters/cluster/add/"
    fields = form_of(reader.get(page))
    fields |= {"slug": "town", "name": "Town", "country": "PK", "industry": "Balls"}

    with failure():
        answer = reader.post(page, fields)

    assert_broken_off(answer)
    assert answer["Content-Type"] == "text/html; charset=utf-8"


@failing
def test_the_api_answers_with_a_problem(reader, author, failure):
    _token, text = ApiToken.issue(
        user=author, name="t", scope="write", expires_at=timezone.now() + timedelta(1)
    )
    body = [
        {"slug": f"town-{number}", "name": "T", "country": "PK", "industry": "B"}
        for number in (1, 2)
    ]

    with failure():
        answer = reader.post(
            "/api/v1/clusters/",
            json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {text}"},
        )

    assert_broken_off(answer)
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["type"] == "/api/v1/problems/try-again/"
    assert "errors" not in answer.json()


def table_of_clusters(reader):
    rows = "slug,name,country,industry\n" + "".join(f"t-{number},T,PK,B\n" for number in range(3))
    sent = SimpleUploadedFile("towns.csv", rows.encode())
    return reader.post("/admin/desk/tables/", {"table": "clusters", "mode": "update", "file": sent})


def case_files(reader):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        target.writestr("clusters/town.yaml", TOWN)
    sent = SimpleUploadedFile("cases.zip", content.getvalue())
    return reader.post("/admin/desk/case-files/", {"file": sent})


@failing
@pytest.mark.parametrize("send", [table_of_clusters, case_files])
def test_an_import_is_broken_off_and_can_be_tried_again(reader, author, failure, send):
    page = send(reader)["Location"]

    with failure():
        work()

    upload = Upload.objects.get()
    assert (upload.state, upload.wrong) == (UploadState.FAILED, [])
    assert "broken off" in reader.get(page).content.decode()
    reader.post(page, {"act": "again"})
    work()
    assert Upload.objects.get().state == UploadState.FIT


@failing
def test_the_command_says_so_in_one_line(tmp_path, failure):
    (tmp_path / "clusters").mkdir()
    (tmp_path / "clusters" / "town.yaml").write_text(TOWN)

    with failure(), pytest.raises(CommandError, match="^Broken off: nothing was changed"):
        call_command("load_cases", tmp_path, stdout=StringIO())

    assert not Cluster.objects.exists()


def test_reading_without_a_database_is_503_too(reader):
    def refuse(execute, sql, params, many, context):
        raise OperationalError("connection refused")

    with connection.execute_wrapper(refuse):
        pages = [reader.get(path) for path in ("/", "/projects/", "/api/v1/projects/", "/readyz")]

    assert [page.status_code for page in pages] == [503] * 4
    assert pages[0].content.decode().count("<h1>") == 1
