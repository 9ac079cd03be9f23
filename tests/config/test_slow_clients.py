"""Short streams leave as a whole; of long ones, and of bodies, there are only some at once."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.http import HttpResponse, StreamingHttpResponse

from config.slow_clients import LARGEST_BODY, PIECE, WHOLE, StreamsMiddleware, WholeBodies

HALF = b"x" * (WHOLE // 2)


@pytest.fixture
def ask(rf, settings):
    """Ask for a stream of so many halves of what is handed over whole."""
    settings.STREAMS_AT_ONCE = 2
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


class Slow(io.BytesIO):
    """A body of which nothing comes until it is let."""

    def __init__(self, content):
        super().__init__(content)
        self.is_asked, self.may_come = Event(), Event()

    def read(self, *size):
        self.is_asked.set()
        assert self.may_come.wait(20)
        return super().read(*size)


@pytest.fixture
def send(settings):
    """Send a body; return the status, the type and the text of the answer."""
    settings.BODIES_AT_ONCE = 2

    def application(environ, start_response):
        content = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"] or 0))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [content[::-1]]

    whole = WholeBodies(application)

    def sent(body, address="192.0.2.1", **environ):
        said = []
        if isinstance(body, bytes):
            environ.setdefault("CONTENT_LENGTH", str(len(body)))
            body = io.BytesIO(body)
        environ |= {"REMOTE_ADDR": address, "wsgi.input": body}
        answer = b"".join(whole(environ, lambda *begun: said.append(begun)))
        ((status, headers),) = said
        return status[:3], dict(headers)["Content-Type"].partition(";")[0], answer.decode()

    return sent


def test_a_body_is_given_as_it_came(send):
    assert send(b"abc") == ("200", "text/plain", "cba")
    assert send(b"") == ("200", "text/plain", "")
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}
    assert send(b"abc" * PIECE, **chunked)[2] == "cba" * PIECE


def test_one_address_holds_half_of_the_places_for_bodies_and_everybody_all(send):
    first, second = Slow(b"one"), Slow(b"two")
    with ThreadPoolExecutor() as pool:
        slow = [
            pool.submit(send, body, address, CONTENT_LENGTH="3")
            for body, address in ((first, "192.0.2.1"), (second, "192.0.2.2"))
        ]
        assert first.is_asked.wait(20)
        assert second.is_asked.wait(20)
        for address in ("192.0.2.1", "192.0.2.3"):
            assert send(b"abc", address)[0] == "503"
        assert send(b"", "192.0.2.3")[0] == "200"
        refused = send(b"{}", PATH_INFO="/api/v1/projects/")
        assert refused[:2] == ("503", "application/problem+json")
        for body in (first, second):
            body.may_come.set()
        assert [answer.result(20)[2] for answer in slow] == ["eno", "owt"]
    assert send(b"abc")[0] == "200"


def test_a_network_of_version_6_is_one_address(send):
    first = Slow(b"one")
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(send, first, "2001:db8::1", CONTENT_LENGTH="3")
        assert first.is_asked.wait(20)
        assert send(b"abc", "2001:db8::2")[0] == "503"
        assert send(b"abc", "2001:db8:1::2")[0] == "200"
        first.may_come.set()
        assert slow.result(20)[0] == "200"


def test_a_body_that_is_cut_off_or_too_large_is_refused(send):
    assert send(b"abc", CONTENT_LENGTH="4")[0] == "400"
    assert send(b"a" * LARGEST_BODY)[0] == "200"
    assert send(b"a" * (LARGEST_BODY + 1))[0] == "413"


def test_a_body_that_comes_too_slowly_is_given_up_and_leaves_its_place(send, settings):
    settings.BODY_SECONDS = 1
    slow = Slow(b"one")

    assert send(slow, CONTENT_LENGTH="3")[0] == "408"

    slow.may_come.set()
    assert send(b"abc")[2] == "cba"
