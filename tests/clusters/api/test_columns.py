"""Every column of every file is described, has its type, and leads to who coded and to clusters."""

import csv
import datetime
import io
import json
import zipfile

import openpyxl
import pytest
from pyarrow import parquet

from clusters.api.tables import ABOUT, columns_of
from clusters.models import Contributor
from clusters.published.serializers import serializer_for
from config.api import RECORDS

pytestmark = pytest.mark.django_db

API = "/api/v1/"


def content(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


@pytest.fixture
def package(client, seeded):
    return zipfile.ZipFile(io.BytesIO(content(client, f"{API}dataset.zip")))


def rows(package, name):
    return list(csv.DictReader(io.StringIO(package.read(f"{name}.csv").decode())))


def test_every_column_of_the_data_package_is_described(package):
    described = json.loads(package.read("datapackage.json"))

    fields = [
        (resource["name"], field)
        for resource in described["resources"]
        for field in resource["schema"]["fields"]
    ]
    assert len(fields) > 300
    assert [(name, field["name"]) for name, field in fields if not field.get("description")] == []
    days = {
        field["type"] for _name, field in fields if field["name"].endswith(("_earliest", "_latest"))
    }
    assert days == {"date"}


def test_every_column_of_a_workbook_is_described_and_its_days_are_dates(client, seeded):
    for kind in ("projects", "clusters", "publications"):
        book = openpyxl.load_workbook(io.BytesIO(content(client, f"{API}{kind}/?format=xlsx")))
        named = [
            (sheet.title, cell.value)
            for sheet in book
            if sheet.title not in ("codebook", "about")
            for cell in sheet[1]
        ]
        told = {(row[0], row[1]): row[3] for row in book["codebook"].iter_rows(values_only=True)}
        assert [column for column in named if not told.get(column)] == []
    projects = openpyxl.load_workbook(io.BytesIO(content(client, f"{API}projects/?format=xlsx")))
    head = [cell.value for cell in projects["projects"][1]]
    starts = [
        row[head.index("actual_start_earliest")]
        for row in projects["projects"].iter_rows(min_row=2, values_only=True)
    ]
    assert {type(start) for start in starts if start} == {datetime.datetime}


def test_every_column_of_a_parquet_file_is_described_and_its_days_are_dates(client, seeded):
    for kind in RECORDS:
        table = parquet.read_table(io.BytesIO(content(client, f"{API}{kind}/?format=parquet")))
        for field in table.schema:
            assert (field.metadata or {}).get(b"description"), (kind, field.name)
            if field.name.endswith(("_earliest", "_latest")):
                assert str(field.type) == "date32[day]"
        assert b"contributors" in table.schema.metadata


def test_what_the_casebook_writes_itself_is_described_wherever_it_stands():
    for viewset in RECORDS.values():
        for column in columns_of(serializer_for(viewset.model)()):
            assert column.about, (viewset.model, column.name)
    assert all(text.endswith(".") for text in ABOUT.values())


def test_who_coded_is_in_every_package_and_workbook(client, package):
    described = json.loads(package.read("datapackage.json"))
    book = openpyxl.load_workbook(io.BytesIO(content(client, f"{API}projects/?format=xlsx")))

    coders = {row["coder"] for row in rows(package, "codings")} - {""}
    people = {row["slug"]: row["name"] for row in rows(package, "contributors")}
    assert coders == set(people)
    assert {contributor["title"] for contributor in described["contributors"]} == set(
        people.values()
    )
    sheet = book["contributors"].iter_rows(min_row=2, values_only=True)
    assert {row[0] for row in sheet} == set(people)


def test_who_has_not_agreed_to_be_named_is_not(client, package):
    people = {row["slug"]: row for row in rows(package, "contributors")}

    for coder in Contributor.objects.filter(slug__in=people, consents_to_be_named=False):
        assert people[coder.slug] == {"slug": coder.slug, "name": coder.slug, "orcid": ""}


def test_clusters_of_projects_are_a_table_of_links(client, package):
    book = openpyxl.load_workbook(io.BytesIO(content(client, f"{API}projects/?format=xlsx")))
    pairs = {
        (project["slug"], cluster["id"])
        for project in client.get(f"{API}projects/?page_size=200").json()["results"]
        for cluster in project["clusters"]
    }

    assert {(row["project"], row["cluster"]) for row in rows(package, "projects-clusters")} == pairs
    sheet = book["projects-clusters"].iter_rows(min_row=2, values_only=True)
    assert set(sheet) == pairs
