import pytest

from tests.browser.serving import serving


@pytest.fixture(scope="session")
def served(prepared):
    """A running copy without limits, with a token of its administrator that may write."""
    rates = dict.fromkeys(("RATE_ANONYMOUS", "RATE_SIGNED_IN", "RATE_EXPORT"), "none")
    with serving(prepared, **rates) as running:
        yield running


@pytest.fixture(scope="session")
def token(served):
    return served.manage("issue_token", served.account, "--scope", "write").strip()
