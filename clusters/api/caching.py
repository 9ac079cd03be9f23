"""Answers that caches may keep: strong tags, 304, and content coding.

A tag is made of data, code, address, format and coding, so that it is known before the answer is.
"""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, wraps
from typing import Any

import brotli
from django.http import HttpRequest, HttpResponseNotModified
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from rest_framework.request import Request

from clusters.published.state import code_version, data_state

# Less than this grows when it is packed.
LEAST_BYTES = 400
BROTLI_QUALITY = 4


def cacheable(method: Callable[..., Any]) -> Callable[..., Any]:
    """Declare a method of a view that answers GET the same for everybody."""

    @wraps(method)
    def answer(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        view.state = state = data_state()
        response = not_modified_or(
            request._request,
            etag_for(request._request, state.name),
            state.changed,
            lambda: method(view, request, *args, **kwargs),
        )
        if getattr(view, "is_private", False):  # it turned out to be of a draft
            response["Cache-Control"] = "private, no-store"
        return response

    return answer


def not_modified_or(
    request: HttpRequest, tag: str, changed: float | None, make: Callable[[], Any]
) -> Any:
    """Return 304 to whoever has the answer already, else make it; tagged, for caches to keep.

    `changed` says since when it is so, in seconds since 1970.
    """
    modified = int(changed) if changed else None
    if request.META.get("HTTP_IF_NONE_MATCH") == tag:
        response: Any = HttpResponseNotModified()
    else:
        response = get_conditional_response(request, etag=tag, last_modified=modified) or make()
    headers = response.headers
    headers["ETag"] = tag
    if modified is not None:
        headers["Last-Modified"] = in_words(modified)
    headers["Cache-Control"] = "public, max-age=0, must-revalidate"
    headers["Vary"] = "Accept, Accept-Encoding"
    return response


@lru_cache
def in_words(seconds: int) -> str:
    """Return a time as headers have it; one time stands in many answers."""
    return http_date(seconds)


def etag_for(request: HttpRequest, stamp: str) -> str:
    """Return the strong ETag of an answer; the last part is its coding."""
    asked = request.META
    return _tag(
        stamp,
        request.get_host(),
        request.path,
        asked.get("QUERY_STRING", ""),
        asked.get("HTTP_ACCEPT", ""),
        asked.get("HTTP_ACCEPT_ENCODING", ""),
    )


@lru_cache(maxsize=4096)
def _tag(stamp: str, host: str, path: str, query: str, accept: str, codings: str) -> str:
    """Return the tag of an answer, kept since the same is asked for again and again."""
    named = f"{host} {path}?{query} {accept}"
    address = hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    coding = coding_of(codings)
    return f'"{stamp}-{code_version()}-{address}{f"-{coding}" if coding else ""}"'


def coding_of(asked: str) -> str:
    """Return the coding that an Accept-Encoding takes and we would rather send: br, gzip or none.

    A coding with q=0 is refused by the client (RFC 9110).
    """
    taken = {}
    for part in asked.lower().split(",") if asked else ():
        name, _, quality = part.strip().partition(";")
        value = quality.strip().removeprefix("q=") or "1"
        taken[name.strip()] = value.strip("0.") != "" or value.startswith("1")
    for name in ("br", "gzip"):
        if taken.get(name, taken.get("*", False)):
            return name
    return ""


class ApiEncodingMiddleware:
    """Packs what the API answers, once its tag names the coding; streams are packed as they go."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response: Any = self.get_response(request)
        tag = response.headers.get("ETag", "")
        coding = tag.strip('"').rpartition("-")[2]
        if not request.path.startswith("/api/") or coding not in ("br", "gzip"):
            return response
        if response.status_code == 304 or response.has_header("Content-Encoding"):
            return response
        if response.streaming:
            response.streaming_content = packed(response.streaming_content, coding)
        else:
            response.content = pack(response.content, coding)
            response["Content-Length"] = str(len(response.content))
        response["Content-Encoding"] = coding
        return response


def pack(content: bytes, coding: str) -> bytes:
    """Return a whole answer packed; the same bytes always give the same bytes."""
    if coding == "br":
        return brotli.compress(content, quality=BROTLI_QUALITY)
    return gzip.compress(content, compresslevel=6, mtime=0)


def packed(chunks: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Yield a stream packed, piece by piece."""
    if coding == "br":
        brotli_packer = brotli.Compressor(quality=BROTLI_QUALITY)
        for chunk in chunks:
            yield brotli_packer.process(chunk)
        yield brotli_packer.finish()
        return
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()
