"""About the casebook, its codebook, and what machines ask for."""

from typing import Any

from django.contrib.sitemaps import Sitemap
from django.contrib.sitemaps.views import sitemap as sitemap_view
from django.contrib.sitemaps.views import x_robots_tag
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from clusters.models import Change, Contributor, Root
from clusters.published.state import data_state
from clusters.records.codebook import codebook as codebook_of
from clusters.records.schema import record_schemas
from clusters.web.caching import public_page
from clusters.web.query_params import check_parameters
from interventions.models import SCORES, Coding, Factor, Framework, MissingReason, OutcomeDimension


@public_page
def about(request: HttpRequest) -> HttpResponse:
    """Show how coding works, the licence, how to cite, and who can edit."""
    check_parameters(request, set())
    context = {
        "scores": SCORES.items(),
        "reasons": MissingReason.choices,
        "version": data_state().number,
        "last": Change.objects.defer("before", "after").first(),
        "coders": Contributor.objects.filter(codings__in=Coding.objects.published()).distinct(),
    }
    return render(request, "interventions/about.html", context)


@public_page
def codebook(request: HttpRequest) -> HttpResponse:
    """Show every field of every record, and every factor, read off models and frameworks."""
    check_parameters(request, set())
    context = {
        "kinds": codebook_of(),
        "frameworks": Framework.objects.published().prefetch_related("factors"),
        "dimensions": OutcomeDimension.objects.published(),
        "scores": SCORES.items(),
        "reasons": MissingReason.choices,
    }
    return render(request, "interventions/codebook.html", context)


class RecordSitemap(Sitemap):  # type: ignore[type-arg]
    """Every public record that has a page of its own."""

    limit = 5000

    def __init__(self, model: type[Root]) -> None:
        self.model = model

    def items(self) -> QuerySet[Root]:
        return self.model.objects.published().order_by("pk").only("slug")

    def location(self, item: Any) -> str:
        return str(item.get_absolute_url())


class PageSitemap(Sitemap):  # type: ignore[type-arg]
    """The pages that are no record."""

    def items(self) -> list[str]:
        names = ("front", "projects", "clusters", "donors", "stakeholders", "factors")
        return [
            *names,
            "literature",
            "charts",
            "changes",
            "about",
            "codebook",
            "about-api",
            "about-case-files",
        ]

    def location(self, item: str) -> str:
        return reverse(item)


class FactorSitemap(Sitemap):  # type: ignore[type-arg]
    """Factors have pages of their own, though they are parts of a framework."""

    limit = 5000

    def items(self) -> QuerySet[Factor]:
        return Factor.objects.published().select_related("framework").order_by("pk")

    def location(self, item: Factor) -> str:
        return item.get_absolute_url()


def sitemaps() -> dict[str, Any]:
    """Return one map for the pages and one for each kind of record with pages."""
    found: dict[str, Any] = {"pages": PageSitemap(), "factors": FactorSitemap()}
    for shape in record_schemas().values():
        model: Any = shape.model
        if hasattr(model, "get_absolute_url") and "?" not in _sample_address(model):
            found[shape.folder] = RecordSitemap(model)
    return found


def _sample_address(model: Any) -> str:
    return str(model(slug="a").get_absolute_url())


@x_robots_tag
@public_page
def sitemap(request: HttpRequest) -> HttpResponse:
    check_parameters(request, {"p"})
    response = sitemap_view(request, sitemaps())
    response.render()
    return response


@public_page
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /records/*/correct/",
        "Disallow: /corrections/",
        "Disallow: /search/",
        "Disallow: /*embed=1",
        f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
