"""Counts from kept facts are those of the tables, whatever has changed since."""

import pytest
from django.db import connection
from django.http import QueryDict

from clusters.actions.publishing import withdraw
from clusters.api.paging import Ahead
from clusters.models import FacetCount, Stakeholder
from clusters.published import documents
from interventions.models import Donor, Project
from interventions.selectors.facet_counts import counts_of, counts_of_all, found_with
from interventions.selectors.factor_scores import FACETS, counted_anew
from interventions.web.facets import COUNTS, facets, ready_counts
from interventions.web.filters import ProjectFilter
from tests import factories

pytestmark = pytest.mark.django_db

QUERIES = [
    "",
    "country=PK",
    "country=PK&ending=completed",
    "factor_present=donor-financed-csr-and-collective-action/brief-funding",
    "accounts_disagree=true",
    "donor__not=ida",
    "q=child+labour",
    "q=none-such-word",
    "cluster=sialkot&issue=child_labour,collective_action",
]


def counted(query, *, is_ready):
    """Every facet of a list; by kept facts, or by the tables."""
    if is_ready:
        documents.rebuild_all()
    else:
        FacetCount.objects.filter(kind=documents.WRITER).delete()
    filterset = ProjectFilter(QueryDict(query), Project.objects.published())
    assert filterset.is_valid(), filterset.errors
    assert bool(ready_counts(filterset, ["country"])) == is_ready
    return facets(filterset)


@pytest.mark.parametrize("query", QUERIES)
def test_facets_from_kept_facts_are_those_of_the_tables(seeded, query):
    assert counted(query, is_ready=True) == counted(query, is_ready=False)


def test_scores_from_kept_facts_are_those_of_the_tables(seeded):
    documents.rebuild_all()
    every = Project.objects.published()

    assert counts_of_all(FACETS) == counted_anew(every)
    some = every.filter(clusters__slug="sialkot")
    assert some.exists()
    assert counts_of(some, FACETS) == counted_anew(some)
    assert counts_of(every.none(), FACETS) == {"all": {}, "coded": {}}


@pytest.mark.parametrize(
    "query",
    [
        *QUERIES,
        "country=pk,IN",
        "status=unknown",
        "donor_type=unknown",
        "overall_outcome=mixed",
        "outcome=negative,mixed",
        "accounts_disagree=false",
        "factor_absent=donor-financed-csr-and-collective-action/no-business-case",
        "ending__not=unknown&country=PK",
        "stated_months__gte=12",
    ],
)
def test_a_list_is_counted_ahead_as_it_is_counted(client, seeded, query):
    FacetCount.objects.filter(kind=documents.WRITER).delete()
    slow = client.get(f"/api/v1/projects/?{query}").json()
    documents.rebuild_all()
    quick = client.get(f"/api/v1/projects/?{query}").json()

    assert slow["count_is_exact"] is True
    assert quick == slow


def test_what_is_no_fact_is_not_counted_by_facts(seeded):
    documents.rebuild_all()

    assert found_with({"country": "PK"}, 100).count > 1
    assert found_with({"country": "PK"}, 1).count == 1
    assert found_with({"country": "PK", "issue": "child_labour"}, 1).count == 1
    assert found_with({"q": "labour"}, 100) is None
    assert found_with({"country__not": "PK"}, 100) is None
    assert found_with({}, 100).count == Project.objects.published().count()


def test_of_few_it_is_known_which_they_are(seeded, monkeypatch):
    documents.rebuild_all()
    asked = {"country": "PK", "ending": "completed,unknown"}
    some = Project.objects.published().filter(
        clusters__country="PK", ending__in=["completed", "unknown", ""]
    )

    found = found_with(asked, 100)
    assert sorted(found.numbers) == sorted(some.values_list("pk", flat=True).distinct())
    assert found.count == len(found.numbers) > 1

    monkeypatch.setattr("interventions.selectors.facet_counts.FEW", found.count - 1)
    assert found_with(asked, 100) == Ahead(found.count, None)


@pytest.fixture
def counted_project():
    """A public project in which a stakeholder takes part, counted."""
    cluster = factories.make_cluster(slug="kasur", country="PK")
    project = factories.make_project(slug="village", ending="completed")
    project.clusters.add(cluster)
    above = factories.make_stakeholder(slug="above", name="Above")
    stakeholder = factories.make_stakeholder(slug="stakeholder", name="Body", part_of=above)
    project.participants.create(key="part", stakeholder=stakeholder, role="lead")
    factories.make_public(cluster, above, stakeholder, project)
    documents.rebuild_all()
    return project


def number(facet, value):
    found = counts_of_all([facet])
    return None if found is None else found[facet].get(value, 0)


def test_a_change_is_counted_once_it_is_written_and_not_trusted_before(counted_project):
    assert number("ending", "completed") == 1
    with connection.cursor() as cursor:
        cursor.execute("UPDATE interventions_project SET ending = 'dissolved'")

    assert number("ending", "completed") is None
    documents.refresh_stale()
    assert (number("ending", "completed"), number("ending", "dissolved")) == (0, 1)


def test_what_is_withdrawn_is_counted_no_more(counted_project):
    withdraw(record=counted_project, by=None, reason="Entered twice")
    documents.refresh_stale()

    assert number("all", "yes") == 0
    assert not FacetCount.objects.filter(number__lt=0).exists()


def test_a_donor_that_is_entered_later_is_counted_through_its_units(counted_project):
    donor = factories.make_donor(slug="above", stakeholder=Stakeholder.objects.get(slug="above"))
    factories.make_public(donor)
    documents.refresh_stale()
    assert number("donor", "above") == 1

    Stakeholder.objects.filter(slug="stakeholder").update(part_of=None)
    assert number("donor", "above") is None
    documents.refresh_stale()
    assert number("donor", "above") == 0


def test_a_cluster_that_moves_is_counted_where_it_is(counted_project):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE clusters_cluster SET country = 'IN'")
    documents.refresh_stale()

    assert (number("country", "PK"), number("country", "IN")) == (0, 1)


def test_documents_of_other_code_are_not_counted_with(counted_project):
    FacetCount.objects.filter(kind=documents.WRITER).update(value="older")

    assert number("all", "yes") is None


@pytest.mark.parametrize("count", [1, 3])
def test_facets_and_scores_cost_the_same_for_one_project_and_for_three(
    client, count, django_assert_num_queries
):
    factories.make_public(factories.make_framework(slug="donor-financed-csr-and-collective-action"))
    for position in range(count):
        cluster = factories.make_cluster(slug=f"cluster-{position}")
        project = factories.make_project(slug=f"project-{position}")
        project.clusters.add(cluster)
        factories.make_public(project, cluster)
    documents.rebuild_all()

    with django_assert_num_queries(6):
        found = client.get("/api/v1/projects/facets/").json()["facets"]
    assert [facet["name"] for facet in found] == list(COUNTS)
    with django_assert_num_queries(2):
        client.get("/api/v1/projects/facets/?facets=country,ending")
    with django_assert_num_queries(6):
        found = client.get("/api/v1/projects/scores/").json()
    assert found["projects"] == count


def test_the_api_counts_as_the_page_does(client, seeded):
    documents.rebuild_all()
    page = client.get("/projects/?country=PK").content.decode()
    found = client.get("/api/v1/projects/facets/?country=PK&facets=ending").json()

    (ending,) = found["facets"]
    assert ending["name"] == "ending"
    for choice in ending["choices"]:
        rows = client.get(f"/api/v1/projects/?country=PK&ending={choice['code']}").json()
        assert rows["count"] == choice["count"] > 0
        assert f"{choice['label']}" in page


def test_scores_add_up_to_all_projects_and_agree_with_the_codings(client, seeded):
    documents.rebuild_all()
    found = client.get("/api/v1/projects/scores/").json()

    assert found["projects"] == Project.objects.published().count()
    for factor in found["factors"]:
        total = factor["not_searched"] + sum(count["projects"] for count in factor["counts"])
        assert total == found["projects"]
        rows = client.get(f"/api/v1/codings/?factor={factor['id']}&page_size=200").json()["results"]
        scores = [
            row["score"]
            for row in rows
            if row["coder"] is None
            and row["score"] is not None
            and row["perspective_group"] is None
            and row["perspective_stakeholder"] is None
        ]
        mean = sum(scores) / len(scores) if scores else None
        assert factor["mean"] == (None if mean is None else pytest.approx(mean))


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("facets/?facets=colour", "There is no facet “colour”. Known: country,"),
        ("facets/?colour=red", "There is no filter “colour”."),
        ("facets/?page=1", "There are no pages and no order here."),
        ("facets/?country=XX", "Unknown country “XX”."),
        ("scores/?framework=none", "framework: there is no “none”. Known: "),
    ],
)
def test_what_cannot_be_counted_is_refused(client, seeded, query, says):
    answer = client.get(f"/api/v1/projects/{query}")

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(says)


def test_a_donor_is_not_counted_while_it_is_a_draft(counted_project):
    Donor.objects.create(slug="draft", stakeholder=Stakeholder.objects.get(slug="above"))
    documents.refresh_stale()

    assert number("donor", "draft") == 0
