"""The list of projects: filters with live counts, orders, views, comparison."""

import csv
import html
import io
import re

import pytest

from clusters.models import Stakeholder
from interventions.analysis.matrix import summarise_outcomes
from interventions.models import Donor, Funding, Participant, Project
from interventions.models.findings import Account
from interventions.web.filters import ProjectFilter
from tests import factories

pytestmark = pytest.mark.django_db

FRAMEWORK = "donor-financed-csr-and-collective-action"


def shown(client, query=""):
    page = client.get(f"/projects/{query}").content.decode()
    return re.findall(r'<h2>\s*<a href="[^"]*">([^<]*)', page)


def options(client, name, query=""):
    """The choices of one filter as the page offers them."""
    page = client.get(f"/projects/{query}").content.decode()
    (select,) = re.findall(rf'<select name="{name}".*?</select>', page, re.S)
    return re.findall(r"<option[^>]*>\s*([^<]+?)\s*</option>", select)[1:]


def test_filters_that_are_turned_round_add_to_a_query_and_never_multiply_it(three):
    asked_for = {
        "donor__not": "agency",
        "donor_type__not": "unknown",
        "status__not": "2",
        "year_from__not": "2009",
        "year_to__not": "1990",
        "factor_present__not": f"{FRAMEWORK}/helps",
        "factor_absent__not": f"{FRAMEWORK}/helps",
        "factor_unknown__not": f"{FRAMEWORK}/helps",
        "factor_score__not": f"{FRAMEWORK}/helps/0.33,{FRAMEWORK}/helps/0.67",
        "overall_outcome__not": "negative,mixed",
        "accounts_disagree__not": "true",
        "running_on__not": "1990-01-01",
    }

    def length(*names):
        filterset = ProjectFilter({name: asked_for[name] for name in names}, Project.objects.all())
        assert filterset.is_valid(), filterset.errors
        return len(str(filterset.qs.query))

    assert length(*asked_for) <= sum(length(name) for name in asked_for)


def three_projects():
    """One that has ended, one that runs and one of which little is known."""
    return [
        factories.make_project(
            slug="one",
            title="One",
            actual_start="2003",
            actual_end="2005",
            ending="completed",
            issues=["child_labour"],
        ),
        factories.make_project(slug="two", title="Two", planned_start="2010", ending="running"),
        factories.make_project(slug="three", title="Three", stated_months=18),
    ]


def accounts_for_and_against(project, factor):
    """Have two stakeholders say of a factor that it was so, and that it was not."""
    return [
        factories.make_account(
            project, factor=factor, stakeholder=factories.make_stakeholder(), position=position
        )
        for position in ("present", "absent")
    ]


@pytest.fixture
def three():
    """Two projects in Pakistan and one in India, with all that filters look at."""
    framework = factories.make_framework(slug=FRAMEWORK)
    factor = factories.make_factor(framework, key="helps", name="It helps", polarity="enabling")
    pakistan = factories.make_cluster(slug="here", name="Here", country="PK")
    india = factories.make_cluster(slug="there", name="There", country="IN")
    agency = factories.make_stakeholder(name="Agency")
    donor = factories.make_donor(slug="agency", stakeholder=agency, organisation_type="40")
    dimension = factories.make_dimension(slug="work", name="Work")
    projects = three_projects()
    for project, cluster in zip(projects, (pakistan, pakistan, india), strict=True):
        project.clusters.add(cluster)
    Funding.objects.create(project=projects[0], key="money", provider=donor)
    Participant.objects.create(project=projects[2], key="a", stakeholder=agency, role="lead")
    for project, score in zip(projects, ("1", "0", None), strict=True):
        if score:
            factories.make_coding(project, factor=factor, score=score, resolution="consensus")
    factories.make_outcome(projects[0], dimension=dimension, direction="positive")
    accounts = accounts_for_and_against(projects[0], factor)
    factories.make_public(
        *(framework, pakistan, india, agency, donor, dimension),
        *(account.stakeholder for account in accounts),
        *{account.stakeholder_group for account in accounts},
        *projects,
    )
    draft = factories.make_project(title="Draft", issues=["child_labour"])
    draft.clusters.add(pakistan)
    return projects


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["One", "Two", "Three"]),
        ("?country=PK", ["One", "Two"]),
        ("?country=pk", ["One", "Two"]),
        ("?country__not=PK", ["Three"]),
        ("?cluster=there", ["Three"]),
        ("?donor=agency", ["One", "Three"]),
        ("?donor_type=40", ["One", "Three"]),
        ("?issue=child_labour", ["One"]),
        ("?status=4", ["One"]),
        ("?status=unknown", ["Two", "Three"]),
        ("?year_from=2004", ["One", "Two"]),
        ("?year_from=2006", ["Two"]),
        ("?year_to=2009", ["One"]),
        ("?year_from=2004&year_to=2004", ["One"]),
        (f"?factor_present={FRAMEWORK}/helps", ["One"]),
        (f"?factor_absent={FRAMEWORK}/helps", ["Two"]),
        (f"?factor_unknown={FRAMEWORK}/helps", ["Three"]),
        ("?outcome=positive", ["One"]),
        ("?overall_outcome=positive", ["One"]),
        ("?overall_outcome=unknown,negative", ["Two", "Three"]),
        (f"?factor_score={FRAMEWORK}/helps/1", ["One"]),
        (f"?factor_score={FRAMEWORK}/helps/0.67", []),
        (f"?factor_score={FRAMEWORK}/helps/0,{FRAMEWORK}/helps/1", ["One", "Two"]),
        ("?dimension=work", ["One"]),
        ("?accounts_disagree=true", ["One"]),
        ("?accounts_disagree=false", ["Two", "Three"]),
        ("?q=thre", ["Three"]),
        ("?ordering=title", ["One", "Three", "Two"]),
        ("?ordering=-stated_months", ["Three", "One", "Two"]),
        ("?country=PK&outcome=positive", ["One"]),
        ("?country=IN&outcome=positive", []),
    ],
)
def test_each_filter_and_order_keeps_what_it_says(client, three, query, titles):
    assert shown(client, query) == titles


def test_a_donors_projects_are_those_of_its_units_too(client, three):
    agency = Stakeholder.objects.get(name="Agency")
    office = factories.make_stakeholder(part_of=agency)
    desk = factories.make_stakeholder(part_of=office)
    other = factories.make_project(title="Four")
    Participant.objects.create(project=other, key="a", stakeholder=desk, role="implementing")
    factories.make_public(office, desk, other)

    assert shown(client, "?donor=agency&ordering=title") == ["Four", "One", "Three"]
    assert options(client, "donor") == ["Agency (3)"]


def test_donors_whose_type_no_source_states_can_be_asked_for(client, three):
    stakeholder = factories.make_stakeholder(name="Nobody")
    donor = Donor.objects.create(slug="nobody", stakeholder=stakeholder)
    Funding.objects.create(project=three[1], key="money", provider=donor)
    factories.make_public(stakeholder, donor)

    assert options(client, "donor_type") == ["Multilateral (2)", "Not stated (1)"]
    assert shown(client, "?donor_type=unknown") == ["Two"]
    assert shown(client, "?donor_type__not=unknown") == ["One", "Three"]
    page = client.get("/donors/?type=unknown").content.decode()
    assert re.findall(r'row"><a href="/donors/([^/]+)/"', page) == ["nobody"]


@pytest.mark.parametrize(
    "directions",
    [
        "",
        "positive",
        "negative",
        "none",
        "mixed",
        "unknown",
        "positive negative",
        "negative none",
        "positive mixed",
    ],
)
def test_the_list_sums_outcomes_up_as_the_matrix_does(client, directions):
    project = factories.make_project(title="It")
    dimension = factories.make_dimension()
    for direction in directions.split():
        factories.make_outcome(project, dimension=dimension, direction=direction)
    factories.make_public(dimension, project)
    summed = summarise_outcomes([(coded, "") for coded in directions.split()]).direction

    for direction in ("positive", "negative", "none", "mixed", "unknown"):
        expected = ["It"] if direction == summed else []
        assert shown(client, f"?overall_outcome={direction}") == expected


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("?year_from=2010&year_to=2005", "“year_from” is after “year_to”"),
        ("?stated_months__gte=5&stated_months__lte=4", "“stated_months__gte” is after"),
        (f"?factor_score={FRAMEWORK}/helps/2", "Known: donor-financed"),
    ],
)
def test_a_range_that_ends_before_it_begins_and_a_score_that_is_none_are_refused(
    client, three, query, says
):
    response = client.get(f"/projects/{query}")

    assert response.status_code == 400
    assert says in html.unescape(response.content.decode())
    assert client.get("/projects/?year_from=2005&year_to=2005").status_code == 200


def test_counts_say_what_a_choice_would_leave_of_the_other_filters(client, three):
    assert options(client, "country") == ["India (1)", "Pakistan (2)"]
    assert options(client, "donor") == ["Agency (2)"]
    assert options(client, "status") == ["Closed (1)", "Not known (2)"]
    assert options(client, "factor_present") == ["It helps (1)"]
    assert options(client, "accounts_disagree") == ["yes (1)", "no (2)"]
    # The chosen filter's own counts do not shrink; the others' do.
    assert options(client, "country", "?country=IN") == ["India (1)", "Pakistan (2)"]
    assert options(client, "issue", "?country=IN") == []


def test_every_count_is_the_number_of_rows_behind_it(client, three):
    page = client.get("/projects/").content.decode()
    for name, select in re.findall(r'<select name="(\w+)"(.*?)</select>', page, re.S):
        if name in ("ordering", "page_size"):
            continue
        for value, number in re.findall(r'value="([^"]+)">[^<]*\((\d+)\)', select):
            assert len(shown(client, f"?{name}={value}")) == int(number), (name, value)


def test_what_is_filtered_is_written_out_and_can_be_taken_away(client, three):
    page = client.get("/projects/?country=PK&outcome=positive").content.decode()

    links = re.findall(r'<a href="([^"]*)"\s+title="Take this filter away">([^<]*)', page)
    assert links == [
        ("?outcome=positive", "Country: Pakistan"),
        ("?country=PK", "An outcome is: Good"),
    ]


def test_an_empty_result_says_which_filter_to_loosen(client, three):
    page = client.get("/projects/?country=IN&outcome=positive").content.decode()

    assert "without “Country: India”: 1 project" in page
    assert "without “An outcome is: Good”: 1 project" in page


def test_a_project_dated_by_plan_only_says_so(client, three):
    page = client.get("/projects/").content.decode()

    assert page.count("(by plan)") == 1


@pytest.mark.parametrize("count", [1, 3])
def test_the_same_rule_of_disagreement_in_python_and_in_the_database(count):
    from itertools import product

    from interventions.selectors.factor_matrix import disagreement_of

    factors = [factories.make_factor() for _ in range(2)]
    stakeholders = [factories.make_stakeholder() for _ in range(2)]
    choices = list(
        product(("present", "absent"), ("main", "rejected", "not_mentioned"), factors, stakeholders)
    )
    for first, second in product(choices[:: 4 - count], choices[1::5]):
        project = factories.make_project()
        for says, reason_for_ending, factor, stakeholder in (first, second):
            factories.make_account(
                project,
                factor=factor,
                stakeholder=stakeholder,
                position=says,
                reason_for_ending=reason_for_ending,
            )

    expected = {
        project.pk
        for project in Project.objects.all()
        if disagreement_of(list(Account.objects.filter(project=project).with_stakeholders()))
    }
    found = set(Project.objects.with_accounts_disagreeing().values_list("pk", flat=True))
    assert found == expected
    assert 0 < len(found) < Project.objects.count()


LISTS = {
    "/projects/": "?country=PK&ending=&ordering=title",
    "/clusters/": "?country=PK",
    "/donors/": "?type=40",
    "/stakeholders/": "?q=agency",
    "/literature/": "?year_from=1990",
}


@pytest.mark.parametrize(("address", "query"), LISTS.items())
def test_each_list_can_be_taken_away_with_exactly_its_records(client, seeded, address, query):
    page = client.get(f"{address}{query}").content.decode()
    links = {
        words: html.unescape(link)
        for link, words in re.findall(r'<a href="(/api/v1/[^"]*)">(CSV|JSON)</a>', page)
    }

    rows = client.get(f"{links['JSON']}&page_size=200").json()["results"]
    text = b"".join(client.get(links["CSV"]).streaming_content).decode("utf-8-sig")
    slugs = [row["slug"] for row in rows]

    assert [row["slug"] for row in csv.DictReader(io.StringIO(text))] == slugs
    shown_too = client.get(f"{address}{query}&page_size=200").content.decode()
    results = shown_too.split('id="results"')[1]
    assert set(slugs) <= set(re.findall(rf'href="{address}([-a-z0-9]+)/"', results))


def test_what_a_form_leaves_open_asks_for_nothing(client):
    for slug, ending in (("done", "completed"), ("gone", "dissolved")):
        factories.make_public(factories.make_project(slug=slug, title=slug, ending=ending))

    assert shown(client, "?country=&ending=dissolved,&stated_months__gte=") == ["gone"]


def test_a_wrong_filter_offers_nothing_to_take_away(client, seeded):
    page = client.get("/projects/?country=XX").content.decode()

    assert "format=csv" not in page


def test_a_planned_end_is_never_shown_as_a_fact(client):
    project = factories.make_project(slug="case", actual_start="1997", planned_end="1999")
    factories.make_public(project)

    page = client.get("/projects/case/").content.decode()

    assert "from 1997" in page
    assert "1997 – 1999" not in page
    assert shown(client, "?year_from=2005") == ["Project"]


def test_a_bar_that_the_list_could_not_show_leads_nowhere(client, three):
    other = factories.make_factor(Project.objects.get(slug="one").codings.get().factor.framework)
    query = f"?factor_present={FRAMEWORK}/helps"

    page = client.get(f"/charts/factor-outcomes/{query}").content.decode()

    table = page.split("<tbody>")[1].split("</tbody>")[0]
    assert f"factor_present={FRAMEWORK}%2Fhelps" in table
    assert f"factor_present={FRAMEWORK}%2F{other.key}" not in table


def test_a_wrong_filter_keeps_the_others(client, three):
    page = client.get("/projects/?country=ZZ&donor=agency").content.decode()

    assert '<input type="hidden" name="donor" value="agency">' in page


def test_negative_numbers_are_no_formulas():
    from clusters.formats.csv_files import harmless

    assert [harmless(text) for text in ("-23.5", "-23", "-1+1", "=1", "+1", "@a", "a")] == [
        "-23.5",
        "-23",
        "'-1+1",
        "'=1",
        "'+1",
        "'@a",
        "a",
    ]


def test_outcomes_are_coded_like_factors_and_compared(client):
    dimension = factories.make_dimension(slug="women-s-work", name="Women's work")
    first, second, third = (
        factories.make_project(slug=f"p-{number}", title=f"P {number}") for number in range(3)
    )
    factories.make_coding(first, dimension=dimension, resolution="consensus", score="0.67")
    factories.make_coding(
        first, dimension=dimension, coder=factories.make_coder(slug="ana"), score="1"
    )
    factories.make_coding(
        second,
        dimension=dimension,
        resolution="single_coder",
        score=None,
        missing_reason="not_reported",
    )
    factories.make_public(dimension, first, second, third)

    page = client.get("/projects/p-0/").content.decode()
    assert "How far it came to this, as coded" in page
    assert "More present than absent (0.67)" in page
    assert "ana, round 1" in page
    assert "How far it came to this" not in client.get("/projects/p-2/").content.decode()
    compared = client.get(
        "/projects/compare/?project=p-0&project=p-1&project=p-2&format=csv"
    ).content.decode()
    (line,) = [
        row for row in compared.splitlines() if row.startswith('"What came of it, as coded"')
    ]
    assert "More present than absent (0.67)" in line
    assert "Not reported: looked for, the sources are silent" in line
    assert "not searched" in line
