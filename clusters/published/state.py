"""Name the state of the public data and of the code, which tags, caches and documents depend on."""

import hashlib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from clusters.database import PreparedStatement

# What pages are made of besides the data.
CODE = ("config", "clusters", "interventions", "templates", "static", "requirements.lock")


@cache
def code_version() -> str:
    """Return a short name of the code that runs, made once a process from its files."""
    digest = hashlib.sha256()
    for name in CODE:
        root = Path(settings.BASE_DIR) / name
        for path in sorted([root, *root.rglob("*")]):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(str(path.relative_to(settings.BASE_DIR)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class DataState(NamedTuple):
    """What the public data is made of, and when that last changed, in seconds since 1970."""

    name: str
    changed: float | None

    @property
    def number(self) -> int:
        """The number of the last public change."""
        return int(self.name.partition("-")[0])

    @property
    def day(self) -> datetime | None:
        return None if self.changed is None else datetime.fromtimestamp(self.changed, UTC)


STATE = PreparedStatement(
    """
    SELECT coalesce(change.number, 0)::text, coalesce(coder.pgh_id, 0)::text,
        coalesce(redaction.id, 0)::text, extract(epoch FROM
            greatest(change.at, coder.pgh_created_at, redaction.at))::text
    FROM (SELECT) nothing
    LEFT JOIN (
        SELECT number, at FROM clusters_change ORDER BY number DESC LIMIT 1
    ) change ON true
    LEFT JOIN (
        SELECT pgh_id, pgh_created_at FROM clusters_contributorhistoryevent
        ORDER BY pgh_id DESC LIMIT 1
    ) coder ON true
    LEFT JOIN (
        SELECT id, at FROM clusters_redaction ORDER BY id DESC LIMIT 1
    ) redaction ON true
    """
)


def data_state() -> DataState:
    """Return the state of the public data.

    Its name has the numbers of the last public change, of the last change to who is named as coder,
    and of the last redaction.
    """
    number, coder, redaction, changed = STATE.row() or ("0", "0", "0", None)
    return DataState(f"{number}-{coder}-{redaction}", float(changed) if changed else None)
