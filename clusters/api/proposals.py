"""Proposals in the API: seen by their author and by editors, approved, returned, taken back."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clusters.actions.entering import restore_deleted
from clusters.actions.proposing import approve, changes_of, return_, take_back
from clusters.api.paging import PAGE_SCHEMA, SIZE_SCHEMA, page_size
from clusters.api.refusals import is_trial, map_errors, require_writer
from clusters.api.views import DIFFERENCE, whole_number
from clusters.i18n import known_words, not_known
from clusters.models import DeletedRecord, Proposal, ProposalState, Root, User
from clusters.models.roles import may_review
from clusters.published.fields import ADDRESS, BASE, NUMBER, TEXT, api_path
from clusters.records.dry_run import dry_run_if
from clusters.web.exceptions import Problem

WHEN: dict[str, Any] = {"type": "string", "format": "date-time"}
PROPOSAL: dict[str, Any] = {
    "type": "object",
    "required": ["id", "url", "kind", "slug", "state", "base_version", "by", "reason", "changes"],
    "properties": {
        "id": NUMBER,
        "url": ADDRESS,
        "kind": TEXT,
        "slug": TEXT,
        "state": {**TEXT, "enum": list(ProposalState.values)},
        "base_version": {**NUMBER, "description": "Version of the record that its author saw."},
        "by": TEXT,
        "made_at": WHEN,
        "reason": TEXT,
        "decided_by": {"type": ["string", "null"]},
        "decided_at": {**WHEN, "type": ["string", "null"]},
        "answer": TEXT,
        "changes": {"type": "array", "items": DIFFERENCE},
    },
}
PROPOSALS = {
    "type": "object",
    "required": ["count", "results"],
    "properties": {"count": NUMBER, "results": {"type": "array", "items": PROPOSAL}},
}
RESTORED = {
    "type": "object",
    "required": ["url", "state"],
    "properties": {"url": ADDRESS, "state": TEXT},
}


def proposal_data(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal as the API shows it, with what it changes value by value."""
    return {
        "id": proposal.pk,
        "url": f"{BASE}{reverse('api-proposal', args=[proposal.pk])}",
        "kind": proposal.kind,
        "slug": proposal.slug,
        "state": proposal.state,
        "base_version": proposal.base_version,
        "by": str(proposal.by),
        "made_at": proposal.made_at.isoformat(),
        "reason": proposal.reason,
        "decided_by": None if proposal.decided_by is None else str(proposal.decided_by),
        "decided_at": None if proposal.decided_at is None else proposal.decided_at.isoformat(),
        "answer": proposal.answer,
        "changes": [
            {"field": ".".join(change.where), "before": change.before, "after": change.after}
            for change in changes_of(proposal)
        ],
    }


class DeskView(APIView):
    """Answers those who work here, each in their own way; nothing of it is kept by caches."""

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(*args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response


class ProposalsView(DeskView):
    """Proposals, the latest first: one’s own, for editors all."""

    examples = {"state": "open"}

    @extend_schema(
        operation_id="proposals_list",
        parameters=[
            OpenApiParameter("state", str, enum=list(ProposalState.values)),
            OpenApiParameter("page", PAGE_SCHEMA),
            OpenApiParameter("page_size", SIZE_SCHEMA),
        ],
        responses={200: PROPOSALS},
    )
    def get(self, request: Request) -> Response:
        query = request.query_params
        for name in query:
            if name not in ("state", "page", "page_size", "format"):
                known = known_words(name, ("state", "page", "page_size"))
                raise ValidationError({name: f"There is no such parameter here. {known}"})
        found = Proposal.objects.visible_to(require_writer(request, is_reading=True))
        if (state := query.get("state")) is not None:
            if state not in ProposalState.values:
                raise ValidationError({"state": not_known(state, ProposalState.values)})
            found = found.filter(state=state)
        number, size = whole_number(query, "page", 1), page_size(query)
        if not 1 <= number <= 1_000:
            raise ValidationError({"page": "Ask for page 1 to 1,000."})
        rows = found[(number - 1) * size : number * size]
        return Response(
            {"count": found.count(), "results": [proposal_data(proposal) for proposal in rows]}
        )


class ProposalView(DeskView):
    """One proposal, with what it changes."""

    @extend_schema(operation_id="proposals_read", responses={200: PROPOSAL})
    def get(self, request: Request, number: int) -> Response:
        return Response(
            proposal_data(proposal_called(number, require_writer(request, is_reading=True)))
        )


DECISION = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "answer": {**TEXT, "description": "To its author; needed to return it."},
        "take": {
            **TEXT,
            "enum": ["proposed"],
            "description": "Approve also where the same value has been changed otherwise since.",
        },
    },
}


class DecisionView(DeskView):
    """Approve, return or take back a proposal."""

    @extend_schema(
        operation_id="proposals_decide",
        request={"application/json": DECISION},
        parameters=[OpenApiParameter("act", str, "path", enum=["approve", "return", "take-back"])],
        responses={200: PROPOSAL},
    )
    def post(self, request: Request, number: int, act: str) -> Response:
        user = require_writer(request)
        proposal = proposal_called(number, user)
        is_only_tried = is_trial(request)
        answer, take = decision_of(request.data)
        with map_errors(request.data), dry_run_if(is_only_tried):
            site = request.build_absolute_uri("/")
            if act == "approve":
                require_writer(request, may_review)
                force = take == "proposed"
                approve(proposal=proposal, by=user, answer=answer, force=force, site=site)
            elif act == "return":
                require_writer(request, may_review)
                return_(proposal=proposal, by=user, answer=answer, site=site)
            else:
                take_back(proposal=proposal, by=user)
            return Response(proposal_data(proposal_called(number, user)))


def decision_of(body: Any) -> tuple[str, str]:
    """Return `answer` and `take` of the body of a decision, which may be empty. Raises Problem."""
    known = body if isinstance(body, dict) else {}
    if unknown := known.keys() - {"answer", "take"}:
        raise Problem(400, f"There is no {sorted(unknown)[0]} in a decision: answer and take.")
    answer, take = known.get("answer", ""), known.get("take", "")
    if not isinstance(answer, str) or "\x00" in answer or take not in ("", "proposed"):
        raise Problem(400, "An answer is a text; take is “proposed” or left out.")
    return answer, take


def proposal_called(number: int, user: User) -> Proposal:
    found: Proposal | None = Proposal.objects.visible_to(user).filter(pk=number).first()
    if found is None:
        raise NotFound(f"There is no proposal {number} that you may see.")
    return found


class RestoreView(DeskView):
    """Bring a deleted draft back, as the same record."""

    @extend_schema(operation_id="removals_restore", request=None, responses={200: RESTORED})
    def post(self, request: Request, number: int) -> Response:
        user = require_writer(request)
        removal = DeletedRecord.objects.may_be_undone_by(user).filter(pk=number).first()
        if removal is None:
            raise NotFound(f"There is no deleted record {number} that you may bring back.")
        with map_errors(None), dry_run_if(is_trial(request)):
            record: Root = restore_deleted(removal=removal, by=user)
        return Response({"url": f"{BASE}{api_path(record)}", "state": record.state})
