"""What is missing of a case is counted by its kind, and what its values rest on."""

import csv
import io

import pytest

from clusters.models import Publication
from interventions.models import CaseCompleteness, Project
from interventions.selectors import completeness
from tests import factories

pytestmark = pytest.mark.django_db

PAGE = "/admin/interventions/project/quality/"


@pytest.fixture
def editor(client):
    user = factories.make_user(role="editor")
    client.force_login(user)
    return user


def counted(project):
    project.refresh_from_db()
    (found,) = completeness.counted([project], completeness.Basis())
    return found


def test_what_is_missing_is_told_by_its_kind():
    project = factories.make_project(title="Village", summary="A summary")
    framework = factories.make_framework()
    factors = [factories.make_factor(framework) for _ in range(5)]
    factories.make_factor()  # of a framework that nobody has taken to this case
    factories.make_coding(project, factor=factors[0], resolution="single_coder")
    factories.make_coding(
        project,
        factor=factors[1],
        resolution="single_coder",
        score=None,
        missing_reason="not_reported",
    )
    factories.make_coding(
        project,
        factor=factors[2],
        resolution="single_coder",
        score=None,
        missing_reason="not_applicable",
    )
    factories.make_coding(project, factor=factors[2], coder=factories.make_coder())
    factories.make_coding(
        project,
        factor=factors[1],
        resolution="single_coder",
        perspective_group=factories.make_group(),
        score=None,
        missing_reason="not_reported",
    )

    found = counted(project)

    assert (found.not_reported, found.not_applicable, found.not_searched) == (1, 1, 2)
    assert found.coders == 1
    # Title and summary are there; the other fields that say something are not.
    assert found.not_stated == 12


def test_where_nothing_is_coded_nothing_is_said_of_factors():
    assert counted(factories.make_project()).not_searched is None


def test_values_count_as_cited_by_the_rule_of_publishing():
    project = factories.make_project(title="Village", summary="A summary", aims="Aims")
    assert (counted(project).values, counted(project).cited) == (3, 0)

    paper = factories.make_publication()
    factories.cite(project, factories.make_place(paper), field="title")
    factories.cite(
        project, factories.make_place(paper, "Section 2"), field="aims", stance="disputes"
    )
    assert (counted(project).cited, counted(project).share_cited) == (1, pytest.approx(1 / 3))
    assert counted(project).cited_by_name == 1

    factories.cite(project, factories.make_place(paper, "Section 3"))
    assert counted(project).share_cited == 1
    assert (counted(project).cited, counted(project).cited_by_name) == (3, 1)


def test_works_on_the_same_study_are_one_source():
    project = factories.make_project()
    for number in range(3):
        factories.cite(
            project, factories.make_place(factories.make_publication(slug=f"w-{number}"))
        )
    assert counted(project).sources == 3

    Publication.objects.filter(slug__in=["w-0", "w-1"]).update(study="Sialkot 2010")

    assert counted(project).sources == 2


@pytest.mark.django_db(transaction=True)
def test_the_list_is_fresh_sorted_and_holds_only_what_one_may_see(client, editor):
    researcher = factories.make_user(role="researcher")
    mine = factories.make_project(
        slug="mine", title="Mine", summary="x", aims="y", entered_by=researcher
    )
    theirs = factories.make_project(slug="theirs", title="Theirs")

    def order(query):
        page = client.get(f"{PAGE}?{query}").content.decode()
        return (
            sorted(("Mine", "Theirs"), key=page.index)
            if "Mine" in page and "Theirs" in page
            else page
        )

    assert order("order=-not_stated") == ["Theirs", "Mine"]
    assert order("order=not_stated") == ["Mine", "Theirs"]
    Project.objects.filter(pk=mine.pk).update(summary="", aims="")
    Project.objects.filter(pk=theirs.pk).update(summary="x")
    assert order("order=-not_stated") == ["Mine", "Theirs"]
    rows = list(
        csv.DictReader(io.StringIO(client.get(f"{PAGE}?format=csv").content.decode("utf-8-sig")))
    )
    assert {row["slug"]: int(row["not_stated"]) for row in rows} == {"mine": 13, "theirs": 12}

    client.force_login(researcher)
    page = client.get(PAGE).content.decode()
    assert "Mine" in page
    assert "Theirs" not in page
    client.force_login(factories.make_user(role="reader"))
    assert client.get(PAGE).status_code == 302


def test_a_factor_or_study_that_comes_later_counts(client, editor):
    project = factories.make_project()
    framework = factories.make_framework()
    factories.make_coding(
        project, factor=factories.make_factor(framework), resolution="single_coder"
    )
    client.get(PAGE)
    assert CaseCompleteness.objects.get().not_searched == 0

    factories.make_factor(framework)
    client.get(PAGE)

    assert CaseCompleteness.objects.get().not_searched == 1


@pytest.mark.parametrize("query", ["order=slug", "order=-", "state=gone", "order=marks__version"])
def test_an_unknown_order_or_state_is_not_taken(client, editor, query):
    assert client.get(f"{PAGE}?{query}").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_for_one_case_as_for_three(
    client, editor, django_assert_num_queries, count
):
    for _ in range(count):
        factories.make_coding(factories.make_project(), resolution="single_coder")
    client.get(PAGE)
    CaseCompleteness.objects.all().delete()

    with django_assert_num_queries(22):
        client.get(PAGE)


def test_the_page_of_a_case_says_how_whole_it_is(client, editor):
    project = factories.make_project(title="Village", summary="A summary")

    page = client.get(f"/admin/interventions/project/{project.pk}/change/").content.decode()

    assert "0 of 2 values lead to a place; independent sources: 0." in page
    assert "Not checked by anybody yet." in page
