"""Parameters of an address: an unknown one is an error, not silence."""

from collections.abc import Iterable

from django.core.exceptions import BadRequest
from django.http import HttpRequest


def check_parameters(request: HttpRequest, known: Iterable[str]) -> None:
    """Raise BadRequest that names the first unknown parameter and says what exists."""
    allowed = sorted(known)
    for name in request.GET:
        if name not in allowed:
            takes = ", ".join(allowed) if allowed else "none"
            raise BadRequest(f"There is no parameter “{name}” here. Known: {takes}.")
