import pytest

from tests.browser.serving import serving


@pytest.fixture(scope="session")
def served(prepared):
    """A running copy without limits, with a token of its administrator that may write."""
    limits = ("RATE_ANONYMOUS", "RATE_SIGNED_IN", "RATE_EXPORT", "RATE_PAGES")
    rates = dict.fromkeys(limits, "none")
    with serving(prepared, **rates) as running:
        yield running


@pytest.fixture(scope="session")
def token(served):
    return served.manage("issue_token", served.account, "--scope", "write").strip()
