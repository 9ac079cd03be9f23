import csv
import io
import json
import re

import pytest

from interventions.web.charts import CHARTS
from tests import factories

pytestmark = pytest.mark.django_db
ADDRESSES = [
    f"/charts/{name}/" + ("?cluster=sialkot" if entry.of == "cluster" else "")
    for name, entry in CHARTS.items()
]


def glue(address):
    return "&" if "?" in address else "?"


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_chart_says_title_unit_denominator_and_source(client, seeded, address):
    page = client.get(address).content.decode()

    (figure,) = re.findall(r'<figure class="chart.*?</figure>', page, re.S)
    title, reading = re.findall(r"<h2>\s*(.*?)\s*</h2>\s*<p>(.*?)</p>", figure, re.S)[0]
    assert len(title) > 15
    assert re.search(r"\bn = \d+", reading), reading
    assert "Source: Cluster Casebook, data version" in figure
    assert "CC BY 4.0" in figure
    assert (
        f'href="{address.replace("&", "&amp;")}{glue(address).replace("&", "&amp;")}format=csv"'
        in figure
    )
    assert re.search(r"<caption>\s*\S", figure)


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_table_of_a_chart_is_its_csv(client, seeded, address):
    page = client.get(address).content.decode()
    response = client.get(f"{address}{glue(address)}format=csv")

    (table,) = re.findall(r"<table>.*?</table>", page, re.S)
    cells = [
        [
            re.sub(r"<[^>]+>", "", cell).strip()
            for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)
        ]
        for row in re.findall(r"<tr>.*?</tr>", table, re.S)
    ]
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    unescaped = [
        [re.sub("&#x27;", "'", cell).replace("&amp;", "&") for cell in row] for row in cells
    ]
    assert [[cell.lstrip("'") for cell in row] for row in rows] == unescaped


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_chart_can_stand_in_a_frame_and_no_other_page(client, seeded, address):
    framed = client.get(f"{address}{glue(address)}embed=1")
    page = client.get(address)

    assert "frame-ancestors *" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed
    assert "script-src 'self'" in framed["Content-Security-Policy"]
    assert "<nav" not in framed.content.decode()
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"


def marks(figure):
    """Every address that a mark of a figure leads to."""

    def strings(value):
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            for part in value:
                yield from strings(part)

    for trace in figure["data"]:
        for stakeholder in (trace, trace.get("node", {}), trace.get("link", {})):
            yield from strings(stakeholder.get("customdata", []))


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_mark_leads_to_an_address_that_the_table_has_too(client, seeded, address):
    page = client.get(address).content.decode()
    found = re.search(r'-figure" type="application/json">(.*?)</script>', page, re.S)
    if found is None:
        assert "Too little for a chart" in page
        return
    figure = json.loads(found[1])
    table = re.search(r'<div class="table-body".*?</figure>', page, re.S)[0].replace("&amp;", "&")

    urls = {url for url in marks(figure) if url}

    assert urls
    for url in urls:
        without = url.split("#outcomes")[0]
        assert f'href="{without}' in table, url


def test_a_chart_follows_the_filters_in_its_address(client):
    framework = factories.make_framework(slug="donor-financed-csr-and-collective-action")
    factories.make_factor(framework, polarity="enabling")
    here, there = factories.make_cluster(country="PK"), factories.make_cluster(country="IN")
    for title, cluster in (("Here", here), ("There", there)):
        project = factories.make_project(title=title)
        project.clusters.add(cluster)
        factories.make_public(cluster, project, *([framework] if title == "Here" else []))

    for address in (
        "/charts/factor-matrix/?country=PK",
        "/projects/?country=PK&view=factor-matrix",
    ):
        page = client.get(address).content.decode()
        assert "n = 1 project." in page
        assert "There" not in re.search(r"<figure.*?</figure>", page, re.S)[0]


def test_more_projects_than_can_be_read_are_cut_off_and_it_is_said(client, monkeypatch):
    monkeypatch.setattr("interventions.web.charts.MOST_PROJECTS", 2)
    factories.make_public(*(factories.make_project(stated_months=12) for _ in range(3)))

    page = client.get("/charts/project-length/").content.decode()

    assert "n = 2 of 2 projects" in page
    assert "Only the first 2 are drawn; 1 project left out" in page


def test_above_one_page_the_front_page_also_sums_up_by_factor(client, monkeypatch):
    monkeypatch.setattr("interventions.views.front.PAGE_SIZE", 2)
    framework = factories.make_framework(slug="donor-financed-csr-and-collective-action")
    factor = factories.make_factor(framework, polarity="enabling", key="helps")
    projects = [factories.make_project(title=f"P{number}") for number in range(3)]
    factories.make_coding(projects[2], factor=factor, score="1", resolution="consensus")
    factories.make_public(framework, *projects)

    page = client.get("/").content.decode()

    assert "How often each factor was present" in page
    assert "n = 3 projects for every factor" in page
    assert page.count('<th scope="row">') > 2


def test_an_unknown_chart_is_not_found(client):
    assert client.get("/charts/pie/").status_code == 404


def test_no_request_leaves_the_site(client, seeded):
    for address in ADDRESSES:
        page = client.get(address).content.decode()
        outside = re.findall(r'(?:src|href)="(https?:)?//(?!testserver)[^"]+"', page)
        assert outside == []
