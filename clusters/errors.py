"""Error pages that help, and that need no database."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say what is wrong with the address, where it is we who refused it."""
    # Django's own refusals, of a forged host for one, say nothing to whoever forged it.
    reason = str(exception) if isinstance(exception, BadRequest) else ""
    return render(None, "400.html", {"reason": reason}, status=400)  # type: ignore[arg-type]
