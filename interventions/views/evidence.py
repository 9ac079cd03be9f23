from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from clusters.models.citations import CITED
from clusters.published.lookup import find_published
from clusters.web.caching import public_page
from clusters.web.query_params import check_parameters
from interventions.analysis.disagreement import NAMED_REASONS
from interventions.models import Account, Coding, Factor, Framework, Project, Reply
from interventions.selectors.factor_matrix import disagreement_of, subject_of, what_differs


def evidence_of(project_slug: str, framework_slug: str, key: str) -> dict[str, Any]:
    """Return everything that one cell of the matrix rests on.

    Raises Http404, MovedError or GoneError as `find_published` does.
    """
    project = find_published(Project.objects.published(), project_slug)
    framework = find_published(Framework.objects.published(), framework_slug)
    factor = get_object_or_404(
        Factor.objects.filter(framework=framework).prefetch_related(CITED), key=key
    )
    replies = Reply.objects.select_related("by").prefetch_related(CITED)
    accounts = list(
        Account.objects.filter(project=project)
        .with_stakeholders()
        .prefetch_related(CITED, Prefetch("replies", replies))
    )
    differing = disagreement_of(accounts)
    codings = list(
        Coding.objects.published()
        .overall()
        .filter(project=project, factor=factor)
        .select_related("coder")
        .prefetch_related(CITED)
        .order_by("round", "key")
    )
    named_reasons = [account for account in accounts if account.reason_for_ending in NAMED_REASONS]
    return {
        "project": project,
        "framework": framework,
        "factor": factor,
        "accounts": [account for account in accounts if account.factor_id == factor.pk],
        "agreed": next((coding for coding in codings if coding.coder is None), None),
        "independent": [coding for coding in codings if coding.coder is not None],
        "disagreement": differing.about(subject_of(factor=factor)),
        "named_reasons": named_reasons if differing.named_reasons else [],
        "disagrees_on": what_differs(accounts, differing),
    }


@public_page
def evidence(request: HttpRequest, project: str, framework: str, key: str) -> HttpResponse:
    """Show who says what of one cell of the matrix, how it was coded, and where it is written."""
    check_parameters(request, set())
    return render(request, "interventions/evidence.html", evidence_of(project, framework, key))
