"""How often one client may ask, and how every answer of the API says so.

Requests are counted in windows of fixed length, in the cache: in each process of its own, unless
`CACHE_URL` names one that they share.
"""

import math
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from clusters.client_ip import client_ip, hash_ip

ANONYMOUS, SIGNED_IN, EXPORT, PAGES = "anonymous", "signed-in", "export", "pages"


@dataclass(frozen=True)
class Use:
    """What one client has used of what it may in this window. A limit of 0 is none."""

    policy: str
    limit: int
    window: int
    used: int
    resets_in: int

    @property
    def is_over(self) -> bool:
        return bool(self.limit) and self.used > self.limit


def rate_of(policy: str) -> tuple[int, int]:
    """Return how many requests are allowed in how many seconds."""
    rate: tuple[int, int] = settings.PAGE_RATE if policy == PAGES else settings.API_RATES[policy]
    return rate


def count(policy: str, who: str) -> Use:
    """Count one request of a client; return what it has used."""
    limit, window = rate_of(policy)
    now = time.time()
    number, passed = divmod(now, window)
    used = 0
    if limit:
        key = f"rate:{policy}:{number:.0f}:{who}"
        try:
            used = cache.incr(key)
        except ValueError:
            # Whoever is first sets it to one; a second that came between counts on.
            used = 1 if cache.add(key, 1, window + 1) else cache.incr(key)
    return Use(policy, limit, window, used, math.ceil(window - passed))


def peek(policy: str, who: str) -> Use:
    """Return what a client has used so far, without counting."""
    limit, window = rate_of(policy)
    number, passed = divmod(time.time(), window)
    used = cache.get(f"rate:{policy}:{number:.0f}:{who}", 0) if limit else 0
    return Use(policy, limit, window, used, math.ceil(window - passed))


def anonymous_use(request: HttpRequest) -> Use:
    """Count one request without a user, by address; return what the address has used."""
    return noted(request, count(ANONYMOUS, hash_ip(client_ip(request))))


def noted(request: Any, use: Use) -> Use:
    """Keep what was counted on the request, for the headers of its answer; return it."""
    request.api_use = use
    return use


def say_use(request: Any, response: HttpResponseBase) -> HttpResponseBase:
    """Say in an answer how much may be asked and what is left (RateLimit header fields, IETF)."""
    use: Use | None = getattr(request, "api_use", None)
    if use is not None and use.limit:
        left = max(use.limit - use.used, 0)
        response["RateLimit-Policy"] = f'"{use.policy}";q={use.limit};w={use.window}'
        response["RateLimit"] = f'"{use.policy}";r={left};t={use.resets_in}'
    return response


class ClientThrottle(BaseThrottle):
    """Counts each request: of a user by who it is, of anybody else by address."""

    use: Use

    def allow_request(self, request: Request, view: Any) -> bool:
        plain: Any = request._request
        who = ""
        if "HTTP_AUTHORIZATION" in request.META:
            # Guessed tokens are counted by address, and end with what one may ask anonymously.
            refused = f"refused-{hash_ip(client_ip(plain))}"
            self.use = peek(ANONYMOUS, refused)
            if self.use.limit and self.use.used >= self.use.limit:
                noted(plain, self.use)
                return False
            try:
                user = request.user
            except APIException:
                noted(plain, count(ANONYMOUS, refused))
                raise
            if user.is_authenticated:
                who = f"user-{user.pk}"
                self.use = noted(plain, count(SIGNED_IN, who))
        if not who:
            # What the middleware has counted is not counted again.
            self.use = getattr(plain, "api_use", None) or anonymous_use(plain)
        if not self.use.is_over and getattr(view, "is_heavy", False):
            self.use = noted(plain, count(EXPORT, who or hash_ip(client_ip(plain))))
        return not self.use.is_over

    def wait(self) -> float:
        return self.use.resets_in
