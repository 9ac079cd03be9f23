"""Who asks, as far as that is known without asking: the address a request comes from."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str:
    """Return the client's network address."""
    return client_ip_in(request.META)


def client_ip_in(environ: Mapping[str, Any]) -> str:
    """Return the client's network address, by what a WSGI server says of the request.

    Behind `TRUSTED_PROXIES` proxies it is what the outermost of them saw; what a client itself
    wrote into X-Forwarded-For stands further left, and is never believed.
    """
    address = str(environ.get("REMOTE_ADDR", ""))
    if settings.TRUSTED_PROXIES:
        seen = [hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        address = seen[-min(settings.TRUSTED_PROXIES, len(seen))] or address
    return network_of(address)


@lru_cache(maxsize=1024)
def network_of(address: str) -> str:
    """Return an address, of version 6 its network (/64): each client has all addresses of one."""
    try:
        return str(IPv6Network((IPv6Address(address), 64), strict=False).network_address)
    except ValueError:
        return address


@lru_cache(maxsize=1024)
def hash_ip(address: str) -> str:
    """Return what stands for an address where it is counted: a keyed hash, never kept for long."""
    key = settings.SECRET_KEY.encode()[:64]
    return hashlib.blake2b(address.encode(), key=key, digest_size=12).hexdigest()
