import datetime

import pytest
from django.core import mail, signing
from django.core.cache import cache
from django.utils import timezone

from clusters.models import Correction
from clusters.views.corrections import SALT
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted_yet():
    cache.clear()


@pytest.fixture
def cluster():
    return factories.make_public(factories.make_cluster(slug="place"))


def opened(seconds_ago, monkeypatch):
    """The field that says when the form was shown, as that moment would have made it."""
    then = (timezone.now() - datetime.timedelta(seconds=seconds_ago)).timestamp()
    with monkeypatch.context() as patch:
        patch.setattr(signing.time, "time", lambda: then)
        return signing.dumps("opened", salt=SALT)


def send(client, monkeypatch, seconds_ago=10, **fields):
    data = {"text": "The year is 1998.", "opened": opened(seconds_ago, monkeypatch), **fields}
    return client.post("/records/clusters/place/correct/", data)


def test_a_suggestion_is_kept_and_answered_at_an_address_of_its_own(
    client, cluster, monkeypatch, desk
):
    response = send(client, monkeypatch, source="Table 3", contact="reader@example.org")

    kept = Correction.objects.get()
    assert (kept.kind, kept.slug, kept.version) == ("clusters", "place", cluster.version)
    assert response["Location"] == f"/corrections/{kept.token}/"
    assert "Not yet answered" in client.get(response["Location"]).content.decode()
    assert "reader@example.org" not in client.get(response["Location"]).content.decode()

    desk.post(
        f"/admin/clusters/correction/{kept.pk}/change/",
        {"state": "accepted", "answer": "Thank you, corrected."},
    )

    kept.refresh_from_db()
    assert kept.answered_by.email == "admin@example.org"
    page = client.get(response["Location"]).content.decode()
    assert "Accepted" in page
    assert "Thank you, corrected." in page


def test_a_decision_needs_words(client, cluster, monkeypatch, desk):
    send(client, monkeypatch)
    kept = Correction.objects.get()

    page = desk.post(
        f"/admin/clusters/correction/{kept.pk}/change/", {"state": "declined", "answer": ""}
    ).content.decode()

    assert "Say why it is accepted or declined." in page
    kept.refresh_from_db()
    assert kept.state == "open"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": ""}, "This field is required."),
        ({"website": "https://spam.example"}, "This field must stay empty"),
        ({"seconds_ago": 0}, "That was very quick."),
        ({"seconds_ago": 25 * 3600}, "This form is too old"),
        ({"opened": "forged"}, "This form is too old or was changed."),
        ({"text": "http://a http://b http://c http://d"}, "Three links at most."),
        ({"contact": "nobody"}, "Enter a valid email address."),
    ],
)
def test_what_a_person_would_not_send_is_refused_and_what_was_typed_stays(
    client, cluster, monkeypatch, fields, words
):
    response = send(client, monkeypatch, **{"source": "Table 9", **fields})

    assert response.status_code == 400
    page = response.content.decode()
    assert words in page
    assert "Table 9" in page
    assert Correction.objects.count() == 0


def test_ten_an_hour_are_enough_for_one_address(client, cluster, monkeypatch):
    for _ in range(10):
        assert send(client, monkeypatch).status_code == 302

    response = send(client, monkeypatch)

    assert response.status_code == 429
    assert "Ten suggestions an hour" in response.content.decode()
    assert Correction.objects.count() == 10


def test_a_forged_post_is_refused(cluster, monkeypatch):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)

    assert send(strict, monkeypatch).status_code == 403
    assert Correction.objects.count() == 0


def test_the_form_is_kept_by_no_cache_and_no_search_engine(client, cluster):
    response = client.get("/records/clusters/place/correct/")

    assert "no-store" in response["Cache-Control"]
    assert '<meta name="robots" content="noindex">' in response.content.decode()
    assert mail.outbox == []


def test_an_unknown_token_tells_nothing(client):
    assert client.get("/corrections/nothing/").status_code == 404


def test_behind_a_proxy_each_sender_has_a_count_of_its_own(client, cluster, monkeypatch, settings):
    settings.TRUSTED_PROXIES = 1
    for number in range(12):
        client.defaults["HTTP_X_FORWARDED_FOR"] = f"10.0.0.1, 192.0.2.{number}"
        assert send(client, monkeypatch).status_code == 302


def test_behind_a_proxy_a_sender_cannot_choose_another_address(
    client, cluster, monkeypatch, settings
):
    settings.TRUSTED_PROXIES = 1
    for number in range(10):
        client.defaults["HTTP_X_FORWARDED_FOR"] = f"10.0.0.{number}, 192.0.2.1"
        assert send(client, monkeypatch).status_code == 302

    assert send(client, monkeypatch).status_code == 429
