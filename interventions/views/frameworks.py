from collections import Counter

from django.core.exceptions import BadRequest
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from clusters.charts.style import PALETTE
from clusters.models import Publication
from clusters.models.citations import CITED
from clusters.published.lookup import find_published
from clusters.views.records import about_record
from clusters.web.caching import public_page
from clusters.web.query_params import check_parameters
from interventions.analysis.outcomes import outcomes_by_factor
from interventions.models import Account, Coding, Factor, Framework, Project
from interventions.selectors.factor_matrix import matrix_of
from interventions.web.charts import chart_of


@public_page
def framework_list(request: HttpRequest) -> HttpResponse:
    check_parameters(request, set())
    frameworks = Framework.objects.published().prefetch_related("factors")
    return render(request, "interventions/framework_list.html", {"frameworks": frameworks})


@public_page
def framework_detail(request: HttpRequest, slug: str) -> HttpResponse:
    check_parameters(request, set())
    framework = find_published(
        Framework.objects.published().prefetch_related(
            CITED, Prefetch("factors", Factor.objects.prefetch_related(CITED))
        ),
        slug,
    )
    query = QueryDict(f"framework={framework.slug}")
    context = {
        "framework": framework,
        "outcomes": chart_of("factor-outcomes", Project.objects.published().in_order(), query),
        "evidence_map": chart_of("evidence-map", None, query),
        "palette": PALETTE,
        "api_url": reverse("api-framework-detail", args=[framework.slug]),
        **about_record(request, framework),
    }
    return render(request, "interventions/framework_detail.html", context)


@public_page
def factor_detail(request: HttpRequest, framework: str, key: str) -> HttpResponse:
    """Show how far a factor was there in all projects, what came of it, and who says so."""
    check_parameters(request, set())
    found, factor = find_factor(framework, key)
    codings = list(agreed_codings(factor))
    codings.sort(key=lambda coding: -1 if coding.score is None else coding.score, reverse=True)
    accounts = list(accounts_on(factor))
    matrix = matrix_of(Project.objects.published().in_order(), found)
    context = {
        "framework": found,
        "factor": factor,
        "codings": codings,
        "with_score": sum(coding.score is not None for coding in codings),
        "projects": len(matrix.rows),
        "outcomes": [count for count in outcomes_by_factor(matrix) if count.factor == factor.key],
        "accounts_for": [account for account in accounts if account.position != "absent"],
        "accounts_against": [account for account in accounts if account.position == "absent"],
        # A plain dict: templates would look “items” up as a key of a Counter.
        "position": dict(Counter(account.get_position_display() for account in accounts)),
    }
    return render(request, "interventions/factor_detail.html", context)


@public_page
def factor_evidence(request: HttpRequest, framework: str, key: str) -> HttpResponse:
    """Show what on one factor rests on one work (`work=`), or on one study (`study=`)."""
    check_parameters(request, {"work", "study"})
    found, factor = find_factor(framework, key)
    works = works_asked_for(request.GET)

    def resting[M: Model](rows: QuerySet[M]) -> list[M]:
        return list(rows.filter(citations__citation__publication__in=works).distinct())

    context = {
        "framework": found,
        "factor": factor,
        "works": works,
        "codings": resting(agreed_codings(factor)),
        "accounts": resting(accounts_on(factor)),
        "defines": resting(Factor.objects.filter(pk=factor.pk)),
    }
    return render(request, "interventions/factor_evidence.html", context)


def find_factor(framework: str, key: str) -> tuple[Framework, Factor]:
    """Return a published framework and one of its factors. Raises as `find_published` does."""
    found = find_published(Framework.objects.published().prefetch_related("factors"), framework)
    factor = get_object_or_404(Factor.objects.prefetch_related(CITED), framework=found, key=key)
    factor.framework = found
    return found, factor


def works_asked_for(query: QueryDict) -> list[Publication]:
    """Return the published works that the address names. Raises BadRequest for none."""
    works = Publication.objects.published()
    if "work" in query:
        found = list(works.filter(slug=query["work"]))
    else:
        found = list(works.filter(study=query.get("study", "")).exclude(study=""))
    if not found:
        raise BadRequest(_("work: name a published work (work=slug) or a study (study=name)."))
    return found


def agreed_codings(factor: Factor) -> QuerySet[Coding]:
    return (
        Coding.objects.published()
        .agreed()
        .overall()
        .filter(factor=factor)
        .select_related("project")
        .prefetch_related(CITED)
        .order_by("-score", "project__title", "pk")
    )


def accounts_on(factor: Factor) -> QuerySet[Account]:
    return (
        Account.objects.published()
        .filter(factor=factor)
        .with_stakeholders()
        .select_related("project")
        .prefetch_related(CITED, "replies__by", f"replies__{CITED}")
    )
