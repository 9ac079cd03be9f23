"""Lists that are filtered, ordered and paged the same way everywhere."""

from typing import Any

from django.core.exceptions import BadRequest
from django.core.paginator import EmptyPage, PageNotAnInteger, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django_filters import FilterSet

from clusters.web.active_filters import active_filters

PAGE_SIZE = 50
PAGE_SIZES = (20, 50, 100, 200)


def page_of(request: HttpRequest, filterset: FilterSet) -> dict[str, Any]:
    """Return filterset, page and what was asked, for a template.

    Invalid filters show errors and no rows. Raises BadRequest for a page that is not there.
    """
    is_valid = filterset.is_valid()
    rows = filterset.qs if is_valid else filterset.queryset.none()
    return {
        "filterset": filterset,
        "page": strict_page(request, rows, page_size(request)),
        "page_sizes": PAGE_SIZES,
        "asked": active_filters(filterset) if is_valid else [],
        "all_rows": "?",
    }


def render_list(
    request: HttpRequest, template: str, filterset: FilterSet, **more: Any
) -> HttpResponse:
    """Return one page of a filtered list; with status 400 and the reasons for a wrong filter."""
    context = page_of(request, filterset)
    status = 200 if filterset.is_valid() else 400
    return render(request, template, {**context, **more}, status=status)


def page_size(request: HttpRequest) -> int:
    """Return how many rows the address asks for. Raises BadRequest for any odd number."""
    wanted = request.GET.get("page_size") or str(PAGE_SIZE)
    if wanted not in map(str, PAGE_SIZES):
        raise BadRequest(
            _("page_size: choose one of %(known)s.") % {"known": ", ".join(map(str, PAGE_SIZES))}
        )
    return int(wanted)


def strict_page(request: HttpRequest, rows: Any, size: int) -> Any:
    """Return the page that the address asks for. Raises BadRequest where there is none."""
    try:
        return Paginator(rows, size).page(request.GET.get("page", 1))
    except (PageNotAnInteger, EmptyPage) as error:
        raise BadRequest(f"page: {error}") from None
