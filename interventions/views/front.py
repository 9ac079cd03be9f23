from typing import Any

from django.core.exceptions import BadRequest
from django.core.validators import slug_re
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clusters.charts.style import PALETTE
from clusters.lookup import GoneError
from clusters.models import Change, Cluster, Publication
from clusters.paging import strict_page
from clusters.parameters import check_parameters
from interventions.charts.factor_matrix import factor_matrix
from interventions.matrix import matrix_of
from interventions.models import Account, Framework, Project
from interventions.views.evidence import evidence_of

MAIN_FRAMEWORK = "donor-financed-csr-and-collective-action"
ROWS = 50


@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """The factor matrix of every published project, and the ways in."""
    check_parameters(request, {"cell", "order", "page"})
    framework = (
        Framework.objects.published()
        .prefetch_related("factors")
        .filter(slug=MAIN_FRAMEWORK)
        .first()
    )
    context: dict[str, Any] = {
        "counts": {
            "projects": Project.objects.published().count(),
            "clusters": Cluster.objects.published().count(),
            "accounts": Account.objects.published().count(),
            "publications": Publication.objects.published().count(),
        },
        "changes": Change.objects.defer("before", "after")[:5],
    }
    if framework is not None:
        context |= matrix_context(request, framework)
    if cell := request.GET.get("cell"):
        try:
            context |= evidence_of(*_parts(cell))
        except (Http404, GoneError) as error:
            raise BadRequest(
                f"cell: there is no such cell any more, or never was ({error})."
            ) from None
    return render(request, "interventions/front.html", context)


def matrix_context(request: HttpRequest, framework: Framework) -> dict[str, Any]:
    """Return what the matrix and its chart need."""
    order = request.GET.get("order", "")
    known = [factor.key for factor in framework.factors.all()]
    if order and order not in known:
        raise BadRequest(f"order: there is no factor “{order}”. Known: {', '.join(known)}.")
    projects = Project.objects.published().in_order()
    if order:
        projects = projects.by_degree(framework, order)
    page = strict_page(request, projects, ROWS)
    matrix = matrix_of(page.object_list, framework)
    return {
        "framework": framework,
        "matrix": matrix,
        "page": page,
        "order": order,
        "figure": factor_matrix(matrix).to_plotly_json(),
        "palette": PALETTE,
    }


def _parts(cell: str) -> tuple[str, str, str]:
    parts = cell.split("/")
    if len(parts) != 3 or not all(slug_re.match(part) for part in parts):
        raise BadRequest("cell: write it as project/framework/factor.")
    return parts[0], parts[1], parts[2]
