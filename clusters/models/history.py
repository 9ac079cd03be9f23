"""The private record of every change of every row, written by database triggers."""

import pghistory
import pgtrigger
from django.conf import settings
from django.db import models
from pghistory.models import Event

# What history itself must not keep.
PRIVATE_COLUMNS = {
    "User": ["password", "last_login"],
    "ApiToken": ["digest", "last_used"],
    "Invitation": ["digest"],
}


class HistoryEvent(Event):
    """One row as it was after an insert or update, or before a delete.

    Who, when and why stand in the context that a request or a command opens. A change made
    without one (raw SQL) still names the database role and the program that made it.
    """

    db_role = models.TextField(
        db_default=models.Func(function="session_user", template="%(function)s"), editable=False
    )
    db_program = models.TextField(
        db_default=models.Func(models.Value("application_name"), function="current_setting"),
        editable=False,
    )

    class Meta:
        abstract = True


def tracked[Model: type[models.Model]](model: Model) -> Model:
    """Return the model with a history of inserts, updates and deletes, raw SQL included."""
    trackers = [
        # A whole statement at once: triggers for each row make bulk loads quadratic.
        event(level=pgtrigger.Statement)
        for event in (pghistory.InsertEvent, pghistory.UpdateEvent, pghistory.DeleteEvent)
    ]
    return pghistory.track(*trackers, exclude=PRIVATE_COLUMNS.get(model.__name__))(model)  # type: ignore[no-any-return]


@tracked
class Redaction(models.Model):
    """A value that an administrator removed from history: who, when and why, but not what."""

    kind = models.CharField("kind of record", max_length=60)
    object_id = models.BigIntegerField("number of the record")
    field = models.CharField(max_length=60)
    rows = models.PositiveIntegerField("rows of history redacted")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    reason = models.TextField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id}: {self.field}"
