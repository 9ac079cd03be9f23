"""What the API answers besides records: charts, history, changes, search and the codebook."""

import pytest
from django.http import QueryDict

from clusters.actions.editing import logged_change
from clusters.models import Change
from interventions.models import Project
from interventions.web.charts import CHARTS, chart_of
from tests import factories

pytestmark = pytest.mark.django_db

API = "/api/v1/"


def address_of(name):
    return f"{API}charts/{name}/" + ("?cluster=sialkot" if name == "cluster-timeline" else "")


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_has_the_figure_and_the_rows_of_its_page(client, seeded, name):
    answer = client.get(address_of(name)).json()
    page = client.get(address_of(name).removeprefix("/api/v1")).content.decode()

    assert answer["title"] in page.replace("&#x27;", "'")
    assert answer["url"].removeprefix("http://testserver") == address_of(name).removeprefix(
        "/api/v1"
    )
    assert all(len(row) == len(answer["columns"]) for row in answer["rows"])
    assert (answer["figure"] is None) == ('class="no-chart"' in page)


def test_a_chart_takes_the_filters_of_its_page(client, seeded):
    answer = client.get(f"{API}charts/factor-matrix/?country=IN").json()
    projects = Project.objects.published().filter(clusters__country="IN").distinct()
    chart = chart_of("factor-matrix", projects.in_order(), QueryDict("country=IN"))

    assert [row[0]["text"] for row in answer["rows"]] == [str(row[0]) for row in chart.rows]
    assert answer["figure"]["data"]


def test_the_list_of_charts_leads_to_each(client, seeded):
    found = client.get(f"{API}charts/").json()["results"]

    assert [chart["name"] for chart in found] == list(CHARTS)
    for chart in found:
        if chart["of"] != "cluster":
            assert client.get(chart["url"]).status_code == 200


def test_a_history_tells_each_public_version_and_what_it_changed(client):
    project = factories.make_public(factories.make_project(slug="village", title="Old"))
    with logged_change(project, by=None, reason="Renamed"):
        project.title = "New"
        project.save()

    first, second = client.get(f"{API}projects/village/history/").json()["results"]

    assert (first["action"], first["version"], first["differences"]) == ("published", 1, [])
    assert (second["action"], second["reason"]) == ("changed", "Renamed")
    assert second["differences"] == [{"field": "title", "before": "Old", "after": "New"}]
    assert client.get(second["version_url"]).status_code == 200
    assert client.get(f"{API}projects/none/history/").status_code == 404


def test_changes_come_in_order_without_gaps_however_they_are_paged(client, seeded):
    numbers, address = [], f"{API}changes/?page_size=40"
    while address:
        answer = client.get(address).json()
        numbers += [change["number"] for change in answer["results"]]
        address = answer["next"]

    assert numbers == list(range(1, Change.objects.count() + 1))
    assert answer["last"] == numbers[-1]
    since = client.get(f"{API}changes/?since={numbers[-2]}").json()
    assert [change["number"] for change in since["results"]] == numbers[-1:]
    assert since["results"][0]["url"].startswith("http://testserver/changes/")


def test_search_answers_as_the_page_does_and_says_what_it_corrected(client, seeded):
    answer = client.get(f"{API}search/?q=silakot").json()

    assert answer["corrected"] == "sialkot"
    assert answer["count"] >= len(answer["results"]) > 0
    kind = client.get(f"{API}search/?q=sialkot&kind=clusters").json()
    assert "Sialkot" in [row["title"] for row in kind["results"]]
    assert {row["kind"] for row in kind["results"]} == {"clusters"}


def test_a_draft_is_found_nowhere(client):
    factories.make_project(slug="draft", title="FormDraft village")

    assert client.get(f"{API}search/?q=unfinished").json()["count"] == 0
    assert client.get(f"{API}changes/").json()["results"] == []
    assert client.get(f"{API}projects/draft/history/").status_code == 404


def test_the_codebook_has_every_field_code_and_factor(client, seeded):
    found = client.get(f"{API}codebook/").json()

    kinds = {kind["name"]: kind for kind in found["kinds"]}
    (ending,) = [field for field in kinds["project"]["fields"] if field["name"] == "ending"]
    assert ["completed", "Completed"] in ending["choices"]
    assert "coding" in {part["name"] for part in kinds["project"]["parts"]}
    ids = [factor["id"] for framework in found["frameworks"] for factor in framework["factors"]]
    assert "donor-financed-csr-and-collective-action/brief-funding" in ids


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("charts/pie/", 404, "There is no chart “pie”. Known: factor-matrix,"),
        ("charts/factor-matrix/?colour=red", 400, "There is no filter “colour”."),
        ("charts/cluster-timeline/", 400, "cluster: name the cluster"),
        ("changes/?since=now", 400, "Give a whole number."),
        ("changes/?page=2", 400, "There is no such parameter here. Known: page_size, since."),
        ("search/", 400, "Give 1 to 200 letters."),
        ("search/?q=a&page=0", 400, "Only the best 1,000 are ranked."),
        ("codebook/?q=a", 400, "There is no such parameter here. Known: none."),
        ("projects/village/history/?page=1", 400, "A history takes no parameter."),
    ],
)
def test_what_is_refused_is_a_problem_that_says_what_exists(client, seeded, address, status, says):
    problem = client.get(f"{API}{address}")

    assert (problem.status_code, problem["Content-Type"]) == (status, "application/problem+json")
    assert problem.json()["detail"].startswith(says)


def test_iatis_codes_stand_beside_ours_where_there_are_any(client, seeded):
    def of(path, name):
        rows = client.get(f"/api/v1/{path}/?page_size=200").json()["results"]
        return {(row[name] or {}).get("code"): row[f"iati_{name}"] for row in rows}

    assert of("participants", "role")["implementing"] == {"code": "4", "label": "Implementing"}
    assert of("participants", "role")["buyer"] is None
    assert of("project-links", "type")["parent"] == {"code": "1", "label": "Parent"}
    assert of("project-links", "type")["supported_by"] is None
    rows = client.get("/api/v1/funding/?page_size=200").json()["results"]
    assert {"code": "3", "label": "Disbursement"} in [row["iati_type"] for row in rows]
