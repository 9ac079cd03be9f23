"""The server is killed in the middle of its work: all of it is there, or nothing, and what was typed."""

import re
import time

import psycopg
import pytest
from playwright.sync_api import expect

from tests.browser.accounts import make_accounts, sign_in_at
from tests.browser.serving import PATIENCE, serving

ROWS = 2_000
IN_MILLISECONDS = 1_000 * PATIENCE


@pytest.fixture(scope="module")
def running(prepared):
    with serving(prepared) as served:
        make_accounts(served)
        yield served


@pytest.fixture
def page(running, browser):
    context = browser.new_context(base_url=running.address)
    page = context.new_page()
    sign_in_at(page, "researcher")
    yield page
    context.close()


def database(running):
    return psycopg.connect(
        host=str(running.folder / "postgres" / "run"),
        dbname="postgres",
        user="casebook",
        autocommit=True,
    )


def number_of(running, table):
    with database(running) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def wait_until(connection, question):
    """Ask the database until it says yes."""
    deadline = time.monotonic() + PATIENCE
    while not connection.execute(question).fetchone()[0]:
        assert time.monotonic() < deadline, question


def test_killed_while_a_table_is_brought_in(running, page):
    before = number_of(running, "clusters_stakeholder")
    rows = "".join(f"body-{number},Body {number},PK\n" for number in range(ROWS))
    page.goto("/admin/desk/tables/")
    page.get_by_label("Table:").select_option("stakeholders")
    page.get_by_label("File").set_input_files(
        {
            "name": "bodies.csv",
            "mimeType": "text/csv",
            "buffer": f"slug,name,country\n{rows}".encode(),
        }
    )
    page.get_by_role("button", name="Look it through").click()
    expect(page.get_by_text(re.compile(f"Looking through: [1-9]\\d* of {ROWS}"))).to_be_visible(
        timeout=IN_MILLISECONDS
    )
    expect(page.get_by_text("nothing is wrong")).to_be_visible(timeout=IN_MILLISECONDS)
    page.get_by_label("Why").fill("To be killed")
    page.get_by_role("button", name="Bring it in").click()
    expect(page.get_by_text(re.compile(f"Bringing in: [1-9]\\d* of {ROWS}"))).to_be_visible(
        timeout=IN_MILLISECONDS
    )

    running.kill()
    running.start()

    page.goto(page.url)
    expect(page.get_by_text("broken off in the middle. Nothing was changed.")).to_be_visible()
    assert number_of(running, "clusters_stakeholder") == before
    # What is left in the queue of a dead worker is nobody's; it is looked through anew.
    page.get_by_role("button", name="Look it through again").click()
    expect(page.get_by_text("nothing is wrong")).to_be_visible(timeout=IN_MILLISECONDS)


def test_killed_while_a_form_is_saved(running, page):
    before = number_of(running, "interventions_project")
    page.goto("/admin/interventions/project/add/")
    page.get_by_label("Title").fill("Typed before the crash")
    page.get_by_role("combobox", name="Clusters", exact=True).first.click()
    page.locator(".select2-container--open .select2-search__field").fill("Sial")
    page.locator(".select2-results__option").filter(has_text="Sialkot").first.click()
    expect(page.locator("#kept")).to_have_text(re.compile("Kept at"))

    with (
        database(running) as other,
        database(running) as watching,
        other.transaction(),
    ):
        # The project is in its table by then, its cluster is not: the save waits half done.
        other.execute("LOCK TABLE interventions_projectcluster IN EXCLUSIVE MODE")
        page.get_by_role("button", name="Save as a draft", exact=True).click(no_wait_after=True)
        wait_until(
            watching,
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
            "AND query ILIKE '%interventions_projectcluster%')",
        )
        running.kill()
    running.start()

    assert number_of(running, "interventions_project") == before
    page.goto("/admin/")
    page.get_by_role("link", name="Typed before the crash").click()
    expect(page.get_by_label("Title")).to_have_value("Typed before the crash")
    page.get_by_role("button", name="Save as a draft", exact=True).click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert number_of(running, "interventions_project") == before + 1
