"""Talk about a record among those who work on it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clusters.actions.publishing import NotAllowed
from clusters.mailing import queue
from clusters.models import Comment, Contributor, Proposal, ReviewStep, Root, Step, User
from clusters.models.roles import REVIEW, ROLES
from clusters.records.schema import record_schema

LONGEST = 5_000


@transaction.atomic
def comment(*, record: Root, by: User, text: str, field: str = "", url: str = "") -> Comment:
    """Say something about a record, or about one of its fields, and tell those concerned.

    `field` is a path as in `accounts.early-exit.position`. Raises NotAllowed without a text, or
    where there is no such field.
    """
    if not text.strip() or len(text) > LONGEST:
        raise NotAllowed([_("Write a comment of up to %(most)s letters.") % {"most": LONGEST}])
    if field and not record_schema(type(record)).has_place(field.split(".")):
        words = _(
            "There is no field “%(name)s”: choose “Comment on this” beside one, or say nothing."
        )
        raise NotAllowed([words % {"name": field[:60]}])
    made = Comment.objects.create(
        kind=record_schema(type(record)).folder,
        object_id=record.pk,
        slug=record.slug,
        field=field[:200],
        text=text.strip(),
        by=by,
    )
    notify(
        participants(record) - {by},
        _("Comment on %(title)s") % {"title": record},
        by=by,
        words=made.text,
        url=url,
    )
    return made


def resolve(*, comment: Comment, by: User) -> None:
    """Mark a comment as settled; it stays where it can be read."""
    if comment.resolved_at is None:
        comment.resolved_by, comment.resolved_at = by, timezone.now()
        comment.save(update_fields=["resolved_by", "resolved_at"])


def participants(record: Root) -> set[User]:
    """Return who entered a record, reviewed it, proposed a change to it or said something of it."""
    of_record = {"kind": record_schema(type(record)).folder, "object_id": record.pk}
    found = {comment.by for comment in Comment.objects.filter(**of_record).select_related("by")}
    found |= {proposal.by for proposal in Proposal.objects.filter(**of_record).select_related("by")}
    steps = ReviewStep.objects.filter(
        **of_record, step__in=[Step.SUBMITTED, Step.RETURNED], by__isnull=False
    )
    found |= {step.by for step in steps.select_related("by") if step.by is not None}
    if record.entered_by is not None:
        found.add(record.entered_by)
    return {user for user in found if user.is_active}


def reviewers() -> set[User]:
    """Return everybody who has a role that reviews."""
    roles = [role for role, may in ROLES.items() if REVIEW in may]
    return set(User.objects.filter(is_active=True, groups__name__in=roles))


def notify(people: set[User], subject: str, *, by: User, words: str = "", url: str = "") -> None:
    """Send mail about what somebody did and why, and where it is seen, to everybody concerned.

    It goes once all of that is saved, and makes nobody wait.
    """
    if not people:
        return
    who = _named(by)
    said = f"{who}:\n\n{words}" if words else _("By %(who)s.") % {"who": who}
    why = _("You get this because you work on it in the Cluster Casebook.")
    text = "\n\n".join(filter(None, (said, url, why)))
    queue(subject=subject, text=text, to=sorted(user.email for user in people))


def _named(user: User) -> str:
    """Return what mail calls somebody: by name too, if they told it: only the desk reads it."""
    person = Contributor.objects.filter(user=user).first()
    return f"{person.name} ({user})" if person is not None and person.name else str(user)
