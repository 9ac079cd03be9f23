"""Tables in and out of the desk: templates to fill in, and a form to send them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clusters.actions import uploads
from clusters.actions.table_rows import TableRows
from clusters.admin.uploads import LAST, UploadField, of_user
from clusters.formats.spreadsheets.columns import tables
from clusters.formats.spreadsheets.files import (
    LARGEST,
    LONGEST_IN_XLSX,
    SUFFIXES,
    write_csv,
    write_xlsx,
)
from clusters.models import UploadMode
from clusters.models.roles import may_enter

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class UploadForm(forms.Form):
    """A file, the table that it is of, and what to do with rows that are there already."""

    table = forms.ChoiceField(label=gettext_lazy("Table"))
    file = UploadField(
        label=gettext_lazy("File, CSV or XLSX"), accept=".csv,.xlsx", largest=LARGEST
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
        "uploads": of_user(user).exclude(table="")[:LAST],
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
    rows = TableRows(table, by=user).exported() if has_rows else []
    if suffix == "xlsx" and any(len(cell) > LONGEST_IN_XLSX for row in rows for cell in row):
        words = _("A text in it is longer than a cell of a workbook holds. Take the CSV file.")
        messages.error(request, words)
        return HttpResponseRedirect(reverse("admin:desk-tables"))
    content = (
        write_xlsx(table, rows)
        if suffix == "xlsx"
        else write_csv(table, rows, remarks=not has_rows)
    )
    answer = HttpResponse(content, content_type=TYPES[suffix])
    answer["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    return answer
