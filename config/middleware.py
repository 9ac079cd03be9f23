"""What happens around every request: its number and its line in the log."""

import logging
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

# Addresses that open something to whoever has them.
SECRET = frozenset({"invited", "correction", "account_reset_password_from_key"})

logger = logging.getLogger("casebook.request")
_request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestIdFilter(logging.Filter):
    """Put the request's number on every line that is logged while it is answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _request_id.get()
        return True


class RequestLogMiddleware:
    """Log one line a request: method, path, status and time; no query, address or user."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _request_id.set(uuid.uuid4().hex)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-ID"] = _request_id.get()
            logger.info(
                "request",
                extra={
                    "method": request.method,
                    "path": told_path(request),
                    "status": response.status_code,
                    "ms": round((time.perf_counter() - started) * 1000, 1),
                },
            )
            return response
        finally:
            _request_id.reset(token)


def told_path(request: HttpRequest) -> str:
    """Return the path of a request, without what would open something to readers of logs."""
    path, match = request.path, request.resolver_match
    if match is not None and match.url_name in SECRET:
        for secret in match.kwargs.values():
            path = path.replace(str(secret), "…")
    return path
