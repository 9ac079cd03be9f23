"""Files on their way in: how far each has come, what it changes, what is wrong, bringing it in."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from clusters.actions import uploads
from clusters.actions.publishing import NotAllowed
from clusters.formats.csv_files import csv_response
from clusters.models import Upload, UploadState, User
from clusters.models.roles import may_enter

MOST_SHOWN = 500
LAST = 10


class UploadField(forms.FileField):
    """A file of at most `largest` bytes; `accept` are the suffixes that a browser offers."""

    def __init__(self, *, label: Any, accept: str, largest: int) -> None:
        self.largest = largest
        widget = forms.FileInput(attrs={"accept": accept})
        super().__init__(label=label, max_length=200, widget=widget)

    def validate(self, value: UploadedFile | None) -> None:
        super().validate(value)
        if value and value.size and value.size > self.largest:
            words = _("The file is larger than %(n)s MB.") % {"n": self.largest // 1_000_000}
            raise forms.ValidationError(words)


def of_user(user: User) -> QuerySet[Upload]:
    """Return somebody's uploads, without the files themselves."""
    return Upload.objects.filter(by=user).defer("content")


def upload_page(request: HttpRequest, number: int) -> HttpResponse:
    """Show how far a file has come and what is wrong with it; a POST goes on with it."""
    upload = own(request, number)
    if request.method == "POST":
        try:
            if request.POST.get("act") == "again":
                uploads.begin_again(upload=upload)
            else:
                uploads.bring_in(upload=upload, reason=request.POST.get("reason", ""))
        except NotAllowed as error:
            for reason in error.reasons:
                messages.error(request, reason)
        return HttpResponseRedirect(request.path)
    is_at_work = uploads.is_at_work(upload)
    if not is_at_work:
        upload.refresh_from_db(fields=["state", "found", "wrong"])  # it may have ended just now
    context = {
        **admin.site.each_context(request),
        "title": str(upload),
        "upload": upload,
        "is_on_its_way": is_at_work or upload.state == UploadState.WAITING,
        "is_broken_off": upload.state == UploadState.FAILED
        or (upload.state == UploadState.RUNNING and not is_at_work),
        "heads": heads_of(upload),
        "wrong": upload.wrong[:MOST_SHOWN],
        "number_of_wrong": len(upload.wrong),
        "most_shown": MOST_SHOWN,
    }
    return TemplateResponse(request, "admin/desk/upload.html", context)


def upload_wrong(request: HttpRequest, number: int) -> HttpResponse:
    """Return everything that is wrong with a file as CSV."""
    upload = own(request, number)
    rows = [[str(cell) for cell in row] for row in upload.wrong]
    return csv_response(f"{upload.table or 'case-files'}-wrong", heads_of(upload), rows)


def heads_of(upload: Upload) -> tuple[str, ...]:
    """Return what the cells of a line on what is wrong are called."""
    if upload.table:
        return (_("Row"), _("Column"), _("Value"), _("What is wrong"))
    return (_("File"), _("Line"), _("Field"), _("What is wrong"))


def own(request: HttpRequest, number: int) -> Upload:
    user: Any = request.user
    if not may_enter(user):
        raise Http404
    return get_object_or_404(of_user(user), pk=number)
