"""The API's root: every endpoint, the schema, and its documentation."""

from functools import cache
from typing import Any

from django.urls import include, path, re_path, reverse
from django.views.generic import RedirectView
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from clusters.api.caching import cacheable, etag_for, not_modified_or
from clusters.api.dataset import DatasetView
from clusters.api.endpoints import ENDPOINTS as CLUSTERS
from clusters.api.proposals import DecisionView, ProposalsView, ProposalView, RestoreView
from clusters.api.views import ChangesView, ProblemView, PublicView, SearchView
from clusters.published.fields import ADDRESS, BASE
from clusters.published.state import code_version
from clusters.web.problems import NOTHING, not_found
from interventions.api.records import ENDPOINTS as INTERVENTIONS
from interventions.api.views import ChartListView, ChartView, CodebookView
from interventions.web.charts import CHARTS


class SchemaView(SpectacularAPIView):
    """The description itself: made once a process, since nothing but the code is in it."""

    @extend_schema(exclude=True)
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        plain, made = request._request, super().get
        tag = etag_for(plain, code_version())
        return not_modified_or(plain, tag, None, lambda: made(request, *args, **kwargs))

    def _get_schema_response(self, request: Any) -> Any:
        return Response(
            data=description(),
            headers={"Content-Disposition": 'inline; filename="casebook-openapi"'},
        )


@cache
def description() -> dict[str, Any]:
    """Return the OpenAPI document."""
    found: dict[str, Any] = SchemaGenerator(urlconf="config.urls").get_schema(
        request=None, public=True
    )
    return found


class DocumentationView(SpectacularSwaggerSplitView):
    """Swagger UI in a page of ours: its own has an inline style, which the policy refuses."""

    url_name = "api-schema"
    template_name = "api_docs.html"


class RootView(PublicView):
    """Everything that there is here, by name."""

    @extend_schema(
        operation_id="root",
        responses={200: {"type": "object", "additionalProperties": ADDRESS}},
    )
    @cacheable
    def get(self, request: Request) -> Response:
        lists = {
            name: f"api-{viewset.model._meta.model_name}-list" for name, viewset in RECORDS.items()
        }
        named = {**lists, **{name: f"api-{name}" for name in BESIDES}}
        return Response({name: f"{BASE}{reverse(address)}" for name, address in named.items()})


# What there is besides lists of records.
BESIDES = ("changes", "charts", "codebook", "dataset", "docs", "proposals", "schema", "search")
RECORDS = {**CLUSTERS, **INTERVENTIONS}
router = SimpleRouter()
for prefix, viewset in RECORDS.items():
    router.register(prefix, viewset, basename=f"api-{viewset.model._meta.model_name}")

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="api-root")),
    path("v1/", RootView.as_view(), name="api-root"),
    path("v1/", include(router.urls)),
    path("v1/changes/", ChangesView.as_view(), name="api-changes"),
    path("v1/search/", SearchView.as_view(), name="api-search"),
    path("v1/dataset.zip", DatasetView.as_view(), name="api-dataset"),
    path("v1/charts/", ChartListView.as_view(), name="api-charts"),
    # Each chart takes other parameters, and so is described by itself.
    *(path(f"v1/charts/{name}/", ChartView.as_view(chart=name)) for name in CHARTS),
    path("v1/charts/<slug:name>/", ChartView.as_view(schema=None), name="api-chart"),
    path("v1/problems/<slug:name>/", ProblemView.as_view(), name="api-problem"),
    path("v1/codebook/", CodebookView.as_view(), name="api-codebook"),
    path("v1/proposals/", ProposalsView.as_view(), name="api-proposals"),
    path("v1/proposals/<int:number>/", ProposalView.as_view(), name="api-proposal"),
    re_path(
        r"^v1/proposals/(?P<number>[0-9]{1,15})/(?P<act>approve|return|take-back)/$",
        DecisionView.as_view(),
        name="api-decision",
    ),
    path("v1/removals/<int:number>/restore/", RestoreView.as_view(), name="api-removal-restore"),
    path("v1/schema/", SchemaView.as_view(), name="api-schema"),
    path("v1/docs/", DocumentationView.as_view(), name="api-docs"),
    re_path(r"^(?P<rest>(?s:.*))$", not_found, name=NOTHING),
]
