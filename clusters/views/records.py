"""What every public record has: how to cite it, and every version of it, each at an address."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from clusters.caching import public_page
from clusters.casefiles.merge import differences
from clusters.casefiles.shape import Shape, shape_of, shapes
from clusters.citing import Reference, record_reference, work_reference
from clusters.lookup import find_published
from clusters.models import Change, ChangeAction, Publication, Root
from clusters.parameters import check_parameters

FORMATS = {
    "bib": ("bibtex", "application/x-bibtex"),
    "ris": ("ris", "application/x-research-info-systems"),
}


def shape_called(kind: str) -> Shape:
    """Return the shape of a kind of root, by its folder. Raises Http404 for any other word."""
    shape = shapes().get(kind)
    if shape is None or not issubclass(shape.model, Root):
        raise Http404(f"There is no kind of record called {kind}.")
    return shape


def version_path(record: Root) -> str:
    kind = shape_of(type(record)).folder
    return reverse("version", args=[kind, record.slug, record.version])


def about_record(request: HttpRequest, record: Root) -> dict[str, Any]:
    """Return what the foot of a record's page shows: citation, versions, and where to write."""
    kind = shape_of(type(record)).folder
    changes = list(Change.objects.of(kind, record.pk))
    return {
        "record": record,
        "kind": kind,
        "changes": changes,
        "reference": reference_of(request, record, changes[0] if changes else None),
    }


def reference_of(request: HttpRequest, record: Root, change: Change | None) -> Reference:
    return record_reference(record, change, request.build_absolute_uri(version_path(record)))


@public_page
def cite(request: HttpRequest, kind: str, slug: str, suffix: str) -> HttpResponse:
    """A record's reference as a file that reference managers read."""
    check_parameters(request, set())
    shape = shape_called(kind)
    record = find_published(shape.model.objects.published(), slug)  # type: ignore[attr-defined]
    reference = reference_of(request, record, Change.objects.of(kind, record.pk).first())
    return _file(reference, suffix, record.slug)


@public_page
def cite_work(request: HttpRequest, slug: str, suffix: str) -> HttpResponse:
    """The reference of a work itself, rather than of what the casebook says of it."""
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
    """One version of a record, as it was public; what has changed since is said above it."""
    check_parameters(request, set())
    shape = shape_called(kind)
    record = find_published(shape.model.objects.published(), slug)  # type: ignore[attr-defined]
    changes = Change.objects.filter(kind=kind, object_id=record.pk).exclude(
        action=ChangeAction.WITHDRAWN
    )
    # A version between two public changes shows what was public at its time.
    shown = changes.filter(version__lte=number).first()
    if shown is None or number > record.version:
        raise Http404(f"{record} has no public version {number}.")
    latest = changes.first()
    context = {
        "record": record,
        "kind": kind,
        "number": number,
        "change": shown,
        "is_latest": latest == shown,
        "latest": latest,
        "since": differences(shown.after or {}, latest.after or {}) if latest else [],
        "document": shown.after or {},
        "history": changes.defer("before", "after"),
    }
    return render(request, "clusters/version.html", context)
