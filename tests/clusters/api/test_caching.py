"""The same tag for the same answer and for no other; packed as the client takes it."""

import gzip
import zlib

import brotli
import pytest

from clusters.actions.publishing import withdraw
from clusters.api.caching import coding_of, pack, packed
from tests import factories

pytestmark = pytest.mark.django_db

LIST = "/api/v1/projects/"


@pytest.fixture
def project():
    return factories.make_public(factories.make_project(slug="village", summary="long " * 200))


def tag(client, address=LIST, **headers):
    return client.get(address, headers=headers)["ETag"]


def test_a_tag_is_strong_and_says_that_nothing_has_changed(client, project):
    for address in (LIST, f"{LIST}village/"):
        first = client.get(address)
        assert first["ETag"].startswith('"')
        assert first["Cache-Control"] == "public, max-age=0, must-revalidate"
        assert {"Accept", "Accept-Encoding"} <= set(first["Vary"].split(", "))
        assert "Cookie" not in first["Vary"]

        again = client.get(address, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again["ETag"] == first["ETag"]
        since = client.get(address, headers={"If-Modified-Since": first["Last-Modified"]})
        assert since.status_code == 304


def test_a_tag_changes_with_data_address_and_coding(client, project):
    plain = tag(client)
    assert tag(client) == plain
    assert len({plain, tag(client, f"{LIST}?page_size=2"), tag(client, f"{LIST}village/")}) == 3
    assert tag(client, **{"Accept-Encoding": "br"}) == f'{plain[:-1]}-br"'

    withdraw(record=project, by=None, reason="Entered twice")
    assert tag(client) != plain


def test_what_is_refused_has_no_tag(client):
    assert "ETag" not in client.get(f"{LIST}?colour=red")
    assert "ETag" not in client.get(f"{LIST}none/")


def test_a_session_changes_nothing_of_what_is_public(desk, project):
    answer = desk.get(LIST)

    assert answer["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "Cookie" not in answer["Vary"]


@pytest.mark.parametrize(
    ("accepted", "coding", "unpacked"),
    [
        ("br, gzip", "br", brotli.decompress),
        ("gzip, deflate", "gzip", gzip.decompress),
        ("gzip;q=1.0, br;q=0", "gzip", gzip.decompress),
        ("identity", "", bytes),
        ("", "", bytes),
    ],
)
def test_answers_are_packed_as_the_client_takes_them(client, project, accepted, coding, unpacked):
    plain = client.get(LIST).content
    answer = client.get(LIST, headers={"Accept-Encoding": accepted})

    assert answer.headers.get("Content-Encoding", "") == coding
    assert int(answer["Content-Length"]) == len(answer.content)
    assert unpacked(answer.content) == plain


@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_packing_is_the_same_each_time_whole_or_streamed(coding):
    text = b"one line\n" * 1000
    whole, stream = pack(text, coding), b"".join(packed([text[:50], text[50:]], coding))

    assert pack(text, coding) == whole
    unpack = brotli.decompress if coding == "br" else lambda content: zlib.decompress(content, 31)
    assert unpack(whole) == unpack(stream) == text


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("*", "br"), ("*;q=0", ""), ("gzip;q=0.5", "gzip"), ("gzip;q=0.0", ""), ("zstd", "")],
)
def test_what_a_client_takes_is_read_as_the_standard_has_it(rf, accepted, coding):
    assert coding_of(accepted) == coding


def test_head_and_options_answer_without_a_page(client, project):
    head = client.head(LIST)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", tag(client))

    options = client.options(LIST)
    assert options.status_code == 200
    assert options["Content-Type"] == "application/json"
    assert set(options["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
