"""Every format holds the same rows as the list, says where it is from, and harms no spreadsheet."""

import csv
import io
import tempfile
import zipfile

import bibtexparser
import openpyxl
import orjson
import pytest
import rispy
from django.db import connection

from clusters.actions.editing import logged_change
from clusters.models import Change, Cluster, PublicDocument
from clusters.published import documents
from interventions.models import Coding, Project
from tests import factories

pytestmark = pytest.mark.django_db

API = "/api/v1/"


def body(response):
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content) if response.streaming else response.content


def table(client, address):
    text = body(client.get(address)).decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def listed(client, address):
    return client.get(f"{address}{'&' if '?' in address else '?'}page_size=200").json()["results"]


QUERIES = ["", "?country=PK", "?ending__not=unknown", "?ordering=-actual_start", "?q=none-such"]


@pytest.mark.parametrize("query", QUERIES)
def test_each_format_of_projects_has_the_rows_of_the_list_in_its_order(client, seeded, query):
    slugs = [row["slug"] for row in listed(client, f"{API}projects/{query}")]
    join = "&" if query else "?"

    def of(form):
        return f"{API}projects/{query}{join}format={form}"

    lines = body(client.get(of("jsonl"))).splitlines()
    book = openpyxl.load_workbook(io.BytesIO(body(client.get(of("xlsx")))))
    assert [row["slug"] for row in table(client, of("csv"))] == slugs
    assert [orjson.loads(line)["slug"] for line in lines] == slugs
    assert [row[1].value for row in book["projects"].iter_rows(min_row=2)] == slugs
    coded = Coding.objects.published().agreed().filter(project__slug__in=slugs)
    assert len(table(client, of("tidy"))) == coded.count()


def test_tidy_data_hold_final_codings_once_where_two_have_coded(client):
    project = factories.make_project(slug="village")
    factor = factories.make_factor()
    for score in ("0.33", "0.67"):
        factories.make_coding(project, factor=factor, score=score)
    factories.make_coding(project, factor=factor, score="1", resolution="consensus")
    factories.make_public(project, factor.framework)

    rows = table(client, f"{API}projects/?format=tidy")

    assert [(row["score"], row["is_final"], row["coder"]) for row in rows] == [("1", "true", "")]


def test_tables_say_countries_in_words(client):
    unplaced = factories.make_stakeholder(slug="unplaced", name="Unplaced")
    agency = factories.make_stakeholder(slug="agency", name="Agency", country="NA")
    factories.make_public(agency, unplaced)

    rows = table(client, f"{API}stakeholders/?format=csv&ordering=slug")

    named = [(row["country"], row["country_label"]) for row in rows]
    assert named == [("NA", "Namibia"), ("", "")]


@pytest.mark.parametrize("accept", ["application/jsonl", "text/csv"])
def test_a_format_can_be_asked_for_by_accept(client, seeded, accept):
    answer = client.get(f"{API}clusters/", headers={"Accept": accept})

    assert answer["Content-Type"].startswith(accept)
    assert answer["Content-Disposition"].startswith('attachment; filename="casebook-clusters-')


def test_lines_of_json_are_the_records_of_the_list(client, seeded):
    lines = body(client.get(f"{API}accounts/?format=jsonl")).splitlines()
    records = [orjson.loads(line) for line in lines]

    assert all(record.pop("source").startswith("Cluster Casebook, ") for record in records)
    assert records == listed(client, f"{API}accounts/")


def test_a_table_has_codes_labels_dates_links_and_the_score_of_every_factor(client, seeded):
    (row,) = [
        project
        for project in table(client, f"{API}projects/?format=csv")
        if project["slug"] == "soccer-village"
    ]

    assert (row["ending"], row["ending_label"]) == ("ended_by_donor", "Ended early by the donor")
    assert (row["actual_start"], row["actual_start_latest"]) == ("2008", "2008-12-31")
    assert (row["clusters"], row["stated_months"]) == ("sialkot", "18")
    assert (row["countries"], row["countries_label"]) == ("PK", "Pakistan")
    factors = "donor-financed-csr-and-collective-action"
    assert row[f"{factors}/brief-funding"] == "1"
    assert row["url"] == "http://testserver/api/v1/projects/soccer-village/"
    assert row["derived_status_code"] == "4"
    assert row["summary"] == Project.objects.get(slug="soccer-village").summary


def test_a_project_names_each_country_of_its_clusters_once(client):
    places = [factories.make_cluster(country=code) for code in ("PK", "NA", "PK")]
    project = factories.make_project(slug="village")
    project.clusters.set(places)
    factories.make_public(project, *places)

    (row,) = table(client, f"{API}projects/?format=csv")
    assert (row["countries"], row["countries_label"]) == ("NA; PK", "Namibia; Pakistan")
    assert client.get(f"{API}projects/village/").json()["countries"] == [
        {"code": "NA", "label": "Namibia"},
        {"code": "PK", "label": "Pakistan"},
    ]

    with logged_change(places[1], by=None, reason="It lies elsewhere"):
        Cluster.objects.filter(pk=places[1].pk).update(country="IN")
    (row,) = table(client, f"{API}projects/?format=csv")
    assert row["countries"] == "IN; PK"


def test_every_file_says_source_version_day_licence_and_filter(client, seeded):
    number, day = Change.objects.values_list("number", "at").first()
    said = f"Cluster Casebook, data version {number} ({day:%Y-%m-%d}), CC BY 4.0, http://testserver"

    def expected(address):
        return f"{said}{address}"

    for form in ("csv", "tidy"):
        address = f"{API}projects/?country=PK&format={form}"
        assert {row["source"] for row in table(client, address)} == {expected(address)}
    address = f"{API}clusters/?format=geojson"
    assert orjson.loads(body(client.get(address)))["source"] == expected(address)
    address = f"{API}publications/?format=bibtex"
    assert expected(address) in body(client.get(address)).decode()
    address = f"{API}publications/?format=ris"
    records = rispy.loads(body(client.get(address)).decode())
    assert {record["name_of_database"] for record in records} == {expected(address)}
    address = f"{API}publications/?format=csljson"
    assert {item["source"] for item in orjson.loads(body(client.get(address)))} == {
        expected(address)
    }
    address = f"{API}clusters/?format=xlsx"
    book = openpyxl.load_workbook(io.BytesIO(body(client.get(address))))
    assert book["about"]["B1"].value == expected(address)


def test_a_workbook_has_a_sheet_for_each_kind_of_part_and_the_codebook(client, seeded):
    book = openpyxl.load_workbook(io.BytesIO(body(client.get(f"{API}projects/?format=xlsx"))))

    parts = {"accounts", "codings", "funding", "links", "outcomes", "participants"}
    assert book.sheetnames[0] == "projects"
    assert set(book.sheetnames[1:-2]) == parts | {"projects-clusters", "contributors"}
    assert book.sheetnames[-2:] == ["codebook", "about"]
    assert book["codings"].max_row - 1 == Coding.objects.published().count()
    codebook = {(row[0].value, row[1].value): row[4].value for row in book["codebook"].iter_rows()}
    assert "completed: Completed" in codebook["projects", "ending"]
    for sheet in book.worksheets[:-2]:
        columns = [cell.value for cell in sheet[1]]
        assert [column for table, column in codebook if table == sheet.title] == columns


def test_clusters_are_points_and_those_without_a_place_have_none(client, seeded):
    factories.make_public(factories.make_cluster(slug="nowhere"))
    answer = client.get(f"{API}clusters/?format=geojson")
    found = {feature["id"]: feature for feature in orjson.loads(body(answer))["features"]}
    sialkot = next(row for row in listed(client, f"{API}clusters/") if row["slug"] == "sialkot")

    assert answer["Content-Type"] == "application/geo+json"
    assert found["sialkot"]["geometry"] == {
        "type": "Point",
        "coordinates": [sialkot["longitude"], sialkot["latitude"]],
    }
    assert found["nowhere"]["geometry"] is None
    assert found["sialkot"]["properties"]["name"] == sialkot["name"]


def test_references_can_be_read_back(client, seeded):
    slugs = [row["slug"] for row in listed(client, f"{API}publications/")]

    works = orjson.loads(body(client.get(f"{API}publications/?format=csljson")))
    assert [work["id"] for work in works] == slugs
    bibtex = body(client.get(f"{API}publications/?format=bibtex")).decode()
    library = bibtexparser.parse_string(bibtex)
    assert library.failed_blocks == []
    assert [entry.key for entry in library.entries] == slugs
    ris = body(client.get(f"{API}publications/?format=ris")).decode()
    assert ris.startswith("TY  - ")
    assert len(rispy.loads(ris)) == len(slugs)
    (paper,) = [work for work in works if work["id"].startswith("fayyaz")][:1]
    assert (paper["DOI"], paper["type"]) == ("10.1007/s10551-015-2940-6", "article-journal")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_no_cell_is_taken_for_a_formula(client, start):
    factories.make_public(factories.make_cluster(slug="bad", name=f"{start}1+2"))

    (row,) = table(client, f"{API}clusters/?format=csv")
    assert row["name"] == f"'{start}1+2"
    book = openpyxl.load_workbook(io.BytesIO(body(client.get(f"{API}clusters/?format=xlsx"))))
    columns = [cell.value for cell in book["clusters"][1]]
    cell = book["clusters"][2][columns.index("name")]
    assert (cell.data_type, cell.value) == ("s", f"'{start}1+2")


@pytest.mark.parametrize("form", ["csv", "tidy", "xlsx", "jsonl"])
def test_the_same_data_give_the_same_bytes(client, seeded, form):
    address = f"{API}projects/?format={form}"
    first = client.get(address)
    text = body(first)

    assert body(client.get(address)) == text
    again = client.get(address, headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 304
    if form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(text)) as book:
            assert {info.date_time[0] for info in book.infolist()} == {1980}


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("form", ["csv", "tidy", "xlsx", "jsonl"])
def test_a_file_costs_the_same_for_one_row_and_for_three(
    client, form, rows, django_assert_num_queries
):
    for _ in range(rows):
        project = factories.make_project()
        framework = factories.make_framework()
        factories.make_coding(project, factor=factories.make_factor(framework))
        factories.make_public(project, framework)
    documents.rebuild_all()
    costs = {"csv": 4, "tidy": 3, "xlsx": 5, "jsonl": 3}

    with django_assert_num_queries(costs[form]):
        body(client.get(f"{API}projects/?format={form}"))


@pytest.mark.parametrize(
    ("address", "parameter", "says"),
    [
        ("projects/?format=yaml", "format", "“yaml” is not known here. Known: json, csv, xlsx,"),
        ("projects/?format=geojson", "format", "“geojson” is not known here."),
        ("projects/village/?format=csv", "format", "“csv” is not known here. Known: json."),
        ("projects/?format=csv&page=1", "page", "A file holds every row"),
        ("projects/?format=jsonl&fields=slug", "fields", "A file holds every row"),
        ("projects/?format=csv&colour=red", "", "There is no filter “colour”."),
    ],
)
def test_what_no_file_can_be_is_refused_as_a_problem(client, address, parameter, says):
    factories.make_public(factories.make_project(slug="village"))

    problem = client.get(f"{API}{address}")

    assert (problem.status_code, problem["Content-Type"]) == (400, "application/problem+json")
    (error,) = problem.json()["errors"]
    assert error["parameter"] == parameter
    assert error["detail"].startswith(says)


@pytest.mark.parametrize("query", QUERIES)
def test_parquet_has_the_rows_and_types_of_the_list(client, seeded, query):
    from pyarrow import parquet

    join = "&" if query else "?"
    address = f"{API}projects/{query}{join}format=parquet"
    read = parquet.read_table(io.BytesIO(body(client.get(address))))

    assert read.column("slug").to_pylist() == [
        row["slug"] for row in listed(client, f"{API}projects/{query}")
    ]
    types = {name: str(read.schema.field(name).type) for name in ("title", "stated_months")}
    assert types == {"title": "string", "stated_months": "int64"}
    assert "CC BY 4.0" in read.schema.metadata[b"source"].decode()
    assert body(client.get(address)) == body(client.get(address))


def test_parquet_says_what_csv_says(client, seeded):
    from pyarrow import parquet

    read = parquet.read_table(io.BytesIO(body(client.get(f"{API}codings/?format=parquet"))))
    rows = table(client, f"{API}codings/?format=csv")
    assert read.num_rows == len(rows) > 100
    for name in ("id", "rationale", "factor"):
        assert [value or "" for value in read.column(name).to_pylist()] == [
            row[name] for row in rows
        ]
    scores = read.column("score").to_pylist()
    assert [f"{score:.15g}" if score is not None else "" for score in scores] == [
        row["score"] for row in rows
    ]


FORMATS = ["csv", "xlsx", "tidy", "parquet"]


@pytest.mark.parametrize(
    "address", [*(f"projects/?format={name}" for name in FORMATS), "dataset.zip"]
)
def test_a_file_that_fails_in_the_middle_is_no_file(seeded, client, address, tmp_path, monkeypatch):
    """A number that is none stands in the last of the answers that are written ahead."""
    client.raise_request_exception = False
    assert client.get(f"/api/v1/{address}").status_code == 200
    last = PublicDocument.objects.filter(kind="project").order_by("-root_id").first()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clusters_publicdocument SET record = '{broken', parts = '{broken' WHERE id = %s",
            [last.pk],
        )

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    answer = client.get(f"/api/v1/{address}")

    assert answer.status_code >= 500
    assert not answer.streaming
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_no_cell_of_a_workbook_holds_is_not_cut(client):
    factories.make_public(factories.make_project(slug="long", activities="x" * 40_000))

    refused = client.get(f"{API}projects/?format=xlsx")
    assert refused.status_code == 400
    assert "A text of activities is longer" in refused.json()["errors"][0]["detail"]
    assert "x" * 40_000 in body(client.get(f"{API}projects/?format=csv")).decode()


def test_nor_is_it_in_a_table_of_the_admin(desk):
    factories.make_project(slug="long", activities="x" * 40_000)

    told = desk.get("/admin/desk/tables/projects.xlsx?rows", follow=True)
    assert "longer than a cell of a workbook holds" in told.content.decode()
    whole = desk.get("/admin/desk/tables/projects.csv?rows")
    assert "x" * 40_000 in whole.content.decode()
