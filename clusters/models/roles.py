"""Who may do what: four roles, as Django groups, and the permissions that they rest on."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from clusters.models.people import User

# Whoever asks, signed in or not.
type Visitor = User | AnonymousUser

ENTER, REVIEW, ADMINISTER = "enter_records", "review_records", "administer_accounts"
# What each role may; whoever is signed in without one is a reader.
ROLES: dict[str, tuple[str, ...]] = {
    "reader": (),
    "researcher": (ENTER,),
    "editor": (ENTER, REVIEW),
    "administrator": (ENTER, REVIEW, ADMINISTER),
}


def may_enter(user: Visitor | None) -> bool:
    """Return whether somebody may enter records, and propose changes to published ones."""
    return bool(user is not None and user.has_perm(f"clusters.{ENTER}"))


def may_review(user: Visitor | None) -> bool:
    """Return whether somebody may see every draft, and approve, publish and withdraw."""
    return bool(user is not None and user.has_perm(f"clusters.{REVIEW}"))


def may_administer(user: Visitor | None) -> bool:
    """Return whether somebody may invite people, give them roles and shut accounts."""
    return bool(user is not None and user.has_perm(f"clusters.{ADMINISTER}"))


def make_roles(**_: Any) -> None:
    """Make the groups, each with its permissions; run after every `migrate`."""
    from django.contrib.auth.models import Group, Permission

    known = Permission.objects.filter(content_type__app_label="clusters")
    for name, codenames in ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(*known.filter(codename__in=codenames))
