"""Try something in the database without doing it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


class _Tried(Exception):
    """Rolls back what was only tried."""


@contextmanager
def dry_run_if(is_trial: bool = True) -> Iterator[None]:
    """Run the block in a transaction and roll it back; whatever it raises is raised.

    Without `is_trial` it is carried out for good, all or nothing.
    """
    try:
        with transaction.atomic():
            yield
            if is_trial:
                raise _Tried
    except _Tried:
        pass
