from dataclasses import replace
from typing import Any

from django.core.exceptions import BadRequest
from django.core.validators import slug_re
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from clusters.charts.style import PALETTE
from clusters.models import Change, Cluster, Publication
from clusters.published.lookup import GoneError
from clusters.web.caching import public_page
from clusters.web.pagination import PAGE_SIZE, strict_page
from clusters.web.query_params import check_parameters
from interventions.charts.factor_matrix import factor_matrix
from interventions.models import Account, Coding, Framework, Project
from interventions.selectors.chart_data import main_framework
from interventions.selectors.factor_matrix import matrix_of
from interventions.views.evidence import evidence_of
from interventions.web.charts import MAIN_FRAMEWORK, chart_of, source_line


@public_page
def front(request: HttpRequest) -> HttpResponse:
    """Show the factor matrix of every published project, and the ways in."""
    check_parameters(request, {"cell", "order", "page"})
    framework = main_framework(MAIN_FRAMEWORK)
    projects = Project.objects.published()
    clusters = Cluster.objects.published().order_by("name", "pk")
    context: dict[str, Any] = {
        "counts": {
            "projects": projects.count(),
            "disagreeing": projects.with_accounts_disagreeing().count(),
            "accounts": Account.objects.published().count(),
            "codings": Coding.objects.published().agreed().overall().count(),
            "publications": Publication.objects.published().count(),
        },
        "clusters": clusters,
        "map": chart_of("cluster-map", clusters, QueryDict()) if clusters else None,
        "changes": Change.objects.defer("before", "after")[:5],
        "palette": PALETTE,
    }
    if framework is not None:
        context |= matrix_context(request, framework)
    if cell := request.GET.get("cell"):
        try:
            context |= evidence_of(*_parts(cell))
        except (Http404, GoneError) as error:
            raise BadRequest(
                _("cell: there is no such cell any more, or never was (%(error)s).")
                % {"error": error}
            ) from None
    return render(request, "interventions/front.html", context)


def matrix_context(request: HttpRequest, framework: Framework) -> dict[str, Any]:
    """Return what the matrix and its chart need: one page of rows, and above it all of them."""
    order = request.GET.get("order", "")
    known = [factor.key for factor in framework.factors.all()]
    if order and order not in known:
        raise BadRequest(
            _("order: there is no factor “%(order)s”. Known: %(known)s.")
            % {"order": order, "known": ", ".join(known)}
        )
    projects = Project.objects.published().in_order()
    if order:
        projects = projects.by_score(framework, order)
    page = strict_page(request, projects, PAGE_SIZE)
    matrix = matrix_of(page.object_list, framework)
    found: dict[str, Any] = {
        "framework": framework,
        "matrix": matrix,
        "page": page,
        "order": order,
        "chart": replace(
            factor_matrix(matrix, source_line()), address=reverse("chart", args=["factor-matrix"])
        ),
    }
    if page.paginator.num_pages > 1:
        # One page of the matrix does not show the whole; the shares do.
        found["shares"] = chart_of("factor-shares", Project.objects.published(), QueryDict())
    return found


def _parts(cell: str) -> tuple[str, str, str]:
    parts = cell.split("/")
    if len(parts) != 3 or not all(slug_re.match(part) for part in parts):
        raise BadRequest(_("cell: write it as project/framework/factor."))
    return parts[0], parts[1], parts[2]
