import pytest

from tests.browser.serving import serving


@pytest.fixture(scope="session")
def served():
    """A running copy without limits, with a token of its administrator that may write."""
    with serving(RATE_ANONYMOUS="none", RATE_SIGNED_IN="none", RATE_EXPORT="none") as running:
        yield running


@pytest.fixture(scope="session")
def token(served):
    return served.manage("issue_token", served.account, "--scope", "write").strip()
