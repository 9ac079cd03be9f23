"""Lists that are filtered and paged the same way everywhere."""

from typing import Any

from django.core.exceptions import BadRequest
from django.core.paginator import EmptyPage, PageNotAnInteger, Paginator
from django.http import HttpRequest

PAGE_SIZE = 50


def page_of(request: HttpRequest, filterset: Any, size: int = PAGE_SIZE) -> dict[str, Any]:
    """Return filterset and page for a template; invalid filters show errors and no rows."""
    rows = filterset.qs if filterset.is_valid() else filterset.queryset.none()
    return {"filterset": filterset, "page": strict_page(request, rows, size)}


def strict_page(request: HttpRequest, rows: Any, size: int) -> Any:
    """Return the page that the address asks for. Raises BadRequest where there is none."""
    try:
        return Paginator(rows, size).page(request.GET.get("page", 1))
    except (PageNotAnInteger, EmptyPage) as error:
        raise BadRequest(f"page: {error}") from None
