"""The whole data set is a valid data package of everything published, and of nothing else."""

import csv
import io
import subprocess
import sys
import threading
import zipfile

import orjson
import pytest
from django.db import connection

from clusters.api.dataset import tables
from clusters.models import Change
from tests import factories

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/dataset.zip"


def packed(client):
    response = client.get(ADDRESS)
    assert (response.status_code, response["Content-Type"]) == (200, "application/zip")
    return b"".join(response.streaming_content)


def unpacked(client):
    return zipfile.ZipFile(io.BytesIO(packed(client)))


def rows(package, name):
    return list(csv.DictReader(io.StringIO(package.read(f"{name}.csv").decode())))


def in_another_thread(act):
    """Do something over a connection of its own."""

    def act_and_close():
        act()
        connection.close()

    thread = threading.Thread(target=act_and_close)
    thread.start()
    thread.join()


def judge(folder):
    """What the validator of the standard says: valid or not, and its errors."""
    asked = [sys.executable, "-m", "frictionless", "validate", "datapackage.json", "--json"]
    said = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False).stdout
    report = orjson.loads(said)
    return report["valid"], [error["type"] for task in report["tasks"] for error in task["errors"]]


def test_it_is_valid_under_the_standard_and_a_broken_one_is_not(client, seeded, tmp_path):
    unpacked(client).extractall(tmp_path)

    assert judge(tmp_path) == (True, [])

    codings = tmp_path / "codings.csv"
    codings.write_text(codings.read_text().replace("/brief-funding,", "/no-such-factor,"))
    is_valid, errors = judge(tmp_path)
    assert not is_valid
    assert set(errors) == {"foreign-key"}


def test_each_table_has_every_published_row_and_its_schema_every_column(client, seeded):
    package = unpacked(client)
    described = orjson.loads(package.read("datapackage.json"))
    resources = {resource["name"]: resource for resource in described["resources"]}

    for _root, shape in tables():
        found = rows(package, shape.folder)
        assert len(found) == shape.model.objects.published().count()
        fields = [field["name"] for field in resources[shape.folder]["schema"]["fields"]]
        assert package.read(f"{shape.folder}.csv").decode().splitlines()[0] == ",".join(fields)
    assert set(package.namelist()) == {
        *("datapackage.json", "codebook.json"),
        *(f"{name}.csv" for name in resources),
    }


def test_every_citation_is_a_row(client, seeded):
    package = unpacked(client)
    project = client.get("/api/v1/projects/soccer-village/").json()

    mine = [
        (row["field"], row["publication"], row["locator"])
        for row in rows(package, "citations")
        if (row["table"], row["record"]) == ("projects", "soccer-village")
    ]
    assert mine == [
        (citation["field"], citation["publication"], citation["locator"])
        for citation in project["citations"]
    ]


def test_it_says_version_licence_and_source(client, seeded):
    described = orjson.loads(unpacked(client).read("datapackage.json"))
    last = Change.objects.first()

    assert described["version"] == str(last.number)
    assert described["created"] == last.at.isoformat()
    assert described["licenses"][0]["name"] == "CC-BY-4.0"
    assert described["sources"][0]["path"] == f"http://testserver{ADDRESS}"


def test_the_same_data_give_the_same_bytes(client, seeded):
    first = packed(client)

    assert packed(client) == first
    tag = client.get(ADDRESS)["ETag"]
    assert client.get(ADDRESS, headers={"If-None-Match": tag}).status_code == 304


def test_a_draft_is_in_no_table(client, seeded):
    factories.make_project(title="FormDraft village")
    package = unpacked(client)

    assert b"FormDraft" not in b"".join(package.read(name) for name in package.namelist())


@pytest.mark.django_db(transaction=True)
def test_it_is_of_one_moment_where_others_write_meanwhile(client):
    factories.make_public(factories.make_project(title="First"))
    response = client.get(ADDRESS)
    stream = iter(response.streaming_content)
    start = next(stream)
    in_another_thread(lambda: factories.make_public(factories.make_project(title="Second")))

    package = zipfile.ZipFile(io.BytesIO(start + b"".join(stream)))

    assert [row["title"] for row in rows(package, "projects")] == ["First"]
    assert {row["title"] for row in rows(unpacked(client), "projects")} == {"First", "Second"}


def test_it_takes_no_parameter(client):
    problem = client.get(f"{ADDRESS}?country=PK")

    assert problem.status_code == 400
    assert problem.json()["errors"][0]["parameter"] == "country"
