"""Turns what became of a record into an answer, for pages and API alike."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.template.response import TemplateResponse

from clusters.lookup import GoneError, MovedError


class RecordStatusMiddleware:
    """301 for an old slug, 410 for a withdrawn record. The API has its own handler."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, MovedError):
            return HttpResponsePermanentRedirect(error.record.get_absolute_url())
        if isinstance(error, GoneError):
            context = {"change": error.change}
            return TemplateResponse(request, "410.html", context, status=410).render()
        return None
