"""Turns what became of a record, and what others add to addresses, into answers."""

import logging
import re
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.utils.http import escape_leading_slashes
from django.utils.translation import gettext as _

from clusters.client_ip import client_ip, hash_ip
from clusters.published.lookup import GoneError, MovedError
from clusters.web.errors import too_many_pages
from clusters.web.throttles import PAGES, count

logger = logging.getLogger(__name__)
# Whoever watches over the server asks for these, from one address for all.
ALWAYS_ANSWERED = frozenset({"/healthz", "/readyz"})
# What other sites add to links; nothing here reads it.
TRACKERS = re.compile(r"utm_\w+|fbclid|gclid|msclkid|mc_[ce]id")


class TrackersMiddleware:
    """Redirect to the same address without trackers' parameters."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        trackers = [name for name in request.GET if TRACKERS.fullmatch(name)]
        if trackers and request.method in ("GET", "HEAD"):
            kept = request.GET.copy()
            for name in trackers:
                del kept[name]
            query = f"?{kept.urlencode()}" if kept else ""
            # A path that begins with two slashes would lead to another host.
            return HttpResponseRedirect(f"{escape_leading_slashes(request.path)}{query}")
        return self.get_response(request)


class PageThrottleMiddleware:
    """Refuse pages to an address that asks for too many; the API counts for itself.

    Before sessions are looked up: a cookie that somebody has invented costs a query.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/") or request.path in ALWAYS_ANSWERED:
            return self.get_response(request)
        try:
            use = count(PAGES, hash_ip(client_ip(request)))
        except Exception:  # whatever a cache that is away raises; pages do not need one
            logger.exception("Pages are not counted: the cache does not answer.")
            return self.get_response(request)
        return too_many_pages(use.resets_in) if use.is_over else self.get_response(request)


class NulMiddleware:
    """Refuse parameters and fields of forms that hold a NUL, which no column takes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> None:
        # The API answers of its own, in its own form.
        if request.path.startswith("/api/"):
            return
        for sent in (request.GET, request.POST):
            for name, values in sent.lists():
                if any("\x00" in value for value in (name, *values)):
                    shown = {"name": name.replace("\x00", "")}
                    raise BadRequest(_("%(name)s: it holds a NUL, which no text has.") % shown)


class RecordStatusMiddleware:
    """301 for an old slug, 410 for a withdrawn record. The API has its own handler."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, MovedError):
            return HttpResponsePermanentRedirect(error.new_address(request.get_full_path()))
        if isinstance(error, GoneError):
            context = {"change": error.change}
            return TemplateResponse(request, "410.html", context, status=410).render()
        return None
