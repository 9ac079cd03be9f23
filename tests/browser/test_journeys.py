"""What the three kinds of reader come to do, in a real browser."""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import what_is_wrong

CELL = "soccer-village/donor-financed-csr-and-collective-action/brief-funding"
PAGES = [
    "/",
    f"/?cell={CELL}",
    "/projects/",
    "/projects/soccer-village/",
    "/projects/soccer-village/factors/donor-financed-csr-and-collective-action/brief-funding/",
    "/clusters/",
    "/clusters/sialkot/",
    "/donors/",
    "/donors/ida/",
    "/stakeholders/",
    "/stakeholders/ida/",
    "/factors/",
    "/frameworks/reasons-for-discontinuation/",
    "/factors/donor-financed-csr-and-collective-action/brief-funding/",
    "/literature/",
    "/literature/fayyaz-2017/",
    "/projects/?view=factor-matrix",
    "/projects/?view=factor-outcomes",
    "/projects/?country=IN&outcome=negative",
    "/projects/compare/",
    "/projects/compare/?project=soccer-village&project=atlanta-agreement",
    "/charts/",
    "/charts/accounts-by-stakeholder/",
    "/charts/project-length/",
    "/charts/participants/",
    "/charts/factor-shares/",
    "/charts/evidence-map/",
    "/charts/money/",
    "/charts/cluster-map/?embed=1",
    "/search/?q=silakot",
    "/changes/",
    "/changes/1/",
    "/records/projects/soccer-village/correct/",
    "/about/",
    "/about/codebook/",
]


def wait_for_chart(page):
    page.locator("[data-drawn]").first.wait_for(state="attached")


def test_from_the_front_page_to_the_place_in_the_source(page):
    page.goto("/")
    wait_for_chart(page)
    page.locator("#chart-factor-matrix .toggle").click()

    page.locator(f'a[data-cell="{CELL}"]').click()

    evidence = page.locator("#evidence")
    expect(evidence).to_contain_text("Accounts disagree")
    expect(evidence).to_contain_text("Members of the CSR SME network")
    expect(evidence).to_contain_text("A reason among others")
    assert page.url.endswith(f"/?cell={CELL}")

    account = evidence.locator("#account-member-early-exit")
    account.get_by_role("link", name="Political Economy of Aid in Sialkot, para 1").click()

    expect(page).to_have_url(re.compile(r"/literature/fayyaz-2017/#place-\d+$"))
    place = page.locator(":target")
    expect(place).to_contain_text("Political Economy of Aid in Sialkot, para 1")
    expect(place).to_contain_text("account “member-early-exit”")


def test_a_click_on_the_chart_opens_the_same_evidence(page):
    page.goto("/")
    wait_for_chart(page)
    chart = page.locator("#chart-factor-matrix .drawing")
    chart.scroll_into_view_if_needed()
    layout = json.loads(page.locator("#factor-matrix-figure").text_content())["layout"]
    rows = layout["yaxis"]["ticktext"]
    row = next(number for number, words in enumerate(rows) if "Soccer Village" in words)
    plot = chart.locator(".nsewdrag").bounding_box()
    # The last column stands before the gap and the outcomes; see column_places.
    left, right = layout["xaxis"]["range"]
    across = (7.55 - left) / (right - left)

    page.mouse.click(
        plot["x"] + plot["width"] * across, plot["y"] + plot["height"] * (row + 0.5) / len(rows)
    )

    expect(page.locator("#evidence")).to_contain_text("Donor funding for brief period")
    expect(page.locator("#evidence")).to_contain_text("Soccer Village")


def test_the_address_of_a_cell_opens_it_and_back_closes_it(page):
    page.goto(f"/?cell={CELL}")
    expect(page.locator("#evidence")).to_contain_text("Donor funding for brief period")

    page.goto("/")
    wait_for_chart(page)
    page.locator("#chart-factor-matrix .toggle").click()
    page.locator(f'a[data-cell="{CELL}"]').click()
    expect(page.locator("#evidence")).to_contain_text("Who says what")
    page.go_back()
    expect(page.locator("#evidence")).not_to_contain_text("Who says what")


def test_soccer_village_shows_that_its_accounts_disagree_and_on_what(page):
    page.goto("/projects/soccer-village/")

    accounts = page.locator("#accounts")
    expect(accounts).to_contain_text("Accounts disagree on: the reasons why it ended")
    named = {
        stakeholder: accounts.locator(".stakeholder-column", has_text=stakeholder)
        .locator(".main-reason")
        .first
        for stakeholder in ("IDA, European headquarters", "IDA, local project manager")
    }
    expect(named["IDA, European headquarters"]).to_contain_text("Lack of commitment")
    expect(named["IDA, local project manager"]).to_contain_text("Worsening security")


def test_sorting_by_a_factor_is_one_click(page):
    page.goto("/")
    wait_for_chart(page)
    page.locator("#chart-factor-matrix .toggle").click()

    page.get_by_role("link", name="Funding too brief", exact=True).click()

    expect(page).to_have_url(re.compile(r"\?order=brief-funding$"))
    first = page.locator(".matrix tbody tr").first
    expect(first).to_contain_text("Soccer Village")


def test_the_matrix_can_be_read_and_followed_without_javascript(browser, base_url):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")

    page.locator(f'a[data-cell="{CELL}"]').click()

    expect(page).to_have_url(f"{base_url}/projects/soccer-village/factors/{CELL.split('/', 1)[1]}/")
    expect(page.locator("#evidence")).to_contain_text("Accounts disagree")
    context.close()


@pytest.mark.long
@pytest.mark.parametrize("width", [390, 1440])
def test_pages_meet_wcag_and_fit_the_screen(browser, base_url, width):
    context = browser.new_context(base_url=base_url, viewport={"width": width, "height": 900})
    page = context.new_page()
    complaints = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    for address in PAGES:
        page.goto(address)
        assert what_is_wrong(page, width) == []
    assert complaints == []
    context.close()


def test_an_administrator_signs_in_with_what_the_start_printed(page, served):
    page.goto("/admin/")
    page.get_by_label("Email").fill(served.account)
    page.get_by_label("Password").fill(served.password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Desk")).to_be_visible()
    page.get_by_role("link", name="Projects", exact=True).click()
    page.get_by_role("link", name="Soccer Village (CSR SME network)").first.click()
    expect(page.locator("#record").get_by_label("Title")).to_have_value(
        "Soccer Village (CSR SME network)"
    )


def test_the_api_documentation_works_under_the_policy(page):
    page.goto("/api/v1/docs/")

    expect(page.get_by_role("heading", name=re.compile("Cluster Casebook"))).to_be_visible()
    expect(page.get_by_text("/api/v1/projects/", exact=True).first).to_be_visible()


def test_served_pages_say_what_they_allow_and_static_files_are_kept_for_good(page, base_url):
    response = page.goto("/")
    policy = response.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    script = page.locator("script[src*=plotly]").get_attribute("src")
    served_script = page.request.get(f"{base_url}{script}")
    assert "immutable" in served_script.headers["cache-control"]
    assert page.request.get(f"{base_url}/readyz").json() == {"status": "ready"}


@pytest.mark.long
def test_every_list_and_form_of_the_desk_keeps_the_policy(page, served):
    page.goto("/admin/")
    page.get_by_label("Email").fill(served.account)
    page.get_by_label("Password").fill(served.password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Desk")).to_be_visible()
    lists = page.locator("#content-main th[scope=row] a").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    assert len(lists) > 30

    for address in lists:
        assert page.goto(address).status == 200, address
        first = page.locator("#result_list tbody tr:first-child th a")
        if first.count():
            assert page.goto(first.get_attribute("href")).status == 200, address
    # The page fixture fails on any console error or policy report.
