"""Literature into the desk: a list uploaded, or a DOI; looked at first, then entered as drafts."""

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from clusters.actions.entering import create
from clusters.formats.bibliography import (
    LARGEST,
    Unreadable,
    Work,
    fetch,
    mark_duplicates,
    name_new,
    read,
)
from clusters.models import Publication
from clusters.models.roles import Visitor, may_enter
from clusters.records.schema import record_schema
from clusters.records.serialization import document_of
from clusters.records.validation import CaseFilesRefused
from clusters.values.doi import bare_doi

UNPROCESSABLE = 422


def upload(request: HttpRequest) -> HttpResponse:
    """Show which works of a list are new, known or unreadable; asked again, enter the new ones."""
    user: Any = request.user
    if not may_enter(user):
        raise Http404
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Literature"),
        "largest": LARGEST // 1_000_000,
        "doi": request.POST.get("doi", ""),
    }
    if request.method != "POST":
        return TemplateResponse(request, "admin/desk/literature.html", context)
    status = 200
    try:
        works = works_of(request, context)
        mark_duplicates(works, user)
        context["works"] = works
        context["new"] = [work for work in works if work.is_new]
        context["choosable"] = [work for work in works if work.may_be_chosen]
        if request.POST.get("act") == "apply":
            # Sent twice, new works are known: that they are others has a box of its own.
            chosen = set(request.POST.getlist("choose"))
            others = set(request.POST.getlist("another"))
            documents = name_new(
                work
                for work in context["choosable"]
                if str(work.number) in (chosen | others if work.is_new else others)
            )
            if not documents:
                raise Unreadable(_("Choose one work at least."))
            create(
                shape=record_schema(Publication),
                values=documents,
                by=user,
                reason=_("From a list of literature"),
            )
            messages.success(request, _("%(n)s entered as drafts.") % {"n": len(documents)})
            return HttpResponseRedirect(reverse("admin:clusters_publication_changelist"))
    except Unreadable as error:
        context["problems"], status = [str(error)], UNPROCESSABLE
    except CaseFilesRefused as error:
        context["problems"], status = [str(problem) for problem in error.problems], UNPROCESSABLE
    return TemplateResponse(request, "admin/desk/literature.html", context, status=status)


def works_of(request: HttpRequest, context: dict[str, Any]) -> list[Work]:
    """Return the works of the list that was sent, or that the page brought along, or of a DOI."""
    if doi := request.POST.get("doi", "").strip():
        # What is here already needs nobody to be asked.
        return [known_by(doi, request.user) or fetch(doi)]
    if sent := request.FILES.get("file"):
        content: bytes = sent.read(LARGEST + 1)
    else:
        # A browser sends other ends of lines than the file has, and so a longer text.
        content = request.POST.get("list", "").replace("\r\n", "\n").encode()
    if not content.strip():
        raise Unreadable(_("Give a list, or a DOI."))
    works = read(content)
    # Just what was looked at is entered.
    context["list"] = content.decode("utf-8-sig")
    return works


def known_by(doi: str, user: Visitor) -> Work | None:
    """Return the work of that DOI that the casebook has, if somebody may see it."""
    try:
        wanted = bare_doi(doi)
    except ValueError as error:
        raise Unreadable(str(error)) from None
    found = Publication.objects.visible_to(user).filter(doi=wanted).first()
    return found and Work(line=1, number=1, document=document_of(found, public=True))
