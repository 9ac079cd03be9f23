"""Error pages that help, and that need no database."""

import sys

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error as plain_server_error

from clusters.database import RETRY_AFTER, UNAVAILABLE
from clusters.web.problems import problem_page


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say what is wrong with the address, where it is we who refused it."""
    # Django's own refusals, of a forged host for one, say nothing to whoever forged it.
    reason = str(exception) if isinstance(exception, BadRequest) else ""
    if request.path.startswith("/api/"):
        return problem_page(400, reason or "This request cannot be understood.")
    return render(None, "400.html", {"reason": reason}, status=400)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that it was our mistake, and nothing of which; or that the database is not there."""
    if isinstance(sys.exception(), UNAVAILABLE):
        return unavailable(request)
    if request.path.startswith("/api/"):
        return problem_page(500, "Something went wrong here; it has been written down.")
    return plain_server_error(request)


def unavailable(request: HttpRequest) -> HttpResponse:
    """Say that the database failed and nothing was changed, and when to try again."""
    if request.path.startswith("/api/"):
        detail = "The database is not available. Nothing was changed: send the request again later."
        response = problem_page(503, detail)
    else:
        response = render(None, "503.html", status=503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response


def too_many_pages(wait: int) -> HttpResponse:
    """Say that an address has asked for too many pages, and in how many seconds it may again."""
    response = render(None, "429.html", {"wait": wait}, status=429)
    response["Retry-After"] = str(wait)
    return response
