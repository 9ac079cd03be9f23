"""Whatever a visitor sends, the answer is a page or a problem document, never an error of ours."""

import re

import pytest
from django.urls import URLResolver, get_resolver

from tests import factories

pytestmark = pytest.mark.django_db

ODD = [
    "%00",
    "%ff%fe",
    "-1",
    "9" * 24,
    "1e309",
    "'",
    "../..",
    "x" * 3000,
    "%F0%9F%98%80",
    "%C2%B2",
    "%25s%25",
    "9" * 5000,
]
LISTS = {
    "/": ["cell", "order", "page"],
    "/projects/": ["q", "country", "cluster", "donor", "factor_present", "running_on", "page"],
    "/clusters/": ["q", "country", "isic__not"],
    "/stakeholders/": ["q", "group", "is_pseudonym"],
    "/literature/": ["q", "year_from", "year_to__not", "reviewed", "page"],
    "/api/v1/projects/": [
        *("q", "ordering", "page", "page_size", "cursor", "fields", "cluster__not", "ending"),
        *("stated_months__gte", "actual_end__lte", "factor_unknown__not", "running_on"),
    ],
    "/api/v1/publications/": ["year_from", "year_to", "issued__gte"],
    "/api/v1/statistics/": ["cluster", "indicator", "value__lte"],
    "/api/v1/codings/": ["factor", "coder", "project__not", "score__gte"],
}
DETAILS = [
    "/projects/{}/",
    "/projects/{}/factors/a/b/",
    "/clusters/{}/",
    "/factors/{}/x/",
    "/literature/{}/",
    "/api/v1/projects/{}/",
    "/api/v1/statistics/{}/x/",
    "/api/{}",
    "/{}",
]


@pytest.mark.parametrize("value", ODD)
def test_odd_values_are_refused_or_find_nothing(client, value):
    factories.make_public(factories.make_framework(slug="donor-financed-csr-and-collective-action"))
    for address, names in LISTS.items():
        for name in names:
            response = client.get(f"{address}?{name}={value}")
            assert response.status_code in (200, 400, 404), f"{address}?{name}={value}"
        assert client.get(f"{address}?{value}=1").status_code in (200, 400, 404), value
    for address in DETAILS:
        for method in (client.get, client.head, client.options, client.post):
            response = method(address.format(value))
            assert response.status_code in (200, 301, 404, 405), address.format(value)


def filled_in(patterns, before=""):
    """Yield the addresses of the site that have something to fill in, with a huge number there."""
    for entry in patterns:
        route = before + str(getattr(entry.pattern, "_route", ""))
        if isinstance(entry, URLResolver):
            yield from filled_in(entry.url_patterns, route)
        elif "<" in route:
            yield "/" + re.sub("<[^>]+>", "9" * 30, route)


def test_no_address_breaks_at_a_huge_number(client):
    client.force_login(factories.make_user(role="administrator"))
    addresses = sorted(set(filled_in(get_resolver().url_patterns)))

    assert f"/admin/interventions/project/{'9' * 30}/change/" in addresses
    # Of a kind that there is, too; Django looks for it without asking whether it fits.
    for address in [*addresses, f"/admin/r/1/{'9' * 30}/", f"/admin/desk/uploads/{'9' * 30}/"]:
        assert client.get(address).status_code < 500, address
