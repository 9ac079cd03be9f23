"""Invite people to an account, and let them accept: nobody signs up by themselves."""

import pghistory
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from clusters.actions.publishing import NotAllowed
from clusters.mailing import queue
from clusters.models import Contributor, Invitation, User
from clusters.models.access import digest_of
from clusters.models.roles import ROLES, may_administer


@transaction.atomic
def invite(*, email: str, role: str, by: User) -> tuple[Invitation, str]:
    """Make an invitation; return it with the text of its link. Raises NotAllowed.

    A new one takes the place of an open one to the same address.
    """
    reasons = []
    if not may_administer(by):
        reasons.append(_("Only an administrator invites."))
    if role not in ROLES:
        reasons.append(_("A role is one of: %(roles)s.") % {"roles": ", ".join(ROLES)})
    if User.objects.filter(email__iexact=email).exists():
        reasons.append(_("There is an account with this e-mail address."))
    if reasons:
        raise NotAllowed(reasons)
    Invitation.objects.valid().filter(email__iexact=email).update(withdrawn_at=timezone.now())
    return Invitation.issue(email=email, role=role, by=by)


def mail(invitation: Invitation, address: str) -> None:
    """Send somebody the address at which an invitation is accepted."""
    words = _(
        "%(by)s invites you to the Cluster Casebook as %(role)s.\n\n%(address)s\n\n"
        "Set your password there by %(day)s. Whoever does not want to, does nothing."
    ) % {
        "by": invitation.by,
        "role": invitation.role,
        "address": address,
        "day": f"{invitation.expires_at:%Y-%m-%d}",
    }
    queue(subject=_("Cluster Casebook: an invitation"), text=words, to=[invitation.email])


def find(text: str) -> Invitation | None:
    """Return the invitation that a link opens, if it still does."""
    return Invitation.objects.valid().filter(digest=digest_of(text)).first()


@transaction.atomic
def accept(
    *, text: str, first_name: str, last_name: str, password: str, consents: bool = False
) -> User:
    """Make the account that an invitation offers, and whoever may enter a contributor.

    Raises NotAllowed where the invitation opens nothing any more, and ValidationError for a
    password that is too weak.
    """
    invitation = (
        Invitation.objects.valid().select_for_update().filter(digest=digest_of(text)).first()
    )
    if invitation is None or User.objects.filter(email__iexact=invitation.email).exists():
        raise NotAllowed([_("This invitation has been used, was withdrawn or has expired.")])
    user = User(email=invitation.email, first_name=first_name, last_name=last_name)
    validate_password(password, user)
    reason = f"Invited by {invitation.by}"
    with pghistory.context(user=invitation.by_id, reason=reason):
        user.set_password(password)
        user.save()
        user.groups.add(Group.objects.get(name=invitation.role))
        if ROLES[invitation.role]:
            _contribute(user, consents)
        invitation.accepted_at = timezone.now()
        invitation.save(update_fields=["accepted_at"])
    return user


def _contribute(user: User, consents: bool) -> Contributor:
    """Make somebody a contributor, who can be asked to code; named only with consent."""
    name = user.get_full_name() or user.email.partition("@")[0]
    return Contributor.objects.create(
        # A slug stands in public: that of somebody who is not named gives no name away.
        slug=_free_slug(name if consents else "coder"),
        name=name,
        consents_to_be_named=consents,
        user=user,
    )


def _free_slug(name: str) -> str:
    start = slugify(name)[:80] or "coder"
    taken = set(Contributor.objects.filter(slug__startswith=start).values_list("slug", flat=True))
    number = 1
    while (found := start if number == 1 else f"{start}-{number}") in taken:
        number += 1
    return found


def withdraw_invitation(*, invitation: Invitation, by: User) -> None:
    """Let an invitation open nothing any more. Raises NotAllowed."""
    if not may_administer(by):
        raise NotAllowed([_("Only an administrator withdraws an invitation.")])
    with pghistory.context(user=by.pk, reason="Invitation withdrawn"):
        Invitation.objects.valid().filter(pk=invitation.pk).update(withdrawn_at=timezone.now())
