"""Errors as `application/problem+json` (RFC 9457): what is wrong, where, and what is right."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from clusters.lookup import GoneError, MovedError

CONTENT_TYPE = "application/problem+json"
TYPES = {
    400: "invalid-request",
    401: "not-signed-in",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    410: "withdrawn",
    429: "too-many-requests",
    503: "try-again",
}
# What each type means, at its own address.
MEANINGS = {
    "invalid-request": "A parameter or value is wrong; `errors` names each, and what is known.",
    "not-signed-in": "This needs a sign-in or a token.",
    "not-allowed": "You may not do this.",
    "not-found": "Nothing public has this address.",
    "method-not-allowed": "This address does not take that method; `Allow` says which it takes.",
    "not-acceptable": "None of the formats that `Accept` names can be had here.",
    "withdrawn": "The record was public and was withdrawn; `detail` says why.",
    "too-many-requests": "Too many requests; `Retry-After` says when to come back.",
    "try-again": "The data changed meanwhile: the same request will work.",
}


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception of a view into a problem document; None for a programming error."""
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
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        errors = _pointers(error.detail)
        detail = " ".join(one["detail"] for one in errors)
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


def not_found(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer any other path below /api/: never HTML."""
    return JsonResponse(
        document(404, f"There is nothing at {request.path}. See /api/v1/."),
        status=404,
        content_type=CONTENT_TYPE,
    )
