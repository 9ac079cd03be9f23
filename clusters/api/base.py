"""List and show what is published: one kind of endpoint for every kind of record."""

from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from django.db import models
from django.http import Http404
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from clusters.api.caching import cacheable, etag_for, not_modified_or
from clusters.api.files import (
    CSVRenderer,
    FileRenderer,
    JSONLinesRenderer,
    XLSXRenderer,
    file_of,
)
from clusters.api.paging import Ahead, Column, Page, Pages, link_header, page_of, several
from clusters.api.parquet import OPTIONAL as PARQUET
from clusters.api.parsers import JSONParser, MergePatchParser
from clusters.api.refusals import require_writer
from clusters.api.renderers import SPARSE, JSONRenderer
from clusters.api.tables import TableColumn
from clusters.api.views import VERSION, history_of
from clusters.api.writing import WritesParts, WritesRoots
from clusters.i18n import known_words, not_known, short
from clusters.models import Root, State
from clusters.models.base import name_path, root_model, root_path
from clusters.published import documents
from clusters.published.fields import whole
from clusters.published.lookup import GoneError, find_published
from clusters.published.serializers import serializer_for
from clusters.published.state import DataState, data_state
from clusters.records.schema import record_schema

# A slug or key, in any case of letters, so that an old spelling can be redirected.
NAME = "[-a-zA-Z0-9_]+"
# What names a record, and stands in every answer.
ALWAYS = ("url", "id", "slug")


class RecordViewSet(viewsets.GenericViewSet[Any]):
    """List and detail of one kind of record. Subclasses name the model, and more where needed.

    A list gives each record's own fields; a record at its own address has its parts as well.
    """

    model: ClassVar[type[models.Model]]
    # Of the public data, as the answer's tag says it.
    state: DataState
    filterset_class: Any = None
    filter_backends = [DjangoFilterBackend]
    pagination_class = Pages
    renderer_classes = [
        *(JSONRenderer, CSVRenderer, XLSXRenderer, JSONLinesRenderer),
        *PARQUET,
    ]
    # Whether the answer is for those only who may see drafts.
    is_private = False
    # Whether a row of its table reads the parts of its record, too.
    is_wide = False
    # The parts of which its tidy table has a row each.
    long_model: ClassVar[type[models.Model]]
    lookup_field = "slug"
    lookup_value_regex = NAME
    parser_classes = [JSONParser, MergePatchParser]
    http_method_names = ["get", "head", "options", "post", "patch", "delete"]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Read off the model how records are named in addresses."""
        super().__init_subclass__(**kwargs)
        model: Any = cls.__dict__.get("model")
        if model is None:
            return
        depth = root_path(model).count("__") + 2 if hasattr(model, "parent_field") else 1
        cls.queryset = model._default_manager.none()
        cls.lookup_value_regex = "/".join([NAME] * depth)
        cls.__doc__ = cls.__doc__ or model.__doc__

    def perform_authentication(self, request: Request) -> None:
        """Nobody is asked who they are before it matters: what is public is so for everybody."""

    def get_renderers(self) -> Any:
        """Files hold lists; one record is JSON."""
        return super().get_renderers() if self.action == "list" else [JSONRenderer()]

    @property
    def is_heavy(self) -> bool:
        """Whether the answer is a file of a whole list, of which one may ask for fewer."""
        return isinstance(self.request.accepted_renderer, FileRenderer)

    def further_columns(self) -> "Sequence[TableColumn]":
        """Return columns that its table has besides the fields of a record."""
        return ()

    def get_queryset(self) -> Any:
        manager: Any = self.model._default_manager
        return manager.published()

    def get_serializer_class(self) -> Any:
        return serializer_for(self.model, has_parts=self.action == "retrieve")

    @property
    def known_fields(self) -> list[str]:
        return list(self.get_serializer_class()().fields)

    @cacheable
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        queryset = self.get_queryset()
        if isinstance(request.accepted_renderer, FileRenderer):
            return file_of(self, request, self.filter_queryset(queryset))
        return self.page(request, queryset)

    def page(
        self, request: Request, queryset: models.QuerySet[Any], *, drafts: bool = False
    ) -> Response:
        """Answer with one page of what the filters leave of these records."""
        wanted = self.wanted_fields()
        left = self.filter_queryset(queryset)
        ahead = None if drafts else self.counted_ahead()
        if ahead is not None and ahead.numbers is not None:
            left = queryset.filter(pk__in=ahead.numbers)
        page = page_of(
            request,
            left,
            self.columns(),
            ["pk"] if self.is_root else [f"{root_path(self.model)}__pk", *name_path(self.model)],
            None if ahead is None else ahead.count,
        )
        found = self.drafted(page) if drafts else self.records(page)
        answer: dict[str, Any] = {
            "count": page.count,
            "count_is_exact": page.is_exact,
            "next": page.next,
            "previous": page.previous,
            "results": [orjson.Fragment(sparse(record, wanted)) for record in found],
        }
        headers = {"Link": links} if (links := link_header(page)) else {}
        return Response(answer, headers=headers, content_type=media_type(wanted))

    def counted_ahead(self) -> Ahead | None:
        """Return how many records the filters leave, where that is known without their tables."""
        return None

    def drafted(self, page: Page) -> "Sequence[bytes]":
        """Return the roots of a page as JSON, whether they are public or not."""
        root: Any = self.model
        reader: Any = self.request.user
        made = documents.build(root, [row[0] for row in page.rows], reader=reader)
        return [made[row[0]].record for row in page.rows]

    def records(self, page: Page) -> "Sequence[bytes]":
        """Return the records of a page as JSON, in its order; not what went since it was made."""
        if not self.is_root:
            return [*documents.named_parts(self.model, page.rows)]
        root: Any = self.model
        numbers = (row[0] for row in page.rows)
        return [answer.record for answer in documents.stream(root, numbers, parts=False)]

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        wanted = self.wanted_fields()
        for name in request.query_params:
            if name not in ("fields", "format"):
                raise ValidationError({name: "A record takes no parameter but “fields”."})
        name = self.kwargs[self.lookup_url_kwarg or self.lookup_field]
        answer = self.answer(name)
        record = self.taken_out(answer, name)
        response = not_modified_or(
            request._request,
            etag_for(request._request, answer.tag),
            answer.written or data_state().changed,
            lambda: Response(
                orjson.Fragment(sparse(record, wanted)), content_type=media_type(wanted)
            ),
        )
        if self.is_private:
            response["Cache-Control"] = "private, no-store"
        return response

    def taken_out(self, answer: documents.Answer, name: str) -> bytes:
        """Return what a name stands for: the root of an answer, or one of its parts."""
        if "/" not in name:
            return answer.whole
        for part in documents.parts_of(self.model, [answer]):
            if part["id"] == name:
                return orjson.dumps(part)
        raise self.none_called(name)

    def answer(self, name: str) -> documents.Answer:
        """Return the answer of the root that a name begins with, or find out what became of it."""
        model: Any = root_model(self.model)
        slug = name.partition("/")[0]
        written = documents.find(model._meta.model_name, slug)
        if written is not None:
            return written
        try:
            found = find_published(model.objects.published(), slug)
        except (Http404, GoneError) as error:
            if (draft := self.draft(model, slug)) is not None:
                return draft
            if isinstance(error, GoneError):
                raise
            raise self.none_called(name) from None
        return documents.build(model, [found.pk])[found.pk]

    def draft(self, model: type[Root], slug: str) -> documents.Answer | None:
        """Return the answer of a record that is not public, to those who may see it."""
        user = self.request.user
        if not user.is_authenticated:
            return None
        found = model.objects.visible_to(user).filter(slug=slug).first()
        if found is None:
            return None
        self.is_private = True
        return documents.build(model, [found.pk], reader=user)[found.pk]

    def none_called(self, name: str) -> NotFound:
        return NotFound(f"There is no published {self.model._meta.verbose_name} “{name}”.")

    @property
    def is_root(self) -> bool:
        return issubclass(self.model, Root)

    @classmethod
    def ordering_columns(cls) -> dict[str, str]:
        """Names one can order by, with their columns; dates order by their first day."""
        columns = {}
        for spec in record_schema(cls.model).fields:
            if spec.kind == "date":
                columns[spec.name] = f"{spec.name}_earliest"
            elif spec.kind == "scalar" and not isinstance(spec.field, models.TextField):
                columns[spec.name] = spec.name
        return columns

    def columns(self) -> Sequence[Column]:
        """Return what `ordering=` asks for; nothing else than the order of entry without it."""
        known = self.ordering_columns()
        found = []
        for part in several(self.request.query_params, "ordering"):
            name = part.removeprefix("-")
            if name not in known:
                said = f"One cannot order by “{short(name)}”. {known_words(name, known)}"
                raise ValidationError({"ordering": said})
            found.append(Column(known[name], part[0] == "-"))
        return found

    def wanted_fields(self) -> "frozenset[str] | None":
        """Return what `fields=` asks for, or None for everything. Raises ValidationError."""
        wanted = several(self.request.query_params, "fields")
        known = self.known_fields
        if not wanted and "fields" in self.request.query_params:
            raise ValidationError({"fields": f"Name a field. {known_words('', known)}"})
        if not wanted:
            return None
        if unknown := [name for name in wanted if name not in known]:
            said = f"There is no field “{short(unknown[0])}”. {known_words(unknown[0], known)}"
            raise ValidationError({"fields": said})
        return frozenset([*ALWAYS, *wanted])


class PartViewSet(WritesParts, RecordViewSet):
    """Parts are written as changes of their root."""


class RootViewSet(WritesRoots, RecordViewSet):
    """Roots are published, changed and withdrawn as one, and so have a history."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """What is published is so for everybody; other states are seen by those who may."""
        asked = several(request.query_params, "state")
        is_public = "state" not in request.query_params or asked == [State.PUBLISHED]
        return super().list(request) if is_public else self.drafts(request)

    def drafts(self, request: Request) -> Response:
        """List records in some state, as far as whoever asks may see them."""
        user = require_writer(request, lambda user: True, is_reading=True)
        asked = several(request.query_params, "state")
        if unknown := [state for state in asked or [""] if state not in State.values]:
            raise ValidationError({"state": not_known(unknown[0], State.values)})
        visible = self.model.objects.visible_to(user).filter(state__in=asked)  # type: ignore[attr-defined]
        if isinstance(request.accepted_renderer, FileRenderer):
            raise ValidationError(
                {"state": "Files hold what is published; a list of drafts is JSON."}
            )
        response = self.page(request, visible, drafts=True)
        response["Cache-Control"] = "private, no-store"
        return response

    @extend_schema(
        responses={
            200: whole({"results": {"type": "array", "items": VERSION}}),
        },
        filters=False,
    )
    @action(detail=True, pagination_class=None, filter_backends=[])
    @cacheable
    def history(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Every public version, first to last: when, why, and what it changed."""
        for name in request.query_params:
            if name != "format":
                raise ValidationError({name: "A history takes no parameter."})
        slug = self.kwargs[self.lookup_field]
        try:
            found = find_published(self.get_queryset(), slug)
        except Http404:
            if self.draft(self.model, slug) is not None:  # nothing of it was public yet
                return Response({"results": []})
            raise self.none_called(slug) from None
        return Response({"results": history_of(record_schema(self.model).folder, found.pk)})


def media_type(wanted: frozenset[str] | None) -> str | None:
    """Return the type of an answer of some fields; None for that of whole records."""
    return None if wanted is None else SPARSE


def sparse(record: bytes, wanted: frozenset[str] | None) -> bytes:
    """Return what is wanted of a record as JSON; everything where `wanted` is None."""
    if wanted is None:
        return record
    return orjson.dumps({k: v for k, v in orjson.loads(record).items() if k in wanted})
