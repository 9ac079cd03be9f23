"""Lists that are filtered and paged the same way everywhere."""

from typing import Any

from django.core.exceptions import BadRequest
from django.core.paginator import EmptyPage, PageNotAnInteger, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

PAGE_SIZE = 50


def page_of(request: HttpRequest, filterset: Any, size: int = PAGE_SIZE) -> dict[str, Any]:
    """Return filterset and page for a template; invalid filters show errors and no rows."""
    rows = filterset.qs if filterset.is_valid() else filterset.queryset.none()
    return {"filterset": filterset, "page": strict_page(request, rows, size)}


def render_list(request: HttpRequest, template: str, filterset: Any) -> HttpResponse:
    """Render one page of a filtered list; 400 with the reasons where a filter is wrong."""
    context = page_of(request, filterset)
    return render(request, template, context, status=200 if filterset.is_valid() else 400)


def strict_page(request: HttpRequest, rows: Any, size: int) -> Any:
    """Return the page that the address asks for. Raises BadRequest where there is none."""
    try:
        return Paginator(rows, size).page(request.GET.get("page", 1))
    except (PageNotAnInteger, EmptyPage) as error:
        raise BadRequest(f"page: {error}") from None
