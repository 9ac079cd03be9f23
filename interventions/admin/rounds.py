"""The page of a round of coding: how far it is, how far its coders agree, its steps."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clusters.actions.publishing import NotAllowed
from clusters.admin.dashboard import Group, Waiting
from clusters.formats.csv_files import csv_response
from clusters.models import Contributor, User
from clusters.models.roles import may_enter, may_review
from interventions.actions import rounds
from interventions.analysis.agreement import RELIABLE, TENTATIVE
from interventions.analysis.rounds import by_subject, distance, figures
from interventions.models import CodingRound, Project, RoundCoder, RoundState
from interventions.selectors.coding_rounds import ANSWERS, Cell, RoundSnapshot, code_of


def round_of(request: HttpRequest, number: int) -> RoundSnapshot:
    """Return a round that somebody may see."""
    if not may_enter(request.user):
        raise Http404
    return RoundSnapshot(get_object_or_404(CodingRound.objects.visible_to(request.user), pk=number))


def context_of(request: HttpRequest, it: RoundSnapshot, **more: Any) -> dict[str, Any]:
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
    context = context_of(
        request, it, title=str(it.row), progress=progress_of(it), others=others_to_code(it)
    )
    if context["is_open_to_all"]:
        units = it.units()
        each = by_subject(units)
        context |= {
            "overall": figures(units),
            "figures": [(subject, each[subject.key]) for subject in it.subjects],
            "heat": heat_of(it),
            "reliable": RELIABLE,
            "tentative": TENTATIVE,
            "not_agreed": sum(cell.needs_agreement for cell in it.cells.values()),
        }
    return TemplateResponse(request, "admin/desk/rounds/round.html", context)


def others_to_code(it: RoundSnapshot) -> QuerySet[Contributor]:
    """Return who could code in place of somebody: people with an account, not in the round."""
    inside = it.row.coders.values("coder")
    return Contributor.objects.exclude(user=None).exclude(pk__in=inside)[:MOST_OTHERS]


MOST_OTHERS = 200


def progress_of(it: RoundSnapshot) -> list[tuple[Project, list[int]]]:
    """Return for each project how many subjects each coder has coded: numbers, no answers."""
    return [
        (
            project,
            [
                sum(coder.pk in cell.answers for cell in it.cells_of(project))
                for coder in it.contributors
            ],
        )
        for project in it.projects
    ]


def heat_of(it: RoundSnapshot) -> list[tuple[Project, list[dict[str, Any]]]]:
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


def said_of(it: RoundSnapshot, cell: Cell) -> str:
    """Return what each coder answered, in words."""
    return "; ".join(
        f"{coder.desk_name}: {ANSWERS.get(cell.codes.get(coder.pk, ''), _('not coded'))}"
        for coder in it.contributors
    )


def act(request: HttpRequest, it: RoundSnapshot) -> HttpResponse:
    """Take one step with a round, with a message on what came of it; redirect to its page."""
    user: Any = request.user
    url = request.build_absolute_uri()
    acts: dict[str, Callable[[], Any]] = {
        "open": lambda: rounds.open_round(round=it.row, by=user, url=url),
        "hand-in": lambda: rounds.hand_in(round=it.row, by=user, url=url),
        "take-back": lambda: rounds.take_back(round=it.row, by=user),
        "agree-same": lambda: rounds.agree_where_same(round=it.row, by=user),
        "leave-out": lambda: _leave_out(request, it),
        "cancel": lambda: rounds.cancel(
            round=it.row, by=user, reason=request.POST.get("reason", ""), url=url
        ),
        "reopen": lambda: rounds.reopen(round=it.row, by=user, url=url),
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


def _leave_out(request: HttpRequest, it: RoundSnapshot) -> bool:
    """Leave the chosen coder out, or put another in their place. Raises NotAllowed for none."""
    slugs = {name: request.POST.get(name, "") for name in ("coder", "instead")}
    people = {person.slug: person for person in Contributor.objects.filter(slug__in=slugs.values())}
    coder, instead = people.get(slugs["coder"]), people.get(slugs["instead"])
    if coder is None or (slugs["instead"] and instead is None):
        raise NotAllowed([_("Choose the coder who is left out.")])
    return rounds.leave_out(
        round=it.row,
        coder=coder,
        instead=instead,
        reason=request.POST.get("reason", ""),
        by=request.user,  # type: ignore[arg-type]
        url=request.build_absolute_uri(),
    )


def said(name: str, done: Any) -> str:
    if name == "agree-same":
        return ngettext(
            "%(n)s coding agreed, on which all say the same.",
            "%(n)s codings agreed, on which all say the same.",
            done,
        ) % {"n": done}
    if name == "close":
        if not done:
            return _("Closed: the codings stand in their projects.")
        return ngettext(
            "Closed; %(n)s project is changed once another editor approves it under Proposals.",
            "Closed; %(n)s projects are changed once another editor approves it under Proposals.",
            done,
        ) % {"n": done}
    return {
        "open": _("The coders were told by mail."),
        "hand-in": _("Handed in.") if not done else _("Handed in, and now all have: compare."),
        "take-back": _("Go on coding."),
        "leave-out": _("The coders were told by mail."),
        "cancel": _("Cancelled. Nothing in the round is lost: an editor can reopen it."),
        "reopen": _("Reopened."),
    }[name]


def round_csv(request: HttpRequest, number: int) -> HttpResponse:
    """Return every answer of a round as CSV, one row a project and subject."""
    it = round_of(request, number)
    if it.row.state not in (RoundState.COMPARING, RoundState.CLOSED):
        raise Http404
    head = (
        "project",
        "subject",
        *(str(contributor) for contributor in it.contributors),
        "agreed",
        "apart",
    )
    units = {(unit.case, unit.subject): unit for unit in it.units()}
    rows = [
        (
            cell.project.slug,
            str(cell.subject),
            *(cell.codes.get(contributor.pk, "") for contributor in it.contributors),
            code_of(cell.agreed.document) if cell.agreed else "",
            distance(units[cell.project.slug, cell.subject.key]),
        )
        for cell in it.cells.values()
    ]
    return csv_response(f"round-{it.row.pk}", head, rows)


# --- What waits ----------------------------------------------------------------------------------


def waiting(user: User) -> Group:
    """Return the rounds in which something waits for somebody."""
    to_code = CodingRound.objects.filter(
        # Both of the same row: whoever it is has not handed in.
        state=RoundState.CODING,
        coders__in=RoundCoder.objects.filter(user=user, handed_in_at=None, left_at=None),
    )
    found = [Waiting(row.get_absolute_url(), str(row), _("code, each apart")) for row in to_code]
    found += [
        Waiting(row.get_absolute_url(), str(row), _("compare and agree"))
        for row in CodingRound.objects.filter(
            Q(coders__in=RoundCoder.objects.filter(user=user, left_at=None)) | Q(opened_by=user),
            state=RoundState.COMPARING,
        ).distinct()
    ]
    return Group(_("Rounds of coding"), found)
