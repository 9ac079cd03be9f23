import re

import pytest

from clusters.actions.editing import logged_change
from clusters.actions.publishing import withdraw
from clusters.models import Change, Cluster
from interventions.analysis.agreement import cohen_kappa, krippendorff_alpha
from interventions.models import Funding, Participant, Project, ProjectLink
from tests import factories

pytestmark = pytest.mark.django_db

FRAMEWORK = "donor-financed-csr-and-collective-action"


def make_case(number=0):
    """A published project with one of everything that its page shows."""
    framework = factories.make_framework(slug=f"{FRAMEWORK}-{number}" if number else FRAMEWORK)
    factor = factories.make_factor(framework, polarity="enabling")
    cluster = factories.make_cluster()
    stakeholder, donor = (
        factories.make_stakeholder(group=factories.make_group()),
        factories.make_donor(),
    )
    project = factories.make_project(title=f"Case {number}", actual_start="2008")
    other = factories.make_project()
    return fill(project, other, framework, factor, cluster, stakeholder, donor)


def fill(project, other, framework, factor, cluster, stakeholder, donor, rows=1):
    project.clusters.add(cluster)
    outcome = None
    for number in range(rows):
        key = factories.slug("part")
        account = factories.make_account(
            project, factor=factor, stakeholder=stakeholder, stakeholder_group=stakeholder.group
        )
        outcome = factories.make_outcome(project)
        Funding.objects.create(project=project, key=key, provider=donor)
        Participant.objects.create(
            project=project,
            key=key,
            stakeholder=factories.make_stakeholder() if number else stakeholder,
        )
        ProjectLink.objects.create(
            project=project,
            key=key,
            type="related",
            other=factories.make_project() if number else other,
        )
        factories.make_statistic(cluster)
        factories.make_event(cluster)
        factories.make_coding(
            project, factor=factor if number == 0 else factories.make_factor(framework)
        )
        del account, outcome
    factories.make_coding(project, factor=factor, resolution="consensus")
    roots = {project, framework, cluster, stakeholder, donor, donor.stakeholder, stakeholder.group}
    roots |= {link.other for link in project.links.all()}
    roots |= {participant.stakeholder for participant in project.participants.all()}
    roots |= {found.dimension for found in project.outcomes.all()}
    factories.make_public(*sorted(roots, key=lambda root: (root._meta.model_name, root.pk)))
    return project


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/projects/case/", 35),
        ("/projects/case/factors/{framework}/{factor}/", 16),
        ("/clusters/place/", 22),
        ("/frameworks/{framework}/", 26),
        ("/factors/{framework}/{factor}/", 21),
        ("/stakeholders/stakeholder/", 18),
        ("/donors/donor/", 20),
        ("/factors/{framework}/{factor}/evidence/?work={paper}", 18),
    ],
)
def test_a_page_costs_the_same_for_one_row_and_for_three(
    client, rows, address, queries, django_assert_num_queries
):
    framework = factories.make_framework(slug=FRAMEWORK)
    factor = factories.make_factor(framework, polarity="enabling")
    fill(
        factories.make_project(slug="case"),
        factories.make_project(),
        framework,
        factor,
        factories.make_cluster(slug="place"),
        factories.make_stakeholder(slug="stakeholder", group=factories.make_group()),
        factories.make_donor(slug="donor"),
        rows=rows,
    )
    paper = factor.citations.get().citation.publication

    with django_assert_num_queries(queries):
        response = client.get(
            address.format(framework=FRAMEWORK, factor=factor.key, paper=paper.slug)
        )

    assert response.status_code == 200


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/", 18),
        ("/projects/", 18),
        ("/clusters/", 3),
        ("/stakeholders/", 4),
        ("/donors/", 5),
        ("/factors/", 3),
        ("/literature/", 5),
        ("/projects/?view=factor-matrix", 28),
        ("/charts/factor-matrix/", 10),
        ("/charts/factor-shares/", 7),
        ("/charts/factor-outcomes/", 10),
        ("/charts/accounts-by-stakeholder/", 5),
        ("/charts/project-length/", 6),
        ("/charts/money/", 5),
        ("/charts/participants/", 5),
        ("/charts/cluster-map/", 3),
        ("/charts/evidence-map/", 8),
        ("/charts/evidence-map/?works=independent", 8),
        ("/projects/compare/", 2),
        ("/charts/", 2),
        ("/about/", 4),
        ("/about/codebook/", 4),
        ("/sitemap.xml", 15),
    ],
)
def test_a_list_costs_the_same_for_one_record_and_for_three(
    client, count, address, queries, django_assert_num_queries
):
    for number in range(count):
        make_case(number)

    with django_assert_num_queries(queries):
        response = client.get(address)

    assert response.status_code == 200


def test_lists_show_what_is_published_and_nothing_else(client):
    for title in ("One", "Two"):
        factories.make_public(factories.make_project(title=title))
    factories.make_project(title="Draft")

    page = client.get("/projects/").content.decode()

    assert re.findall(r'<h2><a href="[^"]*">([^<]*)', page) == ["One", "Two"]
    assert "2 projects" in page


def test_a_wrong_filter_shows_an_error_and_no_rows(client):
    factories.make_public(factories.make_project(title="One"))

    for query, message in (
        ("?county=PK", "There is no filter “county”. Known: q, country, cluster"),
        ("?ending=never", "ending: “never” is not known here."),
    ):
        response = client.get(f"/projects/{query}")
        page = response.content.decode()
        assert response.status_code == 400
        assert message in page
        assert "<h2><a" not in page


def test_a_filter_and_its_negation_share_all_rows(client):
    pakistan, india = factories.make_cluster(), factories.make_cluster(country="IN")
    for title, cluster in (("Here", pakistan), ("There", india)):
        project = factories.make_project(title=title)
        project.clusters.add(cluster)
        factories.make_public(project, cluster)

    def shown(query):
        page = client.get(f"/projects/{query}").content.decode()
        return re.findall(r'<h2><a href="[^"]*">([^<]*)', page)

    assert shown("?country=PK") == ["Here"]
    assert shown("?country__not=PK") == ["There"]
    assert shown("?q=nothing+like+it") == []


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/?odd=1", "There is no parameter “odd” here. Known: cell, order, page."),
        ("/?page=x", "page: That page number is not an integer"),
        ("/?cell=one", "cell: write it as project/framework/factor."),
        ("/?cell=a/b/c", "cell: there is no such cell any more, or never was"),
        ("/?order=none", "order: there is no factor “none”. Known: factor-"),
        ("/projects/?page=99", "page: That page contains no results"),
        ("/projects/?ordering=size", "ordering: choose one of title, actual_start"),
        ("/projects/?page_size=7", "page_size: choose one of 20, 50, 100, 200."),
        ("/projects/?view=pie", "view: there is no “pie”."),
        ("/projects/?country=XX", "country: Unknown country “XX”."),
        ("/charts/money/?format=pdf", "format: only csv is known."),
        ("/charts/money/?colour=red", "There is no filter “colour”."),
        ("/charts/evidence-map/?works=all", "works: each or independent."),
        ("/charts/factor-matrix/?framework=none", "framework: there is no “none”. Known:"),
        ("/charts/cluster-timeline/", "cluster: name the cluster whose timeline you want"),
        ("/projects/compare/?project=none", "no published project is called “none”"),
        ("/search/?kind=pie", "kind: there is no “pie”."),
        ("/projects/?q=a&q=b", "“q” stands here twice; it takes one value."),
    ],
)
def test_a_parameter_that_means_nothing_is_an_error_that_helps(client, address, words):
    make_case()

    response = client.get(address)

    assert response.status_code == 400
    assert words in response.content.decode()


def test_a_page_says_which_values_only_a_citation_of_the_whole_record_bears(client):
    project = factories.make_project(slug="village", summary="Sold together", aims="To sell")
    paper = factories.make_publication()
    factories.cite(project, factories.make_place(paper, "Findings, para 1"), field="aims")
    factories.cite(project, factories.make_place(paper, "Findings, para 2"))
    factories.make_public(paper, project)

    def sources_after(words):
        page = client.get("/projects/village/").content.decode()
        found = re.search(rf"<p>{words}</p>(<span class=.sources.>.*?</span>)", page, re.S)
        return re.sub(r"\s+", " ", re.sub("<[^>]*>", "", found[1]))

    assert sources_after("Sold together") == f"whole record: {paper}, Findings, para 2"
    assert sources_after("To sell") == f"{paper}, Findings, para 1"

    with logged_change(project, by=None, reason="Changed"):
        project.citations.filter(field="").update(not_for=["summary"])
    said = f"changed since; before, the whole record: {paper}, Findings, para 2"
    assert sources_after("Sold together") == said


def test_a_project_says_how_far_those_who_coded_it_apart_agree(client):
    project = factories.make_project(slug="village")
    framework = factories.make_framework()
    first, second = factories.make_coder(), factories.make_coder()
    answers = [("1", "1"), ("0.33", "0.67"), ("0", "0"), (None, "0")]
    for codes in answers:
        factor = factories.make_factor(framework)
        for coder, code in zip((first, second), codes, strict=True):
            said = {"score": code, "missing_reason": "" if code else "not_reported"}
            factories.make_coding(project, factor=factor, coder=coder, resolution="", **said)
    factories.make_public(project, framework)

    page = " ".join(client.get("/projects/village/").content.decode().split())

    assert "apart: the same answer to 2 of 4 questions." in page
    scores = [[1, 0.33, 0, None], [1, 0.67, 0, 0]]
    alpha = krippendorff_alpha(scores, "ordinal")
    assert f"Krippendorff’s alpha (ordinal, of scores): {alpha:.2f}." in page
    kappa = cohen_kappa(["1", "0.33", "0", "n"], ["1", "0.67", "0", "0"])
    assert f"Cohen’s kappa (of all answers): {kappa:.2f}." in page


def test_a_project_that_one_person_coded_says_nothing_of_agreement(client):
    project = factories.make_project(slug="village")
    coding = factories.make_coding(project, coder=factories.make_coder())
    factories.make_public(project, coding.factor.framework)

    assert "the same answer to" not in client.get("/projects/village/").content.decode()


def test_an_old_slug_redirects_a_withdrawn_record_says_why_and_a_draft_is_unknown(client):
    moved = factories.make_public(factories.make_cluster(slug="old"))
    Cluster.objects.filter(pk=moved.pk).update(slug="new")
    gone = factories.make_public(factories.make_cluster(slug="gone", name="Gone"))
    withdraw(record=gone, by=None, reason="Two records of one place")
    factories.make_cluster(slug="draft")

    redirect = client.get("/clusters/old/")
    withdrawn = client.get("/clusters/gone/")

    assert (redirect.status_code, redirect["Location"]) == (301, "/clusters/new/")
    assert withdrawn.status_code == 410
    assert "Gone was withdrawn" in withdrawn.content.decode()
    assert "Two records of one place" in withdrawn.content.decode()
    assert Change.objects.first().at.strftime("%-d %B %Y") in withdrawn.content.decode()
    assert client.get("/clusters/draft/").status_code == 404
    assert client.get("/clusters/never/").status_code == 404


def test_an_empty_casebook_says_what_would_be_here(client):
    page = client.get("/").content.decode()

    assert "No project is published yet" in page
    assert Project.objects.count() == 0


@pytest.mark.parametrize("count", [1, 3])
def test_what_rests_on_a_work_costs_the_same_however_much_it_is(
    client, count, django_assert_num_queries
):
    cluster = factories.make_cluster()
    for _ in range(count):
        factories.make_statistic(cluster)
    factories.make_public(cluster)
    paper = cluster.citations.get().citation.publication

    with django_assert_num_queries(33):
        page = client.get(f"/literature/{paper.slug}/").content.decode()

    assert page.count("statistic “") == count


def test_sorting_by_a_factor_goes_over_all_projects_before_paging(client):
    framework = factories.make_framework(slug=FRAMEWORK)
    factor = factories.make_factor(framework, key="helps", polarity="enabling")
    for slug, score in (("low", "0.33"), ("high", "1"), ("none", None), ("middle", "0.67")):
        project = factories.make_project(slug=slug)
        if score:
            factories.make_coding(project, factor=factor, score=score, resolution="consensus")
        factories.make_public(*([framework] if slug == "low" else []), project)

    page = client.get("/?order=helps").content.decode()

    assert re.findall(r'data-cell="([a-z]+)/', page) == ["high", "middle", "low", "none"]


def test_factors_of_no_group_stand_in_the_table_and_break_nothing(client):
    framework = factories.make_framework(slug=FRAMEWORK)
    for polarity in ("", "hindering", "enabling", "hindering"):
        factories.make_factor(framework, polarity=polarity)
    project = factories.make_project()
    factories.make_public(framework, project)

    page = client.get("/").content.decode()

    heads = re.findall(r'colspan="(\d)" class="(\w*)"', page)
    assert heads == [("1", "enabling"), ("2", "hindering"), ("1", "")]


def test_trackers_are_dropped_by_a_redirect(client):
    response = client.get("/projects/?utm_source=x&country=PK&fbclid=1")

    assert (response.status_code, response["Location"]) == (302, "/projects/?country=PK")


def test_an_old_slug_keeps_the_rest_of_the_address(client):
    project = make_case()
    Project.objects.filter(pk=project.pk).update(slug="moved")
    factor = project.codings.first().factor

    response = client.get(f"/projects/{project.slug}/factors/{FRAMEWORK}/{factor.key}/")

    assert response["Location"] == f"/projects/moved/factors/{FRAMEWORK}/{factor.key}/"
    assert client.get(response["Location"]).status_code == 200


def test_informants_of_two_groups_who_share_a_word_are_two_stakeholders(client):
    framework = factories.make_framework()
    factor = factories.make_factor(framework)
    project = factories.make_project(slug="case")
    groups = [factories.make_group(), factories.make_group()]
    for group, says in zip(groups, ("present", "absent"), strict=True):
        factories.make_account(
            project, factor=factor, stakeholder_group=group, informant="a manager", position=says
        )
    factories.make_public(project, framework, *groups)

    page = client.get("/projects/case/").content.decode()

    assert "Accounts disagree on: Factor." in page
    assert page.count("<h3>a manager</h3>") == 2


def test_a_projects_dates_stand_among_the_events_of_its_cluster_while_it_ran(client):
    cluster, elsewhere = factories.make_cluster(), factories.make_cluster()
    project = factories.make_project(
        slug="village", planned_start="2007", actual_start="2008-03", actual_end="2009-10"
    )
    project.clusters.add(cluster)
    for where, when, title in (
        (cluster, "2006", "Long before"),
        (cluster, "2007/..", "Unrest"),
        (cluster, "2008-05", "A bomb"),
        (cluster, "2010", "Long after"),
        (cluster, "", "Some day"),
        (elsewhere, "2008-05", "Elsewhere"),
    ):
        factories.make_event(where, title=title, when=when)
    factories.make_public(project, cluster, elsewhere)

    page = client.get("/projects/village/").content.decode()
    section = re.search(r'<section id="dates">.*?</section>', page, re.S)[0]
    lines = [
        " ".join(re.sub("<[^>]+>", " ", line).split())
        for line in re.findall(r"<p>.*?</p>", section, re.S)
    ]

    assert lines == [
        "2007 The project is to start",
        "from 2007 Unrest",
        "March 2008 The project starts",
        "May 2008 A bomb",
        "October 2009 The project ends",
    ]


def test_a_project_without_a_date_has_no_list_of_dates(client):
    project = factories.make_project(slug="village")
    project.clusters.add(cluster := factories.make_cluster())
    factories.make_event(cluster, title="A bomb", when="2008")
    factories.make_public(project, cluster)

    assert 'id="dates"' not in client.get("/projects/village/").content.decode()


def test_a_pseudonym_is_marked_wherever_a_project_names_it(client):
    paper = factories.make_public(factories.make_publication())
    hidden = factories.make_stakeholder(name="IDA", is_pseudonym=True, pseudonym_source=paper)
    plain = factories.make_stakeholder(name="FIFA")
    project, factor = factories.make_project(slug="village"), factories.make_factor()
    group = factories.make_group()
    for key, stakeholder in (("a", hidden), ("b", plain)):
        project.participants.create(key=key, stakeholder=stakeholder, role="lead")
        factories.make_account(
            project,
            factor=factor,
            stakeholder=stakeholder,
            stakeholder_group=group,
            reason_for_ending="main",
        )
    factories.make_public(group, hidden, plain, factor.framework, project)

    page = client.get("/projects/village/").content.decode()

    # The line of reasons, the head of their table, participants and accounts; FIFA nowhere.
    assert page.count("IDA (pseudonym)") == page.count("IDA") == 5
    assert page.count("FIFA") == 5
    assert "FIFA (pseudonym)" not in page
