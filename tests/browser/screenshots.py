"""Take the pictures of docs/images/ from a copy of the casebook that is served for them.

Run as `python -m tests.browser.screenshots`, or `make screenshots`.
"""

from playwright.sync_api import sync_playwright

from tests.browser.accounts import make_accounts, make_rounds, sign_in_at
from tests.browser.find_browser import find
from tests.browser.serving import PROJECT, browser_arguments, serving

FOLDER = PROJECT / "docs" / "images"
# Name, address, width, height and colour scheme.
PICTURES = [
    ("matrix", "/", 1280, 1120, "light"),
    ("matrix-dark", "/", 1280, 1120, "dark"),
    ("projects", "/projects/?country=PK", 1280, 900, "light"),
    ("project", "/projects/soccer-village/#accounts", 1280, 1000, "light"),
    ("accounts", "/charts/accounts-by-stakeholder/", 1280, 1100, "light"),
    ("compare", "/projects/compare/?project=atlanta-agreement&project=soccer-village", 1280, 900, "light"),
    ("cluster", "/clusters/sialkot/#timeline", 1280, 900, "light"),
    ("phone", "/", 390, 844, "light"),
]  # fmt: skip
# Of the desk, for whom one signs in first.
DESK = [
    ("desk-case", "/admin/interventions/project/", "#accounts", 1280, 1000),
    ("desk-review", "/admin/interventions/project/", "#review", 1280, 800),
]


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serving() as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=browser_arguments())
        for picture in PICTURES:
            take_public(browser, served, *picture)
        for picture in DESK:
            take_of_the_desk(browser, served, *picture)
        take_of_a_round(browser, served)
        browser.close()


def take_public(browser, served, name, address, width, height, scheme):
    context = browser.new_context(
        base_url=served.address,
        viewport={"width": width, "height": height},
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(address)
    if page.locator("[data-chart] .drawing:visible").count():
        page.locator("[data-drawn]").first.wait_for(state="attached")
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    print(path.relative_to(PROJECT))
    context.close()


def take_of_the_desk(browser, served, name, address, tab, width, height):
    context = browser.new_context(
        base_url=served.address, viewport={"width": width, "height": height}
    )
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Email").fill(served.account)
    page.get_by_label("Password").fill(served.password)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Soccer Village (CSR SME network)").first.click()
    page.locator(f'.tabs a[href="{tab}"]').click()
    if tab != "#review":
        page.locator(f"{tab} .card summary").first.click()
        page.locator(f"{tab} .card .select2").first.wait_for()
    page.screenshot(path=FOLDER / f"{name}.png")
    context.close()


def take_of_a_round(browser, served):
    make_accounts(served)
    _apart, together = make_rounds(served)
    page = browser.new_context(
        base_url=served.address, viewport={"width": 1280, "height": 900}
    ).new_page()
    sign_in_at(page, "editor")
    page.goto(f"/admin/interventions/codinground/{together}/round/")
    page.screenshot(path=FOLDER / "desk-round.png")


if __name__ == "__main__":
    main()
