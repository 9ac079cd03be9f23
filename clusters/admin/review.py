"""The review of a record, on its page: how far it is, and the steps that somebody takes there."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clusters.actions.commenting import comment, resolve
from clusters.actions.publishing import NotAllowed, PublishError, publish_errors
from clusters.actions.reviewing import (
    missing_citations,
    publish_reviewed,
    reopen,
    return_to_author,
    steps_for,
    submit_together,
    take_back,
    transition_errors,
    withdraw_reviewed,
)
from clusters.admin.urls import admin_url
from clusters.models import Comment, Proposal, ProposalState, ReviewStep, Root, State, Step, User
from clusters.records.schema import record_schema, record_schemas
from clusters.records.serialization import Document, document_of, documents_of
from clusters.values.cleaning import record_number


@dataclass(frozen=True)
class Review:
    """The review of one record as it is saved, for one request."""

    record: Root
    request: HttpRequest

    @property
    def user(self) -> Any:
        return self.request.user

    @property
    def kind(self) -> str:
        return record_schema(type(self.record)).folder

    @property
    def of_record(self) -> dict[str, Any]:
        """What finds the steps, comments and proposals of the record."""
        return {"kind": self.kind, "object_id": self.record.pk}

    @property
    def comments(self) -> Any:
        return Comment.objects.filter(**self.of_record)

    @property
    def address(self) -> str:
        return admin_url(self.kind, self.record.pk)

    @property
    def url(self) -> str:
        """The record's address with its host, as mails name it."""
        return self.request.build_absolute_uri(self.address)

    # --- How far it is -----------------------------------------------------------------------

    def so_far(self) -> dict[str, Any]:
        """Return the steps there are, what is missing, what was done and what was said."""
        missing = self.lacking()
        named = self.named_by_all(missing)
        chain = list(ReviewStep.objects.filter(**self.of_record).select_related("by"))
        is_returned = self.record.state == State.RETURNED
        return {
            "history_url": admin_url(self.kind, self.record.pk, "history"),
            "delete_url": admin_url(self.kind, self.record.pk, "delete"),
            # Handing in goes with saving.
            "steps": [
                step for step in steps_for(self.user, self.record) if step is not Step.SUBMITTED
            ],
            "missing": [error for error in missing if error.names is None],
            "named": self.named(named),
            "chain": chain,
            "returned": next((step for step in reversed(chain) if is_returned), None),
            "comments": self.comments.select_related("by", "resolved_by"),
            "proposals": Proposal.objects.filter(**self.of_record, state=ProposalState.OPEN),
        }

    def lacking(self) -> list[PublishError]:
        """Return what keeps the record from being public."""
        return publish_errors({self.record: document_of(self.record, public=True)})

    def named_by_all(self, found: list[PublishError]) -> list[tuple[type[Root], str]]:
        """Return what is not public and named by the record, by what it names, and so on.

        `found` is what the record itself lacks.
        """
        names: dict[tuple[type[Root], str], None] = {}
        while new := {
            error.names: None
            for error in found
            if error.names is not None and error.names not in names
        }:
            names |= new
            found = publish_errors(dict(self.documents(self.seen(new))))
        return list(names)

    def documents(self, rows: list[Root]) -> Iterator[tuple[Root, Document]]:
        """Yield records with their documents, fetched kind by kind."""
        for _model, some in groupby(rows, key=type):
            of_kind = list(some)
            yield from zip(of_kind, documents_of(of_kind, public=True), strict=True)

    def seen(self, names: Iterable[tuple[type[Root], str]]) -> list[Root]:
        """Return those of the named records that one may see."""
        slugs: dict[type[Root], list[str]] = {}
        for model, slug in names:
            slugs.setdefault(model, []).append(slug)
        return [
            row
            for model, wanted in slugs.items()
            for row in model.objects.visible_to(self.user).filter(slug__in=wanted).with_names()
        ]

    def named(self, names: list[tuple[type[Root], str]]) -> list[dict[str, Any]]:
        """Return unpublished records that this one names, to be published before or together."""
        visible = {(type(row), row.slug): row for row in self.seen(names)}
        return [
            named_of(model, slug, visible.get((model, slug)), self.user) for model, slug in names
        ]

    # --- Handing in --------------------------------------------------------------------------

    def hand_in(self) -> bool:
        """Hand the record in, with a message on what came of it; return whether it was."""
        others = [
            row
            for row in self.seen(self.named_by_all(self.lacking()))
            if not transition_errors(Step.SUBMITTED, row, self.user) and not missing_citations(row)
        ]
        try:
            submit_together(records=[self.record, *others], by=self.user, url=self.url)
        except NotAllowed as error:
            self.say_not_handed_in(error.reasons)
            return False
        messages.success(self.request, _("Submitted: an editor reviews it."))
        if others:
            words = _("Submitted with it: %(titles)s.")
            messages.success(self.request, words % {"titles": ", ".join(map(str, others))})
        self.say_what_else_to_submit()
        return True

    def say_not_handed_in(self, reasons: list[str]) -> None:
        """Say why a record is not handed in; what it lacks is listed on its page, with links."""
        if lacking := sum(error.names is None for error in self.lacking()):
            words = ngettext(
                "Not handed in: %(n)s value has no place yet. It is listed below.",
                "Not handed in: %(n)s values have no place yet. They are listed below.",
                lacking,
            )
            reasons = [words % {"n": lacking}]
        for reason in reasons:
            messages.error(self.request, reason)

    def say_what_else_to_submit(self) -> None:
        """Name in a message the drafts without which the record cannot be public."""
        named = self.named(self.named_by_all(self.lacking()))
        titles = [draft["title"] for draft in named if not draft.get("is_handed_in", True)]
        if titles:
            words = _("It names what is not public yet: %(titles)s. Submit that, too.")
            messages.warning(self.request, words % {"titles": ", ".join(titles)})

    # --- Steps -------------------------------------------------------------------------------

    def act(self, name: str) -> str:
        """Take a step; return words on it. Raises NotAllowed, PermissionDenied for no step."""
        acts = {
            "return": self.send_back,
            "take-back": self.take_back,
            "publish": self.publish,
            "withdraw": self.withdraw,
            "reopen": self.reopen,
            "comment": self.comment,
            "resolve": self.resolve,
        }
        if name not in acts:
            raise PermissionDenied
        return acts[name](self.request.POST.get("why", ""))

    def send_back(self, why: str) -> str:
        return_to_author(record=self.record, by=self.user, reason=why, url=self.url)
        return _("Returned to its author.")

    def take_back(self, why: str) -> str:
        take_back(record=self.record, by=self.user, note=why)
        return _("It is a draft again.")

    def withdraw(self, why: str) -> str:
        if self.request.POST.get("sure") != "withdraw":
            raise NotAllowed([_("Tick that you want to withdraw it.")])
        withdraw_reviewed(records=[self.record], by=self.user, reason=why, url=self.url)
        return _("Withdrawn. An editor can reopen it as a draft.")

    def reopen(self, why: str) -> str:
        reopen(record=self.record, by=self.user, reason=why, url=self.url)
        return _("It is a draft again.")

    def comment(self, why: str) -> str:
        data = self.request.POST
        url = self.request.build_absolute_uri(f"{self.address}#talk")
        comment(
            record=self.record,
            by=self.user,
            text=data.get("text", ""),
            field=data.get("field", ""),
            url=url,
        )
        return _("Commented.")

    def resolve(self, why: str) -> str:
        number = record_number(self.request.POST.get("comment", ""))
        found = get_object_or_404(self.comments, pk=number)
        resolve(comment=found, by=self.user)
        return _("Settled.")

    def publish(self, why: str) -> str:
        """Publish the record together with those it names that were ticked; return words for it."""
        together = [self.record]
        for name in self.request.POST.getlist("together"):
            kind, _slash, slug = name.partition("/")
            model: Any = record_schemas()[kind].model if kind in record_schemas() else None
            if model is not None and issubclass(model, Root):
                together.append(get_object_or_404(model.objects.visible_to(self.user), slug=slug))
        why = why or _("Reviewed")
        publish_reviewed(records=together, by=self.user, reason=why, url=self.url)
        return _("Published.")


def named_of(model: type[Root], slug: str, found: Root | None, user: User) -> dict[str, Any]:
    """Return what the page says of a named record; of one that may not be seen, its slug alone."""
    kind = record_schema(model).folder
    if found is None:
        return {"title": slug, "kind": kind}
    return {
        "title": str(found),
        "kind": kind,
        "state": found.get_state_display(),
        "url": admin_url(kind, found.pk),
        "value": f"{kind}/{slug}",
        "is_handed_in": found.state == State.IN_REVIEW,
        "can_join": not transition_errors(Step.PUBLISHED, found, user),
    }
