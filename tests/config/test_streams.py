"""Short streams leave as a whole, and of long ones only some are sent at once."""

import json

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from config.streams import WHOLE, StreamsMiddleware

HALF = b"x" * (WHOLE // 2)


@pytest.fixture
def ask(rf, settings):
    """Ask for a stream of so many halves of what is handed over whole."""
    settings.STREAMS_AT_ONCE, settings.STREAMS_AT_ONCE_TO_ONE = 2, 1
    closed = []

    def answer(request):
        halves = int(request.GET["halves"])
        made = StreamingHttpResponse((HALF for _ in range(halves)), status=203)
        made["ETag"] = '"one"'
        made._resource_closers.append(lambda: closed.append(halves))
        return made

    middleware = StreamsMiddleware(answer)

    def asked(halves, address="192.0.2.1"):
        return middleware(rf.get("/", {"halves": halves}, REMOTE_ADDR=address))

    asked.closed = closed
    return asked


def close(response):
    """Do what closing does, but for the signal that ends a request."""
    for closer in response._resource_closers:
        closer()


def test_a_short_stream_is_handed_over_whole_and_is_closed(ask):
    response = ask(1)

    assert not response.streaming
    assert response.content == HALF
    assert (response.status_code, response["ETag"]) == (203, '"one"')
    assert response["Content-Length"] == str(len(HALF))
    close(response)
    assert ask.closed == [1]


def test_a_long_stream_is_whole_and_keeps_its_place_until_it_is_closed(ask):
    first = ask(5)
    assert first.streaming
    assert b"".join(first.streaming_content) == HALF * 5

    refused = ask(3)
    assert (refused.status_code, refused["Retry-After"]) == (503, "30")
    assert refused["Content-Type"] == "application/problem+json"
    assert json.loads(refused.content)["detail"].startswith("Many whole tables are being sent")
    close(refused)
    assert ask.closed == [3]
    assert ask(1).status_code == 203

    close(first)
    assert ask(3).status_code == 203


def test_not_more_are_sent_in_all_than_there_may_be(ask):
    assert [ask(3, f"192.0.2.{number}").status_code for number in (1, 2, 3)] == [203, 203, 503]


def test_what_is_no_stream_is_left_alone(rf):
    response = HttpResponse(HALF * 3)

    assert StreamsMiddleware(lambda request: response)(rf.get("/")) is response
