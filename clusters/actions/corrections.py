"""Keep what readers say is wrong, and answer it."""

import contextlib

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from clusters.client_ip import hash_ip
from clusters.models import Correction, CorrectionState, Root, User
from clusters.records.schema import record_schema

PER_HOUR = 10
HOUR = 3600


class TooMany(Exception):
    """One address has sent more suggestions in an hour than a person would."""


@transaction.atomic
def suggest(
    *, record: Root, text: str, source: str = "", contact: str = "", address: str = ""
) -> Correction:
    """Keep a suggestion to the present version of a record. Raises TooMany.

    The sender's network address is counted for an hour, under a keyed hash, and never stored.
    """
    _count(address)
    return Correction.objects.create(
        kind=record_schema(type(record)).folder,
        slug=record.slug,
        version=record.version,
        text=text,
        source=source,
        contact=contact,
    )


def _count(address: str) -> None:
    key = f"corrections:{hash_ip(address)}"
    # Whoever is first sets the count to one; a count may also end its hour between two lines.
    if cache.add(key, 1, HOUR):
        return
    with contextlib.suppress(ValueError):
        if cache.incr(key) <= PER_HOUR:
            return
        raise TooMany(_("Ten suggestions an hour are the most that one address can send."))


@transaction.atomic
def answer(*, correction: Correction, state: str, words: str, by: User) -> None:
    """Accept or decline a suggestion, with the reason that its sender will read."""
    correction.state = CorrectionState(state)
    correction.answer = words
    correction.answered_by = by
    correction.save(update_fields=["state", "answer", "answered_by"])
