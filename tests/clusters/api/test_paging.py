"""Pages by number and by cursor give the same rows in the same order, each of them once."""

import datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from clusters.api import paging
from tests import factories

pytestmark = pytest.mark.django_db

LIST = "/api/v1/projects/"


@pytest.fixture
def seven():
    """Projects with ties and without a start, entered in no order of anything."""
    starts = ["2008", "", "1997", "2008", "", "2003-05", "2008"]
    projects = [
        factories.make_project(slug=f"project-{number}", actual_start=start)
        for number, start in enumerate(starts)
    ]
    factories.make_public(*projects)
    return projects


def follow(client, query):
    """All slugs of a list, page after page, by the links that it gives."""
    slugs, address = [], f"{LIST}{query}"
    while address:
        answer = client.get(address).json()
        slugs += [row["slug"] for row in answer["results"]]
        address = answer["next"]
    return slugs


ORDERS = {
    "": [0, 1, 2, 3, 4, 5, 6],
    "actual_start": [2, 5, 0, 3, 6, 1, 4],
    "-actual_start": [0, 3, 6, 5, 2, 1, 4],
    "-slug": [6, 5, 4, 3, 2, 1, 0],
    "actual_start,-slug": [2, 5, 6, 3, 0, 4, 1],
}


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
@pytest.mark.parametrize("start", ["page=1", "cursor="])
@pytest.mark.parametrize("ordering", ORDERS)
def test_every_way_through_a_list_gives_each_row_once_in_order(
    client, seven, ordering, start, size
):
    expected = [f"project-{number}" for number in ORDERS[ordering]]

    assert follow(client, f"?{start}&page_size={size}&ordering={ordering}") == expected


@pytest.mark.parametrize("ordering", ["", "-actual_start"])
def test_rows_entered_meanwhile_move_nothing_behind_a_cursor(client, seven, ordering):
    first = client.get(f"{LIST}?cursor=&page_size=3&ordering={ordering}").json()
    seen = [row["slug"] for row in first["results"]]
    newcomer = factories.make_public(factories.make_project(slug="new", actual_start="2020"))

    rest = follow(client, first["next"].partition("/projects/")[2])

    everything = [*seen, *rest]
    assert [slug for slug in everything if slug != newcomer.slug] == [
        f"project-{number}" for number in ORDERS[ordering]
    ]


def test_a_cursor_is_of_one_order_and_made_by_nobody_else(client, seven):
    following = client.get(f"{LIST}?cursor=&page_size=3&ordering=slug").json()["next"]
    cursor = following.partition("cursor=")[2]

    for query in (
        f"?cursor={cursor}&page_size=3",
        f"?cursor={cursor}&ordering=-slug",
        f"?cursor={cursor[:-3]}abc&ordering=slug",
        "?cursor=nonsense",
    ):
        problem = client.get(f"{LIST}{query}")
        assert problem.status_code == 400
        assert problem.json()["errors"][0]["parameter"] == "cursor"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("?page=0", "page"),
        ("?page=-1", "page"),
        ("?page=two", "page"),
        ("?page=1001", "page"),
        ("?page_size=0", "page_size"),
        ("?page_size=201", "page_size"),
        ("?page=1&cursor=", "cursor"),
    ],
)
def test_what_is_no_page_is_refused_by_name(client, seven, query, parameter):
    problem = client.get(f"{LIST}{query}")

    assert problem.status_code == 400
    assert problem.json()["errors"][0]["parameter"] == parameter


def test_links_stand_in_the_header_too(client, seven):
    answer = client.get(f"{LIST}?page=2&page_size=3")

    record = answer.json()
    assert answer["Link"] == f'<{record["next"]}>; rel="next", <{record["previous"]}>; rel="prev"'
    assert "Link" not in client.get(LIST)


def test_a_count_is_exact_up_to_its_bound_and_says_so(client, seven, monkeypatch):
    for bound, counted in ((7, (7, True)), (6, (6, False))):
        monkeypatch.setattr(paging, "EXACT_COUNT", bound)
        answer = client.get(LIST).json()
        assert (answer["count"], answer["count_is_exact"]) == counted


def test_a_cursor_carries_dates_as_dates(client, seven):
    following = client.get(f"{LIST}?cursor=&page_size=1&ordering=actual_start").json()["next"]
    (cursor,) = parse_qs(urlsplit(following).query)["cursor"]

    assert paging.SIGNER.unsign_object(cursor)[1] == datetime.date(1997, 1, 1).isoformat()
