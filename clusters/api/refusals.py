"""Ask what every write of the API asks first, and tell what actions refuse."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from rest_framework.exceptions import NotAuthenticated, PermissionDenied, ValidationError
from rest_framework.request import Request

from clusters.actions.entering import Conflicts
from clusters.actions.publishing import NotAllowed, NotPublishable
from clusters.api.bodies import iter_errors
from clusters.api.paging import several
from clusters.i18n import known_words, short
from clusters.models import Root, Scope, User
from clusters.models.roles import Visitor, may_enter
from clusters.records.validation import CaseFilesRefused
from clusters.records.writer import MOST_TOLD
from clusters.web.exceptions import Problem
from clusters.web.problems import pointer_to

LONGEST_REASON = 2_000
# What a strong tag of a record says of it, whatever follows: code, address, coding.
STAMP = re.compile(r'(?<!W/)"(\d+-[0-9a-f]{16})-[^"]*"')


def require_writer(
    request: Request, may: Callable[[Visitor], bool] = may_enter, *, is_reading: bool = False
) -> User:
    """Return who writes, or reads what not everybody may read.

    Raises NotAuthenticated where nobody has said who it is, PermissionDenied where it may not be.
    """
    user = request.user
    if not user.is_authenticated:
        raise NotAuthenticated("Sign in, or send a token: “Authorization: Bearer cc_…”.")
    token: Any = request.auth
    if not is_reading and token is not None and token.scope != Scope.WRITE:
        raise PermissionDenied("This token may read only. Make one with the scope “write”.")
    if not may(user):
        role = "a researcher’s or an editor’s" if may is may_enter else "an editor’s"
        raise PermissionDenied(f"This needs {role} role.")
    return user  # type: ignore[return-value]


def is_trial(request: Request, *known: str) -> bool:
    """Return whether a write shall only be tried. Raises ValidationError for other parameters."""
    allowed = ("dry_run", *known)
    for name in request.query_params:
        if name not in allowed:
            said = f"There is no parameter “{short(name)}” here. {known_words(name, allowed)}"
            raise ValidationError({name: said})
    asked = several(request.query_params, "dry_run")
    if "dry_run" in request.query_params and asked not in (["true"], ["false"]):
        raise ValidationError({"dry_run": "Give true or false."})
    return asked == ["true"]


def reason_of(request: Request, *, is_needed: bool) -> str:
    """Return the reason that the address gives for a change. Raises Problem."""
    reason = request.query_params.get("reason", "").strip()
    if is_needed and not reason:
        detail = "Say why: ?reason= and a sentence. It is shown in the public log of changes."
        raise Problem(400, detail, errors=[{"parameter": "reason", "detail": detail}])
    if len(reason) > LONGEST_REASON or "\x00" in reason:
        detail = f"A reason is a text of {LONGEST_REASON:,} letters at most."
        raise Problem(400, detail, errors=[{"parameter": "reason", "detail": detail}])
    return reason


def check_version(request: Request, record: Root, tag: str) -> None:
    """Raise Problem unless If-Match names the record as it is, which has this tag."""
    reason_of(request, is_needed=False)  # what is wrong in any case is told first
    asked = request.META.get("HTTP_IF_MATCH", "").strip()
    if not asked:
        raise Problem(428, "Send the record’s ETag as If-Match, so that nobody’s work is lost.")
    if asked == "*":
        return
    if tag not in STAMP.findall(asked):
        raise Problem(
            412,
            f"The record has changed since: it is at version {record.version} now. Fetch it "
            "again, and make your change to what it is.",
        )


@contextmanager
def map_errors(
    body: Any, schema: str = "", *, at: tuple[str, ...] = (), is_list: bool = False
) -> Iterator[None]:
    """Turn what the body's schema or an action refuses into one problem that points into the body.

    `at` is where in its root the body stands, for a part. Everything is told at once, so that what
    the schema refuses is refused after the action was tried: call it in a transaction.
    """
    known: dict[int, dict[str, int]] = {}
    found = _refused_by_schema(body, schema, known, is_list=is_list) if schema else {}
    try:
        yield
    except CaseFilesRefused as error:
        for problem in error.problems:
            steps = [*([problem.file] if is_list else []), *within(problem.where, at)]
            steps += [problem.item] if problem.item else []
            found.setdefault(pointer_to(body, *steps, known=known), problem.message)
    except (Conflicts, NotAllowed) as error:
        if not found:
            raise _conflict(error, body, at) from None
    if found:
        raise _refused(found)


def _refused_by_schema(
    body: Any, schema: str, known: dict[int, dict[str, int]], *, is_list: bool
) -> dict[str, str]:
    """Return what the schema refuses, and why, by pointers into the body.

    `known` is that of `pointer_to`. Raises Problem where it is more than anybody reads.
    """
    found: dict[str, str] = {}
    for number, record in enumerate(body if is_list else [body]):
        above = [str(number)] if is_list else []
        for where, why in islice(iter_errors(schema, record), MOST_TOLD):
            found[pointer_to(body, *above, *where, known=known)] = why
        if len(found) >= MOST_TOLD:  # nothing more is looked at
            raise _refused(found)
    return found


def _conflict(error: Conflicts | NotAllowed, body: Any, at: tuple[str, ...]) -> Problem:
    """Return the problem that the record as it is does not allow what the body asks for."""
    if isinstance(error, Conflicts):
        return Problem(
            409,
            "The record was changed otherwise meanwhile.",
            conflicts=[
                {
                    "field": ".".join(difference.where),
                    "now": difference.before,
                    "proposed": difference.after,
                }
                for difference in error.differences
            ],
        )
    if isinstance(error, NotPublishable):
        places = [pointer_to(body, *within(missing.where, at)) for missing in error.errors]
    else:
        places = [""] * len(error.reasons)
    errors = [
        {"pointer": place, "detail": reason}
        for place, reason in zip(places, error.reasons, strict=True)
    ]
    return Problem(409, " ".join(error.reasons), errors=errors)


def _refused(found: dict[str, str]) -> Problem:
    """Return the problem that tells every mistake, by pointers into the body."""
    many = "or more " if len(found) >= MOST_TOLD else ""
    return Problem(
        400,
        f"{len(found)} {many}mistake{'' if len(found) == 1 else 's'}; nothing was saved.",
        errors=[{"pointer": place, "detail": why} for place, why in sorted(found.items())],
    )


def within(where: tuple[str, ...], at: tuple[str, ...]) -> tuple[str, ...]:
    """Return a place in a root as it is seen from the part that stands at `at`."""
    return where[len(at) :] if where[: len(at)] == at else where
