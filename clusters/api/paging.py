"""Pages of lists: by number for people, by cursor for machines."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import EmptyResultSet
from django.core.signing import BadSignature, Signer
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.expressions import OrderBy
from django.http import QueryDict
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request

PAGE_SIZE = 50
MOST_ROWS = 200
# Beyond this a list says "10,000+": to count a million rows takes longer than to show fifty.
EXACT_COUNT = 10_000
DEEPEST_PAGE = 1_000
SIGNER = Signer(salt="cursor")
PAGE_SCHEMA = {"type": "integer", "minimum": 1, "maximum": DEEPEST_PAGE}
SIZE_SCHEMA = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": PAGE_SIZE}


@dataclass(frozen=True)
class Column:
    """What a list is ordered by: a lookup, and which way. What is unknown comes last either way."""

    lookup: str
    is_descending: bool = False

    @property
    def order(self) -> OrderBy:
        column = F(self.lookup)
        return column.desc(nulls_last=True) if self.is_descending else column.asc(nulls_last=True)

    def beyond(self, value: Any) -> Q:
        """Return the condition of rows with a later value; after an unknown value there is none."""
        if value is None:
            return Q(pk__in=[])
        after = {f"{self.lookup}__{'lt' if self.is_descending else 'gt'}": value}
        return Q(**after) | Q(**{f"{self.lookup}__isnull": True})


@dataclass(frozen=True)
class Page:
    """Some rows of a list, how many there are, and where to go from here."""

    rows: list[Any]
    count: int
    is_exact: bool
    next: str | None
    previous: str | None


@dataclass(frozen=True)
class Ahead:
    """What is known of a list before its tables are asked: how many rows, and of few which."""

    count: int
    numbers: list[int] | None = None


class Pages(BasePagination):
    """Describes in the schema how lists are paged; `page_of` pages them."""

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            _parameter("page", PAGE_SCHEMA),
            _parameter("page_size", SIZE_SCHEMA),
            _parameter(
                "cursor",
                {"type": "string"},
                "For machines, in place of `page`: empty for the first rows, then what `next` "
                "holds. Rows that are entered meanwhile move nothing.",
            ),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri-reference"}
        return {
            "type": "object",
            "required": ["count", "count_is_exact", "next", "previous", "results"],
            "properties": {
                "count": {"type": "integer", "minimum": 0, "maximum": EXACT_COUNT},
                "count_is_exact": {
                    "type": "boolean",
                    "description": f"False: there are more than {EXACT_COUNT:,}.",
                },
                "next": address,
                "previous": address,
                "results": schema,
            },
        }


def _parameter(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    found = {"name": name, "in": "query", "required": False, "schema": schema}
    return {**found, "description": description} if description else found


def in_order(queryset: QuerySet[Any], columns: Sequence[Column]) -> QuerySet[Any]:
    """Return rows by these columns and then by number, so that no two can change places."""
    return queryset.order_by(*(column.order for column in columns), "pk")


def several(query: QueryDict, name: str) -> list[str]:
    """Return the values of a parameter: with commas between them, or the parameter repeated."""
    given = (value.strip() for text in query.getlist(name) for value in text.split(","))
    return [value for value in given if value]


def page_size(query: QueryDict) -> int:
    """Return how many rows a page has. Raises ValidationError."""
    asked = query.get("page_size", str(PAGE_SIZE))
    if not re.fullmatch(r"[0-9]{1,3}", asked) or not 1 <= int(asked) <= MOST_ROWS:
        raise ValidationError({"page_size": f"Ask for 1 to {MOST_ROWS} rows."})
    return int(asked)


def page_of(
    request: Request,
    queryset: QuerySet[Any],
    columns: Sequence[Column],
    values: list[str],
    number: int | None = None,
) -> Page:
    """Return one page of a queryset, ordered by these columns and then by number.

    Rows are tuples of `values`. `number` says how many there are, where that is known; more than
    `EXACT_COUNT` are as good as one more.

    Raises ValidationError for a cursor or page that is none, NotFound for a page beyond the last.
    """
    query = request.query_params
    if "cursor" in query and "page" in query:
        raise ValidationError({"cursor": "Give a cursor or a page, not both."})
    ordered = in_order(queryset, columns)
    found = counted(queryset) if number is None else number
    counts = min(found, EXACT_COUNT), found <= EXACT_COUNT
    if "cursor" in query:
        return _by_cursor(request, ordered, columns, values, counts)
    return _by_number(request, ordered, values, counts)


def counted(queryset: QuerySet[Any]) -> int:
    """Return how many rows there are, exactly up to 10,000; of more 10,001."""
    try:
        some = queryset.order_by().values("pk")[: EXACT_COUNT + 1]
        sql, parameters = some.query.sql_with_params()
    except EmptyResultSet:  # Django knows that nothing can be found, and makes no SQL of it
        return 0
    with connection.cursor() as cursor:  # `count()` would put the query together a second time
        cursor.execute(f"SELECT count(*) FROM ({sql}) counted", parameters)
        return int(cursor.fetchone()[0])


def _by_number(
    request: Request, ordered: QuerySet[Any], values: list[str], counts: tuple[int, bool]
) -> Page:
    size = page_size(request.query_params)
    asked = request.query_params.get("page", "1")
    if not re.fullmatch(r"[0-9]{1,4}", asked) or not 1 <= int(asked) <= DEEPEST_PAGE:
        raise ValidationError(
            {"page": f"Ask for page 1 to {DEEPEST_PAGE:,}; beyond that, follow a cursor: cursor=."}
        )
    number = int(asked)
    start = (number - 1) * size
    rows = list(ordered.values_list(*values)[start : start + size + 1])
    if not rows and number > 1:
        raise NotFound("There is no such page: the list ends before.")
    more = len(rows) > size
    return Page(
        rows[:size],
        *counts,
        _address(request, page=number + 1) if more else None,
        _address(request, page=number - 1) if number > 1 else None,
    )


def _by_cursor(
    request: Request,
    ordered: QuerySet[Any],
    columns: Sequence[Column],
    values: list[str],
    counts: tuple[int, bool],
) -> Page:
    size = page_size(request.query_params)
    position = _position(request.query_params["cursor"], columns)
    if position is not None:
        ordered = ordered.filter(_after(columns, position))
    lookups = [column.lookup for column in columns]
    found = list(ordered.values_list(*values, *lookups, "pk")[: size + 1])
    rows = [row[: len(values)] for row in found[:size]]
    following = None
    if len(found) > size:
        following = _address(request, cursor=_cursor(found[size - 1][len(values) :], columns))
    return Page(rows, *counts, following, None)


def _after(columns: Sequence[Column], position: Sequence[Any]) -> Q:
    """Return the condition of rows after a position in the order of (columns, pk).

    Unknown values are last.
    """
    *known, number = position
    condition = Q(pk__gt=number)
    for column, value in reversed(list(zip(columns, known, strict=True))):
        same = (
            Q(**{f"{column.lookup}__isnull": True})
            if value is None
            else Q(**{column.lookup: value})
        )
        condition = column.beyond(value) | (same & condition)
    return condition


def _cursor(position: Sequence[Any], columns: Sequence[Column]) -> str:
    """Return a position as a text for an address, signed so that nobody else can make one."""
    plain = [value.isoformat() if isinstance(value, date) else value for value in position]
    return SIGNER.sign_object([_order_name(columns), *plain])


def _position(cursor: str, columns: Sequence[Column]) -> list[Any] | None:
    """Return the position of a cursor; None for an empty one, which is before the first row.

    Raises ValidationError for what is no cursor of this order.
    """
    if not cursor:
        return None
    try:
        order, *position = SIGNER.unsign_object(cursor)
    except (BadSignature, ValueError):
        order, position = None, []
    if order != _order_name(columns):
        raise ValidationError(
            {"cursor": "This is no cursor of this list in this order. Begin with cursor= (empty)."}
        )
    return position


def _order_name(columns: Sequence[Column]) -> str:
    return ",".join(f"{'-' if column.is_descending else ''}{column.lookup}" for column in columns)


def _address(request: Request, **changed: Any) -> str:
    """Return the address of this list with another page."""
    kept = [
        (name, value)
        for name, values in request.query_params.lists()
        for value in values
        if name not in changed
    ]
    return f"{request.build_absolute_uri(request.path)}?{urlencode([*kept, *changed.items()])}"


def link_header(page: Page) -> str:
    """Return the Link header (RFC 8288) of a page."""
    links = {"next": page.next, "prev": page.previous}
    return ", ".join(f'<{url}>; rel="{name}"' for name, url in links.items() if url)
