"""Who asks, as far as that is known without asking: the address a request comes from."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return the client's network address."""
    return address_in(request.META)


def address_in(environ: Mapping[str, Any]) -> str:
    """Return the client's network address, by what a WSGI server says of the request.

    Behind `TRUSTED_PROXIES` proxies it is what the outermost of them saw; what a client itself
    wrote into X-Forwarded-For stands further left, and is never believed.
    """
    if settings.TRUSTED_PROXIES:
        seen = [one.strip() for one in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        return seen[-min(settings.TRUSTED_PROXIES, len(seen))] or environ["REMOTE_ADDR"]
    return str(environ.get("REMOTE_ADDR", ""))


@lru_cache(maxsize=1024)
def hidden(address: str) -> str:
    """Return what stands for an address where it is counted: a keyed hash, never kept for long."""
    key = settings.SECRET_KEY.encode()[:64]
    return hashlib.blake2b(address.encode(), key=key, digest_size=12).hexdigest()
