"""Answer from what is kept ready, before the rest of the project is asked.

A record at its own address is one row, and what a client has already is a comparison: neither
needs a session, a form or a view. What is not quite so simple goes on to the views, which answer
the same; `tests/clusters/api/test_ready.py` compares the two.
"""

import re
from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from clusters.api.caching import etag_for, not_modified_or
from clusters.api.negotiation import quality
from clusters.models import Root
from clusters.published import documents
from clusters.published.fields import BASE
from clusters.published.state import data_state
from clusters.records.schema import record_schemas
from clusters.web.problems import problem_page
from clusters.web.throttles import Use, anonymous_use, say_use

RECORD = re.compile(r"/api/v1/([a-z-]+)/([-a-z0-9]+)/")
# Of a tag as `unless_known` writes it for a record: the part that `Answer.tag` is.
TAG = re.compile(r'"(\d+-[0-9a-f]{16})-')


class FastPathMiddleware:
    """Answers GET and HEAD of the API where the answer, or that it has not changed, is at hand."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith("/api/"):
            return self.get_response(request)
        answer = self.ready(request)
        if answer is None and not is_over(request):
            answer = self.get_response(request)
            # Refused before anybody was counted: an unknown address, a format that there is not.
            if not hasattr(request, "api_use"):
                anonymous_use(request)
                answer = None if is_over(request) else answer
        return say_use(request, too_many(request) if answer is None else answer)

    def ready(self, request: HttpRequest) -> HttpResponseBase | None:
        """Return the answer if it is at hand, else None; tokens are looked at by the view."""
        if request.method not in ("GET", "HEAD") or "HTTP_AUTHORIZATION" in request.META:
            return None
        found = RECORD.fullmatch(request.path)
        kind = kinds().get(found[1]) if found else None
        if kind is None and "HTTP_IF_NONE_MATCH" not in request.META:
            return None
        if anonymous_use(request).is_over:
            return None
        return record(request, kind, found[2]) if kind and found else unchanged(request)


def is_over(request: HttpRequest) -> bool:
    """Return whether this request was counted here already, and is one too many."""
    use: Use | None = getattr(request, "api_use", None)
    return use is not None and use.is_over


def too_many(request: HttpRequest) -> HttpResponse:
    """Return the answer that this client has asked too often, and when to come back."""
    wait = request.api_use.resets_in  # type: ignore[attr-defined]
    answer = problem_page(429, f"Too many requests. Ask again in {wait} seconds.")
    answer["Retry-After"] = str(wait)
    return answer


def record(request: HttpRequest, kind: str, slug: str) -> HttpResponseBase | None:
    """Return the answer of a record's written document; None if something else was asked for."""
    is_json = quality("application/json", request.META.get("HTTP_ACCEPT", "*/*"))[0] > 0
    if request.META["QUERY_STRING"] or not is_json:
        return None
    asked = request.META.get("HTTP_IF_NONE_MATCH", "")
    known = TAG.match(asked)
    answer = documents.find(kind, slug, known=known[1] if known else "")
    if answer is None:
        return None
    tag = etag_for(request, answer.tag)
    if not answer.record and tag != asked:
        return None  # the same data, but from another address or in another coding

    def make() -> HttpResponse:
        site = f"{request.scheme}://{request.get_host()}"
        content = answer.whole.replace(BASE.encode(), site.encode())
        response = HttpResponse(content, content_type="application/json")
        response.headers["Content-Length"] = str(len(content))
        return response

    return not_modified_or(request, tag, answer.written, make)  # type: ignore[no-any-return]


def unchanged(request: HttpRequest) -> HttpResponseBase | None:
    """Return 304 for a client that has this list, chart or file as it is now, else None."""
    state = data_state()
    tag = etag_for(request, state.name)
    if tag != request.META["HTTP_IF_NONE_MATCH"]:
        return None
    return not_modified_or(request, tag, state.changed, HttpResponse)  # type: ignore[no-any-return]


@cache
def kinds() -> dict[str, str]:
    """Return the kinds of roots by the names of their lists."""
    return {
        folder: shape.kind
        for folder, shape in record_schemas().items()
        if issubclass(shape.model, Root)
    }
