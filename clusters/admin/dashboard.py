"""What waits for somebody at the desk."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clusters.admin.autosave import address_of_form
from clusters.admin.urls import admin_url
from clusters.models import (
    Comment,
    Correction,
    CorrectionState,
    FormDraft,
    Mail,
    Proposal,
    ProposalState,
    ReviewStep,
    Root,
    State,
    Step,
    User,
)
from clusters.models.roles import may_administer, may_review
from clusters.records.schema import record_schemas
from clusters.templatetags.casebook import kind_words

MOST = 20


@dataclass
class Waiting:
    """One thing to do: a link, and what is wanted."""

    url: str
    title: str
    note: str
    # Of an unfinished form, which can be thrown away from here.
    token: str = ""


@dataclass
class Group:
    """Things of one kind that wait."""

    title: str
    items: list[Waiting] = field(default_factory=list)


# What other apps know to wait for somebody.
FURTHER: list[Callable[[User], Group]] = []


def waiting_for(user: User) -> list[Group]:
    """Return what waits for somebody, the most urgent kind first; empty kinds are left out."""
    groups = [
        Group(_("Unfinished forms"), unfinished(user)),
        Group(_("Returned to you"), returned(user)),
        Group(_("Handed in, with the editors"), handed_in(user)),
    ]
    if may_review(user):
        groups += [
            Group(_("To review"), to_review(user)),
            Group(_("Changes proposed"), proposals(user)),
            Group(_("Readers’ corrections"), corrections()),
        ]
    if may_administer(user):
        groups.append(Group(_("Mail that could not be sent"), undelivered()))
    groups += [further(user) for further in FURTHER]
    groups += [Group(_("Comments"), comments(user)), Group(_("Your drafts"), drafts(user))]
    return [group for group in groups if group.items]


def unfinished(user: User) -> list[Waiting]:
    return [
        Waiting(
            address_of_form(draft),
            draft.title or _("New record"),
            _("kept at %(when)s, not saved") % {"when": f"{localtime(draft.at):%Y-%m-%d %H:%M}"},
            token=str(draft.token),
        )
        for draft in FormDraft.objects.filter(user=user, discarded_at=None)[:MOST]
    ]


def of_state(state: State, **by: Any) -> list[tuple[str, Root]]:
    """Return records in a state, of every kind, with their kind."""
    found: list[tuple[str, Root]] = []
    for kind, shape in record_schemas().items():
        if issubclass(shape.model, Root):
            rows = shape.model.objects.filter(state=state, **by).order_by("pk")
            rows = rows.with_names().select_related("entered_by")
            found += [(kind, row) for row in rows[:MOST]]
    return found


def returned(user: User) -> list[Waiting]:
    rows = of_state(State.RETURNED, entered_by=user)
    steps = ReviewStep.objects.filter(
        step=Step.RETURNED, object_id__in=[row.pk for _kind, row in rows]
    )
    reasons = {(step.kind, step.object_id): step.reason for step in steps}
    found = [
        Waiting(admin_url(kind, row.pk), str(row), reasons.get((kind, row.pk), ""))
        for kind, row in rows
    ]
    found += [
        Waiting(proposal.get_absolute_url(), str(proposal), proposal.answer)
        for proposal in Proposal.objects.filter(by=user, state=ProposalState.RETURNED)[:MOST]
    ]
    return found


def to_review(user: User) -> list[Waiting]:
    return [
        Waiting(
            admin_url(kind, row.pk),
            str(row),
            str(row.entered_by or ""),
        )
        for kind, row in of_state(State.IN_REVIEW)
        if not (settings.TWO_PERSON_REVIEW and row.entered_by_id == user.pk)
    ]


def handed_in(user: User) -> list[Waiting]:
    """Return what somebody handed in and waits for, so that it is not lost from sight."""
    found = [
        Waiting(admin_url(kind, row.pk), str(row), kind_words(kind))
        for kind, row in of_state(State.IN_REVIEW, entered_by=user)
    ]
    mine = Proposal.objects.filter(by=user, state=ProposalState.OPEN)[:MOST]
    return found + [
        Waiting(proposal.get_absolute_url(), str(proposal), proposal.reason) for proposal in mine
    ]


def proposals(user: User) -> list[Waiting]:
    rows = Proposal.objects.filter(state=ProposalState.OPEN).select_related("by")
    if settings.TWO_PERSON_REVIEW:
        rows = rows.exclude(by=user)
    return [
        Waiting(proposal.get_absolute_url(), str(proposal), str(proposal.by))
        for proposal in rows[:MOST]
    ]


def corrections() -> list[Waiting]:
    return [
        Waiting(
            reverse("admin:clusters_correction_change", args=[correction.pk]),
            str(correction),
            correction.text[:80],
        )
        for correction in Correction.objects.filter(state=CorrectionState.OPEN)[:MOST]
    ]


def undelivered() -> list[Waiting]:
    return [
        Waiting(reverse("admin:clusters_mail_change", args=[mail.pk]), str(mail), mail.error[:80])
        for mail in Mail.objects.filter(next_try=None)[:MOST]
    ]


def comments(user: User) -> list[Waiting]:
    """Return open comments of others on what somebody entered or has commented on too."""
    rows = Comment.objects.filter(resolved_at=None).exclude(by=user).select_related("by")
    mine = {
        (kind, row.pk)
        for kind, shape in record_schemas().items()
        if issubclass(shape.model, Root)
        for row in shape.model.objects.filter(
            entered_by=user, pk__in=[comment.object_id for comment in rows if comment.kind == kind]
        )
    }
    mine |= set(Comment.objects.filter(by=user).values_list("kind", "object_id"))
    return [
        Waiting(f"{admin_url(comment.kind, comment.object_id)}#talk", str(comment), str(comment.by))
        for comment in rows
        if (comment.kind, comment.object_id) in mine
    ][:MOST]


def drafts(user: User) -> list[Waiting]:
    return [
        Waiting(admin_url(kind, row.pk), str(row), kind_words(kind))
        for kind, row in of_state(State.DRAFT, entered_by=user)
    ]
