"""The acts of a round: open, code apart, hand in, compare, agree, close."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pghistory
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from clusters.actions.changing import change
from clusters.actions.commenting import notify
from clusters.actions.publishing import NotAllowed, lock_public_log
from clusters.models import Contributor, Publication, State, User
from clusters.models.roles import may_enter, may_review
from clusters.records.schema import record_schema
from clusters.records.serialization import Document, document_of, reference
from clusters.records.validation import REQUIRED, CaseFilesRefused, read_value
from interventions.models import (
    Coding,
    CodingRound,
    Project,
    Resolution,
    RoundCoder,
    RoundCoding,
    RoundComment,
    RoundConfirmation,
    RoundState,
)
from interventions.selectors.coding_rounds import UNREAD, Cell, RoundSnapshot, Subject, code_of
from interventions.selectors.completeness import publications_in

LONGEST = 5_000
# Why an answer stands that nobody had to find together: the coders' own rationales are beside it.
NOT_ALONE = gettext_noop(
    "A consensus needs two coders, and none left out: let an editor adjudicate."
)
ALL_THE_SAME = (
    "Everybody who coded this in the round gave the same answer; each says why in a coding of "
    "their own."
)


@transaction.atomic
def open_round(*, round: CodingRound, by: User, url: str = "") -> None:
    """Let the coders begin. Raises NotAllowed, with everything that is missing."""
    found = _locked(round, RoundState.PREPARED)
    it = RoundSnapshot(found)
    reasons = []
    if not may_review(by):
        reasons.append(_("Only an editor opens a round."))
    if not it.projects:
        reasons.append(_("It has no projects."))
    if not it.subjects:
        reasons.append(_("It has nothing to code: choose a framework with factors, or outcomes."))
    if len(it.coders) < 2:
        reasons.append(_("It needs two coders or more."))
    reasons += [
        _("%(coder)s has no account to code with.") % {"coder": row.coder}
        for row in it.coders
        if not may_enter(row.coder.user)
    ]
    # Else all the work could not go into its projects in the end.
    reasons += [
        _("%(record)s is not published. Publish it first.") % {"record": record}
        for record in (found.framework, found.perspective_group, *(s.thing for s in it.subjects))
        if getattr(record, "is_published", True) is False
    ]
    reasons += [
        _("%(project)s is withdrawn.") % {"project": project}
        for project in it.projects
        if project.state == State.WITHDRAWN
    ]
    if reasons:
        raise NotAllowed(reasons)
    found.number = _next_number(it.projects)
    found.state, found.opened_by, found.opened_at = RoundState.CODING, by, timezone.now()
    with pghistory.context(user=by.pk, reason="Round opened"):
        found.save()
        for row in it.coders:
            row.user_id = row.coder.user_id
            row.save(update_fields=["user"])
    it = RoundSnapshot(found)
    _tell(it, by, _("Coding begins: %(round)s") % {"round": found}, url=url)


def _next_number(projects: Iterable[Project]) -> int:
    """Return a number that no coding and no other round of these projects has."""
    stood = Coding.objects.filter(project__in=projects).aggregate(last=Max("round"))["last"]
    others = CodingRound.objects.filter(projects__project__in=projects)
    return max(stood or 0, others.aggregate(last=Max("number"))["last"] or 0) + 1


@transaction.atomic
def code(
    *, round: CodingRound, project: Project, by: User, answers: Mapping[Subject, Document]
) -> None:
    """Keep what a coder has made of one project so far; a subject left out is not coded.

    What is not whole yet may be kept: handing in asks for the rest. Raises NotAllowed where it is
    not theirs to code, and CaseFilesRefused with what cannot be read; nothing is kept then.
    """
    found = _locked(round, RoundState.CODING)
    mine = _coder(found, by)
    if mine.handed_in_at is not None:
        raise NotAllowed([_("You have handed in: take it back first.")])
    problems = [
        problem
        for subject, document in answers.items()
        for problem in read_value(subject.key, _whole(subject, document), record_schema(Coding))[1]
        if problem.message != REQUIRED
    ]
    if problems:
        raise CaseFilesRefused(problems)
    with pghistory.context(user=by.pk, reason="Coded"):
        kept = found.codings.filter(project=project, coder=mine.coder)
        before = {(row.factor_id, row.dimension_id): row for row in kept}
        for subject, document in answers.items():
            columns = subject.fields
            name = tuple(thing.pk if thing is not None else None for thing in columns.values())
            row = before.pop(name, None)  # type: ignore[arg-type]
            if row is None:
                RoundCoding.objects.create(
                    round=found, project=project, coder=mine.coder, document=document, **columns
                )
            elif row.document != document:
                row.document = document
                row.save(update_fields=["document", "at"])
        kept.filter(pk__in=[row.pk for row in before.values()]).delete()


def _whole(subject: Subject, document: Document) -> Document:
    """Return an answer as the coding that it will be."""
    found = {name: reference(thing) for name, thing in subject.fields.items() if thing is not None}
    said = {name: value for name, value in document.items() if name != UNREAD}
    return {"key": "coding", **found, **said}


@transaction.atomic
def hand_in(*, round: CodingRound, by: User, url: str = "") -> bool:
    """Hand one's sheets in; return whether everybody has, so that comparing begins.

    Raises NotAllowed, with everything that is not whole yet.
    """
    found = _locked(round, RoundState.CODING)
    mine = _coder(found, by)
    it = RoundSnapshot(found)
    coded = {
        cell: cell.answers[mine.coder_id].document
        for cell in it.cells.values()
        if mine.coder_id in cell.answers
    }
    known = known_publications(list(coded.values()))
    reasons = [
        f"{cell.project} › {cell.subject}: {what}"
        for cell, document in coded.items()
        for what in lacking(document, known)
    ]
    if not coded:
        reasons.append(_("You have coded nothing yet."))
    if reasons:
        raise NotAllowed(reasons)
    with pghistory.context(user=by.pk, reason="Handed in"):
        mine.handed_in_at = timezone.now()
        mine.save(update_fields=["handed_in_at"])
        return _compare_if_all_have_handed_in(found, by, url)


def _compare_if_all_have_handed_in(found: CodingRound, by: User, url: str) -> bool:
    rows = found.coders.filter(left_at=None)
    if rows.filter(handed_in_at=None).exists() or not found.coders.exclude(handed_in_at=None):
        return False
    found.state = RoundState.COMPARING
    found.save(update_fields=["state"])
    _tell(
        RoundSnapshot(found),
        by,
        _("Everybody has handed in: %(round)s") % {"round": found},
        url=url,
    )
    return True


# --- When somebody does not hand in -----------------------------------------------------------


@transaction.atomic
def leave_out(
    *,
    round: CodingRound,
    coder: Contributor,
    reason: str,
    by: User,
    instead: Contributor | None = None,
    url: str = "",
) -> bool:
    """Leave a coder out, or put another in their place; return whether comparing begins.

    What was handed in stays and counts; what was not stays as it is and counts for nothing.
    Raises NotAllowed.
    """
    found = CodingRound.objects.select_for_update(of=("self",)).get(pk=round.pk)
    row = found.coders.filter(coder=coder, left_at=None).first()
    back = found.coders.filter(coder=instead).first() if instead is not None else None
    reasons = _reasons_of_editor(by, reason)
    if found.state not in (RoundState.CODING, RoundState.COMPARING):
        reasons.append(_("It is “%(now)s”.") % {"now": found.get_state_display()})
    if row is None:
        reasons.append(_("%(coder)s does not code in this round.") % {"coder": coder})
    if instead is not None:
        reasons += _reasons_against(instead, found, back)
    if reasons:
        raise NotAllowed(reasons)
    assert row is not None  # noqa: S101 - refused above
    with pghistory.context(user=by.pk, reason=reason):
        row.left_at, row.left_reason = timezone.now(), reason
        row.save(update_fields=["left_at", "left_reason"])
        if back is not None:
            back.left_at, back.left_reason = None, ""
            back.save(update_fields=["left_at", "left_reason"])
        elif instead is not None:
            found.coders.create(coder=instead, user_id=instead.user_id)
    people = [row.user, instead.user if instead else None]
    notify(
        {person for person in people if person is not None} - {by},
        _("Coders changed: %(round)s") % {"round": found},
        by=by,
        words=reason,
        url=url,
    )
    return found.state == RoundState.CODING and _compare_if_all_have_handed_in(found, by, url)


def _reasons_against(
    instead: Contributor, round: CodingRound, back: RoundCoder | None
) -> list[str]:
    """Return why somebody cannot code in another's place; `back` is their row in the round."""
    reasons = []
    if round.state != RoundState.CODING:
        reasons.append(_("Coding is over: nobody can begin now."))
    if not may_enter(instead.user):
        reasons.append(_("%(coder)s has no account to code with.") % {"coder": instead})
    if back is not None and back.left_at is None:
        reasons.append(_("%(coder)s is in this round already.") % {"coder": instead})
    return reasons


@transaction.atomic
def cancel(*, round: CodingRound, reason: str, by: User, url: str = "") -> None:
    """End a round without changing its projects; nothing in it is lost. Raises NotAllowed."""
    found = CodingRound.objects.select_for_update(of=("self",)).get(pk=round.pk)
    reasons = _reasons_of_editor(by, reason)
    if found.state not in (RoundState.CODING, RoundState.COMPARING):
        reasons.append(_("It is “%(now)s”.") % {"now": found.get_state_display()})
    if reasons:
        raise NotAllowed(reasons)
    with pghistory.context(user=by.pk, reason=reason):
        found.state, found.cancelled_reason = RoundState.CANCELLED, reason
        found.save(update_fields=["state", "cancelled_reason"])
    _tell(RoundSnapshot(found), by, _("Cancelled: %(round)s") % {"round": found}, reason, url)


@transaction.atomic
def reopen(*, round: CodingRound, by: User, url: str = "") -> None:
    """Put a cancelled round back to coding, or to comparing. Raises NotAllowed."""
    found = _locked(round, RoundState.CANCELLED)
    if not may_review(by):
        raise NotAllowed([_("Only an editor does this.")])
    waiting = found.coders.filter(left_at=None, handed_in_at=None).exists()
    with pghistory.context(user=by.pk, reason="Reopened"):
        found.state = RoundState.CODING if waiting else RoundState.COMPARING
        found.cancelled_reason = ""
        found.save(update_fields=["state", "cancelled_reason"])
    _tell(RoundSnapshot(found), by, _("Reopened: %(round)s") % {"round": found}, url=url)


def _reasons_of_editor(by: User, reason: str) -> list[str]:
    reasons = []
    if not may_review(by):
        reasons.append(_("Only an editor does this."))
    if not reason.strip():
        reasons.append(_("Say why: the coders read the reason."))
    return reasons


@transaction.atomic
def take_back(*, round: CodingRound, by: User) -> None:
    """Take back what one has handed in, while others still code. Raises NotAllowed."""
    mine = _coder(_locked(round, RoundState.CODING), by)
    with pghistory.context(user=by.pk, reason="Taken back"):
        mine.handed_in_at = None
        mine.save(update_fields=["handed_in_at"])


def lacking(document: Document, known: Collection[str]) -> list[str]:
    """Return what an answer lacks to be handed in or agreed; `known` has slugs of publications."""
    missing = []
    if not code_of(document):
        missing.append(_("no score, nor a reason for none"))
    if not document.get("rationale"):
        missing.append(_("no rationale"))
    if not document.get("citations"):
        missing.append(_("no place in a publication"))
    unread = _("“%(line)s” is not a place")
    missing += [unread % {"line": line} for line in document.get(UNREAD, [])]
    words = _("%(slug)s is no publication that is known")
    named = (citation["publication"] for citation in document.get("citations", []))
    return missing + [words % {"slug": slug} for slug in named if slug not in known]


def known_publications(documents: list[Document]) -> set[str]:
    """Return the slugs that some answers cite and that are slugs of publications."""
    named = publications_in(documents)
    return set(Publication.objects.filter(slug__in=named).values_list("slug", flat=True))


@transaction.atomic
def discuss(
    *,
    round: CodingRound,
    project: Project,
    subject: Subject,
    text: str,
    by: User,
    url: str = "",
) -> RoundComment:
    """Comment on one subject of one project, and tell the others. Raises NotAllowed."""
    found = _locked(round, RoundState.COMPARING)
    _takes_part(found, by)
    if not text.strip() or len(text) > LONGEST:
        raise NotAllowed([_("Write a comment of up to %(most)s letters.") % {"most": LONGEST}])
    made = RoundComment.objects.create(
        round=found, project=project, text=text.strip(), by=by, **subject.fields
    )
    _tell(RoundSnapshot(found), by, f"{found}: {project} › {subject}", made.text, url)
    return made


@transaction.atomic
def agree(
    *,
    round: CodingRound,
    project: Project,
    subject: Subject,
    document: Document,
    resolution: str,
    by: User,
    url: str = "",
) -> None:
    """Keep one agreed coding, with why and how it was reached; the independent ones stay.

    A consensus waits for the word of every other coder, who are told. Raises NotAllowed where
    something is missing, CaseFilesRefused for what cannot be read.
    """
    found = _locked(round, RoundState.COMPARING)
    _takes_part(found, by)
    reasons = lacking(document, known_publications([document]))
    if refusal := _refusal_of(resolution, found, by):
        reasons.append(refusal)
    if reasons:
        raise NotAllowed(reasons)
    _file, problems = read_value(subject.key, _whole(subject, document), record_schema(Coding))
    if problems:
        raise CaseFilesRefused(problems)
    with pghistory.context(user=by.pk, reason="Agreed"):
        made, _is_new = RoundCoding.objects.update_or_create(
            round=found,
            project=project,
            coder=None,
            **subject.fields,
            defaults={"document": document, "resolution": resolution},
        )
        # What others confirmed was another text.
        made.confirmations.all().delete()
        it = RoundSnapshot(found)
        if mine := it.coder_of(by):
            made.confirmations.create(coder=mine.coder)
    if resolution == Resolution.CONSENSUS:
        others = {row.user for row in it.coders if row.left_at is None and row.user} - {by}
        words = _("Confirm a consensus: %(project)s › %(subject)s")
        about = {"project": project, "subject": subject}
        notify(others, words % about, by=by, words=document.get("rationale", ""), url=url)


def _refusal_of(resolution: str, round: CodingRound, by: User) -> str:
    """Return why nothing can be agreed in this way, or nothing where it can."""
    if resolution not in (Resolution.CONSENSUS, Resolution.ADJUDICATED):
        return _("Say how it was agreed: by consensus, or adjudicated.")
    if resolution == Resolution.ADJUDICATED and not may_review(by):
        return _("Only an editor adjudicates.")
    if resolution == Resolution.CONSENSUS and not RoundSnapshot(round).may_agree:
        return _(NOT_ALONE)
    return ""


@transaction.atomic
def confirm(*, round: CodingRound, project: Project, subject: Subject, seen: str, by: User) -> None:
    """Confirm the consensus as it was `seen`, which is the time of its last change.

    Raises NotAllowed where there is none, or another by now.
    """
    found = _locked(round, RoundState.COMPARING)
    mine = _coder(found, by)
    rows = found.codings.filter(project=project, coder=None, resolution=Resolution.CONSENSUS)
    coding = rows.filter(**subject.fields).first()
    if coding is None or coding.at.isoformat() != seen:
        raise NotAllowed([_("The consensus is another by now. Read it again, then confirm.")])
    with pghistory.context(user=by.pk, reason="Confirmed"):
        coding.confirmations.get_or_create(coder=mine.coder)


@transaction.atomic
def agree_where_same(*, round: CodingRound, by: User) -> int:
    """Agree where all coders say the same; return how many codings. Raises NotAllowed."""
    found = _locked(round, RoundState.COMPARING)
    _takes_part(found, by)
    it = RoundSnapshot(found)
    if not it.may_agree:
        raise NotAllowed([_(NOT_ALONE)])
    cells = [cell for cell in it.cells.values() if _all_say_the_same(cell, it)]
    with pghistory.context(user=by.pk, reason="Agreed: all say the same"):
        made = RoundCoding.objects.bulk_create(
            RoundCoding(
                round=found,
                project=cell.project,
                resolution=Resolution.CONSENSUS,
                document=_agreed([cell.answers[coder.pk] for coder in it.contributors]),
                **cell.subject.fields,
            )
            for cell in cells
        )
        # By answering the same, each has confirmed it.
        RoundConfirmation.objects.bulk_create(
            RoundConfirmation(coding=coding, coder=coder)
            for coding in made
            for coder in it.contributors
        )
    return len(cells)


def _all_say_the_same(cell: Cell, it: RoundSnapshot) -> bool:
    return cell.agreed is None and cell.is_same and len(cell.answers) == len(it.coders)


def _agreed(codings: list[RoundCoding]) -> Document:
    """Return the one answer of several who say the same, with the places that any of them cites."""
    first = codings[0].document
    answer = {name: first[name] for name in ("score", "missing_reason") if name in first}
    places = {
        str(sorted(citation.items())): citation
        for c in codings
        for citation in c.document["citations"]
    }
    return {**answer, "rationale": ALL_THE_SAME, "citations": list(places.values())}


@transaction.atomic
def close(*, round: CodingRound, by: User, reason: str) -> int:
    """Bring every coding into its project, the independent ones and the agreed; end the round.

    Projects that are public are changed by proposals, unless the editor may change them alone.
    Returns how many proposals there are. Raises NotAllowed; nothing is changed then.
    """
    lock_public_log()  # before any row, as everybody takes these locks
    found = _locked(round, RoundState.COMPARING)
    it = RoundSnapshot(found)
    reasons = []
    if not may_review(by):
        reasons.append(_("Only an editor closes a round."))
    if not reason.strip():
        reasons.append(_("Say why: the reason stands in the history of every project."))
    open_cells = [cell for cell in it.cells.values() if cell.needs_agreement]
    if open_cells:
        words = ngettext(
            "%(n)s coding is not agreed yet: %(first)s.",
            "%(n)s codings are not agreed yet, %(first)s first.",
            len(open_cells),
        )
        first = f"{open_cells[0].project} › {open_cells[0].subject}"
        reasons.append(words % {"n": len(open_cells), "first": first})
    if reasons:
        raise NotAllowed(reasons)
    proposed = 0
    with pghistory.context(user=by.pk, reason=reason):
        for project in it.projects:
            proposed += _bring_in(project, it, by, reason)
        found.state, found.closed_at = RoundState.CLOSED, timezone.now()
        found.save(update_fields=["state", "closed_at"])
    return proposed


def _bring_in(project: Project, it: RoundSnapshot, by: User, reason: str) -> bool:
    """Bring a round's codings into one project; return whether that was proposed."""
    now = document_of(project, public=True)
    codings: list[Document] = list(now.get("codings", []))
    for cell in it.cells_of(project):
        for answer in cell.answers.values():
            row = {"coder": reference(answer.coder), "round": it.row.number}
            codings.append(_coding(cell, it, answer.document | row, codings))
        if not cell.answers and cell.agreed is None:
            continue
        settled = cell.agreed or next(iter(cell.answers.values()))
        way = settled.resolution or Resolution.SINGLE_CODER
        stood = next((coding for coding in codings if _is_agreed_of(coding, cell, it)), None)
        values = {"resolution": str(way), "round": it.row.number}
        made = _coding(cell, it, values, codings, stood) | settled.document
        if stood is None:
            codings.append(made)
        else:
            codings[codings.index(stood)] = made
    if codings == now.get("codings", []):
        return False
    document = {**now, "codings": sorted(codings, key=lambda coding: str(coding["key"]))}
    try:
        proposed = change(record=project, base=now, document=document, by=by, reason=reason)
    except CaseFilesRefused as error:
        raise NotAllowed(
            [f"{project}: {problem.field}: {problem.message}" for problem in error.problems]
        ) from None
    except NotAllowed as error:
        raise NotAllowed([f"{project}: {refusal}" for refusal in error.reasons]) from None
    return proposed is not None


def _coding(
    cell: Cell,
    it: RoundSnapshot,
    values: Document,
    others: list[Document],
    stood: Document | None = None,
) -> Document:
    """Return a coding of a cell under a key that no other has, or that of the one it replaces."""
    row = _whole(cell.subject, values)
    if it.row.perspective_group is not None:
        row["perspective_group"] = it.row.perspective_group.slug
    if row.get("round") == 1:
        del row["round"]  # what only states a default is not written
    start = slugify(f"{_key(cell.subject)}-{values.get('coder', 'agreed')}")[:80]
    taken = {coding["key"] for coding in others}
    row["key"] = stood["key"] if stood else start
    number = it.row.number
    while stood is None and row["key"] in taken:
        row["key"] = f"{start}-{number}"
        number += 1
    return row


def _key(subject: Subject) -> str:
    thing: Any = subject.thing
    return str(getattr(thing, "key", None) or thing.slug)


def _is_agreed_of(coding: Document, cell: Cell, it: RoundSnapshot) -> bool:
    """Return whether a coding is the agreed one of this subject, from the round's perspective."""
    named = {
        name: reference(thing) for name, thing in cell.subject.fields.items() if thing is not None
    }
    group = it.row.perspective_group.slug if it.row.perspective_group is not None else None
    return (
        "coder" not in coding
        and all(coding.get(name) == value for name, value in named.items())
        and coding.get("perspective_group") == group
        and "perspective_stakeholder" not in coding
    )


def _locked(round: CodingRound, state: RoundState) -> CodingRound:
    """Return the round, locked until the transaction ends. Raises NotAllowed in another state."""
    found = CodingRound.objects.select_for_update(of=("self",)).get(pk=round.pk)
    if found.state != state:
        words = _("It is “%(now)s”; this needs: %(state)s.")
        raise NotAllowed([words % {"now": found.get_state_display(), "state": state.label}])
    return found


def _coder(round: CodingRound, user: User) -> RoundCoder:
    found = round.coders.filter(user=user, left_at=None).select_related("coder").first()
    if found is None:
        raise NotAllowed([_("You do not code in this round.")])
    return found


def _takes_part(round: CodingRound, user: User) -> None:
    if not may_review(user):
        _coder(round, user)


def _tell(it: RoundSnapshot, by: User, subject: str, words: str = "", url: str = "") -> None:
    people = {row.user for row in it.coders if row.user is not None and row.left_at is None}
    if it.row.opened_by is not None:
        people.add(it.row.opened_by)
    notify(people - {by}, subject, by=by, words=words, url=url)
