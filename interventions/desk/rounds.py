"""Rounds of coding at the desk: prepared, coded each apart, compared, agreed and closed."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from clusters.actions.publishing import NotAllowed
from clusters.admin_base import CaseAdmin
from clusters.casefiles.document import Document, document_of
from clusters.casefiles.loader import CaseFilesRefused
from clusters.desk.waiting import Group, Waiting
from clusters.models import Citation
from clusters.roles import may_enter, may_review
from clusters.spreadsheets.columns import PLACE, place_of, place_text
from clusters.tables import csv_response
from interventions.actions import rounds
from interventions.analysis.agreement import RELIABLE, TENTATIVE
from interventions.analysis.rounds import by_subject, distance, figures
from interventions.marks import publications_in
from interventions.models import (
    Agreement,
    CodingRound,
    Project,
    RoundCoder,
    RoundDimension,
    RoundProject,
    RoundState,
)
from interventions.rounds import ANSWERS, Cell, Round, Subject, code_of

MOST_PLACES = 400
UNPROCESSABLE = 422


class _Inline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows of a round, for whoever prepares it."""

    extra = 1

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_review(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_review(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_review(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_review(request.user)


class RoundProjectInline(_Inline):
    model = RoundProject
    autocomplete_fields = ("project",)


class RoundDimensionInline(_Inline):
    model = RoundDimension
    autocomplete_fields = ("dimension",)


class RoundCoderInline(_Inline):
    model = RoundCoder
    autocomplete_fields = ("coder",)


@admin.register(CodingRound)
class CodingRoundAdmin(CaseAdmin):
    """Rounds: an editor prepares one, its coders code, and all of them compare."""

    list_display = ("name", "state", "framework", "opened_at", "closed_at")
    list_select_related = ("framework",)
    list_filter = ("state",)
    search_fields = ("name",)
    fields = ("name", "framework", "perspective_group")
    autocomplete_fields = ("framework", "perspective_group")
    inlines = (RoundProjectInline, RoundCoderInline, RoundDimensionInline)

    class Media:
        js = ("js/named.js",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return CodingRound.objects.visible_to(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_review(request.user) and (obj is None or obj.state == RoundState.PREPARED)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the form while it is prepared, and the round's own page from then on."""
        row = self.get_object(request, object_id)
        if row is not None and not self.has_change_permission(request, row):
            return HttpResponseRedirect(row.get_absolute_url())
        return super().change_view(request, object_id, form_url, extra_context)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(obj.get_absolute_url())

    response_post_save_change = response_post_save_add

    def get_urls(self) -> list[Any]:
        views: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "<int:number>/round/": ("coding-round", round_page),
            "<int:number>/codings.csv": ("coding-round-csv", round_csv),
            "<int:number>/sheets/<slug:slug>/": ("coding-sheet", sheet_page),
            "<int:number>/compare/<slug:slug>/": ("coding-compare", compare_page),
        }
        own = [
            path(address, self.admin_site.admin_view(view), name=name)
            for address, (name, view) in views.items()
        ]
        return [*own, *super().get_urls()]


def round_of(request: HttpRequest, number: int) -> Round:
    """Return a round that somebody may see."""
    if not may_enter(request.user):
        raise Http404
    return Round(get_object_or_404(CodingRound.objects.visible_to(request.user), pk=number))


def context_of(request: HttpRequest, it: Round, **more: Any) -> dict[str, Any]:
    return {
        **admin.site.each_context(request),
        "it": it,
        "round": it.row,
        "mine": it.coder_of(request.user),
        "may_review": may_review(request.user),
        "is_open_to_all": it.row.state in (RoundState.COMPARING, RoundState.CLOSED),
        **more,
    }


# --- The round -----------------------------------------------------------------------------------


def round_page(request: HttpRequest, number: int) -> HttpResponse:
    """Show how far a round is; once all have handed in, also how far they agree."""
    it = round_of(request, number)
    if request.method == "POST":
        return act(request, it)
    context = context_of(request, it, title=str(it.row), progress=progress_of(it))
    if context["is_open_to_all"]:
        units = it.units()
        each = by_subject(units)
        context |= {
            "overall": figures(units),
            "figures": [(subject, each[subject.key]) for subject in it.subjects],
            "heat": heat_of(it),
            "reliable": RELIABLE,
            "tentative": TENTATIVE,
            "not_agreed": sum(bool(c.answers) and c.agreed is None for c in it.cells.values()),
        }
    return TemplateResponse(request, "admin/desk/rounds/round.html", context)


def progress_of(it: Round) -> list[tuple[Project, list[int]]]:
    """Return for each project how many subjects each coder has coded: numbers, no answers."""
    return [
        (
            project,
            [
                sum(
                    one.pk in cell.answers
                    for cell in it.cells.values()
                    if cell.project.pk == project.pk
                )
                for one in it.contributors
            ],
        )
        for project in it.projects
    ]


def heat_of(it: Round) -> list[tuple[Project, list[dict[str, Any]]]]:
    """Return who differs where: for each project and subject how far the answers lie apart."""
    units = {(unit.case, unit.subject): unit for unit in it.units()}
    return [
        (
            project,
            [
                {
                    "subject": subject,
                    "distance": (apart := distance(units[project.slug, subject.key])),
                    "sign": SIGNS[apart],
                    "said": said_of(it, it.cells[project.pk, subject.key]),
                }
                for subject in it.subjects
            ],
        )
        for project in it.projects
    ]


SIGNS = {"none": "", "one": "·", "same": "=", "kind": "?", "1": "1", "2": "2", "3": "3"}


def said_of(it: Round, cell: Cell) -> str:
    """Say in words what each coder answered."""
    return "; ".join(
        f"{one}: {ANSWERS.get(cell.codes.get(one.pk, ''), _('not coded'))}"
        for one in it.contributors
    )


def act(request: HttpRequest, it: Round) -> HttpResponse:
    """Take one step with a round, and say what came of it."""
    user: Any = request.user
    acts: dict[str, Callable[[], Any]] = {
        "open": lambda: rounds.open_round(round=it.row, by=user),
        "hand-in": lambda: rounds.hand_in(round=it.row, by=user),
        "take-back": lambda: rounds.take_back(round=it.row, by=user),
        "agree-same": lambda: rounds.agree_where_same(round=it.row, by=user),
        "close": lambda: rounds.close(round=it.row, by=user, reason=request.POST.get("reason", "")),
    }
    name = request.POST.get("act", "")
    if name not in acts:
        raise Http404
    try:
        done = acts[name]()
    except NotAllowed as error:
        for reason in error.reasons:
            messages.error(request, reason)
    else:
        messages.success(request, said(name, done))
    return HttpResponseRedirect(it.row.get_absolute_url())


def said(name: str, done: Any) -> str:
    if name == "agree-same":
        return _("%(n)s codings agreed, on which all say the same.") % {"n": done}
    if name == "close":
        return _("Closed; %(n)s projects are changed once an editor approves.") % {"n": done}
    return {
        "open": _("The coders were told by mail."),
        "hand-in": _("Handed in.") if not done else _("Handed in, and now all have: compare."),
        "take-back": _("Go on coding."),
    }[name]


def round_csv(request: HttpRequest, number: int) -> HttpResponse:
    """Return every answer of a round as CSV, one row a project and subject."""
    it = round_of(request, number)
    if it.row.state not in (RoundState.COMPARING, RoundState.CLOSED):
        raise Http404
    head = ("project", "subject", *(str(one) for one in it.contributors), "agreed", "apart")
    units = {(unit.case, unit.subject): unit for unit in it.units()}
    rows = [
        (
            cell.project.slug,
            str(cell.subject),
            *(cell.codes.get(one.pk, "") for one in it.contributors),
            code_of(cell.agreed.document) if cell.agreed else "",
            distance(units[cell.project.slug, cell.subject.key]),
        )
        for cell in it.cells.values()
    ]
    return csv_response(f"round-{it.row.pk}", head, rows)


# --- Sheets --------------------------------------------------------------------------------------


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
        typed, wrong = typed_in(request, it)
        if not wrong:
            try:
                rounds.code(round=it.row, project=project, by=mine.coder.user, answers=typed)
            except NotAllowed as error:
                wrong[""] = error.reasons
            except CaseFilesRefused as error:
                for problem in error.problems:
                    wrong.setdefault(problem.file, []).append(problem.message)
        if request.headers.get("X-Autosave"):
            words = [one for some in wrong.values() for one in some]
            return JsonResponse(
                {"problems": words} if words else {"at": f"{localtime():%H:%M}"},
                status=UNPROCESSABLE if words else 200,
            )
        if not wrong:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(request.path)
        kept = {subject.key: document for subject, document in typed.items()}
        status = UNPROCESSABLE
    context = context_of(
        request,
        it,
        title=str(project),
        project=project,
        is_open=is_open,
        rows=[row_of(one, kept.get(one.key, {}), wrong.get(one.key, [])) for one in it.subjects],
        refusals=wrong.get("", []),
        places=places_of(project),
        answers=ANSWERS.items(),
    )
    return TemplateResponse(request, "admin/desk/rounds/sheet.html", context, status=status)


def row_of(subject: Subject, document: Document, problems: list[str]) -> dict[str, Any]:
    """Return what a form shows of one answer."""
    return {
        "subject": subject,
        "code": code_of(document),
        "rationale": document.get("rationale", ""),
        "places": [*document.get("lines", map(place_text, document.get("citations", []))), ""],
        "problems": problems,
    }


def typed_in(
    request: HttpRequest, it: Round
) -> tuple[dict[Subject, Document], dict[str, list[str]]]:
    """Read a sheet, every subject of it; return also what cannot be read, by subject."""
    answers: dict[Subject, Document] = {}
    wrong: dict[str, list[str]] = {}
    for subject in it.subjects:
        document, problems = answer_in(request, subject)
        if problems:
            wrong[subject.key] = problems
        if document:
            answers[subject] = document
    return answers, wrong


def answer_in(request: HttpRequest, subject: Subject) -> tuple[Document, list[str]]:
    """Read the answer to one subject; places that cannot be read stay as typed, in `lines`."""
    code = request.POST.get(f"{subject.key}-answer", "")
    rationale = request.POST.get(f"{subject.key}-rationale", "").strip()
    lines = [one.strip() for one in request.POST.getlist(f"{subject.key}-place") if one.strip()]
    document: Document = {}
    problems: list[str] = []
    if code in ANSWERS:
        document["no_value" if code.isidentifier() else "degree"] = code
    elif code:
        problems.append(_("“%(code)s” is no answer.") % {"code": code[:40]})
    if rationale:
        document["rationale"] = rationale
    try:
        if places := [place_of(line) for line in dict.fromkeys(lines)]:
            document["citations"] = places
    except ValidationError as error:
        problems += error.messages
        document["lines"] = lines
    return document, problems


def places_of(project: Project) -> list[str]:
    """Return places to choose from: those known in the publications that a project cites."""
    slugs = publications_in(document_of(project, public=True))
    rows = Citation.objects.filter(publication__slug__in=slugs).select_related("publication")
    rows = rows.order_by("publication__slug", "pk")[:MOST_PLACES]
    return [PLACE.join((row.publication.slug, row.locator_type, row.locator)) for row in rows]


# --- Comparing -----------------------------------------------------------------------------------


def compare_page(request: HttpRequest, number: int, slug: str) -> HttpResponse:
    """Show one project's answers side by side, what is said to them, and what was agreed."""
    it = round_of(request, number)
    project = it.project(slug)
    if project is None or it.row.state not in (RoundState.COMPARING, RoundState.CLOSED):
        raise Http404
    cells = [cell for cell in it.cells.values() if cell.project.pk == project.pk]
    typed: dict[str, dict[str, Any]] = {}
    status = 200
    if request.method == "POST":
        subject = it.subject(request.POST.get("subject", ""))
        if subject is None:
            raise Http404
        document, problems = answer_in(request, subject)
        if not (problems := problems or settle(request, it, project, subject, document)):
            return HttpResponseRedirect(f"{request.path}#{subject.key}")
        typed[subject.key] = row_of(subject, document, problems) | {
            "agreement": request.POST.get("agreement", ""),
            "text": request.POST.get("text", ""),
        }
        status = UNPROCESSABLE
    context = context_of(
        request,
        it,
        title=str(project),
        project=project,
        rows=[compared(it, cell, typed.get(cell.subject.key)) for cell in cells],
        places=places_of(project),
        answers=ANSWERS.items(),
        ways=[one for one in Agreement.choices if one[0] != Agreement.ONE_CODER],
    )
    return TemplateResponse(request, "admin/desk/rounds/compare.html", context, status=status)


def settle(
    request: HttpRequest, it: Round, project: Project, subject: Subject, document: Document
) -> list[str]:
    """Say something to one subject, or agree on it; return why it was refused."""
    to = {"round": it.row, "project": project, "subject": subject, "by": request.user}
    try:
        if request.POST.get("act") == "say":
            rounds.discuss(**to, text=request.POST.get("text", ""))  # type: ignore[arg-type]
            return []
        way = request.POST.get("agreement", "")
        rounds.agree(**to, document=document, agreement=way)  # type: ignore[arg-type]
    except NotAllowed as error:
        return list(error.reasons)
    except CaseFilesRefused as error:
        return [problem.message for problem in error.problems]
    return []


def compared(it: Round, cell: Cell, typed: dict[str, Any] | None) -> dict[str, Any]:
    """Return what the page shows of one subject."""
    answers = [(one, answer_of(cell.answers.get(one.pk))) for one in it.contributors]
    agreed = row_of(cell.subject, cell.agreed.document, []) if cell.agreed else None
    start = typed or agreed or row_of(cell.subject, {}, [])
    return {
        "subject": cell.subject,
        "answers": answers,
        "is_same": cell.is_same,
        "agreed": answer_of(cell.agreed),
        "way": cell.agreed.get_agreement_display() if cell.agreed else "",
        "comments": cell.comments,
        "form": start,
        "is_open": bool(typed) or (bool(cell.answers) and not cell.is_same and not cell.agreed),
    }


def answer_of(coding: Any) -> dict[str, Any] | None:
    """Return an answer in words, with its reasons and places."""
    if coding is None:
        return None
    document = coding.document
    return {
        "said": ANSWERS.get(code_of(document), ""),
        "rationale": document.get("rationale", ""),
        "places": [place_text(one) for one in document.get("citations", [])],
    }


# --- What waits ----------------------------------------------------------------------------------


def waiting(user: Any) -> Group:
    """Return the rounds in which something waits for somebody."""
    mine = CodingRound.objects.filter(coders__coder__user=user)
    to_code = CodingRound.objects.filter(
        # Both of the same row: whoever it is has not handed in.
        state=RoundState.CODING,
        coders__coder__user=user,
        coders__handed_in_at=None,
    )
    found = [Waiting(one.get_absolute_url(), str(one), _("code, each apart")) for one in to_code]
    found += [
        Waiting(one.get_absolute_url(), str(one), _("compare and agree"))
        for one in mine.filter(state=RoundState.COMPARING)
    ]
    return Group(_("Rounds of coding"), found)
