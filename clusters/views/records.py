"""What every public record has: how to cite it, and every version of it, each at an address."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from clusters.formats.citations import Reference, record_reference, work_reference
from clusters.models import Change, ChangeAction, Publication, Root
from clusters.published.lookup import find_published
from clusters.records.merge import differences
from clusters.records.schema import RecordSchema, record_schema, record_schemas
from clusters.web.caching import public_page
from clusters.web.query_params import check_parameters

FORMATS = {
    "bib": ("bibtex", "application/x-bibtex"),
    "ris": ("ris", "application/x-research-info-systems"),
}


def shape_called(kind: str) -> RecordSchema:
    """Return the shape of a kind of root, by its folder. Raises Http404 for any other word."""
    shape = record_schemas().get(kind)
    if shape is None or not issubclass(shape.model, Root):
        raise Http404(_("There is no kind of record called %(kind)s.") % {"kind": kind})
    return shape


def public_version(record: Root, change: Change | None) -> int:
    """Return the version that the public sees; what is not public raises only the record's own."""
    return record.version if change is None else change.version


def about_record(request: HttpRequest, record: Root) -> dict[str, Any]:
    """Return what the foot of a record's page shows: citation, versions, and where to write."""
    kind = record_schema(type(record)).folder
    changes = list(Change.objects.of(kind, record.pk))
    last = changes[0] if changes else None
    return {
        "record": record,
        "kind": kind,
        "changes": changes,
        "public_version": public_version(record, last),
        "reference": reference_of(request, record, last),
    }


def reference_of(request: HttpRequest, record: Root, change: Change | None) -> Reference:
    number = public_version(record, change)
    address = reverse("version", args=[record_schema(type(record)).folder, record.slug, number])
    return record_reference(record, number, change, request.build_absolute_uri(address))


@public_page
def cite(request: HttpRequest, kind: str, slug: str, suffix: str) -> HttpResponse:
    """Return a record's reference as a file that reference managers read."""
    check_parameters(request, set())
    shape = shape_called(kind)
    record = find_published(shape.model.objects.published(), slug)  # type: ignore[attr-defined]
    reference = reference_of(request, record, Change.objects.of(kind, record.pk).first())
    return _file(reference, suffix, record.slug)


@public_page
def cite_work(request: HttpRequest, slug: str, suffix: str) -> HttpResponse:
    """Return the reference of a work itself, rather than of what the casebook says of it."""
    check_parameters(request, set())
    work = find_published(Publication.objects.published(), slug)
    return _file(work_reference(work), suffix, work.slug)


def _file(reference: Reference, suffix: str, name: str) -> HttpResponse:
    attribute, content_type = FORMATS[suffix]
    response = HttpResponse(
        getattr(reference, attribute), content_type=f"{content_type}; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.{suffix}"'
    return response


@public_page
def version(request: HttpRequest, kind: str, slug: str, number: int) -> HttpResponse:
    """Show one version of a record as it was public, and above it what has changed since."""
    check_parameters(request, set())
    shape = shape_called(kind)
    record = find_published(shape.model.objects.published(), slug)  # type: ignore[attr-defined]
    changes = Change.objects.filter(kind=kind, object_id=record.pk).exclude(
        action=ChangeAction.WITHDRAWN
    )
    # A version between two public changes shows what was public at its time.
    shown = changes.filter(version__lte=number).first()
    latest = changes.first()
    if shown is None or latest is None or number > latest.version:
        raise Http404(
            _("%(record)s has no public version %(number)s.") % {"record": record, "number": number}
        )
    context = {
        "record": record,
        "kind": kind,
        "number": number,
        "change": shown,
        "is_latest": latest == shown,
        "latest": latest,
        "since": differences(shown.after or {}, latest.after or {}),
        "document": shown.after or {},
        "history": changes.defer("before", "after"),
    }
    return render(request, "clusters/version.html", context)
