"""Whoever reads or sends slowly must not hold what others need: the few threads of the server.

A stream keeps a thread until its last byte is taken, and a body until its last byte is there. What
is short of the former is handed to the server as a whole, which then sends it without a thread. Of
what is long, and of bodies, there are only some at once, and half of these of one address. A body
that comes too slowly is given up.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from tempfile import SpooledTemporaryFile
from threading import Condition, Thread
from time import monotonic
from typing import Any
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from clusters.client_ip import client_ip, client_ip_in
from clusters.web.problems import problem_page

logger = logging.getLogger("casebook.request")
# Bytes that are handed over as a whole: more than the largest static file has.
WHOLE = 8 * 1024 * 1024
RETRY_AFTER = 30
# Seconds for which a body waits for its place: others of the same network are received in that.
PATIENCE = 0.25
BUSY = "Many whole tables are being sent at the moment: try again in half a minute."
# Bytes: more than the largest upload has; how many are kept in memory, and read at once; how many
# must come in a second.
LARGEST_BODY, IN_MEMORY, PIECE, SLOWEST = 32 * 1024 * 1024, 1024 * 1024, 16 * 1024, 10_000
TOO_LARGE = "What was sent is larger than 32 MB."
BROKEN_OFF = "Not all of what was to be sent has come: nothing was changed."
TOO_SLOW = "What was sent came too slowly and was given up: nothing was changed."
BUSY_WITH_BODIES = "The server is busy with what others send: nothing was changed. Try again."


class Places:
    """Counts what slow clients hold of this process, in all and of each address."""

    def __init__(self, number: int) -> None:
        self.number, self.of_one = number, max(1, number // 2)
        self.lock = Condition()
        self.taken: Counter[str] = Counter()

    def take(self, address: str, patience: float = 0) -> bool:
        """Return whether there was a place within `patience` seconds; it is to be given back."""
        with self.lock:
            is_free = self.lock.wait_for(partial(self.has_one_for, address), patience)
            if is_free:
                self.taken[address] += 1
            return is_free

    def has_one_for(self, address: str) -> bool:
        return self.taken.total() < self.number and self.taken[address] < self.of_one

    def give_back(self, address: str) -> None:
        with self.lock:
            self.taken[address] -= 1
            self.taken += Counter()  # forgets who has none
            self.lock.notify()


class StreamsMiddleware:
    """Hands short streams over as a whole; answers 503 to long ones beyond those there may be."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.places = Places(settings.STREAMS_AT_ONCE)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: Any = self.get_response(request)
        if not response.streaming:
            return response
        pieces = iter(response.streaming_content)
        begun = up_to(WHOLE, pieces)
        if sum(map(len, begun)) < WHOLE:
            return whole(response, b"".join(begun))
        address = client_ip(request)
        if not self.places.take(address):
            refused: Any = problem_page(503, BUSY)
            refused._resource_closers = response._resource_closers
            refused["Retry-After"] = str(RETRY_AFTER)
            return refused
        response.streaming_content = chain(begun, pieces)
        response._resource_closers.append(lambda: self.places.give_back(address))
        return response


def up_to(size: int, pieces: Iterator[bytes]) -> list[bytes]:
    """Return the next pieces until they are `size` bytes together, or none are left."""
    found: list[bytes] = []
    length = 0
    while length < size and (piece := next(pieces, None)) is not None:
        found.append(piece)
        length += len(piece)
    return found


def whole(response: Any, content: bytes) -> HttpResponse:
    """Return the answer that a stream is, with its content at hand."""
    made: Any = HttpResponse(content, status=response.status_code)
    made.headers, made.cookies = response.headers, response.cookies
    made.headers.setdefault("Content-Length", str(len(content)))
    # Closed once, with the answer: closing it here would end the request before it is answered.
    made._resource_closers = response._resource_closers
    return made


class WholeBodies:
    """A WSGI application that is asked once all of a body is there."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self.places = Places(settings.BODIES_AT_ONCE)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
        said = environ.get("CONTENT_LENGTH") or "0"
        if said == "0" and not is_chunked:
            return self.application(environ, start_response)
        if said.isdecimal() and int(said) > LARGEST_BODY:
            return refuse(environ, start_response, 413, TOO_LARGE)
        address = client_ip_in(environ)
        if not self.places.take(address, PATIENCE):
            logger.warning(
                "No place for a body of %s bytes to %s", said, environ.get("PATH_INFO", "")
            )
            return refuse(environ, start_response, 503, BUSY_WITH_BODIES)
        with SpooledTemporaryFile(IN_MEMORY) as body:
            arrival = Arrival(environ["wsgi.input"], body)
            try:
                is_whole = arrival.is_whole()
            finally:
                self.places.give_back(address)
            length = arrival.length
            if not is_whole:
                return refuse(environ, start_response, 408, TOO_SLOW)
            if length > LARGEST_BODY:
                return refuse(environ, start_response, 413, TOO_LARGE)
            if not is_chunked and str(length) != said:
                return refuse(environ, start_response, 400, BROKEN_OFF)
            environ |= {"wsgi.input": body, "CONTENT_LENGTH": str(length)}
            return self.application(environ, start_response)


class Arrival(Thread):
    """Copies a body, of a larger one a piece more than the largest.

    In a thread of its own, since reading has no limit of time: it ends when the server hangs up,
    which it does once the request is answered.
    """

    def __init__(self, source: InputStream, target: SpooledTemporaryFile[bytes]) -> None:
        super().__init__(daemon=True)
        self.source, self.target = source, target
        self.length = 0

    def run(self) -> None:
        with suppress(OSError, ValueError):  # the client is gone, or nobody waits for it any more
            while self.length <= LARGEST_BODY and (piece := self.source.read(PIECE)):
                self.length += self.target.write(piece)

    def is_whole(self) -> bool:
        """Wait for the body while it comes fast enough; return whether it came to its end."""
        self.start()
        began = monotonic()
        while self.is_alive():
            self.join(settings.BODY_SECONDS / 4)
            over = monotonic() - began - settings.BODY_SECONDS
            if over > 0 and self.is_alive() and self.length < SLOWEST * over:
                return False
        self.target.seek(0)
        return True


def refuse(
    environ: WSGIEnvironment, start_response: StartResponse, status: int, words: str
) -> list[bytes]:
    """Return an answer without Django: a problem to clients of the API, else words."""
    answer: Any = (
        problem_page(status, words)
        if environ.get("PATH_INFO", "").startswith("/api/")
        else HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
    )
    answer["X-Content-Type-Options"] = "nosniff"
    if status == 408:
        answer["Connection"] = "close"
    if status == 503:
        answer["Retry-After"] = str(RETRY_AFTER)
    start_response(f"{status} {answer.reason_phrase}", list(answer.items()))
    return [answer.content]
