"""Case files in and out of the desk: upload a zip, see what would change, apply; download."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.actions import uploads
from clusters.admin.uploads import LAST, UploadField, of_user
from clusters.formats.zip_files import LARGEST, pack
from clusters.models.roles import may_enter
from clusters.records.schema import record_schemas
from clusters.records.serialization import document_of


class CaseFilesForm(forms.Form):
    """A zip file of case files."""

    file = UploadField(
        label=gettext_lazy("Zip file"), accept=".zip,application/zip", largest=LARGEST
    )


def upload(request: HttpRequest) -> HttpResponse:
    """Show the form for a zip file of case files; hand a file that is sent to the worker."""
    user: Any = request.user
    if not may_enter(user):
        raise Http404
    form = CaseFilesForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        made = uploads.upload(file_name=sent.name, content=sent.read(), by=user)
        return HttpResponseRedirect(reverse("admin:desk-upload", args=[made.pk]))
    context = {
        **admin.site.each_context(request),
        "title": _("Case files"),
        "form": form,
        "largest": LARGEST // 1_000_000,
        "uploads": of_user(user).filter(table="")[:LAST],
    }
    return TemplateResponse(
        request, "admin/desk/case_files.html", context, status=422 if form.is_bound else 200
    )


def download(request: HttpRequest, kind: str, slug: str) -> HttpResponse:
    """Return a record as a case file in a zip file, ready to be changed and uploaded again."""
    shape = record_schemas().get(kind)
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
