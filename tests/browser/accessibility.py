"""A page meets WCAG 2.2 at its width, in the light and in the dark, and fits the screen."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# The rules of levels A and AA.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Those that look at colours: nothing else of a page depends on the scheme.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]


def check_accessibility(page: Page, width: int) -> None:
    """Fail with axe's report where the page breaks a rule, or is wider than the screen."""
    for scheme, rules in (("light", RULES), ("dark", COLOUR_RULES)):
        page.emulate_media(color_scheme=scheme)
        page.evaluate("document.getAnimations().forEach((one) => one.finish())")
        for chart in page.locator("[data-chart]:has(.drawing:visible)").all():
            chart.and_(page.locator(f"[data-drawn={scheme}]")).wait_for(state="attached")
        found = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{page.url}, {scheme}\n{found.generate_report()}"
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
