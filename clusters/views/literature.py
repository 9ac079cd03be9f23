"""Pages on literature: what a work says, and what in the casebook rests on it."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from clusters.models import (
    Citation,
    CitationUse,
    Cluster,
    LiteratureSummary,
    Publication,
    Root,
    StudySample,
)
from clusters.published.lookup import find_published
from clusters.views.records import about_record
from clusters.web.caching import public_page
from clusters.web.filters import PublicationFilter
from clusters.web.pagination import page_of
from clusters.web.query_params import check_parameters


@public_page
def literature(request: HttpRequest) -> HttpResponse:
    """Show works and what is said of them, in the four columns of a literature review."""
    publications = (
        Publication.objects.published()
        .prefetch_related(
            Prefetch(
                "summarised_in",
                LiteratureSummary.objects.published()
                .select_related("publication")
                .prefetch_related("citations__citation__publication"),
            )
        )
        .order_by("cited_as", "pk")
    )
    filterset = PublicationFilter(request.GET, publications)
    context = page_of(request, filterset)
    context["summarised"] = [row for row in context["page"] if row.summarised_in.all()]
    context["others"] = [row for row in context["page"] if not row.summarised_in.all()]
    status = 200 if filterset.is_valid() else 400
    return render(request, "clusters/literature.html", context, status=status)


@public_page
def publication_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show how a work was made, who was heard for it, and every place of it that is cited here."""
    check_parameters(request, set())
    cited = "citations__citation__publication"
    publication = find_published(
        Publication.objects.published().prefetch_related(
            cited,
            Prefetch("clusters", Cluster.objects.published(), to_attr="public_clusters"),
            Prefetch(
                "summaries", LiteratureSummary.objects.prefetch_related(cited, "publications")
            ),
            Prefetch(
                "study_samples",
                StudySample.objects.select_related("group").prefetch_related(cited),
            ),
            Prefetch(
                "summarised_in",
                LiteratureSummary.objects.published()
                .select_related("publication")
                .prefetch_related(cited),
            ),
        ),
        slug,
    )
    context = {
        "publication": publication,
        "places": places_of(publication),
        **about_record(request, publication),
    }
    return render(request, "clusters/publication_detail.html", context)


def places_of(publication: Publication) -> list[tuple[Citation, list[tuple[Root, list[str]]]]]:
    """Return every cited place of a work with the published records that rest on it.

    One query for each kind of record that can be cited, however many rows there are.
    """
    found: dict[Citation, list[CitationUse]] = {
        place: [] for place in publication.places.order_by("locator_type", "locator")
    }
    for model in apps.get_models():
        if not issubclass(model, CitationUse):
            continue
        columns: Any = model._meta
        target: Any = columns.get_field("target").related_model
        parents = ["target"]
        while parent := getattr(target, "parent_field", None):
            parents.append(f"{parents[-1]}__{parent}")
            target = target._meta.get_field(parent).related_model
        parents += [f"{parents[-1]}__{name}" for name in getattr(target, "named_by", ())]
        uses = (
            model.objects.published()
            .filter(citation__publication=publication)
            .select_related("citation", *parents)
        )
        for use in uses:
            found[use.citation].append(use)
    return [(place, by_root(uses)) for place, uses in found.items() if uses]


def by_root(uses: Iterable[Any]) -> list[tuple[Root, list[str]]]:
    """Return each root that rests on a place, once, with its parts in words."""
    found: dict[Root, Counter[str]] = {}
    for use in uses:
        root = target = use.target
        while hasattr(root, "parent_field"):
            root = root.parent
        words = str(target._meta.verbose_name)
        if words == "coding":
            words = "codings"  # there are too many to name each
        elif target is not root:
            words = f"{words} “{target}”"
        elif use.field:
            words = f"{words}, {use.field.replace('_', ' ')}"
        found.setdefault(root, Counter())[words] += 1
    return [
        (
            root,
            [
                _("%(number)s codings") % {"number": number} if words == "codings" else words
                for words, number in parts.items()
            ],
        )
        for root, parts in found.items()
    ]
