"""Tables in and out of the desk: templates, uploads, and what became of each."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.actions.publishing import NotAllowed
from clusters.models import TableUpload, UploadMode, UploadState
from clusters.roles import may_enter
from clusters.spreadsheets import uploads
from clusters.spreadsheets.columns import tables
from clusters.spreadsheets.files import LARGEST, SUFFIXES, write_csv, write_xlsx
from clusters.spreadsheets.resource import TableResource
from clusters.tables import csv_response

MOST_SHOWN = 500
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class UploadForm(forms.Form):
    """A file, the table that it is of, and what to do with rows that are there already."""

    table = forms.ChoiceField(label=gettext_lazy("Table"))
    file = forms.FileField(
        label=gettext_lazy("File, CSV or XLSX"),
        max_length=200,
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("Rows that are there already"),
        choices=UploadMode.choices,
        initial=UploadMode.SKIP,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["table"].choices = [("", "–"), *((name, name) for name in tables())]  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        sent = self.cleaned_data["file"]
        if sent.size > LARGEST:
            raise forms.ValidationError(
                _("The file is larger than %(n)s MB.") % {"n": LARGEST // 1_000_000}
            )
        return sent


def table_list(request: HttpRequest) -> HttpResponse:
    """List the tables with their templates; a POST sends a file to be looked through."""
    user: Any = request.user
    if not may_enter(user):
        raise Http404
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data["file"]
        made = uploads.upload(
            table=form.cleaned_data["table"],
            file_name=sent.name,
            content=sent.read(),
            mode=form.cleaned_data["mode"],
            by=user,
        )
        return HttpResponseRedirect(reverse("admin:desk-upload", args=[made.pk]))
    context = {
        **admin.site.each_context(request),
        "title": _("Tables"),
        "form": form,
        "tables": tables().values(),
        "uploads": TableUpload.objects.filter(by=user).defer("content", "wrong")[:10],
        "largest": LARGEST // 1_000_000,
    }
    return TemplateResponse(
        request, "admin/desk/tables.html", context, status=422 if form.is_bound else 200
    )


def table_file(request: HttpRequest, name: str, suffix: str) -> HttpResponse:
    """Return a table as a file to fill in: empty with its codebook, or with the rows there are."""
    table = tables().get(name)
    user: Any = request.user
    if table is None or suffix not in SUFFIXES or not may_enter(user):
        raise Http404
    has_rows = "rows" in request.GET
    rows = TableResource(table, by=user).exported() if has_rows else []
    content = (
        write_xlsx(table, rows)
        if suffix == "xlsx"
        else write_csv(table, rows, remarks=not has_rows)
    )
    answer = HttpResponse(content, content_type=TYPES[suffix])
    answer["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    return answer


def upload_page(request: HttpRequest, number: int) -> HttpResponse:
    """Show how far a table has come and what is wrong with it; a POST goes on with it."""
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
    context = {
        **admin.site.each_context(request),
        "title": str(upload),
        "upload": upload,
        "is_on_its_way": is_at_work or upload.state == UploadState.WAITING,
        "is_broken_off": upload.state == UploadState.FAILED
        or (upload.state == UploadState.RUNNING and not is_at_work),
        "wrong": upload.wrong[:MOST_SHOWN],
        "number_of_wrong": len(upload.wrong),
        "most_shown": MOST_SHOWN,
    }
    return TemplateResponse(request, "admin/desk/upload.html", context)


def upload_wrong(request: HttpRequest, number: int) -> HttpResponse:
    """Return everything that is wrong with a table as CSV."""
    upload = own(request, number)
    head = (_("Row"), _("Column"), _("Value"), _("What is wrong"))
    rows = [[str(cell) for cell in one] for one in upload.wrong]
    return csv_response(f"{upload.table}-wrong", head, rows)


def own(request: HttpRequest, number: int) -> TableUpload:
    if not may_enter(request.user):
        raise Http404
    rows = TableUpload.objects.filter(by=request.user).defer("content")  # type: ignore[misc]
    return get_object_or_404(rows, pk=number)
