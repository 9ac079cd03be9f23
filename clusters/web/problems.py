"""Errors as `application/problem+json` (RFC 9457): what is wrong, where, and what is right."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.urls import resolve
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from clusters.published.lookup import GoneError, MovedError
from clusters.web.exceptions import Problem

CONTENT_TYPE = "application/problem+json"
# The name of all addresses at which there is nothing.
NOTHING = "api-nothing"
TYPES = {
    400: "invalid-request",
    401: "not-signed-in",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    408: "too-slow",
    409: "conflict",
    410: "withdrawn",
    412: "changed-meanwhile",
    413: "too-large",
    415: "unsupported-media-type",
    422: "key-used-otherwise",
    428: "if-match-required",
    429: "too-many-requests",
    500: "internal-error",
    503: "try-again",
}
# What each type means, at its own address.
MEANINGS = {
    "invalid-request": "A parameter or value is wrong; `errors` names each, and what is known: "
    "`parameter` one of the address, `pointer` (RFC 6901) one of the body.",
    "not-signed-in": "This needs a sign-in or a token.",
    "not-allowed": "You may not do this.",
    "not-found": "Nothing public has this address.",
    "method-not-allowed": "This address does not take that method; `Allow` says which it takes.",
    "not-acceptable": "None of the formats that `Accept` names can be had here.",
    "too-slow": "The body came too slowly and was given up: nothing was changed.",
    "conflict": "The record as it is does not allow this; `errors` or `conflicts` say why.",
    "changed-meanwhile": "The record is not what `If-Match` names any more: fetch it again.",
    "too-large": "The body is larger than is taken at once.",
    "unsupported-media-type": "Send JSON: `Content-Type: application/json`.",
    "key-used-otherwise": "The `Idempotency-Key` was used for another request; take a new one.",
    "if-match-required": "Send the `ETag` of the record as `If-Match`.",
    "internal-error": "A mistake of ours, which has been written down.",
    "withdrawn": "The record was public and was withdrawn; `detail` says why.",
    "too-many-requests": "Too many requests; `Retry-After` says when to come back.",
    "try-again": "The database is not available, or the data changed while it was read. Nothing "
    "was changed: the same request will work later; `Retry-After` says when to come back.",
}


def pointer_to(body: Any, *where: str, known: dict[int, dict[str, int]] | None = None) -> str:
    """Return the JSON Pointer (RFC 6901) of a place; elements of lists may be named.

    Whoever asks for many places of one body brings a dictionary along: the names in a list of
    thousands are `known` there from the first to the last.

    >>> pointer_to({"accounts": [{"key": "a"}, {"key": "b"}]}, "accounts", "b", "position")
    '/accounts/1/says'
    >>> pointer_to({"clusters": ["kasur", "nowhere"]}, "clusters", "nowhere")
    '/clusters/1'
    """
    steps = []
    known = {} if known is None else known
    for step in where:
        if isinstance(body, list):
            if id(body) not in known:
                pairs = [(_name_of(part), number) for number, part in enumerate(body)]
                known[id(body)] = {
                    name: number for name, number in reversed(pairs) if isinstance(name, str)
                }
            step = str(known[id(body)].get(step, step))
            body = body[int(step)] if step.isdigit() and int(step) < len(body) else None
        else:
            body = body.get(step) if isinstance(body, dict) else None
        steps.append(step.replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{step}" for step in steps)


def _name_of(part: Any) -> Any:
    """Return what an element of a list is called: a part by its key, a place by its publication."""
    return part.get("key", part.get("publication")) if isinstance(part, dict) else part


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return a problem document for an exception of a view; None for a programming error."""
    if isinstance(error, MovedError):
        request = context["request"]
        location = request.build_absolute_uri(error.new_address(request.get_full_path()))
        return Response(status=301, headers={"Location": location})
    if isinstance(error, GoneError):
        detail = "The record was withdrawn."
        if error.change is not None:
            detail = f"“{error.change.title}” was withdrawn: {error.change.reason}"
        return _response(410, detail)
    if isinstance(error, BadRequest):
        return _response(400, str(error))
    if isinstance(error, Problem):
        return _response(error.status_code, str(error.detail), **error.more)
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        errors = _pointers(error.detail)
        detail = " ".join(problem["detail"] for problem in errors)
        return _response(400, detail, errors=errors)
    detail = response.data.get("detail", "") if isinstance(response.data, dict) else ""
    return _response(response.status_code, str(detail), headers=dict(response.headers))


def _pointers(detail: Any) -> list[dict[str, str]]:
    if isinstance(detail, dict):
        return [
            {"parameter": "" if name == "__all__" else str(name), "detail": str(message)}
            for name, messages in detail.items()
            for message in (messages if isinstance(messages, list) else [messages])
        ]
    return [{"parameter": "", "detail": str(message)} for message in detail]


def document(status: int, detail: str, **more: Any) -> dict[str, Any]:
    """Return a problem document."""
    return {
        "type": f"/api/v1/problems/{TYPES[status]}/" if status in TYPES else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }


def _response(
    status: int, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    kept = {name: value for name, value in (headers or {}).items() if name != "Content-Type"}
    return Response(
        document(status, detail, **more), status=status, headers=kept, content_type=CONTENT_TYPE
    )


def problem_page(status: int, detail: str) -> HttpResponse:
    """Return a problem document as an answer outside of the API's views."""
    return JsonResponse(document(status, detail), status=status, content_type=CONTENT_TYPE)


def is_address(path: str) -> bool:
    """Return whether something of the API answers at a path."""
    return resolve(path).url_name != NOTHING


@csrf_exempt
def not_found(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Redirect to the address with a slash at its end, if there is one; else say 404."""
    if not request.path.endswith("/") and is_address(f"{request.path}/"):
        address = request.get_full_path(force_append_slash=True)
        return HttpResponsePermanentRedirect(
            address, preserve_request=request.method not in ("GET", "HEAD")
        )
    return problem_page(404, f"There is nothing at {request.path}. See /api/v1/.")
