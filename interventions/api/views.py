"""What the API answers of charts and of the codebook."""

from typing import Any

from django.core.exceptions import BadRequest
from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from clusters.api.caching import cacheable
from clusters.api.description import parameter
from clusters.api.views import PublicView
from clusters.charts.chart import Cell
from clusters.i18n import known_words, short
from clusters.published.fields import ADDRESS, BASE, TEXT, whole
from clusters.records.codebook import codebook
from clusters.web.filters import ClusterFilter
from interventions.models import Framework, OutcomeDimension
from interventions.web.charts import CHARTS, chart_of, rows_of
from interventions.web.filters import ProjectFilter

CELL = {
    "type": "object",
    "required": ["text", "url"],
    "properties": {"text": TEXT, "url": {"type": ["string", "null"], "format": "uri-reference"}},
}
CHART = {
    "type": "object",
    "required": ["name", "title", "reading", "source", "summary", "columns", "rows", "figure"],
    "properties": {
        "name": TEXT,
        "title": TEXT,
        "reading": {**TEXT, "description": "Unit and denominator."},
        "key": {**TEXT, "description": "What its fills and signs mean."},
        "source": TEXT,
        "summary": {**TEXT, "description": "The same, said in words."},
        "url": ADDRESS,
        "columns": {"type": "array", "items": TEXT},
        "rows": {"type": "array", "items": {"type": "array", "items": CELL}},
        "figure": {
            "type": ["object", "null"],
            "description": "Plotly’s data and layout; null where one number is no chart.",
        },
    },
}


_FRAMEWORK = parameter("framework", TEXT, "Whose factors; else those of the main framework.")
_WORKS = parameter(
    "works",
    {"type": "string", "enum": ["each", "independent"]},
    "Each publication, or each independent study.",
)
_CLUSTER = parameter("cluster", TEXT, "The slug of the cluster.") | {"required": True}
# By what a chart is of.
OWN_PARAMETERS: dict[str, list[dict[str, Any]]] = {
    "projects": [_FRAMEWORK],
    "clusters": [],
    "cluster": [_CLUSTER],
    "works": [_FRAMEWORK, _WORKS],
}


class ChartListView(PublicView):
    """Every chart, with the filters that it takes."""

    @extend_schema(
        operation_id="charts_list",
        responses={
            200: whole(
                {
                    "results": {
                        "type": "array",
                        "items": whole({"name": TEXT, "title": TEXT, "of": TEXT, "url": ADDRESS}),
                    }
                }
            )
        },
    )
    @cacheable
    def get(self, request: Request) -> Response:
        return Response(
            {
                "results": [
                    {
                        "name": name,
                        "title": str(entry.words),
                        "of": entry.of,
                        "url": f"{BASE}{reverse('api-chart', args=[name])}",
                    }
                    for name, entry in CHARTS.items()
                ]
            }
        )


class ChartView(PublicView):
    """One chart of what the filters leave: its figure, and the rows of its table.

    A chart of projects takes the filters of projects, the map those of clusters, the timeline
    `cluster`, the evidence map `framework` and `works`.
    """

    # Which one, where the address has no place for its name.
    chart = ""

    @property
    def filterset_class(self) -> Any:
        """The filters that the API's description names; what draws the chart reads them."""
        return {"projects": ProjectFilter, "clusters": ClusterFilter}.get(CHARTS[self.chart].of)

    @property
    def further_parameters(self) -> list[dict[str, Any]]:
        """The parameters that a chart takes besides filters, as OpenAPI describes them."""
        return OWN_PARAMETERS[CHARTS[self.chart].of]

    @extend_schema(responses={200: CHART})
    @cacheable
    def get(self, request: Request, name: str = "") -> Response:
        name = name or self.chart
        entry = CHARTS.get(name)
        if entry is None:
            raise NotFound(f"There is no chart “{short(name)}”. {known_words(name, CHARTS)}")
        for word in ("embed", "format"):
            if request.query_params.get(word, "json") != "json":
                raise BadRequest(f"{word}: a chart is JSON here.")
        rows, _asked = rows_of(request._request, entry)
        try:
            chart = chart_of(name, rows, request.query_params)
        except Http404 as error:
            raise NotFound(str(error)) from None
        return Response(
            {
                "name": chart.name,
                "title": chart.title,
                "reading": chart.reading,
                "key": chart.key,
                "source": chart.source,
                "summary": chart.summary,
                "url": f"{BASE}{chart.address}",
                "columns": list(chart.head),
                "rows": [[_cell(cell) for cell in row] for row in chart.rows],
                "figure": chart.json,
            }
        )

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Skip the check of parameters: the chart itself refuses those that it does not take."""
        super(PublicView, self).initial(request, *args, **kwargs)


def _cell(cell: Cell) -> dict[str, str | None]:
    return {"text": cell.text, "url": f"{BASE}{cell.url}" if cell.url else None}


class CodebookView(PublicView):
    """What values mean: every field of every record with its codes, every factor, every scale."""

    @extend_schema(
        operation_id="codebook",
        responses={
            200: whole(
                {
                    name: {"type": "array", "items": {"type": "object"}}
                    for name in ("kinds", "frameworks", "dimensions")
                }
            )
        },
    )
    @cacheable
    def get(self, request: Request) -> Response:
        frameworks = Framework.objects.published().prefetch_related("factors").order_by("pk")
        return Response(
            {
                "kinds": codebook(),
                "frameworks": [
                    {
                        "slug": framework.slug,
                        "name": framework.name,
                        "factors": [
                            {
                                "id": f"{framework.slug}/{factor.key}",
                                "name": factor.name,
                                "polarity": factor.polarity,
                                "definition": factor.definition,
                            }
                            for factor in framework.factors.all()
                        ],
                    }
                    for framework in frameworks
                ],
                "dimensions": [
                    {"slug": dimension.slug, "name": dimension.name}
                    for dimension in OutcomeDimension.objects.published().order_by("pk")
                ],
            }
        )
