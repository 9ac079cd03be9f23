"""Donor staff at work: four clicks to a source, filters in the address, charts, comparison."""

import gzip
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

FRAMEWORK = "donor-financed-csr-and-collective-action"
A_PLACE = re.compile(r"/literature/fayyaz-2017/#place-\d+$")
CHARTS = [
    "/charts/factor-matrix/",
    "/charts/factor-shares/",
    "/charts/factor-outcomes/",
    "/charts/accounts-by-stakeholder/",
    "/charts/project-length/",
    "/charts/participants/",
    "/charts/cluster-map/",
    "/charts/cluster-timeline/?cluster=sialkot",
    "/charts/evidence-map/",
]


def drawn(page):
    page.locator("[data-drawn]").first.wait_for(state="attached")


def test_four_clicks_from_a_cell_to_its_place(page):
    page.goto("/")
    drawn(page)
    page.locator("#chart-factor-matrix .toggle").click()
    page.locator(f'a[data-cell="soccer-village/{FRAMEWORK}/brief-funding"]').click()
    page.locator("#evidence .sources a").first.click()
    expect(page).to_have_url(A_PLACE)
    expect(page.locator(":target")).to_be_visible()


def test_four_clicks_from_a_project_like_mine_to_its_place(page):
    page.goto("/")
    page.get_by_role("link", name="10 projects").click()
    page.get_by_role("link", name="Soccer Village (CSR SME network)").click()
    page.locator("#accounts .sources a").first.click()
    expect(page).to_have_url(A_PLACE)
    expect(page.locator(":target")).to_be_visible()


def test_four_clicks_from_a_cluster_to_the_place_of_a_figure(page):
    page.goto("/")
    page.get_by_role("link", name="3 clusters").click()
    page.get_by_role("link", name="Sialkot", exact=True).first.click()
    page.locator("#statistics .sources a").first.click()
    expect(page).to_have_url(A_PLACE)
    expect(page.locator(":target")).to_be_visible()


def test_filters_change_address_counts_and_chart_and_back_and_forward_work(page):
    page.goto("/projects/?view=factor-outcomes")
    drawn(page)
    expect(page.locator(".count")).to_have_text(re.compile("10 projects"))

    page.get_by_label("Country").focus()
    page.get_by_label("Country").select_option("PK")

    expect(page.locator(".count")).to_have_text(re.compile("6 projects"))
    expect(page).to_have_url(re.compile(r"/projects/\?view=factor-outcomes&country=PK$"))
    expect(page.locator("#announce")).to_have_text(re.compile("6 projects"))
    expect(page.get_by_label("Country")).to_be_focused()
    page.locator("#chart-factor-outcomes[data-drawn]").wait_for()
    assert "n = 6 projects" in page.locator("figcaption").inner_text()
    page.go_back()
    expect(page.locator(".count")).to_have_text(re.compile("10 projects"))
    expect(page.locator("#chart-factor-outcomes[data-drawn] svg").first).to_be_visible()
    page.go_forward()
    expect(page.locator(".count")).to_have_text(re.compile("6 projects"))
    expect(page.get_by_label("Country")).to_have_value("PK")

    page.get_by_role("link", name="Country: Pakistan").click()
    expect(page.locator(".count")).to_have_text(re.compile("10 projects"))


def test_two_filters_of_a_plain_list_one_after_the_other(page):
    page.goto("/stakeholders/")
    page.get_by_label("Words").fill("office")
    page.get_by_label("Words").press("Enter")
    expect(page).to_have_url(re.compile(r"/stakeholders/\?q=office$"))

    page.get_by_label("The name is a pseudonym").select_option("true")

    expect(page).to_have_url(re.compile(r"/stakeholders/\?q=office&is_pseudonym=true$"))
    expect(page.locator(".asked")).to_contain_text("Words: office")


def test_a_wrong_filter_says_so_in_place(browser, base_url):
    # A page of its own: the console tells of a 400.
    context = browser.new_context(base_url=base_url)
    page = context.new_page()
    page.goto("/clusters/")
    page.get_by_label("Country").fill("zz")
    page.get_by_label("Country").press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("country: Unknown country “zz”")
    expect(page.locator(".count")).to_have_text(re.compile("0 clusters"))
    context.close()


def test_typing_in_the_search_box_keeps_the_focus_there(page):
    page.goto(f"/?cell=soccer-village/{FRAMEWORK}/brief-funding")
    page.get_by_label("Search everything").press_sequentially("soccer")
    expect(page.locator("#found-titles option").first).to_be_attached()

    expect(page.get_by_label("Search everything")).to_be_focused()


@pytest.mark.parametrize(
    ("address", "label"),
    [("/projects/", "Country"), ("/clusters/", "Country"), ("/literature/", "Author’s name")],
)
def test_filters_come_back_when_a_phone_is_turned_wide(page, address, label):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    expect(page.get_by_label(label)).to_be_hidden()

    page.set_viewport_size({"width": 1200, "height": 800})

    expect(page.get_by_label(label)).to_be_visible()


def test_a_phone_shows_a_table_for_a_chart_whose_labels_would_fill_it(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/charts/factor-outcomes/")
    expect(page.locator(".drawing")).to_be_hidden()
    expect(page.locator("#factor-outcomes-table table")).to_be_visible()

    page.goto("/charts/factor-shares/")
    expect(page.locator(".drawing")).to_be_visible()
    expect(page.locator("#factor-shares-table table")).to_be_hidden()


def test_scroll_stays_when_a_filter_changes(page):
    page.goto("/projects/")
    page.mouse.wheel(0, 300)
    page.locator("#id_accounts_disagree").scroll_into_view_if_needed()
    before = page.evaluate("window.scrollY")

    page.locator("#id_accounts_disagree").select_option("true")

    expect(page.locator(".count")).to_have_text(re.compile("2 projects"))
    after = page.evaluate("window.scrollY")
    height = page.evaluate("document.documentElement.scrollHeight - window.innerHeight")
    assert after == min(before, height)


def test_projects_are_compared_from_the_list(page):
    page.goto("/projects/")
    page.get_by_label("compare Soccer Village").check()
    page.get_by_label("compare Atlanta Agreement").check()
    page.get_by_role("button", name="Compare those marked").click()

    expect(page).to_have_url(
        re.compile(r"/projects/compare/\?project=atlanta-agreement&project=soccer-village$")
    )
    row = page.locator("tr", has=page.get_by_role("rowheader", name="Support for joint action"))
    expect(row.locator("td").nth(0)).to_contain_text("more present than absent (0.67)")
    expect(row.locator("td").nth(1)).to_contain_text("more absent than present (0.33)")


def test_a_search_with_a_typo_finds_the_cluster(page):
    page.goto("/")
    page.get_by_label("Search everything").fill("silakot")
    page.get_by_label("Search everything").press("Enter")

    expect(page.get_by_text("Shown is what holds")).to_contain_text("sialkot")
    page.locator("#kind-clusters").get_by_role("link", name="Sialkot").first.click()
    expect(page).to_have_url(re.compile("/clusters/sialkot/$"))


def test_titles_are_offered_while_one_types(page):
    page.goto("/about/")
    page.get_by_label("Search everything").press_sequentially("soccer")

    expect(page.locator("#found-titles option").first).to_have_attribute(
        "value", "Soccer Village (CSR SME network)"
    )


@pytest.mark.parametrize("address", CHARTS)
def test_the_marks_of_each_chart_lead_where_its_table_does(page, base_url, address):
    page.goto(address)
    drawn(page)
    figure = json.loads(page.locator("[data-chart] script").text_content())
    page.locator(".toggle").click()
    table = page.locator(".table-body")
    expect(table).to_be_visible()
    linked = set(table.locator("a").evaluate_all("all => all.map(one => one.pathname)"))

    def urls(value):
        if isinstance(value, str):
            return {value.split("#")[0].split("?")[0]} - {""}
        return set().union(*map(urls, value)) if isinstance(value, list) and value else set()

    found = set()
    for trace in figure["data"]:
        for part in (trace, trace.get("node", {}), trace.get("link", {})):
            found |= urls(part.get("customdata", []))
    assert found
    assert found <= linked
    sample = table.locator("a").first.get_attribute("href")
    assert page.request.get(f"{base_url}{sample}").status == 200


def test_a_click_on_a_bar_opens_the_projects_behind_it(page):
    page.goto("/projects/?view=factor-outcomes")
    drawn(page)
    for bar in page.locator("#chart-factor-outcomes .bars .point path").all():
        box = bar.bounding_box()
        if box["width"] > 20:  # a bar of no project has no width
            page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            break

    expect(page).to_have_url(re.compile(r"/projects/\?factor_(present|absent|unknown)="))
    expect(page.locator("#results")).to_contain_text("project")


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_chart_can_be_taken_away_as_a_picture_with_its_words(page, suffix):
    page.goto("/charts/project-length/")
    drawn(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name=suffix.upper()).click()

    path = waiting.value.path()
    assert waiting.value.suggested_filename == f"project-length.{suffix}"
    content = path.read_bytes()
    if suffix == "png":
        assert content.startswith(b"\x89PNG")
    else:
        words = content.decode()
        assert "How long projects ran" in words
        assert "CC BY 4.0" in words


@pytest.fixture
def elsewhere(base_url):
    """Another site on this machine, with a page that frames one of our charts."""

    class Framing(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            if self.path == "/":
                self.wfile.write(
                    f'<link rel="icon" href="data:,"><iframe width="900" height="700" '
                    f'src="{base_url}/charts/cluster-map/?embed=1"></iframe>'.encode()
                )

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Framing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_chart_stands_in_a_frame_of_another_site(page, elsewhere):
    page.goto(elsewhere)

    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Where the clusters are")).to_be_visible()
    frame.locator("[data-drawn]").wait_for()


def test_nothing_moves_when_a_chart_arrives(page):
    page.goto("/projects/?view=project-length")
    drawn(page)
    shift = page.evaluate(
        """() => new Promise((done) => {
            let sum = 0;
            new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) sum += entry.value;
            }).observe({ type: "layout-shift", buffered: true });
            requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
        })"""
    )
    assert shift < 0.02


@pytest.fixture
def plain(browser, base_url):
    """A page in a browser without JavaScript."""
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/", "fully present (1)"),
        ("/projects/soccer-village/", "Accounts disagree on"),
        ("/clusters/sialkot/", "Every dated event"),
        ("/charts/project-length/", "shorter than its minimum"),
        ("/literature/", "Role of donor-funded CSR"),
        ("/changes/", "published"),
    ],
)
def test_main_pages_say_everything_without_javascript(plain, address, words):
    plain.goto(address)

    expect(plain.get_by_text(words).first).to_be_visible()
    for table in plain.locator(".table-body table").all():
        expect(table).to_be_visible()


def test_filtering_and_comparing_work_without_javascript(plain):
    plain.goto("/projects/")
    plain.get_by_label("Country").select_option("IN")
    plain.get_by_role("button", name="Show").click()
    expect(plain.locator(".count")).to_have_text(re.compile("2 projects"))

    plain.get_by_label("compare Atlanta").check()
    plain.get_by_label("compare CSR project in Jalandhar").check()
    plain.get_by_role("button", name="Compare those marked").click()
    expect(plain.locator(".compare thead")).to_contain_text("Atlanta Agreement")


def test_the_list_of_projects_by_keyboard_alone(page):
    page.goto("/projects/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name = page.evaluate("document.activeElement.name || document.activeElement.textContent")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", name
        seen.append(name.strip())
        if "Atlanta Agreement" in name:
            break
    assert seen[:3] == ["q", "country", "cluster"]
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Atlanta Agreement", exact=True)).to_be_visible()


def test_dark_mode_draws_charts_in_dark_colours(browser, base_url):
    context = browser.new_context(base_url=base_url, color_scheme="dark")
    page = context.new_page()
    page.goto("/charts/project-length/")
    drawn(page)

    fill = page.locator(".bars .point path").first.evaluate("one => getComputedStyle(one).fill")
    assert fill == "rgb(169, 165, 156)"
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == "rgb(27, 26, 24)"
    context.close()


def test_a_reader_suggests_a_correction_and_finds_it_again(browser, base_url):
    # A page of its own: a form that is refused for being quick is a 400, which the console tells.
    context = browser.new_context(base_url=base_url)
    page = context.new_page()
    page.goto("/projects/soccer-village/")
    page.get_by_role("link", name="Suggest a correction").click()
    page.get_by_label("What is wrong, and what is right?").fill("The end was in 2010.")
    page.get_by_label("Where is it written?").fill("Table 2")
    for _ in range(300):  # the form refuses what is quicker than a person
        page.get_by_role("button", name="Send").click()
        if "/correct/" not in page.url:
            break

    expect(page).to_have_url(re.compile(r"/corrections/[-\w]+/$"))
    expect(page.get_by_text("The end was in 2010.")).to_be_visible()
    expect(page.get_by_text("Not yet answered")).to_be_visible()
    context.close()


def test_list_pages_are_light(page, base_url):
    for address in ("/", "/projects/", "/clusters/", "/literature/", "/changes/"):
        response = page.request.get(f"{base_url}{address}")
        assert len(gzip.compress(response.body())) < 60_000, address


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("slug", ["soccer-village", "atlanta-agreement"])
def test_a_project_prints_as_a_memo_of_two_pages(page, slug, paper):
    page.goto(f"/projects/{slug}/")
    pdf = page.pdf(format=paper)
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf)) == 2


def test_on_paper_a_chart_is_light_whatever_the_screen_is(page):
    page.emulate_media(color_scheme="dark")
    page.goto("/charts/factor-matrix/")
    expect(page.locator('[data-drawn="dark"]')).to_be_visible()
    background = page.locator(".drawing .main-svg").first
    expect(background).to_have_css("background-color", "rgb(27, 26, 24)")

    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect(background).to_have_css("background-color", "rgb(255, 255, 255)")

    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    expect(background).to_have_css("background-color", "rgb(27, 26, 24)")


def test_filtering_beside_a_wide_chart_keeps_the_sheet_open_and_the_focus(page):
    page.goto("/projects/?view=factor-matrix")
    page.locator("details.filter-sheet > summary").click()
    page.locator("#id_issue").focus()
    page.keyboard.press("ArrowDown")

    expect(page).to_have_url(re.compile("issue="))
    expect(page.locator("#id_issue")).to_be_focused()
    expect(page.locator("details.filter-sheet")).to_have_attribute("open", "")

    page.locator(".asked a").first.click()
    expect(page).not_to_have_url(re.compile("issue="))
    expect(page.locator("details.filter-sheet")).to_have_attribute("open", "")
    expect(page.locator("[data-announce]")).to_be_focused()


@pytest.mark.parametrize(("width", "is_drawn"), [(1000, False), (1280, True)])
def test_a_wide_chart_gives_way_to_its_table_before_its_labels_meet(page, width, is_drawn):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/charts/factor-matrix/")

    expect(page.locator(".drawing")).to_be_visible(visible=is_drawn)
    expect(page.locator(".table-body")).to_be_visible(visible=not is_drawn)
