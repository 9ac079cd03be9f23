"""The API's root: every endpoint, the schema, and its documentation."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import DefaultRouter

from clusters.api.dataset import DatasetView
from clusters.api.endpoints import ENDPOINTS as CLUSTERS
from clusters.api.problems import not_found
from clusters.api.proposals import DecisionView, ProposalsView, ProposalView, RestoreView
from clusters.api.views import ChangesView, ProblemView, SearchView
from interventions.api.records import ENDPOINTS as INTERVENTIONS
from interventions.api.views import ChartListView, ChartView, CodebookView


class DocumentationView(SpectacularSwaggerSplitView):
    """Swagger UI in a page of ours: its own has an inline style, which the policy refuses."""

    url_name = "api-schema"
    template_name = "api_docs.html"


router = DefaultRouter()
router.include_format_suffixes = False
for prefix, viewset in {**CLUSTERS, **INTERVENTIONS}.items():
    router.register(prefix, viewset, basename=f"api-{viewset.model._meta.model_name}")

urlpatterns = [
    path("v1/", include(router.urls)),
    path("v1/changes/", ChangesView.as_view(), name="api-changes"),
    path("v1/search/", SearchView.as_view(), name="api-search"),
    path("v1/dataset.zip", DatasetView.as_view(), name="api-dataset"),
    path("v1/charts/", ChartListView.as_view(), name="api-charts"),
    path("v1/charts/<slug:name>/", ChartView.as_view(), name="api-chart"),
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
    path("v1/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("v1/docs/", DocumentationView.as_view(), name="api-docs"),
    re_path(r"^(?P<rest>.*)$", not_found),
]
