"""Who asks, as far as that is known without asking: the address a request comes from."""

import hashlib
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return the client's network address.

    Behind `TRUSTED_PROXIES` proxies it is what the outermost of them saw; what a client itself
    wrote into X-Forwarded-For stands further left, and is never believed.
    """
    if settings.TRUSTED_PROXIES:
        seen = [one.strip() for one in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        return seen[-min(settings.TRUSTED_PROXIES, len(seen))] or request.META["REMOTE_ADDR"]
    return str(request.META.get("REMOTE_ADDR", ""))


@lru_cache(maxsize=1024)
def hidden(address: str) -> str:
    """Return what stands for an address where it is counted: a keyed hash, never kept for long."""
    key = settings.SECRET_KEY.encode()[:64]
    return hashlib.blake2b(address.encode(), key=key, digest_size=12).hexdigest()
