"""Answers that are sent piece by piece: whoever reads one slowly must not hold what others need.

A stream keeps a thread of the server until its last byte is taken, and there are few of them. What
is short is handed to the server as a whole, which then sends it without a thread. Of what is long
only some are sent at once, and fewer to one address.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from clusters.api.problems import problem_page
from clusters.clients import address_of

# Bytes that are handed over as a whole: more than the largest static file has.
WHOLE = 8 * 1024 * 1024
RETRY_AFTER = 30
BUSY = "Many whole tables are being sent at the moment: try again in half a minute."


class Places:
    """Counts the long streams that this process sends, in all and to each address."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.taken: Counter[str] = Counter()

    def take(self, address: str) -> bool:
        """Take a place, if there is one; whoever has it gives it back."""
        with self.lock:
            is_full = (
                self.taken.total() >= settings.STREAMS_AT_ONCE
                or self.taken[address] >= settings.STREAMS_AT_ONCE_TO_ONE
            )
            if not is_full:
                self.taken[address] += 1
            return not is_full

    def give_back(self, address: str) -> None:
        with self.lock:
            self.taken[address] -= 1
            self.taken += Counter()  # forgets who has none


class StreamsMiddleware:
    """Hands short streams over as a whole; answers 503 to long ones beyond those there may be."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.places = Places()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: Any = self.get_response(request)
        if not response.streaming:
            return response
        pieces = iter(response.streaming_content)
        begun = up_to(WHOLE, pieces)
        if sum(map(len, begun)) < WHOLE:
            return whole(response, b"".join(begun))
        address = address_of(request)
        if not self.places.take(address):
            refused: Any = problem_page(503, BUSY)
            refused._resource_closers = response._resource_closers
            refused["Retry-After"] = str(RETRY_AFTER)
            return refused
        response.streaming_content = chain(begun, pieces)
        response._resource_closers.append(lambda: self.places.give_back(address))
        return response


def up_to(size: int, pieces: Iterator[bytes]) -> list[bytes]:
    """Take pieces until they are so many bytes, or none are left."""
    found: list[bytes] = []
    length = 0
    while length < size and (piece := next(pieces, None)) is not None:
        found.append(piece)
        length += len(piece)
    return found


def whole(response: Any, content: bytes) -> Any:
    """Return the answer that a stream is, with its content at hand."""
    made: Any = HttpResponse(content, status=response.status_code)
    made.headers, made.cookies = response.headers, response.cookies
    made.headers.setdefault("Content-Length", str(len(content)))
    # Closed once, with the answer: closing it here would end the request before it is answered.
    made._resource_closers = response._resource_closers
    return made
