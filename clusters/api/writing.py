"""Writes of the API: created, changed, deleted, proposed, by the same actions as everywhere.

A body is what a case file of the record holds, as JSON. Nothing is half-saved, and every mistake
is told at once, with a pointer into the body.
"""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar
from urllib.parse import urlsplit

import orjson
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from clusters.actions.changing import change as carry_out
from clusters.actions.entering import create, delete, read
from clusters.actions.permissions import MAY_NOT, Becomes, becomes
from clusters.actions.publishing import NotAllowed, lock_public_log
from clusters.actions.reviewing import withdraw_reviewed
from clusters.api.bodies import create_name, patch_name
from clusters.api.caching import etag_for
from clusters.api.proposals import proposal_data
from clusters.api.reading import as_written
from clusters.api.refusals import check_version, is_trial, map_errors, reason_of, require_writer
from clusters.models import IdempotentRequest, Root, User
from clusters.models.base import root_model
from clusters.models.roles import Visitor, may_review
from clusters.published import documents
from clusters.published.fields import BASE, api_path
from clusters.records.dry_run import dry_run_if
from clusters.records.merge import differences, value_at, with_value
from clusters.records.schema import record_schema
from clusters.records.serialization import Document, document_of
from clusters.web.exceptions import Problem

MOST_RECORDS = 1_000
KEY = re.compile(r"[\x21-\x7e]{1,200}")


def merge_patch(target: Any, patch: Any) -> Any:
    """Return a value changed by a JSON Merge Patch (RFC 7396).

    In it null takes a value away, and a list replaces a list.

    >>> merge_patch({"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}})
    {'b': {'c': 2, 'd': 3}}
    """
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


def locked(view: "Writes", user: User) -> Root:
    """Return the root that an address names, and keep others from changing it."""
    name = view.kwargs[view.lookup_field]
    if "\x00" in name:  # which no column holds, and no query takes
        raise view.none_called(name.replace("\x00", ""))
    model: Any = root_model(view.model)
    visible = model.objects.visible_to(user).filter(slug=name.partition("/")[0])
    if visible.published().exists():
        lock_public_log()  # before the row, as everybody takes these two locks
    found: Root | None = visible.select_for_update(of=("self",)).first()
    if found is None:
        raise view.none_called(name)
    return found


def carried_once(request: Request, user: User, act: Callable[[], Response]) -> Response:
    """Return the answer of a POST; one with an Idempotency-Key is carried out only once.

    Sent again, it gets the same answer. Raises Problem where its key was used otherwise.
    """
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not KEY.fullmatch(key):
        raise Problem(400, "An Idempotency-Key has 1 to 200 printable characters, no spaces.")
    if key is None or is_trial(request, "reason"):
        return act()  # what is only tried may be sent in earnest under the same key
    body = orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS)
    address = request.get_full_path().encode("utf-8", "surrogateescape")
    fingerprint = hashlib.sha256(address + b"\0" + body).hexdigest()
    too_old = timezone.now() - IdempotentRequest.KEPT
    with transaction.atomic():
        IdempotentRequest.objects.filter(at__lt=too_old).delete()
        # A second one waits here until the first is through.
        known, is_new = IdempotentRequest.objects.get_or_create(
            user=user, key=key, defaults={"fingerprint": fingerprint}
        )
        if known.fingerprint != fingerprint:
            raise Problem(422, "This Idempotency-Key was used for another request.")
        if is_new:
            response = act()
            known.status = response.status_code
            known.headers = {
                name: response[name] for name in ("Location", "ETag") if name in response.headers
            }
            known.body = orjson.dumps(response.data).decode()
            known.save()
            return response
    headers = {**known.headers, "Idempotency-Replayed": "true"}
    return Response(orjson.Fragment(known.body), status=known.status, headers=headers)


def carried_out(request: Request, act: Callable[[], Response]) -> Response:
    """Carry a write out, or only try it where the address says `dry_run=true`.

    The answer is the same then, but for 200 in place of 201, and without an address.
    """
    is_tried = is_trial(request, "reason")
    with dry_run_if(is_tried):
        response = act()
    if is_tried:
        if response.status_code == 201:
            response.status_code = 200
        response.headers.pop("Location", None)
    return response


def may_be_tried(method: Callable[..., Response]) -> Callable[..., Response]:
    """Declare a write of a view, all or nothing, that `dry_run=true` only tries."""

    @wraps(method)
    @transaction.atomic
    def write(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        return carried_out(request, lambda: method(view, request, *args, **kwargs))

    return write


def answer_before(record: Root, reader: Visitor) -> documents.Answer:
    """Return the answer of a record before it is changed: the written one, if there is one."""
    written = documents.find(record_schema(type(record)).kind, record.slug)
    return written or answer_now(record, reader)


def answer_now(record: Root, reader: Visitor) -> documents.Answer:
    """Return the answer of a record as it is now, draft or not."""
    return documents.build(type(record), [record.pk], reader=reader)[record.pk]


def shown(
    request: Request, answer: documents.Answer, text: bytes, path: str, status: int = 200
) -> Response:
    """Return a response of a record or part with its tag and, where it is new, its address."""
    headers = {"ETag": etag_for(request._request, answer.tag), "Cache-Control": "private, no-store"}
    if status == 201:
        headers["Location"] = request.build_absolute_uri(path)
    return Response(orjson.Fragment(text), status=status, headers=headers)


def as_read(request: Request, text: bytes) -> Document:
    """Return an answer as its client has it, with the site's own addresses."""
    site = request.build_absolute_uri("/").rstrip("/")
    found: Document = orjson.loads(text.replace(BASE.encode(), site.encode()))
    return found


class Writes(ABC):
    """What writes of roots and of parts share."""

    model: ClassVar[Any]
    kwargs: dict[str, Any]
    lookup_field: str
    none_called: Callable[[str], NotFound]
    taken_out: Callable[[documents.Answer, str], bytes]

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        user = require_writer(request)

        def act() -> Response:
            return carried_out(request, lambda: self._create(request, user))

        return carried_once(request, user, act)

    @abstractmethod
    def _create(self, request: Request, user: User) -> Response:
        """Carry the creation out, all or nothing."""


class WritesRoots(Writes):
    """Create, change and delete roots; drafts are seen by those who may."""

    @transaction.atomic
    def _create(self, request: Request, user: User) -> Response:
        body: Any = request.data
        is_list = isinstance(body, list)
        if is_list and not 1 <= len(body) <= MOST_RECORDS:
            raise Problem(400, f"Send 1 to {MOST_RECORDS:,} records at once.")
        reason = reason_of(request, is_needed=False)
        shape = record_schema(self.model)
        body = [as_written(item, shape) for item in body] if is_list else as_written(body, shape)
        with map_errors(body, create_name(self.model), is_list=is_list):
            records = create(
                shape=shape, values=body if is_list else [body], by=user, reason=reason
            )
        if not is_list:
            return self.shown(request, records[0], status=201)
        made = documents.build(self.model, [record.pk for record in records], reader=user)
        results = [orjson.Fragment(made[record.pk].record) for record in records]
        return Response({"count": len(results), "results": results}, status=201)

    @may_be_tried
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        user = require_writer(request)
        record = locked(self, user)
        before = answer_before(record, user)
        check_version(request, record, before.tag)
        base = document_of(record, public=True)
        was = as_read(request, before.whole)
        body = as_written(request.data, record_schema(self.model), was)
        with map_errors(body, patch_name(self.model)):
            document = merge_patch(base, body)
            return change(request, user, record, base, document, self.shown)

    def shown(self, request: Request, record: Root, status: int = 200) -> Response:
        answer = answer_now(record, request.user)
        return shown(request, answer, answer.whole, api_path(record), status)

    @may_be_tried
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        user = require_writer(request)
        record = locked(self, user)
        check_version(request, record, answer_before(record, user).tag)
        reason = reason_of(request, is_needed=record.is_published)
        with map_errors(None):
            if record.is_published:
                require_writer(request, may_review)
                withdraw_reviewed(records=[record], by=user, reason=reason)
                return Response({"withdrawn": f"{BASE}{api_path(record)}", "reason": reason})
            removal = delete(record=record, by=user, reason=reason)
        undo = reverse("api-removal-restore", args=[removal.pk])
        return Response({"removed": f"{BASE}{api_path(record)}", "undo": f"{BASE}{undo}"})


class WritesParts(Writes):
    """Create, change and delete parts of roots: each is a change of its root."""

    @transaction.atomic
    def _create(self, request: Request, user: User) -> Response:
        parent = self.model.parent_field
        sent = as_written(request.data, record_schema(self.model))
        body = dict(sent) if isinstance(sent, dict) else {}
        above, key = body.pop(parent, None), body.get("key")
        if not (isinstance(above, str) and above and isinstance(key, str) and key):
            with map_errors(sent, create_name(self.model)):
                raise NotAllowed([f"Name its {parent} and its key."])
        self.kwargs[self.lookup_field] = name = f"{above}/{key}"
        record = locked(self, user)
        base = document_of(record, public=True)
        at = self.place(name)
        if value_at(base, at[:-2]) is None and len(at) > 2:
            raise self.none_called(str(above))
        if value_at(base, at) is not None:
            detail = "Another one in this record has this key."
            raise Problem(400, detail, errors=[{"pointer": "/key", "detail": detail}])
        with map_errors(sent, create_name(self.model), at=at):
            document = with_value(base, at, body)
            return change(request, user, record, base, document, self.shown, status=201)

    @may_be_tried
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        user = require_writer(request)
        record, base, at, before = self.found(request, user)
        was = as_read(request, self.taken_out(before, self.name_in(record)))
        body = as_written(request.data, record_schema(self.model), was)
        patched = merge_patch(value_at(base, at), body)
        if isinstance(patched, dict) and patched.get("key", at[-1]) != at[-1]:
            raise Problem(409, "A part keeps its key: it is its name. Make a new one instead.")
        with map_errors(body, patch_name(self.model), at=at):
            document = with_value(base, at, patched)
            return change(request, user, record, base, document, self.shown)

    @may_be_tried
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        user = require_writer(request)
        record, base, at, _before = self.found(request, user)
        with map_errors(None):
            return change(request, user, record, base, with_value(base, at, None), self.shown_root)

    def name_in(self, record: Root) -> str:
        """Return what names the part that is asked for; its root may have been renamed."""
        _slug, slash, keys = self.kwargs[self.lookup_field].partition("/")
        return f"{record.slug}{slash}{keys}"

    def shown(self, request: Request, record: Root, status: int = 200) -> Response:
        answer = answer_now(record, request.user)
        text = self.taken_out(answer, self.name_in(record))
        return shown(request, answer, text, urlsplit(orjson.loads(text)["url"]).path, status)

    def shown_root(self, request: Request, record: Root, status: int = 200) -> Response:
        answer = answer_now(record, request.user)
        return shown(request, answer, answer.whole, api_path(record), status)

    def found(
        self, request: Request, user: User
    ) -> tuple[Root, Document, tuple[str, ...], documents.Answer]:
        """Return the root of a part, its document, where in it the part stands, and its answer."""
        record = locked(self, user)
        base = document_of(record, public=True)
        name = self.kwargs[self.lookup_field]
        at = self.place(name)
        if value_at(base, at) is None:
            raise self.none_called(name)
        before = answer_before(record, user)
        check_version(request, record, before.tag)
        return record, base, at, before

    def place(self, name: str) -> tuple[str, ...]:
        """Return where a part stands in the document of its root: lists and keys in turn."""
        keys = name.split("/")[1:]
        lists = documents.path_to(self.model)
        if len(keys) != len(lists):
            raise self.none_called(name)
        return tuple(step for pair in zip(lists, keys, strict=True) for step in pair)


def change(
    request: Request,
    user: User,
    record: Root,
    base: Document,
    document: Any,
    show: Callable[..., Response],
    status: int = 200,
) -> Response:
    """Carry a change out, or propose it where the record is public and somebody else decides.

    What changes nothing is answered with the record as it is.
    """
    if becomes(record, user) is Becomes.REFUSED:
        raise NotAllowed([MAY_NOT])
    (case_file,) = read(record_schema(type(record)), [document])
    if not differences(base, case_file.document):
        return show(request, record)
    reason = reason_of(request, is_needed=record.is_published)
    proposal = carry_out(
        record=record,
        base=base,
        document=document,
        by=user,
        reason=reason,
        site=request.build_absolute_uri("/"),
        force=True,
    )
    if proposal is not None:
        address = reverse("api-proposal", args=[proposal.pk])
        headers = {"Location": request.build_absolute_uri(address)}
        return Response(proposal_data(proposal), status=202, headers=headers)
    return show(request, record, status=status)
