"""Lists that are filtered and paged the same way everywhere."""

from typing import Any

from django.core.exceptions import BadRequest
from django.core.paginator import EmptyPage, PageNotAnInteger, Paginator
from django.http import HttpRequest

PAGE_SIZE = 50


def page_of(request: HttpRequest, filterset: Any) -> dict[str, Any]:
    """Return filterset and page for a template; invalid filters show errors and no rows.

    Raises BadRequest for a page that does not exist.
    """
    rows = filterset.qs if filterset.is_valid() else filterset.queryset.none()
    try:
        page = Paginator(rows, PAGE_SIZE).page(request.GET.get("page", 1))
    except (PageNotAnInteger, EmptyPage) as error:
        raise BadRequest(f"page: {error}") from None
    return {"filterset": filterset, "page": page}
