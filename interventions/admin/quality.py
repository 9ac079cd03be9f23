"""What needs work: every case with what is missing of it and what it rests on, to be sorted."""

from typing import Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.formats.csv_files import csv_response
from clusters.models import State
from clusters.models.roles import may_enter
from interventions.models import Project
from interventions.selectors import completeness

PER_PAGE = 50
# Columns with their heads, and what each says.
COLUMNS: dict[str, tuple[Any, Any]] = {
    "not_stated": (gettext_lazy("Not stated"), gettext_lazy("fields of the case that are empty")),
    "not_searched": (
        gettext_lazy("Not searched"),
        gettext_lazy("factors of its frameworks that nobody has looked for"),
    ),
    "not_reported": (
        gettext_lazy("Not reported"),
        gettext_lazy("looked for, the sources are silent"),
    ),
    "not_applicable": (gettext_lazy("Not applicable"), gettext_lazy("as the coders agree")),
    "share_cited": (
        gettext_lazy("Cited"),
        gettext_lazy("share of the values that lead to a place in a source"),
    ),
    "sources": (
        gettext_lazy("Independent sources"),
        gettext_lazy("works on the same study count once"),
    ),
    "coders": (gettext_lazy("Coders"), gettext_lazy("who have coded it independently")),
    "checked_at": (
        gettext_lazy("Last checked"),
        gettext_lazy("published, returned or changed in public"),
    ),
}


def quality_page(request: HttpRequest) -> HttpResponse:
    """List the cases that somebody may see, worst first by whichever column is asked for."""
    if not may_enter(request.user):
        raise Http404
    left = completeness.refresh()
    asked = request.GET.get("order", "-not_stated")
    name, is_down = asked.removeprefix("-"), asked.startswith("-")
    state = request.GET.get("state", "")
    if name not in ("title", *COLUMNS) or state not in ("", *State.values):
        raise Http404
    column = F("title" if name == "title" else f"marks__{name}")
    order = column.desc(nulls_last=True) if is_down else column.asc(nulls_last=True)
    rows = Project.objects.visible_to(request.user).select_related("marks").order_by(order, "pk")
    if state:
        rows = rows.filter(state=state)
    if request.GET.get("format") == "csv":
        return quality_csv(rows)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        **admin.site.each_context(request),
        "title": _("What needs work"),
        "page": page,
        "heads": [
            {
                "name": key,
                "words": words,
                "about": about,
                "link": f"?order={'' if asked == f'-{key}' else '-'}{key}&state={state}",
                "sorted": ("descending" if is_down else "ascending") if key == name else "",
            }
            for key, (words, about) in (("title", (_("Case"), "")), *COLUMNS.items())
        ],
        "order": asked,
        "state": state,
        "states": State.choices,
        "left": left,
    }
    return TemplateResponse(request, "admin/desk/quality.html", context)


def quality_csv(rows: Any) -> HttpResponse:
    head = ("slug", "state", "values", "cited", *COLUMNS)
    found = []
    for project in rows:
        it = getattr(project, "marks", None)
        cells = [getattr(it, name, None) for name in ("values", "cited", *COLUMNS)]
        found.append([project.slug, project.state, *("" if c is None else str(c) for c in cells)])
    return csv_response("what-needs-work", head, found)
