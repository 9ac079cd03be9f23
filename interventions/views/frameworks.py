from collections import Counter

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from clusters.lookup import find_published
from clusters.parameters import check_parameters
from interventions.models import Account, Coding, Factor, Framework
from interventions.views.evidence import CITED


@require_safe
def framework_list(request: HttpRequest) -> HttpResponse:
    check_parameters(request, set())
    frameworks = Framework.objects.published().prefetch_related("factors")
    return render(request, "interventions/framework_list.html", {"frameworks": frameworks})


@require_safe
def framework_detail(request: HttpRequest, slug: str) -> HttpResponse:
    check_parameters(request, set())
    framework = find_published(
        Framework.objects.published().prefetch_related(
            CITED, Prefetch("factors", Factor.objects.prefetch_related(CITED))
        ),
        slug,
    )
    return render(request, "interventions/framework_detail.html", {"framework": framework})


@require_safe
def factor_detail(request: HttpRequest, framework: str, key: str) -> HttpResponse:
    """One factor over all projects: how far it was there, and who says so."""
    check_parameters(request, set())
    found = find_published(Framework.objects.published(), framework)
    factor = get_object_or_404(Factor.objects.prefetch_related(CITED), framework=found, key=key)
    codings = list(
        Coding.objects.published()
        .agreed()
        .overall()
        .filter(factor=factor)
        .select_related("project")
        .prefetch_related(CITED)
        .order_by("-degree", "project__title", "pk")
    )
    codings.sort(key=lambda coding: -1 if coding.degree is None else coding.degree, reverse=True)
    accounts = list(
        Account.objects.published()
        .filter(factor=factor)
        .with_holders()
        .select_related("project")
        .prefetch_related(CITED)
    )
    context = {
        "framework": found,
        "factor": factor,
        "codings": codings,
        "with_degree": sum(coding.degree is not None for coding in codings),
        "accounts": accounts,
        # A plain dict: templates would look “items” up as a key of a Counter.
        "says": dict(Counter(account.get_says_display() for account in accounts)),
    }
    return render(request, "interventions/factor_detail.html", context)
