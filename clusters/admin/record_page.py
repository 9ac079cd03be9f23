"""One page to enter, change and review a record: what it shows, and what is saved there."""

import json
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from clusters.actions.changing import change
from clusters.actions.entering import Conflicts, create, read
from clusters.actions.permissions import Becomes, becomes
from clusters.actions.publishing import NotAllowed, NotPublishable
from clusters.admin.autosave import token_of, unfinished_of
from clusters.admin.form_layout import Sections, card_of
from clusters.admin.pickers import labels_of
from clusters.admin.record_form import Entry
from clusters.admin.review import Review
from clusters.models import FormDraft, Proposal, ProposalState, Root
from clusters.models.roles import Visitor, may_review
from clusters.records.history import RecordHistory
from clusters.records.merge import Difference, merge, value_at, with_value
from clusters.records.schema import RecordSchema, record_schema
from clusters.records.serialization import Document, document_of
from clusters.records.validation import CaseFilesRefused, Problem
from clusters.values.cleaning import read_json, record_number
from clusters.values.codelists import CODELISTS

UNPROCESSABLE = 422
# Of these acts each saves the form first.
SAVING = ("save", "continue", "submit")


def document_for(record: Root, user: Visitor) -> Document:
    """Return a record as its page shows it: without open codings, to editors with private notes."""
    return document_of(record, public=True, private=may_review(user))


@dataclass
class RecordPage:
    """The page of one record, or of a new one, for one request."""

    admin: Any
    request: HttpRequest
    record: Root | None
    homeless: list[Problem] = field(default_factory=list)
    conflicts: list[Difference] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    # Whether the form holds something of the record's past, which is not saved yet.
    is_restoring: bool = False
    # Of which returned proposal an unfinished form was.
    kept_of_proposal: str = ""

    @property
    def user(self) -> Any:
        return self.request.user

    @cached_property
    def shape(self) -> RecordSchema:
        return record_schema(self.admin.model)

    @property
    def is_read_only(self) -> bool:
        return becomes(self.record, self.user) is Becomes.REFUSED

    @property
    def needs_reason(self) -> bool:
        return self.record is not None and self.record.is_published

    @property
    def opens_proposal(self) -> bool:
        """Whether saving makes a proposal, for somebody else to approve, in place of a change."""
        return becomes(self.record, self.user) is Becomes.PROPOSAL

    def respond(self) -> HttpResponse:
        if self.request.method == "POST":
            return self.act()
        return self.show()

    # --- Showing -----------------------------------------------------------------------------

    def show(self) -> HttpResponse:
        """Show the record as it is, or what was typed of it and not saved, or was returned."""
        kept = self.kept()
        if kept is not None:
            data = QueryDict(kept.data)
            self.kept_of_proposal = data.get("proposal", "")
            entry, base = Entry.from_data(self.shape, data), base_of(data)
            entry.document()  # gives new parts their keys
            return self.page(entry, base, data, token=str(kept.token))
        proposal = self.going_on
        if proposal is None and "proposal" in self.request.GET:
            raise Http404
        if proposal is not None:
            return self.page(Entry.from_document(self.shape, proposal.document), proposal.base)
        document = {} if self.record is None else document_for(self.record, self.user)
        return self.page(Entry.from_document(self.shape, self.restored(document)), document)

    def restored(self, document: Document) -> Document:
        """Return the document with what is to be restored of its past, to be looked at first."""
        asked = self.request.GET
        if self.record is None or not ("as-of" in asked or "before" in asked):
            return document
        self.is_restoring = True
        past = RecordHistory(self.admin.model, self.record.pk, private=may_review(self.user))
        if "as-of" in asked:
            moment = past.at(asked["as-of"])
            if moment is None or moment.document is None:
                raise Http404
            return {**moment.document, "slug": document["slug"]}
        moment = past.at(asked["before"])
        where = tuple(asked.get("where", "").split("."))
        differences = moment.differences if moment else []
        found = next((difference for difference in differences if difference.where == where), None)
        if found is None:
            raise Http404
        return with_value(document, where, found.before)

    def kept(self) -> FormDraft | None:
        if (text := self.request.GET.get("unfinished")) is None:
            return None
        rows = unfinished_of(self.user, self.admin.model, self.record)
        return get_object_or_404(rows, pk=token_of(text))

    @cached_property
    def going_on(self) -> Proposal | None:
        """The returned proposal of the user's own that this form goes on with, or None."""
        asked = self.request.POST.get("proposal") or self.request.GET.get("proposal")
        number = record_number(asked or self.kept_of_proposal)
        if self.record is None or number is None:
            return None
        rows = Proposal.objects.filter(
            by=self.user,
            state=ProposalState.RETURNED,
            kind=self.shape.folder,
            object_id=self.record.pk,
        )
        return rows.select_related("decided_by").filter(pk=number).first()

    def page(
        self,
        entry: Entry,
        base: Document,
        data: QueryDict | None = None,
        *,
        token: str = "",
        status: int = 200,
    ) -> HttpResponse:
        sent = data or QueryDict()
        entry.settle_paths()
        if not may_review(self.user):
            entry.hidden = self.shape.model.private  # type: ignore[attr-defined]
        labels = labels_of(entry.references(), self.user)
        card = card_of(entry, labels, self.layout)
        token = token or sent.get("token", "") or str(uuid.uuid4())
        context = {
            **self.admin.admin_site.each_context(self.request),
            "opts": self.admin.model._meta,
            "title": str(self.record) if self.record else self.new_title(),
            "record": self.record,
            "card": card,
            "kind": self.shape.folder,
            "base": json.dumps(base, ensure_ascii=False),
            "token": token,
            "reason": sent.get("reason", self.going_on.reason if self.going_on else ""),
            "going_on": self.going_on,
            "homeless": self.homeless,
            "conflicts": self.conflicts,
            "refusals": self.refusals,
            "number_of_problems": entry.number_of_problems + len(self.homeless),
            "unfinished": self.others_unfinished(token),
            "is_read_only": self.is_read_only,
            "is_restoring": self.is_restoring,
            "needs_reason": self.needs_reason,
            "codelists": [] if self.is_read_only else CODELISTS,
            "opens_proposal": self.opens_proposal,
            **self.so_far(),
        }
        return TemplateResponse(
            self.request, "admin/desk/record.html", context, status=status
        ).render()

    def layout(self, model: type[Model]) -> Sections:
        """Return how the admin of a kind of record or part lays it out."""
        found: Sections = self.admin.admin_site.get_model_admin(model).sections
        return found

    def new_title(self) -> str:
        return _("New %(kind)s") % {"kind": self.admin.model._meta.verbose_name}

    def others_unfinished(self, token: str) -> list[FormDraft]:
        rows = unfinished_of(self.user, self.admin.model, self.record).filter(discarded_at=None)
        return [draft for draft in rows if str(draft.token) != token]

    def so_far(self) -> dict[str, Any]:
        """Return what the review of the record has come to; of a new one there is none."""
        if self.record is None:
            return {"steps": [], "missing": [], "named": [], "chain": [], "comments": []}
        quality = self.admin.quality_of(self.record)
        may_delete = self.admin.has_delete_permission(self.request, self.record)
        return {**self.review.so_far(), "quality": quality, "may_delete": may_delete}

    @property
    def review(self) -> Review:
        """The review of the record as it is saved now. Raises PermissionDenied for a new one."""
        if self.record is None:
            raise PermissionDenied
        return Review(self.record, self.request)

    # --- Doing -------------------------------------------------------------------------------

    def act(self) -> HttpResponse:
        """Carry out what was asked; a refusal shows the page again with all that was typed."""
        data = self.request.POST
        name = data.get("act", "save")
        if name in SAVING:
            return self.save(data)
        try:
            done = self.review.act(name)
        except NotAllowed as error:
            for reason in error.reasons:
                messages.error(self.request, reason)
        else:
            messages.success(self.request, done)
        tab = "talk" if name in ("comment", "resolve") else "review"
        return HttpResponseRedirect(f"{self.request.path}#{tab}")

    def save(self, data: QueryDict) -> HttpResponse:
        if self.is_read_only:
            raise PermissionDenied
        entry, base = Entry.from_data(self.shape, data), base_of(data)
        document = self.settled(entry.document(), data)
        if not may_review(self.user):
            for name in self.shape.model.private:  # type: ignore[attr-defined]
                document.pop(name, None)
        reason = data.get("reason", "")
        try:
            done, address = self.carry_out(document, base, reason)
        except CaseFilesRefused as error:
            self.homeless = entry.put_problems(error.problems)
        except NotPublishable as error:
            self.homeless = entry.put_problems(
                Problem("", 0, ".".join(missing.where), missing.here) for missing in error.errors
            )
        except NotAllowed as error:
            self.refusals = error.reasons
        except Conflicts as error:
            return self.with_both(error, base, document, data)
        else:
            if token := token_of(data.get("token", "")):
                FormDraft.objects.filter(user=self.user, pk=token).delete()
            messages.success(self.request, done)
            return self.after_saving(data.get("act", "save"), address)
        return self.page(entry, base, data, status=UNPROCESSABLE)

    def carry_out(self, document: Document, base: Document, reason: str) -> tuple[str, str]:
        """Enter, change or propose a document. Return what was done, and the page to go to."""
        if self.record is None:
            (self.record,) = create(
                shape=self.shape, values=[document], by=self.user, reason=reason
            )
            return _("Entered as a draft."), self.review.address
        proposed = change(
            record=self.record,
            base=base,
            document=document,
            by=self.user,
            reason=reason,
            site=self.request.build_absolute_uri("/"),
            in_place_of=self.going_on,
        )
        if proposed is not None:
            return _("Proposed: an editor decides on it."), proposed.get_absolute_url()
        return _("Saved."), self.review.address

    def after_saving(self, act: str, address: str) -> HttpResponse:
        is_draft = self.record is not None and not self.record.is_published
        if act == "submit" and is_draft and not self.review.hand_in():
            return HttpResponseRedirect(f"{address}#review")
        return HttpResponseRedirect(address)

    def settled(self, document: Document, data: QueryDict) -> Document:
        """Put in what somebody chose of others' values, where both had changed one."""
        if self.record is None:
            return document
        now = document_for(self.record, self.user)
        for name in data.getlist("theirs"):
            where = tuple(name.split("."))
            document = with_value(document, where, value_at(now, where))
        return document

    def with_both(
        self, error: Conflicts, base: Document, document: Document, data: QueryDict
    ) -> HttpResponse:
        """Show both versions of what conflicts; changes of the other that do not are brought in."""
        assert self.record is not None  # noqa: S101 - nothing conflicts with a new record
        self.record.refresh_from_db()
        now = document_for(self.record, self.user)
        self.conflicts = error.differences
        joined = merge(base, read(self.shape, [document])[0].document, now)
        entry = Entry.from_document(self.shape, joined.preferring_file)
        return self.page(entry, now, data, status=409)


def base_of(data: QueryDict) -> Document:
    """Return the document that the form was opened with."""
    try:
        found = read_json(data.get("base", "") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
