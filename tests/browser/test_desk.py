"""From a paper to a published case in a real browser, in a casebook with only Sialkot loaded."""

import re

import pytest
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from playwright.sync_api import expect

from tests.browser.accessibility import what_is_wrong
from tests.browser.accounts import ACCOUNTS, PASSWORD, make_accounts, make_rounds, sign_in_at
from tests.browser.serving import serving


@pytest.fixture(scope="module")
def desk(prepared):
    """A copy of its own, since what is entered here would be in the way elsewhere."""
    with serving(prepared) as running:
        make_accounts(running)
        yield running


@pytest.fixture
def sign_in(desk, browser):
    """Sign somebody in by role, in a browser of their own; reports of the policy fail the test."""
    contexts, complaints = [], []

    def enter(role, **options):
        context = browser.new_context(base_url=desk.address, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            # A refused form is answered with its own status, which browsers report.
            lambda message: (
                complaints.append(message.text)
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        sign_in_at(page, role)
        return page

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []


def code_of(secret):
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def choose(page, within, label, typed, offered):
    """Choose a record: open the list, type, take what is offered."""
    within.get_by_role("combobox", name=label, exact=True).first.click()
    page.locator(".select2-container--open .select2-search__field").fill(typed)
    page.locator(".select2-results__option").filter(has_text=offered).first.click()


def tab(page, name):
    page.locator(".tabs").get_by_role("link", name=re.compile(f"^{name}")).click()


def add(page, kind):
    """Add a part and return its card."""
    page.get_by_role("button", name=f"Add {kind}").click()
    return page.locator(".tab:visible .cards > .card").last


def cite(page, card, typed, place):
    """Cite a place for all of a record or part: Alt+Shift+C, a few letters, Enter."""
    card.locator("input[type=text]:visible, textarea:visible").first.focus()
    page.keyboard.press("Alt+Shift+C")
    take_place(page, typed, place)


def cite_field(page, label, typed, place):
    """Cite a place for one field: Alt+C in it, a few letters, Enter."""
    page.get_by_label(label, exact=True).focus()
    page.keyboard.press("Alt+c")
    take_place(page, typed, place)


def take_place(page, typed, place):
    page.get_by_label("Publication and place").fill(typed)
    expect(page.locator("#picker-found li").first).to_have_text(re.compile(re.escape(place)))
    page.keyboard.press("Enter")


def save(page, button):
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator(".messagelist .success, .messagelist .error").first).to_be_visible()


def a_researcher_enters_a_second_case_from_scratch(sign_in, case):
    page = sign_in("researcher")
    page.get_by_role("link", name="Projects", exact=True).click()
    page.get_by_role("link", name="Add project").click()
    fill_in_the_record(page)
    add_an_outcome(page)
    add_a_coding(page)

    expect(page.locator("#kept")).to_contain_text("Kept at")
    save(page, "Save as a draft")
    case["address"] = page.url.partition("#")[0]
    expect(page.get_by_role("heading", level=1)).to_contain_text("Draft")


def fill_in_the_record(page):
    page.get_by_label("Title").fill("Jalandhar football network")
    choose(page, page.locator("#record"), "Clusters", "jalan", "Jalandhar")
    page.get_by_label("Collective action of small firms").check()
    start = page.locator("#id_actual_start-edtf")
    start.fill("late 2006")
    page.locator("#id_actual_end-edtf").fill("since 2008")
    readings = page.locator(".reading")
    expect(readings.filter(has_text="2006-09-01 to 2006-12-31")).to_be_visible()
    expect(readings.filter(has_text="2008-01-01 to …")).to_be_visible()
    page.locator("#id_actual_end-edtf").fill("")
    cite(page, page.locator("#record"), "fayyaz case description", "Case Description, para 1")


def add_an_outcome(page):
    tab(page, "Outcomes")
    outcome = add(page, "outcome")
    choose(page, outcome, "Dimension", "collective", "ollective action")
    outcome.get_by_label("Title").fill("network still runs")
    outcome.get_by_role("group", name="Direction").get_by_label("Good").check()
    # The place that was cited last is the first that is offered: two keys.
    outcome.get_by_label("Title").focus()
    page.keyboard.press("Alt+Shift+C")
    page.keyboard.press("Enter")
    expect(outcome.get_by_label("Place", exact=True)).to_have_value("Case Description, para 1")


def add_a_coding(page):
    tab(page, "Codings")
    coding = add(page, "coding")
    choose(page, coding, "Factor", "brief", "Donor funding for brief period — Donor-financed")
    expect(coding.locator(".definition")).not_to_be_empty()
    coding.get_by_label("More absent than present (0.33)").check()
    expect(coding.get_by_label("Coded by one person only")).to_be_checked()
    coding.get_by_label("Rationale").fill("The donor stayed.")
    cite(page, coding, "fayyaz aid in sialkot", "Political Economy of Aid in Sialkot")


def what_is_missing_leads_to_its_input(sign_in, case):
    page = sign_in("researcher")
    page.goto(case["address"])
    tab(page, "Accounts")
    account = add(page, "account")
    choose(page, account, "Stakeholder group", "network", "Network of firms")
    account.get_by_label("Kind of informant").fill("network member")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.get_by_role("alert")).to_contain_text("Nothing is saved yet")
    account = page.locator("#accounts .card")
    expect(account.get_by_label("Kind of informant")).to_have_value("network member")
    choose(page, account, "Factor", "brief", "Donor funding for brief period — Donor-financed")
    account.get_by_role("group", name="Position").get_by_label("It was not so").check()
    account.get_by_label("Statement").fill("The donor stayed until the network could stand.")
    save(page, "Save")

    tab(page, "Review")
    page.get_by_role("link", name=re.compile("Accounts › .* › Statement")).click()
    expect(page.get_by_label("Statement")).to_be_focused()
    cite(page, page.locator("#accounts .card"), "fayyaz case", "Case Description, para 1")
    save(page, "Save and submit for review")
    expect(page.get_by_role("heading", level=1)).to_contain_text("In review")


def it_is_returned_with_a_reason_and_submitted_again(sign_in, case):
    editor = sign_in("editor")
    editor.get_by_role("link", name="Jalandhar football network").click()
    tab(editor, "Review")
    editor.get_by_label("Reason; needed").fill("Which members?")
    save(editor, "Return with the reason")

    author = sign_in("researcher")
    expect(author.locator(".waiting")).to_contain_text("Which members?")
    author.locator(".waiting").get_by_role("link", name="Jalandhar football network").click()
    author.get_by_label("Summary", exact=True).fill("A network of football makers in Jalandhar.")
    cite_field(author, "Summary", "fayyaz case", "Case Description, para 1")
    save(author, "Save and submit for review")
    tab(author, "Review")
    expect(author.locator(".chain li")).to_have_count(3)


def two_people_at_once_lose_nothing(sign_in, case):
    author, editor = sign_in("researcher"), sign_in("editor")
    for page in (author, editor):
        page.goto(case["address"])
    editor.get_by_label("Aims", exact=True).fill("To sell together")
    editor.get_by_label("Summary", exact=True).fill("Theirs")
    save(editor, "Save")

    author.get_by_label("Activities", exact=True).fill("A joint fair")
    author.get_by_label("Summary", exact=True).fill("Mine")
    author.get_by_role("button", name="Save", exact=True).click()

    conflict = author.get_by_role("alert")
    expect(conflict).to_contain_text("Somebody else has changed this record")
    expect(conflict.get_by_role("row", name=re.compile("Summary"))).to_contain_text("Theirs")
    expect(author.get_by_label("Aims", exact=True)).to_have_value("To sell together")
    expect(author.get_by_label("Activities", exact=True)).to_have_value("A joint fair")
    author.get_by_label("Take theirs of summary").check()
    save(author, "Save")
    expect(author.get_by_label("Summary", exact=True)).to_have_value("Theirs")
    expect(author.get_by_label("Activities", exact=True)).to_have_value("A joint fair")


def throw_away(sign_in, case, page):
    """Close a page with something unsaved, and throw away what was kept of it."""
    page.close()
    page = sign_in("researcher")
    page.goto(case["address"])
    page.get_by_role("button", name="Throw it away").click()
    expect(page.get_by_role("button", name="Throw it away")).to_have_count(0)


def a_place_is_cited_for_the_field_in_focus(sign_in, case):
    """At the speed of typing, with a slow answer: Enter takes what matches, nothing older."""
    page = sign_in("researcher")
    page.route("**/desk/places/**", lambda route: (page.wait_for_timeout(400), route.continue_()))
    page.goto(case["address"])
    page.get_by_label("Aims", exact=True).focus()
    page.keyboard.press("Alt+c")
    expect(page.locator("#picker-found li").first).to_be_visible()
    page.get_by_label("Publication and place").press_sequentially("context pakistan", delay=120)
    page.keyboard.press("Enter")

    cited = page.locator("#record > .places .place").last
    expect(cited.get_by_label("Place", exact=True)).to_have_value(re.compile("National Context"))
    expect(cited.get_by_label("For", exact=True)).to_have_value("aims")
    page.keyboard.press("Alt+c")
    page.get_by_role("button", name="Write a new place").click()
    new = page.locator("#record > .places .place").last
    expect(new.get_by_label("Kind of place", exact=True)).to_have_value("")
    expect(page.locator("#kept")).to_contain_text("Kept at")
    page.unroute_all(behavior="ignoreErrors")
    throw_away(sign_in, case, page)


def steady_typing_is_kept_within_seconds(sign_in, case):
    page = sign_in("researcher")
    page.goto(case["address"])
    page.get_by_label("Aims", exact=True).press_sequentially("steady " * 9, delay=120)

    expect(page.locator("#kept")).to_contain_text("Kept at", timeout=1)
    throw_away(sign_in, case, page)


def a_field_is_restored(sign_in, case):
    page = sign_in("researcher")
    page.goto(case["address"])
    tab(page, "Review")
    page.get_by_role("link", name="Everything that changed").click()
    row = page.get_by_role("row", name=re.compile("Summary.*Theirs")).first
    row.get_by_role("link", name="Restore what was before").click()

    expect(page.get_by_label("Summary", exact=True)).to_have_value(
        "A network of football makers in Jalandhar."
    )
    save(page, "Save")
    expect(page.get_by_label("Summary", exact=True)).to_have_value(
        "A network of football makers in Jalandhar."
    )


def what_was_typed_is_there_after_the_browser_was_closed(sign_in, case):
    page = sign_in("researcher")
    page.goto(case["address"])
    page.get_by_label("Aims", exact=True).fill("Half a sentence")
    expect(page.locator("#kept")).to_contain_text("Kept at")
    page.context.close()

    again = sign_in("researcher")
    again.get_by_role("link", name="Jalandhar football network").first.click()
    expect(again.get_by_label("Aims", exact=True)).to_have_value("Half a sentence")
    again.goto(case["address"])
    again.get_by_role("button", name="Throw it away").click()
    expect(again.get_by_label("Aims", exact=True)).to_have_value("To sell together")


def what_is_sent_while_signed_out_stays_until_one_has_signed_in(sign_in, case):
    page = sign_in("researcher")
    page.goto(case["address"])
    page.context.clear_cookies()
    page.get_by_label("Aims", exact=True).fill("Typed while signed out")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page.locator("#kept")).to_contain_text("Not sent: you are signed out")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in another tab").click()
    other = opened.value
    other.get_by_label("Email").fill(ACCOUNTS["researcher"])
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Desk")).to_be_visible()
    expect(page.get_by_label("Aims", exact=True)).to_have_value("Typed while signed out")
    save(page, "Save")
    expect(page.get_by_label("Aims", exact=True)).to_have_value("Typed while signed out")
    page.get_by_label("Aims", exact=True).fill("To sell together")
    save(page, "Save")


def what_was_changed_is_said_to_be_in_the_source_too(sign_in, case):
    page = sign_in("editor")
    page.goto(f"{case['address']}#review")
    missing = page.locator(".missing li")
    expect(missing).to_have_count(2)
    expect(missing.first).to_contain_text("changed after the whole record was cited")
    missing.first.get_by_role("link").click()
    page.get_by_label("but not aims, which was changed later").uncheck()
    page.get_by_label("but not activities, which was changed later").uncheck()
    save(page, "Save")
    # Of the summary it says nothing still; that has a place of its own.
    expect(page.locator(".left-out")).to_have_text("but not summary, which was changed later")
    expect(missing).to_have_count(0)


def it_is_published_and_seen_everywhere(sign_in, case):
    editor = sign_in("editor")
    editor.goto(f"{case['address']}#review")
    save(editor, "Publish")
    expect(editor.get_by_role("heading", level=1)).to_contain_text("Published")

    for address in ("/projects/", "/search/?q=jalandhar+football"):
        editor.goto(address)
        link = editor.get_by_role("main").get_by_role("link", name="Jalandhar football network")
        expect(link.first).to_be_visible()
    editor.goto("/charts/factor-matrix/")
    editor.get_by_role("button", name="The same as a table").click()
    expect(editor.get_by_role("row", name=re.compile("Jalandhar football network"))).to_be_visible()
    found = editor.request.get("/api/v1/projects/jalandhar-football-network/").json()
    assert [coding["score"] for coding in found["codings"]] == [0.33]
    assert found["actual_start"]["edtf"] == "[2006-09..2006-12]"


def a_change_to_what_is_public_is_proposed_and_approved(sign_in, case):
    author = sign_in("researcher")
    author.goto(case["address"])
    author.get_by_label("Aims", exact=True).fill("To sell and to train together")
    author.get_by_label("Why").fill("The paper says so")
    save(author, "Propose this change")
    assert author.request.get("/api/v1/projects/jalandhar-football-network/").json()["aims"] == (
        "To sell together"
    )

    editor = sign_in("editor")
    editor.locator(".waiting").get_by_role("link", name=re.compile("The paper says so")).click()
    expect(editor.locator("ins")).to_have_text("To sell and to train together")
    save(editor, "Approve")
    assert editor.request.get("/api/v1/projects/jalandhar-football-network/").json()["aims"] == (
        "To sell and to train together"
    )


def test_from_a_paper_to_a_published_case(sign_in):
    """One case all the way; each step needs what the steps before have left."""
    case = {}
    a_researcher_enters_a_second_case_from_scratch(sign_in, case)
    what_is_missing_leads_to_its_input(sign_in, case)
    it_is_returned_with_a_reason_and_submitted_again(sign_in, case)
    a_place_is_cited_for_the_field_in_focus(sign_in, case)
    steady_typing_is_kept_within_seconds(sign_in, case)
    two_people_at_once_lose_nothing(sign_in, case)
    a_field_is_restored(sign_in, case)
    what_was_typed_is_there_after_the_browser_was_closed(sign_in, case)
    what_is_sent_while_signed_out_stays_until_one_has_signed_in(sign_in, case)
    what_was_changed_is_said_to_be_in_the_source_too(sign_in, case)
    it_is_published_and_seen_everywhere(sign_in, case)
    a_change_to_what_is_public_is_proposed_and_approved(sign_in, case)

    found = sign_in("editor").request.get("/api/v1/projects/jalandhar-football-network/").json()
    assert (found["state"]["code"], found["aims"]) == ("published", "To sell and to train together")


def test_a_deleted_project_comes_back_whole(sign_in, desk):
    page = sign_in("editor")
    page.goto("/admin/interventions/project/add/")
    page.get_by_label("Title").fill("Entered by mistake")
    tab(page, "Outcomes")
    outcome = add(page, "outcome")
    choose(page, outcome, "Dimension", "wages", "ages")
    outcome.get_by_label("Title").fill("wages rose")
    outcome.get_by_role("group", name="Direction").get_by_label("Good").check()
    save(page, "Save as a draft")
    address = page.url.partition("#")[0]

    page.goto(address.replace("/change/", "/delete/"))
    page.get_by_role("button", name="Yes").click()
    page.goto(address.replace("/change/", "/history/"))
    page.get_by_role("button", name="Bring it back whole").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("Entered by mistake")
    tab(page, "Outcomes")
    expect(page.locator("#outcomes .card-title")).to_contain_text("wages rose")


@pytest.mark.parametrize("width", [1440, 390])
def test_the_desk_meets_wcag_and_fits_the_screen(sign_in, width):
    page = sign_in("editor", viewport={"width": width, "height": 900})
    page.goto("/admin/interventions/project/")
    page.get_by_role("link", name="Atlanta Agreement").first.click()
    record = page.url
    for address in (
        "/admin/",
        "/admin/interventions/project/",
        record,
        f"{record}#codings",
        f"{record}#review",
        record.replace("/change/", "/history/"),
        "/admin/interventions/project/add/",
    ):
        page.goto(address)
        if "#codings" in address:
            page.locator("#codings .card summary").first.click()
        # At the end of a page its bar of buttons stands below everything, and covers nothing.
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        assert what_is_wrong(page, width) == []


@pytest.fixture(scope="module")
def rounds(desk):
    """Two rounds, one in which the two still code apart and one in which they compare."""
    return make_rounds(desk)


@pytest.mark.parametrize("width", [1440, 390])
def test_tables_rounds_and_accounts_meet_wcag_and_fit_the_screen(sign_in, rounds, width):
    page = sign_in("editor", viewport={"width": width, "height": 900})
    apart, together = (f"/admin/interventions/codinground/{number}" for number in rounds)
    page.goto("/admin/desk/tables/")
    page.get_by_label("Table:").select_option("projects")
    page.get_by_label("File").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": b"slug,title,stated_months\na,,many\n"}
    )
    page.get_by_role("button", name="Look it through").click()
    expect(page.get_by_role("heading", name="2 things are wrong")).to_be_visible(timeout=30_000)
    for address in (
        page.url,
        "/admin/desk/tables/",
        "/admin/desk/literature/",
        "/admin/desk/case-files/",
        "/admin/interventions/project/quality/",
        "/admin/interventions/codinground/",
        "/admin/interventions/codinground/add/",
        f"{apart}/round/",
        f"{apart}/sheets/soccer-village/",
        f"{together}/round/",
        f"{together}/compare/soccer-village/",
        "/sign-in/tokens/",
        "/sign-in/2fa/",
        "/sign-in/password/",
    ):
        page.goto(address)
        assert what_is_wrong(page, width) == []


def test_a_sheet_is_saved_as_one_types(sign_in, rounds):
    page = sign_in("researcher")
    page.goto(f"/admin/interventions/codinground/{rounds[0]}/sheets/soccer-village/")
    first = page.locator(".sheet-row").first

    first.get_by_label("Why").fill("Read once more.")
    first.get_by_label("Not applicable").check()

    expect(page.locator("#kept")).to_have_text(re.compile("Saved at"))
    page.reload()
    expect(first.get_by_label("Why")).to_have_value("Read once more.")
    expect(first.get_by_label("Not applicable")).to_be_checked()


def test_what_is_typed_while_comparing_stays_beside_what_is_taken_over(sign_in, rounds):
    page = sign_in("editor")
    page.goto(f"/admin/interventions/codinground/{rounds[1]}/compare/soccer-village/")
    differing = page.locator(".sheet-row", has_text="they differ")
    first, second = differing.nth(0), differing.nth(1)

    first.get_by_label("To the others").fill("See the table.")
    first.get_by_label("Place 1").press("Enter")
    expect(page.locator("[data-typed]")).to_have_count(0)
    second.get_by_role("button", name="Begin with this").first.click()
    expect(page.locator("[data-typed]")).to_have_count(2)
    expect(first.get_by_label("To the others")).to_have_value("See the table.")
    expect(second.get_by_label("Why")).to_have_value("As read.")

    page.context.clear_cookies()
    second.get_by_role("button", name="Agree on this").click()
    expect(page.locator("#kept")).to_contain_text("Not sent")
    expect(second.get_by_label("Why")).to_have_value("As read.")


def test_a_second_factor_is_set_up_and_asked_for(desk, browser):
    """As an authenticator app would: the secret is read off the page."""
    context = browser.new_context(base_url=desk.address)
    page = context.new_page()
    sign_in_at(page, "editor")
    page.goto("/sign-in/2fa/totp/activate/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    secret = page.get_by_label("Authenticator secret").input_value()
    page.get_by_label("Authenticator code").fill(code_of(secret))
    page.get_by_role("button", name="Activate").click()
    expect(page.get_by_role("heading", name="Recovery Codes")).to_be_visible()
    page.goto("/sign-in/2fa/")
    page.get_by_role("link", name="Deactivate").click()
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("An authenticator app is not active.")).to_be_visible()
    context.close()


def test_a_security_key_is_added_and_opens_the_desk(desk, browser):
    """With a key that the browser itself pretends to have."""
    context = browser.new_context(base_url=desk.address)
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": key})
    sign_in_at(page, "administrator")

    page.goto("/sign-in/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("My key")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Security key added.")).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    page.goto("/admin/")
    page.get_by_label("Email").fill(ACCOUNTS["administrator"])
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Use a security key").click()

    expect(page.get_by_role("heading", name="Desk")).to_be_visible()
    assert complaints == []
    context.close()
