"""The status of a project, derived from how it ended."""

from clusters.i18n import gettext_lazy as _

RULE = "status-from-ending-1"
# Codes of IATI's ActivityStatus code list.
IMPLEMENTATION = ("2", _("Implementation"))
CLOSED = ("4", _("Closed"))
NOT_KNOWN = ("", _("Not known"))
RUNNING_ENDING = "running"
CLOSED_ENDINGS = ("completed", "ended_by_donor", "dissolved", "handed_over")


def activity_status(ending: str, *, has_start: bool) -> tuple[str, str]:
    """Return IATI code and label.

    Closed where a source says how it ended; implementation where it says that it still runs and
    a start is known; not known otherwise, since silence about the end is not an end.
    """
    if ending == RUNNING_ENDING and has_start:
        code, label = IMPLEMENTATION
    elif ending in CLOSED_ENDINGS:
        code, label = CLOSED
    else:
        code, label = NOT_KNOWN
    return code, str(label)
