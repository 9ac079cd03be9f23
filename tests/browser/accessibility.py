"""A page meets WCAG 2.2 at its width, in the light and in the dark, and fits the screen."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# The rules of levels A and AA.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Those that look at colours: nothing else of a page depends on the scheme.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]


def what_is_wrong(page: Page, width: int) -> list[str]:
    """Return axe's reports of the rules that the page breaks, and whether it is too wide."""
    found = []
    for scheme, rules in (("light", RULES), ("dark", COLOUR_RULES)):
        page.emulate_media(color_scheme=scheme)
        page.evaluate("document.getAnimations().forEach((one) => one.finish())")
        for chart in page.locator("[data-chart]:has(.drawing:visible)").all():
            chart.and_(page.locator(f"[data-drawn={scheme}]")).wait_for(state="attached")
        broken = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]})
        if broken.violations_count:
            found.append(f"{page.url}, {scheme}\n{broken.generate_report()}")
    needed = page.evaluate("document.documentElement.scrollWidth")
    if needed > width:
        found.append(f"{page.url} is {needed} wide, the screen {width}")
    return found
