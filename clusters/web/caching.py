"""Public pages: the same for everybody, kept by caches, and asked for again by a tag."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import condition, require_safe

from clusters.published.state import code_version, data_state


def page_tag(request: HttpRequest, **kwargs: Any) -> str:
    """Return the ETag of a page, made of data version, code and address, which say all of it."""
    named = f"{request.get_host()}{request.get_full_path()}"
    address = hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f'W/"{data_state().name}-{code_version()}-{address}"'


def public_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return a view that answers GET and HEAD, alike for everybody, with an ETag."""

    @require_safe
    @condition(etag_func=page_tag)
    @wraps(view)
    def cached(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs)

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = cached(request, *args, **kwargs)
        if response.status_code in (200, 304):
            # A 304 says again what its 200 said, or the reader's browser forgets it.
            patch_cache_control(response, public=True, max_age=0, must_revalidate=True)
            patch_vary_headers(response, ["Accept-Encoding"])
            if "embed" in request.GET:
                allow_frames(response)
        return response

    return answered


def allow_frames(response: HttpResponse) -> None:
    """Let any other site show this answer in a frame."""
    policy = {**settings.SECURE_CSP, "frame-ancestors": ["*"]}
    response._csp_config = policy  # type: ignore[attr-defined]
    response.xframe_options_exempt = True
