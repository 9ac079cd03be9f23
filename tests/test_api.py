import gc

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clusters.actions.publishing import withdraw
from clusters.admin.pickers import every_shape
from clusters.models import Cluster, Contributor
from clusters.published import documents
from interventions.models import Project
from tests import factories

pytestmark = pytest.mark.django_db

API = "/api/v1/"
# To make the answer of a project with all its parts.
PROJECT_QUERIES = 24
ENDPOINTS = [
    "accounts", "clusters", "codings", "donor-guidelines", "donors", "events", "factors", "frameworks",
    "funding", "identifiers", "outcome-dimensions", "outcomes", "participants", "project-links", "projects",
    "publications", "literature-summaries", "replies", "stakeholder-groups", "stakeholders", "statistics", "study-samples",
]  # fmt: skip


def test_the_root_names_every_endpoint(client):
    root = client.get(API).json()

    assert set(ENDPOINTS) <= set(root)
    assert root["projects"] == "http://testserver/api/v1/projects/"


@pytest.fixture
def village():
    """A project in a cluster that cites one place, for its title and for all of it."""
    cluster = factories.make_cluster(slug="sialkot", name="Sialkot")
    project = factories.make_project(
        slug="village",
        title="Village",
        actual_start="2008",
        actual_start_printed="in 2008",
        ending="ended_by_donor",
        issues=["child_labour"],
    )
    project.clusters.add(cluster)
    place = factories.make_place(locator="Case, para 1")
    factories.cite(project, place, field="title")
    factories.cite(project, place)
    factories.cite(place.publication, place)
    factories.make_public(project, cluster, place.publication)
    return project


def test_a_record_has_codes_with_labels_dates_with_bounds_and_links(client, village):
    record = client.get(f"{API}projects/village/").json()

    assert record["url"] == "http://testserver/api/v1/projects/village/"
    assert record["clusters"] == [
        {"id": "sialkot", "title": "Sialkot", "url": "http://testserver/api/v1/clusters/sialkot/"}
    ]
    assert record["issues"] == [{"code": "child_labour", "label": "Child labour"}]
    assert record["ending"] == {"code": "ended_by_donor", "label": "Ended early by the donor"}
    assert record["actual_start"] == {
        "edtf": "2008",
        "words": "2008",
        "printed": "in 2008",
        "earliest": "2008-01-01",
        "latest": "2008-12-31",
    }
    assert record["actual_end"] is None
    assert record["derived"] == {
        "status": {"code": "4", "label": "Closed"},
        "rule": "status-from-ending-1",
    }


def test_a_record_has_its_citations(client, village):
    record = client.get(f"{API}projects/village/").json()

    assert [(use["field"], use["locator"]) for use in record["citations"]] == [
        ("", "Case, para 1"),
        ("title", "Case, para 1"),
    ]
    (slug,) = {use.citation.publication.slug for use in village.citations.all()}
    assert {use["publication"] for use in record["citations"]} == {slug}


def test_a_child_is_known_by_its_root_and_key(client):
    cluster = factories.make_cluster(slug="kasur")
    factories.make_statistic(cluster, key="firms", value=200)
    factories.make_public(cluster)

    record = client.get(f"{API}statistics/kasur/firms/").json()

    assert (record["id"], record["value"]) == ("kasur/firms", 200)
    assert record["cluster"]["id"] == "kasur"


@pytest.mark.parametrize("is_written", [True, False])
@pytest.mark.parametrize("endpoint", ["projects", "accounts", "codings", "events"])
def test_a_list_costs_the_same_for_one_row_and_for_three(client, endpoint, is_written):
    """Four queries where documents are written; more, but no more for more rows, where not."""
    costs = []
    for count in (1, 3):
        while Project.objects.count() < count:
            make_full_project()
        if is_written:
            documents.rebuild_all()
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(f"{API}{endpoint}/").json()
        assert answer["count"] == len(answer["results"]) == count
        costs.append(len(queries))

    assert costs[0] == costs[1]
    assert (costs[0] == 4) == is_written


@pytest.mark.parametrize("is_written", [True, False])
@pytest.mark.parametrize("count", [1, 3])
def test_a_record_costs_the_same_for_one_part_and_for_three(client, count, is_written):
    project = make_full_project()
    framework = factories.make_framework()
    for number in range(count):
        factor = factories.make_factor(framework, key=f"factor-{number}")
        place = factories.make_place()
        factories.cite(factories.make_coding(project, factor=factor), place)
        factories.make_public(place.publication)
    factories.make_public(framework)
    if is_written:
        documents.rebuild_all()

    with CaptureQueriesContext(connection) as queries:
        record = client.get(f"{API}projects/{project.slug}/").json()

    assert len(record["codings"]) == count + 1
    assert len(queries) == (1 if is_written else PROJECT_QUERIES)


def make_full_project():
    """A public project with a cluster, an account and a coding, and its framework."""
    cluster = factories.make_cluster()
    factories.make_event(cluster)
    project = factories.make_project()
    project.clusters.add(cluster)
    framework = factories.make_framework()
    factor = factories.make_factor(framework)
    account = factories.make_account(project, factor=factor)
    factories.make_coding(project, factor=factor)
    factories.make_public(project, cluster, framework, account.stakeholder_group)
    return project


def test_lists_are_paged_and_ordered_with_unknown_dates_last(client):
    for slug, start in (("late", "2008"), ("never", ""), ("early", "1997")):
        factories.make_public(factories.make_project(slug=slug, actual_start=start))

    def slugs(query):
        return [row["slug"] for row in client.get(f"{API}projects/{query}").json()["results"]]

    assert slugs("?ordering=actual_start") == ["early", "late", "never"]
    assert slugs("?ordering=-actual_start") == ["late", "early", "never"]
    first = client.get(f"{API}projects/?ordering=slug&page_size=2").json()
    assert first["count"] == 3
    assert first["next"] == f"http://testserver{API}projects/?ordering=slug&page_size=2&page=2"
    assert [row["slug"] for row in client.get(first["next"]).json()["results"]] == ["never"]


def test_the_pages_filters_are_the_apis(client):
    for country in ("PK", "IN"):
        cluster = factories.make_cluster(country=country)
        project = factories.make_project(slug=country.lower())
        project.clusters.add(cluster)
        factories.make_public(project, cluster)

    def slugs(query):
        return [row["slug"] for row in client.get(f"{API}projects/{query}").json()["results"]]

    assert slugs("?country=pk") == ["pk"]
    assert slugs("?country__not=PK") == ["in"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("ending=completed", ["first"]),
        ("ending=completed,dissolved", ["first", "second"]),
        ("ending=completed&ending=dissolved", ["first", "second"]),
        ("ending__not=completed&ending__not=dissolved", ["third"]),
        ("ending__not=completed,dissolved", ["third"]),
        ("cluster=a,b", ["first", "second"]),
        ("cluster__not=a,b", ["third"]),
        ("issue=child_labour,environment", ["first", "second"]),
        ("stated_months__gte=18", ["second", "third"]),
        ("stated_months__lte=18", ["first", "second"]),
        ("stated_months__gte=13&stated_months__lte=20", ["second"]),
        # A vague date is within a bound if it may be; one that is not known is not.
        ("actual_start__gte=2008-06-01", ["first", "second"]),
        ("actual_start__lte=2008-06-01", ["first"]),
        ("actual_start__gte=2009-06-01", ["second"]),
    ],
)
def test_filters_take_several_values_and_ranges(client, query, found):
    rows = [
        ("first", "completed", 12, "2008", ["child_labour"]),
        ("second", "dissolved", 18, "2009-07", ["environment", "labour_rights"]),
        ("third", "", 36, "", []),
    ]
    clusters = [factories.make_cluster(slug=slug) for slug in ("a", "b")]
    for number, (slug, ending, months, start, issues) in enumerate(rows):
        project = factories.make_project(
            slug=slug, ending=ending, stated_months=months, actual_start=start, issues=issues
        )
        project.clusters.add(*clusters[number : number + 1])
        factories.make_public(project, *clusters[number : number + 1])

    answer = client.get(f"{API}projects/?{query}").json()

    assert [row["slug"] for row in answer["results"]] == found


def test_parts_are_found_by_what_they_point_to(client):
    framework = factories.make_framework(slug="frame")
    project = factories.make_project(slug="village")
    for key in ("early", "late"):
        factor = factories.make_factor(framework, key=key)
        factories.make_coding(project, key=key, factor=factor)
    factories.make_public(framework, project)

    def ids(query):
        return [row["id"] for row in client.get(f"{API}codings/?{query}").json()["results"]]

    assert ids("factor=frame/late") == ["village/late"]
    assert ids("factor=frame/late,frame/early") == ["village/early", "village/late"]
    assert ids("factor__not=frame/late") == ["village/early"]
    assert ids("project=village&missing_reason=not_applicable") == []


def test_fields_gives_what_was_asked_for_and_what_identifies(client):
    factories.make_public(factories.make_cluster(slug="kasur", name="Kasur"))

    answer = client.get(f"{API}clusters/?fields=name").json()

    assert answer["results"] == [
        {"url": "http://testserver/api/v1/clusters/kasur/", "slug": "kasur", "name": "Kasur"}
    ]


@pytest.mark.parametrize(
    ("address", "status", "detail"),
    [
        ("projects/?county=PK", 400, "There is no filter “county”. Known: q, country,"),
        (
            "projects/?ending=never",
            400,
            "“never” is not known here. Known: completed, ended_by_donor,",
        ),
        ("projects/?ending=completed,never", 400, "“never” is not known here."),
        ("projects/?cluster=kasur", 400, "“kasur” is not known here. Known: sialkot."),
        ("projects/?factor_present=none", 400, "“none” is not known here. Known: frame/early."),
        ("projects/?stated_months__gte=long", 400, "Enter a number."),
        ("projects/?actual_start__lte=2008", 400, "Enter a valid date."),
        ("projects/?year_from=1990&year_from=1991", 400, "“year_from” stands here twice;"),
        ("projects/?country=", 400, "“country” is empty: give it a value, or leave it out."),
        ("projects/?ending=completed,", 400, "“ending” is empty: give it a value,"),
        ("projects/?q=", 400, "“q” is empty: give it a value,"),
        ("codings/?coder=ann", 400, "“ann” is not known here. Known: ben."),
        ("projects/?ordering=colour", 400, "One cannot order by “colour”. Known: slug,"),
        ("projects/?page_size=1000", 400, "Ask for 1 to 200 rows."),
        ("projects/?fields=colour", 400, "There is no field “colour”. Known: url,"),
        ("projects/?page=99", 404, "There is no such page: the list ends before."),
        ("projects/nothing/", 404, "There is no published project “nothing”."),
        ("statistics/nothing/here/", 404, "There is no published statistic “nothing/here”."),
        ("castles/", 404, "There is nothing at /api/v1/castles/."),
    ],
)
def test_errors_are_problem_documents_that_say_what_exists(client, address, status, detail):
    framework = factories.make_framework(slug="frame")
    factor = factories.make_factor(framework, key="early")
    project = factories.make_project()
    coders = {slug: Contributor.objects.create(slug=slug) for slug in ("ann", "ben")}
    factories.make_coding(project, factor=factor, coder=coders["ben"])
    factories.make_coding(factories.make_project(), factor=factor, coder=coders["ann"])
    factories.make_cluster(slug="kasur")
    factories.make_public(framework, project, factories.make_cluster(slug="sialkot"))

    response = client.get(f"{API}{address}")

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["detail"].startswith(detail)
    meaning = client.get(problem["type"])
    assert (meaning.status_code, meaning.json()["status"]) == (200, status)


def test_a_method_that_an_address_does_not_take_is_refused(client):
    response = client.put(f"{API}projects/")

    assert (response.status_code, response["Content-Type"]) == (405, "application/problem+json")
    assert set(response["Allow"].split(", ")) == {"GET", "POST", "HEAD", "OPTIONS"}
    assert client.post(f"{API}changes/").status_code == 405


def test_old_slugs_redirect_and_withdrawn_records_are_gone(client):
    cluster = factories.make_public(factories.make_cluster(slug="old", name="Kasur"))
    Cluster.objects.filter(pk=cluster.pk).update(slug="new")

    moved = client.get(f"{API}clusters/old/")
    assert (moved.status_code, moved["Location"]) == (301, f"http://testserver{API}clusters/new/")

    cluster.refresh_from_db()
    withdraw(record=cluster, by=None, reason="Entered twice")
    gone = client.get(f"{API}clusters/new/")
    assert gone.status_code == 410
    assert gone.json()["detail"] == "“Kasur” was withdrawn: Entered twice"


def test_the_schema_describes_every_endpoint_without_a_warning(client, capsys):
    response = client.get(f"{API}schema/?format=json")

    schema = response.json()
    assert schema["openapi"].startswith("3.1")
    assert {path for path in schema["paths"] if path.count("/") == 4} == {
        f"{API}{name}/"
        for name in (*ENDPOINTS, "changes", "charts", "codebook", "proposals", "search")
    }
    assert capsys.readouterr().err == ""


def test_the_documentation_needs_no_other_site(client):
    page = client.get(f"{API}docs/").content.decode()

    assert "https://" not in page
    assert "http://" not in page.replace("http://testserver", "")


def test_pages_of_other_sites_may_read_the_api_and_nothing_else(client):
    other = {"Origin": "https://elsewhere.example"}

    answer = client.get(f"{API}projects/", headers=other)
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Link" in answer["Access-Control-Expose-Headers"]
    asked = {**other, "Access-Control-Request-Method": "POST"}
    allowed = client.options(f"{API}projects/", headers=asked)["Access-Control-Allow-Methods"]
    assert allowed == "GET, HEAD, OPTIONS"
    headers = client.options(f"{API}projects/", headers=asked)["Access-Control-Allow-Headers"]
    assert headers == "Accept, If-Modified-Since, If-None-Match"
    for address in ("/", "/admin/login/"):
        assert "Access-Control-Allow-Origin" not in client.get(address, headers=other)


@pytest.mark.parametrize("count", [1, 3])
def test_several_values_of_a_filter_cost_what_one_does(client, count, django_assert_num_queries):
    framework = factories.make_framework(slug="frame")
    project = factories.make_project()
    keys = [f"key-{number}" for number in range(3)]
    for key in keys:
        factor = factories.make_factor(framework, key=key)
        factories.make_coding(project, factor=factor)
    clusters = [factories.make_cluster(slug=f"cluster-{number}") for number in range(3)]
    project.clusters.add(*clusters)
    factories.make_public(framework, project, *clusters)
    documents.rebuild_all()
    asked = {
        "cluster": ",".join(cluster.slug for cluster in clusters[:count]),
        "factor_present__not": ",".join(f"frame/{key}" for key in keys[:count]),
    }

    with django_assert_num_queries(6):
        assert client.get(f"{API}projects/", asked).status_code == 200


def test_a_refusal_leaves_no_cursor_open(client):
    """A cursor that is closed later, by another thread, may wait for this one for ever."""
    factories.make_public(*[factories.make_cluster() for _ in range(50)])
    gc.disable()
    try:
        answer = client.get(f"{API}projects/?cluster=nowhere")
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '%django%'")
            opened = cursor.fetchone()[0]
    finally:
        gc.enable()

    assert (answer.status_code, opened) == (400, 0)


def test_an_identifier_is_served_and_every_address_is_the_records_own(client):
    body = factories.make_stakeholder(slug="ilo", name="ILO")
    body.identifiers.create(key="dac", scheme="org-id", value="XM-DAC-41302")
    paper = factories.make_publication(slug="paper", web_address="https://example.org/paper")
    factories.make_public(body, paper)

    found = client.get("/api/v1/stakeholders/ilo/").json()
    assert found["identifiers"][0]["value"] == "XM-DAC-41302"
    assert client.get(found["identifiers"][0]["url"]).json()["scheme"] == "org-id"
    work = client.get("/api/v1/publications/paper/").json()
    assert work["url"].endswith("/api/v1/publications/paper/")
    assert work["web_address"] == "https://example.org/paper"


def test_every_kind_of_record_and_part_has_an_address_of_its_own():
    for shape in every_shape():
        if shape.kind != "contributor":
            reverse(f"api-{shape.kind}-list")
            assert not {"url", "id", "version", "state", "derived"} & {
                spec.name for spec in shape.fields
            }
