"""What the API answers besides records: public changes, search, and the codebook."""

import re
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clusters.api.caching import cacheable
from clusters.api.paging import PAGE_SCHEMA, PAGE_SIZE, SIZE_SCHEMA, page_size
from clusters.i18n import known_words, not_known, short
from clusters.models import Change
from clusters.published.fields import ADDRESS, BASE, NUMBER, TEXT, whole
from clusters.published.search import MOST_RANKED, START, STOP, kinds, page_of
from clusters.published.state import DataState
from clusters.records.merge import differences
from clusters.web.filters import LONGEST_QUERY
from clusters.web.problems import MEANINGS, TYPES

CHANGE = whole(
    {
        "number": NUMBER,
        "at": {"type": "string", "format": "date-time"},
        "action": {"type": "string", "enum": ["published", "changed", "withdrawn"]},
        "kind": TEXT,
        "slug": TEXT,
        "title": TEXT,
        "version": NUMBER,
        "reason": TEXT,
        "url": ADDRESS,
    }
)
DIFFERENCE = whole({"field": TEXT, "before": {}, "after": {}})
VERSION = whole(
    {
        **CHANGE["properties"],
        "differences": {"type": "array", "items": DIFFERENCE},
        "version_url": ADDRESS,
    }
)


class PublicView(APIView):
    """Answers everybody the same, and only to parameters that it reads."""

    # Of the public data, as the answer's tag says it.
    state: DataState
    parameters: frozenset[str] = frozenset()

    def perform_authentication(self, request: Request) -> None:
        """Nobody is asked who they are: what is public is so for everybody."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        for name, values in request.query_params.lists():
            if name not in self.parameters | {"format"}:
                known = known_words(name, sorted(self.parameters))
                raise ValidationError({name: f"There is no such parameter here. {known}"})
            if any("\x00" in value for value in values):
                raise ValidationError({name: "It holds a NUL, which no text has."})


def whole_number(query: QueryDict, name: str, default: int) -> int:
    """Return a parameter that is a number of at most 15 digits. Raises ValidationError."""
    asked = query.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,15}", asked):
        raise ValidationError({name: "Give a whole number."})
    return int(asked)


def change_of(change: Change) -> dict[str, Any]:
    """Return one line of the public change log."""
    return {
        "number": change.number,
        "at": change.at.isoformat(),
        "action": change.action,
        "kind": change.kind,
        "slug": change.slug,
        "title": change.title,
        "version": change.version,
        "reason": change.reason,
        "url": f"{BASE}{change.get_absolute_url()}",
    }


class ProblemView(PublicView):
    """What a type of problem means; the `type` of every error leads here."""

    examples = {"name": "not-found"}

    @extend_schema(
        operation_id="problems_read",
        parameters=[OpenApiParameter("name", str, "path", enum=list(MEANINGS))],
        responses={200: whole({"type": TEXT, "status": NUMBER, "about": TEXT})},
    )
    @cacheable
    def get(self, request: Request, name: str) -> Response:
        if name not in MEANINGS:
            said = known_words(name, MEANINGS)
            raise NotFound(f"There is no problem “{short(name)}”. {said}")
        (status,) = (status for status, known in TYPES.items() if known == name)
        return Response({"type": name, "status": status, "about": MEANINGS[name]})


class ChangesView(PublicView):
    """The public change log, in order and without gaps, for whoever keeps a copy."""

    parameters = frozenset({"since", "page_size"})

    @extend_schema(
        operation_id="changes_list",
        parameters=[
            OpenApiParameter(
                "since",
                {"type": "integer", "minimum": 0},
                description="Changes after this number; 0 is all.",
            ),
            OpenApiParameter("page_size", SIZE_SCHEMA),
        ],
        responses={
            200: {
                "type": "object",
                "required": ["last", "next", "results"],
                "properties": {
                    "last": {**NUMBER, "description": "The number of the last change there is."},
                    "next": {"type": ["string", "null"], "format": "uri-reference"},
                    "results": {"type": "array", "items": CHANGE},
                },
            }
        },
    )
    @cacheable
    def get(self, request: Request) -> Response:
        since = whole_number(request.query_params, "since", 0)
        size = page_size(request.query_params)
        changes = Change.objects.filter(number__gt=since).defer("before", "after")
        found = list(changes.order_by("number")[: size + 1])
        following = None
        if len(found) > size:
            address = request.build_absolute_uri(request.path)
            following = f"{address}?since={found[size - 1].number}&page_size={size}"
        return Response(
            {
                "last": Change.objects.data_version(),
                "next": following,
                "results": [change_of(change) for change in found[:size]],
            }
        )


def history_of(kind: str, object_id: int) -> list[dict[str, Any]]:
    """Return every public version of a record, first to last, each with what it changed."""
    found = []
    for change in Change.objects.filter(kind=kind, object_id=object_id).order_by("number"):
        address = reverse("version", args=[kind, change.slug, change.version])
        found.append(
            {
                **change_of(change),
                "differences": [
                    {
                        "field": ".".join(difference.where),
                        "before": difference.before,
                        "after": difference.after,
                    }
                    for difference in differences(change.before or {}, change.after or {})
                ]
                if change.before is not None and change.after is not None
                else [],
                "version_url": f"{BASE}{address}",
            }
        )
    return found


KINDS = kinds()


class SearchView(PublicView):
    """Full-text search over everything published, best first."""

    parameters = frozenset({"q", "kind", "page", "page_size"})

    @extend_schema(
        operation_id="search",
        parameters=[
            OpenApiParameter(
                "q",
                {"type": "string", "minLength": 1, "maxLength": LONGEST_QUERY},
                required=True,
                description="Words, or “quoted phrases”.",
            ),
            OpenApiParameter(
                "kind", enum=KINDS, description="One kind of record, such as projects."
            ),
            OpenApiParameter("page", {**PAGE_SCHEMA, "maximum": MOST_RANKED // PAGE_SIZE}),
            OpenApiParameter("page_size", SIZE_SCHEMA),
        ],
        responses={
            200: {
                "type": "object",
                "required": ["q", "corrected", "count", "count_is_exact", "results"],
                "properties": {
                    "q": TEXT,
                    "corrected": {**TEXT, "description": "What was searched for in its place."},
                    "count": NUMBER,
                    "count_is_exact": {
                        "type": "boolean",
                        "description": f"False: there are more than {MOST_RANKED:,}, and of these "
                        "only so many were ranked.",
                    },
                    "results": {
                        "type": "array",
                        "items": whole(
                            {
                                "kind": TEXT,
                                "title": TEXT,
                                "id": {**TEXT, "description": "A slug, or root slug and key."},
                                "slug": {**TEXT, "description": "Of its root."},
                                "context": TEXT,
                                "snippet": {**TEXT, "description": "Hits between ** and **."},
                                "url": {**ADDRESS, "description": "Of its page."},
                                "api_url": {**ADDRESS, "description": "Of its record here."},
                            }
                        ),
                    },
                },
            }
        },
    )
    @cacheable
    def get(self, request: Request) -> Response:
        words = request.query_params.get("q", "").strip()
        if not words or len(words) > LONGEST_QUERY:
            raise ValidationError({"q": f"Give 1 to {LONGEST_QUERY} letters."})
        kind = request.query_params.get("kind", "")
        if kind and kind not in KINDS:
            raise ValidationError({"kind": not_known(kind, KINDS)})
        number = whole_number(request.query_params, "page", 1)
        size = page_size(request.query_params)
        if number < 1 or number * size > MOST_RANKED:
            raise ValidationError({"page": f"Only the best {MOST_RANKED:,} are ranked."})
        found = page_of(
            words,
            kind=kind,
            skip=(number - 1) * size,
            size=size,
        )
        return Response(
            {
                "q": words,
                "corrected": found.corrected,
                "count": found.count,
                "count_is_exact": found.is_exact,
                "results": [
                    {
                        "kind": row.kind,
                        "title": row.title,
                        "id": row.name,
                        "slug": row.name.partition("/")[0],
                        "context": row.context,
                        "snippet": row.snippet.replace(START, "**").replace(STOP, "**"),
                        "url": f"{BASE}{row.url}",
                        "api_url": f"{BASE}{reverse('api-root')}{row.kind}/{row.name}/",
                    }
                    for row in found.hits
                ],
            }
        )
