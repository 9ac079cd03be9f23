"""The casebook as `make run` serves it, in a real browser."""

import pytest

from tests.browser.find_browser import find
from tests.browser.serving import browser_arguments, serving


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    found = find()
    assert found, "The browser tests need Chromium; `make test` installs one or says how."
    return {**browser_type_launch_args, "executable_path": found, "args": browser_arguments()}


@pytest.fixture(scope="session")
def served(prepared):
    """`manage.py serve` in a data folder of its own, on a free port."""
    with serving(prepared) as running:
        yield running


@pytest.fixture(scope="session")
def base_url(served):
    return served.address


@pytest.fixture
def page(page):
    """A page on which any console error, policy report or script error fails the test."""
    complaints = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []
