"""Every internal link of every page leads somewhere, and every chart to a place in a source."""

import re
from functools import cache
from urllib.parse import urljoin

import pytest

from interventions.web.charts import CHARTS

pytestmark = pytest.mark.django_db

# Forms, and what needs a signature or a sign-in.
NOT_FOLLOWED = ("/static/", "/admin/", "/corrections/", "/sign-in/tokens/")


def links_of(address, page):
    for link in re.findall(r'href="([^"]*)"', page):
        found = urljoin(address, link.replace("&amp;", "&").replace("&quot;", '"'))
        found = found.removeprefix("http://testserver")
        if found.startswith("/") and not found.startswith(NOT_FOLLOWED):
            yield found


def test_every_internal_link_answers_and_every_fragment_is_there(client, seeded):
    pages, waiting = {}, [("/", "")]
    fragments = set()
    while waiting:
        link, from_page = waiting.pop()
        address, _, fragment = link.partition("#")
        if fragment:
            fragments.add((address, fragment, from_page))
        if address in pages:
            continue
        # Filters make endless combinations: one step from the pages themselves is enough.
        if "?" in address and "?" in from_page:
            continue
        response = client.get(address)
        assert response.status_code == 200, f"{address} (linked from {from_page})"
        content = b"".join(response.streaming_content) if response.streaming else response.content
        is_page = response["Content-Type"].startswith("text/html")
        pages[address] = content.decode() if is_page else ""
        waiting += [(found, address) for found in links_of(address, pages[address])]

    assert len(pages) > 250
    for address, fragment, from_page in fragments:
        if pages.get(address):
            assert f'id="{fragment}"' in pages[address], f"{address}#{fragment} ({from_page})"


@pytest.fixture
def leads_to_a_source(client):
    """Tell whether a page names a place in a source, or lists records each of which does."""

    @cache  # the pages of few projects are behind many cells
    def leads(link):
        page = client.get(link).content.decode()
        if re.search(r'href="/literature/[^"]+#place-\d+"', page):
            return True
        listed = re.findall(r'<h2>\s*<a href="(/projects/[^"]+)"', page)
        is_empty = "No project fits all of this" in page
        return is_empty or (bool(listed) and all(map(leads, listed)))

    return leads


@pytest.mark.parametrize("name", CHARTS)
def test_every_cell_of_every_chart_ends_at_a_source_with_a_locator(
    client, seeded, leads_to_a_source, name
):
    address = f"/charts/{name}/" + ("?cluster=sialkot" if name == "cluster-timeline" else "")
    page = client.get(address).content.decode()
    table = re.search(r'<div class="table-body".*?</figure>', page, re.S)[0]
    table = table.split('<p class="chart-foot">')[0]

    links = {link.partition("#")[0] for link in links_of(address, table)}

    assert links
    for link in sorted(links):
        assert leads_to_a_source(link), link
