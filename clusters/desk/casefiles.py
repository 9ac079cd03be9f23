"""Case files in and out of the desk: upload a zip, see what would change, apply; download."""

import base64
import binascii
import json
import tempfile
from pathlib import Path
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from clusters.actions.loading import Plan, bring_in, look
from clusters.actions.publishing import NotAllowed
from clusters.casefiles.archive import LARGEST, pack, unpack
from clusters.casefiles.document import document_of
from clusters.casefiles.loader import CaseFilesRefused, together
from clusters.casefiles.reader import CaseFile, Problem, read_folder
from clusters.casefiles.shape import shapes
from clusters.roles import may_enter

UNPROCESSABLE = 422


def upload(request: HttpRequest) -> HttpResponse:
    """Show what an uploaded zip file of case files would change; asked again, apply it.

    What was looked at travels with the page, so that just that is applied.
    """
    user: Any = request.user
    if not may_enter(user):
        raise Http404
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Case files"),
        "largest": LARGEST // 1_000_000,
        "reason": request.POST.get("reason", ""),
    }
    if request.method != "POST":
        return TemplateResponse(request, "admin/desk/case_files.html", context)
    status = 200
    try:
        content = content_of(request)
        files = files_of(content)
        context["packed"] = base64.b64encode(content).decode()
        if request.POST.get("act") == "apply":
            plan = apply(request, files)
            messages.success(request, said(plan))
            return HttpResponseRedirect(reverse("admin:index"))
        plan = look(files=files, by=user)
        context |= {"plan": plan, "versions": json.dumps(plan.versions)}
    except CaseFilesRefused as error:
        context["problems"], status = error.problems, UNPROCESSABLE
    except NotAllowed as error:
        context["refusals"], status = error.reasons, UNPROCESSABLE
    return TemplateResponse(request, "admin/desk/case_files.html", context, status=status)


def apply(request: HttpRequest, files: list[CaseFile]) -> Plan:
    reason = request.POST.get("reason", "")
    if not reason.strip():
        raise NotAllowed([_("Say why: the reason stands in the history and in proposals.")])
    try:
        versions = json.loads(request.POST.get("versions", ""))
    except ValueError:
        versions = None
    return bring_in(files=files, by=request.user, reason=reason, versions=versions)  # type: ignore[arg-type]


def content_of(request: HttpRequest) -> bytes:
    """Return the zip file that was sent, or that the page brought along."""
    if sent := request.FILES.get("file"):
        content: bytes = sent.read(LARGEST + 1)
        return content
    try:
        return base64.b64decode(request.POST.get("packed", ""), validate=True)
    except binascii.Error:
        return b""


def files_of(content: bytes) -> list[CaseFile]:
    """Read the case files of a zip file. Raises CaseFilesRefused with every problem."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        problems = unpack(content, folder)
        files, found = read_folder(folder) if not problems else ([], [])
        found = [
            Problem("upload", 0, "", _("It holds no case files.")) if one.file == name else one
            for one in found
        ]
    if problems or found:
        raise CaseFilesRefused(together([*problems, *found], []))
    return files


def said(plan: Plan) -> str:
    return _("%(new)s entered, %(changed)s changed, %(proposed)s of them proposed.") % {
        "new": len(plan.created),
        "changed": len(plan.changed),
        "proposed": len(plan.proposed),
    }


def download(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Return a record as a case file in a zip file, ready to be changed and uploaded again."""
    shape = shapes().get(kind)
    model: Any = shape.model if shape else None
    if shape is None or not may_enter(request.user) or not hasattr(model.objects, "visible_to"):
        raise Http404
    record = model.objects.visible_to(request.user).filter(slug=slug).first()
    if record is None:
        raise Http404
    content = pack([(shape, document_of(record, public=True))])
    answer = HttpResponse(content, content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{slug}.zip"'
    return answer
