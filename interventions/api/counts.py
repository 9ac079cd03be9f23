"""What the API answers of projects counted: facets, and scores of factors."""

from typing import Any

from django.http import QueryDict
from django_filters.utils import translate_validation
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from clusters.api.caching import cacheable
from clusters.api.paging import EXACT_COUNT, Ahead, several
from clusters.i18n import known_words, short
from clusters.published.fields import ADDRESS, BASE, NUMBER, TEXT, api_path
from clusters.web.filters import API_PARAMETERS
from interventions.models import Project
from interventions.selectors.facet_counts import found_with
from interventions.selectors.factor_scores import FactorCounts, scores_of
from interventions.web.charts import framework_of
from interventions.web.facets import COUNTS, Facet, facets
from interventions.web.filters import ProjectFilter

COUNT = {
    "type": "object",
    "required": ["code", "label", "count"],
    "properties": {"code": TEXT, "label": TEXT, "count": NUMBER},
}
FACETS = {
    "type": "object",
    "required": ["facets"],
    "properties": {
        "facets": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "label", "choices"],
                "properties": {
                    "name": {**TEXT, "description": "The filter that takes these codes."},
                    "label": TEXT,
                    "choices": {"type": "array", "items": COUNT},
                },
            },
        }
    },
}
SCORES = {
    "type": "object",
    "required": ["framework", "projects", "factors"],
    "properties": {
        "framework": TEXT,
        "projects": {**NUMBER, "description": "The denominator."},
        "factors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["id", "name", "polarity", "mean", "not_searched", "counts", "url"],
                "properties": {
                    "id": TEXT,
                    "name": TEXT,
                    "polarity": TEXT,
                    "url": ADDRESS,
                    "mean": {
                        "type": ["number", "null"],
                        "description": "Mean agreed score of the projects that have one.",
                    },
                    "not_searched": {
                        **NUMBER,
                        "description": "Projects without an agreed coding of it.",
                    },
                    "counts": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["value", "outcome", "projects"],
                            "properties": {
                                "value": {
                                    **TEXT,
                                    "description": "A score, or the reason for none.",
                                },
                                "outcome": {
                                    **TEXT,
                                    "description": "Direction of all outcomes together.",
                                },
                                "projects": NUMBER,
                            },
                        },
                    },
                },
            },
        },
    },
}


class Counted:
    """Counts by kept facts: of the list, and two more lists of them."""

    request: Any

    def counted_ahead(self) -> Ahead | None:
        """Return how many projects the filters leave, and of few which, where facts say it."""
        query = self.request.query_params
        asked = {
            name: ",".join(values)
            for name, values in query.lists()
            if name not in API_PARAMETERS and any(values)
        }
        return found_with(asked, EXACT_COUNT + 1)

    @extend_schema(
        operation_id="projects_facets",
        parameters=[
            OpenApiParameter(
                "facets",
                enum=list(COUNTS),
                many=True,
                explode=False,
                description="Some facets, with commas between them; else all.",
            )
        ],
        responses={200: FACETS},
    )
    @action(detail=False, pagination_class=None)
    @cacheable
    def facets(self, request: Request) -> Response:
        """For each choice of each filter, how many projects it would leave."""
        names = several(request.query_params, "facets")
        if unknown := [name for name in names if name not in COUNTS]:
            said = f"There is no facet “{short(unknown[0])}”. {known_words(unknown[0], COUNTS)}"
            raise ValidationError({"facets": said})
        filterset = self.filterset_without("facets")
        return Response({"facets": [_facet(facet) for facet in facets(filterset, names)]})

    @extend_schema(
        operation_id="projects_scores",
        parameters=[OpenApiParameter("framework", str, description="Else the main one.")],
        responses={200: SCORES},
    )
    @action(detail=False, pagination_class=None)
    @cacheable
    def scores(self, request: Request) -> Response:
        """How many projects have each factor to which score, by what came of them."""
        framework = framework_of(request.query_params)
        filterset = self.filterset_without("framework")
        number, factors = scores_of(
            filterset.qs, framework, are_all=not any(filterset.data.values())
        )
        return Response(
            {
                "framework": framework.slug,
                "projects": number,
                "factors": [_factor(factor, number) for factor in factors],
            }
        )

    def filterset_without(self, parameter: str) -> ProjectFilter:
        """Return the filterset of everything else that is asked. Raises ValidationError."""
        asked: QueryDict = self.request.query_params.copy()
        for name in (parameter, "format"):
            asked.pop(name, None)
        if paged := {"page", "page_size", "cursor", "ordering", "fields"} & asked.keys():
            raise ValidationError(dict.fromkeys(paged, "There are no pages and no order here."))
        filterset = ProjectFilter(asked, Project.objects.published(), request=self.request)
        if not filterset.is_valid():
            raise translate_validation(filterset.errors)
        return filterset


def _facet(facet: Facet) -> dict[str, Any]:
    return {
        "name": facet.name,
        "label": facet.label,
        "choices": [
            {"code": option.value, "label": str(option.label), "count": option.count}
            for option in facet.options
        ],
    }


def _factor(found: FactorCounts, projects: int) -> dict[str, Any]:
    factor = found.factor
    return {
        "id": f"{factor.framework.slug}/{factor.key}",
        "name": factor.name,
        "polarity": factor.polarity,
        "url": f"{BASE}{api_path(factor)}",
        "mean": found.mean,
        "not_searched": projects - sum(found.counts.values()),
        "counts": [
            {"value": value, "outcome": direction, "projects": number}
            for (value, direction), number in sorted(found.counts.items())
        ],
    }
