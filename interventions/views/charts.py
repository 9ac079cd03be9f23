"""Charts at addresses of their own: to link, to embed, and as CSV. The lists show the same."""

from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from clusters.charts.style import PALETTE
from clusters.formats.csv_files import csv_response
from clusters.models import Cluster
from clusters.web.active_filters import without
from clusters.web.caching import public_page
from clusters.web.query_params import check_word
from interventions.web.charts import CHARTS, MAIN_FRAMEWORK, chart_of, rows_of


@public_page
def chart_list(request: HttpRequest) -> HttpResponse:
    """Show every chart, with what it is of."""
    if request.GET:
        raise BadRequest(_("The list of charts takes no parameters."))
    clusters = Cluster.objects.published().order_by("name", "pk")
    return render(
        request, "interventions/chart_list.html", {"charts": CHARTS, "clusters": clusters}
    )


@public_page
def chart(request: HttpRequest, name: str) -> HttpResponse:
    """Show one chart of what the filters leave: a page, a frame for other sites, or CSV."""
    entry = CHARTS.get(name)
    if entry is None:
        raise Http404(_("There is no chart called %(name)s.") % {"name": name})
    query = request.GET
    check_word(request, "format", "csv")
    check_word(request, "embed", "1")
    rows, set_filters = rows_of(request, entry)
    found = chart_of(name, rows, query)
    if query.get("format") == "csv":
        return csv_response(name, found.head, [[str(cell) for cell in row] for row in found.rows])
    context = {
        "chart": found,
        "palette": PALETTE,
        "asked": set_filters,
        "all_rows": "?",
        "framework_slug": query.get("framework", MAIN_FRAMEWORK),
        "is_independent": query.get("works") == "independent",
        "without_works": without(query, ["works"]),
        "name": name,
    }
    if query.get("embed"):
        # The chart alone, which may stand in a frame of any other site: see `public_page`.
        return render(request, "interventions/chart_embed.html", context)
    return render(request, "interventions/chart.html", context)
