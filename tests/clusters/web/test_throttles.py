"""Who asks too often is told so, and when to come back; every answer says what is left."""

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import RequestFactory
from django.utils import timezone

from clusters.client_ip import client_ip, hash_ip
from clusters.models import ApiToken
from clusters.web.throttles import count
from tests import factories

pytestmark = pytest.mark.django_db

LIST = "/api/v1/projects/"
DAY = 86_400


@pytest.fixture
def rates(settings):
    cache.clear()
    settings.API_RATES = {
        "anonymous": (3, DAY),
        "signed-in": (5, DAY),
        "export": (2, DAY),
    }
    yield settings
    cache.clear()


def test_every_answer_says_what_is_left_until_nothing_is(client, rates):
    left = []
    for _ in range(3):
        answer = client.get(LIST)
        assert answer.status_code == 200
        assert answer["RateLimit-Policy"] == f'"anonymous";q=3;w={DAY}'
        left.append(int(re.fullmatch(r'"anonymous";r=(\d+);t=\d+', answer["RateLimit"])[1]))
    assert left == [2, 1, 0]

    refused = client.get(LIST)
    assert (refused.status_code, refused["Content-Type"]) == (429, "application/problem+json")
    assert 0 < int(refused["Retry-After"]) <= DAY
    assert refused.json()["type"] == "/api/v1/problems/too-many-requests/"


def test_each_request_counts_once_whichever_way_it_is_answered(client, rates):
    factories.make_public(factories.make_project(slug="village"))
    tag = client.get(f"{LIST}village/")["ETag"]
    known = client.get(f"{LIST}village/", headers={"If-None-Match": tag})

    assert known.status_code == 304
    assert known["RateLimit"].startswith('"anonymous";r=1;')
    assert client.get(f"{LIST}none/")["RateLimit"].startswith('"anonymous";r=0;')
    assert client.get(f"{LIST}village/").status_code == 429


def test_files_have_a_limit_of_their_own(client, rates):
    rates.API_RATES = {**rates.API_RATES, "anonymous": (100, DAY)}
    statuses = [client.get(f"{LIST}?format=csv").status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert client.get("/api/v1/dataset.zip").status_code == 429
    assert client.get(LIST).status_code == 200


def test_whoever_sends_a_token_is_counted_as_who_it_is(client, rates):
    _token, text = ApiToken.issue(
        user=factories.make_user(), name="test", expires_at=timezone.now() + timedelta(1)
    )
    headers = {"Authorization": f"Bearer {text}"}
    for _ in range(4):
        client.get(LIST)  # uses up what the address has

    statuses = [client.get(LIST, headers=headers).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]


def test_addresses_are_counted_apart_and_never_stored(rates):
    assert [
        count("anonymous", hash_ip(address)).used for address in ("1.1.1.1", "2.2.2.2", "1.1.1.1")
    ] == [
        1,
        1,
        2,
    ]
    assert "1.1.1.1" not in hash_ip("1.1.1.1")


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "9.9.9.9", "127.0.0.1"),
        (1, "9.9.9.9, 8.8.8.8", "8.8.8.8"),
        (2, "9.9.9.9, 8.8.8.8, 7.7.7.7", "8.8.8.8"),
        (2, "8.8.8.8", "8.8.8.8"),
        (1, "", "127.0.0.1"),
    ],
)
def test_only_what_trusted_proxies_saw_is_believed(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get("/", HTTP_X_FORWARDED_FOR=forwarded)

    assert client_ip(request) == address


def test_without_a_limit_nothing_is_counted_or_said(client):
    answer = client.get(LIST)

    assert answer.status_code == 200
    assert "RateLimit" not in answer


def test_guessed_tokens_end_with_the_limit(client, rates):
    wrong = {"Authorization": "Bearer cc_wrong"}
    found = [client.get(LIST, headers=wrong).status_code for _ in range(5)]

    assert found == [401, 401, 401, 429, 429]
    # Who asks anonymously from the same address is not shut out by that.
    assert client.get(LIST).status_code == 200


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("/api/v1/nowhere/", {}),
        ("/api/v1/nowhere", {"If-None-Match": '"x"'}),
        (LIST, {"Accept": "image/png"}),
        ("/api/x", {}),
    ],
)
def test_what_is_refused_is_counted_and_told_the_limits(client, rates, address, headers):
    answers = [client.get(address, headers=headers) for _ in range(4)]

    assert [answer.status_code == 429 for answer in answers] == [False, False, False, True]
    assert all(answer.has_header("RateLimit") for answer in answers)


@pytest.mark.parametrize("header", ["", "\xff", " "])
def test_an_authorization_that_says_nothing_is_counted_by_address(client, rates, header):
    answers = [client.get(LIST, headers={"Authorization": header}) for _ in range(4)]

    assert all(answer["RateLimit-Policy"] == f'"anonymous";q=3;w={DAY}' for answer in answers), (
        header
    )
    assert answers[-1].status_code in (401, 429)
    assert client.get(LIST).status_code in (200, 429)
