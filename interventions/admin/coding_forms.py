"""Sheets of a round, each coder's own, and the page on which they are compared and agreed."""

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clusters.actions.publishing import NotAllowed
from clusters.formats.spreadsheets.columns import PLACE, place_of, place_text
from clusters.models import Citation, Publication
from clusters.models.roles import Visitor, may_review
from clusters.records.serialization import Document, document_of
from clusters.records.validation import CaseFilesRefused
from interventions.actions import rounds
from interventions.admin.rounds import context_of, round_of
from interventions.models import Project, Resolution, RoundCoding, RoundState
from interventions.selectors.coding_rounds import (
    ANSWERS,
    UNREAD,
    Cell,
    RoundSnapshot,
    Subject,
    code_of,
)
from interventions.selectors.completeness import publications_in

MOST_PLACES = 400
UNPROCESSABLE = 422


def sheet_page(request: HttpRequest, number: int, slug: str) -> HttpResponse:
    """Show somebody's own sheet of one project; what is typed is saved as it is typed."""
    it = round_of(request, number)
    project, mine = it.project(slug), it.coder_of(request.user)
    if project is None or mine is None or it.row.state == RoundState.PREPARED:
        raise Http404
    is_open = it.row.state == RoundState.CODING and mine.handed_in_at is None
    kept = it.sheet(mine.coder, project)
    wrong: dict[str, list[str]] = {}
    status = 200
    if request.method == "POST":
        typed, unread = typed_in(request, it)
        wrong = keep_sheet(it, project, mine.coder.user, typed)
        told = [f"{subject}: {message}" for subject, some in unread.items() for message in some]
        note = " ".join(filter(None, [*told, unknown_works(list(typed.values()))]))
        if request.headers.get("X-Autosave"):
            return autosaved([message for some in wrong.values() for message in some], note)
        if not wrong:
            messages.success(request, _("Saved."))
            if note:
                messages.warning(request, note)
            return HttpResponseRedirect(request.path)
        wrong |= {subject.key: some for subject, some in unread.items()}
        kept = {subject.key: document for subject, document in typed.items()}
        status = UNPROCESSABLE
    context = context_of(
        request,
        it,
        title=str(project),
        project=project,
        is_open=is_open,
        rows=[
            row_of(
                subject,
                found := kept.get(subject.key, {}),
                wrong.get(subject.key) or unread_in(found),
            )
            for subject in it.subjects
        ],
        refusals=wrong.get("", []),
        places=places_of(project),
        answers=ANSWERS.items(),
    )
    return TemplateResponse(request, "admin/desk/rounds/sheet.html", context, status=status)


def keep_sheet(
    it: RoundSnapshot, project: Project, by: Any, typed: dict[Subject, Document]
) -> dict[str, list[str]]:
    """Keep what somebody typed; return why it was refused, by key of the subject, "" for all."""
    wrong: dict[str, list[str]] = {}
    try:
        rounds.code(round=it.row, project=project, by=by, answers=typed)
    except NotAllowed as error:
        wrong[""] = error.reasons
    except CaseFilesRefused as error:
        for problem in error.problems:
            wrong.setdefault(problem.file, []).append(problem.message)
    return wrong


def autosaved(problems: list[str], note: str) -> JsonResponse:
    """Return what the script that saves is told: when it was kept, or why it was not."""
    if problems:
        return JsonResponse({"problems": problems}, status=UNPROCESSABLE)
    return JsonResponse({"at": f"{localtime():%H:%M}", "note": note})


def unknown_works(documents: list[Document]) -> str:
    """Return words on cited publications that the casebook does not have, or nothing."""
    missing = sorted(publications_in(documents) - rounds.known_publications(documents))
    if not missing:
        return ""
    return _("Not known as publications: %(names)s. Enter them before you hand in.") % {
        "names": ", ".join(missing)
    }


def row_of(subject: Subject, document: Document, problems: list[str]) -> dict[str, Any]:
    """Return the context of one subject's inputs."""
    return {
        "subject": subject,
        "code": code_of(document),
        "rationale": document.get("rationale", ""),
        "places": [*map(place_text, document.get("citations", [])), *document.get(UNREAD, []), ""],
        "problems": problems,
    }


def unread_in(document: Document) -> list[str]:
    """Return a problem for each line that was kept as typed, since it names no place."""
    found = []
    for line in document.get(UNREAD, []):
        try:
            place_of(line)
        except ValidationError as error:
            found += error.messages
    return found


def typed_in(
    request: HttpRequest, it: RoundSnapshot
) -> tuple[dict[Subject, Document], dict[Subject, list[str]]]:
    """Return the answers of a sheet, by subject, and what of them cannot be read, by subject."""
    answers: dict[Subject, Document] = {}
    wrong: dict[Subject, list[str]] = {}
    for subject in it.subjects:
        document, problems = answer_in(request, subject)
        if problems:
            wrong[subject] = problems
        if document:
            answers[subject] = document
    with_slugs(answers.values(), request.user)
    return answers, wrong


def with_slugs(documents: Collection[Document], user: Visitor) -> None:
    """Replace what a publication is called by its slug in answers, as lists show it."""
    cited = [citation for document in documents for citation in document.get("citations", [])]
    names = {citation["publication"] for citation in cited}
    works = Publication.objects.visible_to(user).filter(cited_as__in=names)
    slugs: dict[str, list[str]] = {}
    for name, slug in works.values_list("cited_as", "slug"):
        slugs.setdefault(name, []).append(slug)
    for citation in cited:
        # Of two that are called the same, neither is meant for certain.
        if len(found := slugs.get(citation["publication"], [])) == 1:
            citation["publication"] = found[0]


def answer_in(request: HttpRequest, subject: Subject) -> tuple[Document, list[str]]:
    """Return the answer to one subject and its problems; places not read stay in `UNREAD`."""
    code = request.POST.get(f"{subject.key}-answer", "")
    rationale = request.POST.get(f"{subject.key}-rationale", "").strip()
    lines = [line.strip() for line in request.POST.getlist(f"{subject.key}-place") if line.strip()]
    document: Document = {}
    problems: list[str] = []
    if code in ANSWERS:
        document["missing_reason" if code.isidentifier() else "score"] = code
    elif code:
        problems.append(_("“%(code)s” is no answer.") % {"code": code[:40]})
    if rationale:
        document["rationale"] = rationale
    for line in dict.fromkeys(lines):
        try:
            document.setdefault("citations", []).append(place_of(line))
        except ValidationError as error:
            problems += error.messages
            document.setdefault(UNREAD, []).append(line)
    return {name: value for name, value in document.items() if value}, problems


def places_of(project: Project) -> list[tuple[str, str]]:
    """Return places to choose from, as one writes and as one reads them.

    They are those known in the publications that a project cites.
    """
    slugs = publications_in(document_of(project, public=True))
    rows = Citation.objects.filter(publication__slug__in=slugs).select_related("publication")
    rows = rows.order_by("publication__slug", "pk")[:MOST_PLACES]
    return [
        (PLACE.join((row.publication.slug, row.locator_type, row.locator)), str(row))
        for row in rows
    ]


# --- Comparing -----------------------------------------------------------------------------------


def compare_page(request: HttpRequest, number: int, slug: str) -> HttpResponse:
    """Show one project's answers side by side, what is said to them, and what was agreed.

    It is one form: what is typed under other subjects comes back with the page.
    """
    it = round_of(request, number)
    project = it.project(slug)
    if project is None or it.row.state not in (RoundState.COMPARING, RoundState.CLOSED):
        raise Http404
    typed: dict[str, dict[str, Any]] = {}
    status = 200
    if request.method == "POST":
        act, _colon, rest = request.POST.get("act", "").partition(":")
        key, _colon, of = rest.partition(":")
        if (subject := it.subject(key)) is None:
            raise Http404
        typed = typed_to_compare(request, it, project)
        if act == "confirm":
            return confirmed(request, it, project, subject, of)
        if act == "take":
            typed[key] = typed.get(key, {}) | taken_over(it, project, subject, of)
        elif problems := settle(request, it, project, subject, act):
            typed[key] = {**sent_row(request, subject), "problems": problems}
            status = UNPROCESSABLE
        else:
            if act == "say" and typed.get(key, {}).get("is_answered"):
                typed[key]["text"] = ""
            else:
                typed.pop(key, None)
            messages.success(request, _("Said.") if act == "say" else _("Agreed."))
            if not typed:
                return HttpResponseRedirect(f"{request.path}#{key}")
            it = round_of(request, number)
    context = context_of(
        request,
        it,
        title=str(project),
        project=project,
        rows=[compared(it, cell, typed.get(cell.subject.key)) for cell in it.cells_of(project)],
        places=places_of(project),
        answers=ANSWERS.items(),
        ways=ways_for(request.user),
    )
    return TemplateResponse(request, "admin/desk/rounds/compare.html", context, status=status)


def confirmed(
    request: HttpRequest, it: RoundSnapshot, project: Project, subject: Subject, seen: str
) -> HttpResponse:
    """Confirm a consensus as it was shown, with a message on it."""
    try:
        rounds.confirm(
            round=it.row,
            project=project,
            subject=subject,
            seen=seen,
            by=request.user,  # type: ignore[arg-type]
        )
    except NotAllowed as error:
        for reason in error.reasons:
            messages.error(request, reason)
    else:
        messages.success(request, _("Confirmed."))
    return HttpResponseRedirect(f"{request.path}#{subject.key}")


def typed_to_compare(request: HttpRequest, it: RoundSnapshot, project: Project) -> dict[str, Any]:
    """Return what was typed and is neither said nor agreed yet, by subject."""
    found = {}
    for cell in it.cells_of(project):
        row = sent_row(request, cell.subject)
        stands = row_of(cell.subject, cell.agreed.document if cell.agreed else {}, [])
        row["is_answered"] = f"{cell.subject.key}-rationale" in request.POST and any(
            row[name] != stands[name] for name in ("code", "rationale", "places")
        )
        if row["is_answered"] or row["text"]:
            found[cell.subject.key] = row
    return found


def sent_row(request: HttpRequest, subject: Subject) -> dict[str, Any]:
    """Return one subject's inputs as they were sent."""
    document, problems = answer_in(request, subject)
    return row_of(subject, document, problems) | {
        "resolution": request.POST.get(f"resolution-{subject.key}", ""),
        "text": request.POST.get(f"text-{subject.key}", ""),
    }


def taken_over(it: RoundSnapshot, project: Project, subject: Subject, of: str) -> dict[str, Any]:
    """Return the answer of a coder, with which somebody would begin the agreed coding."""
    coder = next((contributor for contributor in it.contributors if contributor.slug == of), None)
    cell = next(
        candidate for candidate in it.cells_of(project) if candidate.subject.key == subject.key
    )
    if coder is None or coder.pk not in cell.answers:
        raise Http404
    return row_of(subject, cell.answers[coder.pk].document, [])


def ways_for(user: Visitor) -> list[tuple[str, str | Promise]]:
    """Return the ways, as codes and labels, in which somebody may settle on a coding."""
    ways = [Resolution.CONSENSUS, *([Resolution.ADJUDICATED] if may_review(user) else [])]
    return [(str(way), way.label) for way in ways]


def settle(
    request: HttpRequest, it: RoundSnapshot, project: Project, subject: Subject, act: str
) -> list[str]:
    """Comment on one subject, or agree on it; return why it was refused."""
    to = {"round": it.row, "project": project, "subject": subject, "by": request.user}
    sent = sent_row(request, subject)
    try:
        if act == "say":
            url = request.build_absolute_uri(f"{request.path}#{subject.key}")
            rounds.discuss(**to, text=sent["text"], url=url)  # type: ignore[arg-type]
            return []
        document, problems = answer_in(request, subject)
        with_slugs([document], request.user)
        if not problems:
            url = request.build_absolute_uri(f"{request.path}#{subject.key}")
            rounds.agree(**to, document=document, resolution=sent["resolution"], url=url)  # type: ignore[arg-type]
    except NotAllowed as error:
        return list(error.reasons)
    except CaseFilesRefused as error:
        return [problem.message for problem in error.problems]
    return problems


def compared(it: RoundSnapshot, cell: Cell, typed: dict[str, Any] | None) -> dict[str, Any]:
    """Return the context of one subject on the page on which answers are compared."""
    answers = [
        (contributor, answer_of(cell.answers.get(contributor.pk)))
        for contributor in it.contributors
    ]
    agreed = row_of(cell.subject, cell.agreed.document, []) if cell.agreed else None
    start = typed or agreed or row_of(cell.subject, {}, [])
    return {
        "subject": cell.subject,
        "answers": answers,
        "is_same": cell.is_same,
        "agreed": answer_of(cell.agreed),
        "is_settled": cell.is_settled,
        "unconfirmed": cell.unconfirmed,
        "seen": cell.agreed.at.isoformat() if cell.agreed else "",
        "way": cell.agreed.get_resolution_display() if cell.agreed else "",
        "comments": cell.comments,
        "form": start,
        "is_typed": bool(typed),
        "is_open": bool(typed) or (bool(cell.answers) and not cell.is_same and not cell.agreed),
    }


def answer_of(coding: RoundCoding | None) -> dict[str, Any] | None:
    """Return an answer in words, with its reasons and places."""
    if coding is None:
        return None
    document = coding.document
    return {
        "said": ANSWERS.get(code_of(document), ""),
        "rationale": document.get("rationale", ""),
        "places": [place_text(citation) for citation in document.get("citations", [])],
    }
