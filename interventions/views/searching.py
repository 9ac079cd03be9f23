from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from clusters.published.search import grouped, matching, suggestions
from clusters.web.active_filters import without
from clusters.web.caching import public_page
from clusters.web.filters import LONGEST_QUERY
from clusters.web.pagination import strict_page
from clusters.web.query_params import check_parameters

# Kinds in the order in which their results stand, with their words.
KINDS = {
    "projects": _("Projects"),
    "clusters": _("Clusters"),
    "accounts": _("Accounts: who says what"),
    "factors": _("Factors"),
    "frameworks": _("Frameworks"),
    "outcomes": _("Outcomes"),
    "events": _("Events"),
    "donors": _("Donors"),
    "stakeholders": _("Stakeholders"),
    "publications": _("Literature"),
    "stakeholder-groups": _("Groups of stakeholders"),
    "outcome-dimensions": _("Dimensions of outcomes"),
}
PAGE_SIZE = 50


@public_page
def search(request: HttpRequest) -> HttpResponse:
    """Show everything published that holds the words: the best of each kind, or one kind."""
    check_parameters(request, {"q", "kind", "page"})
    words, kind = _words(request), request.GET.get("kind", "")
    if kind and kind not in KINDS:
        raise BadRequest(
            _("kind: there is no “%(kind)s”. Known: %(known)s.")
            % {"kind": kind, "known": ", ".join(KINDS)}
        )
    context: dict[str, Any] = {
        "q": words,
        "kind": kind,
        "all_kinds": without(request.GET, ["kind"]),
    }
    if kind:
        found, corrected = matching(words)
        page = strict_page(request, found.filter(kind=kind), PAGE_SIZE)
        context |= {"page": page, "heading": KINDS[kind], "corrected": corrected}
    elif words:
        result = grouped(words, list(KINDS))
        context |= {
            "found": result,
            "corrected": result.corrected,
            "groups": [(KINDS[group.kind], group) for group in result.groups],
        }
    return render(request, "interventions/search.html", context)


@public_page
def suggest(request: HttpRequest) -> HttpResponse:
    """Return titles as options of a list, for the box while a reader still types."""
    check_parameters(request, {"q"})
    words = _words(request)
    found = suggestions(words) if len(words) > 1 else []
    titles = dict.fromkeys(entry.title for entry in found)
    return render(request, "interventions/_suggestions.html", {"titles": titles})


def _words(request: HttpRequest) -> str:
    words = request.GET.get("q", "").replace("\x00", "").strip()
    if len(words) > LONGEST_QUERY:
        raise BadRequest(_("q: %(number)s letters at most.") % {"number": LONGEST_QUERY})
    return words
