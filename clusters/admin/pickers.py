"""Records to choose from: their names for whoever types, and where publications have places."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import Case, Model, Q, QuerySet, When
from django.db.models.functions import Length
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext as _

from clusters.models import Citation, Contributor, Publication, Root
from clusters.models.base import name_path, root_path
from clusters.models.roles import Visitor, may_enter, may_review
from clusters.records.schema import RecordSchema, record_schemas
from clusters.records.serialization import reference
from clusters.values import edtf
from clusters.values.cleaning import without_width
from clusters.values.date_words import read_date

MOST = 20
MOST_PLACES = 40


def visible(model: type[Model], user: Visitor) -> QuerySet[Any]:
    """Return the records of a kind that somebody may name: what is public, and own drafts."""
    rows = model._default_manager.all()
    if issubclass(model, Root):
        return model.objects.visible_to(user)
    if path := root_path(model):
        if may_review(user):
            return rows
        return rows.filter(
            Q(**{f"{path}__state": "published"}) | Q(**{f"{path}__entered_by": user})
        )
    return rows


def labels_of(
    wanted: Iterable[tuple[type[Model], str]], user: Visitor
) -> dict[tuple[type[Model], str], str]:
    """Return what the named records are called for somebody, in one query for each kind."""
    by_model: dict[type[Model], set[str]] = {}
    for model, name in wanted:
        by_model.setdefault(model, set()).add(name)
    return {
        (model, reference(row)): label(row, user)
        for model, names in by_model.items()
        # Whoever guesses the name of another one's draft is not told its title.
        for row in named(model, names).filter(pk__in=visible(model, user).values("pk"))
    }


def named(model: type[Model], names: Iterable[str]) -> QuerySet[Any]:
    """Return the records of a kind that have these slugs, or these root slugs and keys."""
    rows = model._default_manager
    if issubclass(model, Root):
        return model.objects.filter(slug__in=names).with_names()
    if not hasattr(model, "parent_field"):
        return rows.filter(slug__in=names)
    lookups, asked = name_path(model), Q(pk__in=())
    for steps in (name.split("/") for name in names):
        if len(steps) == len(lookups):
            asked |= Q(**dict(zip(lookups, steps, strict=True)))
    return rows.filter(asked).select_related(root_path(model))


def label(row: Any, user: Visitor) -> str:
    """Return the words that tell a record from others: a part with its record, a draft as such.

    Contributors who have not agreed to be named in public are named to those they work with.
    """
    words = str(row)
    if isinstance(row, Contributor):
        is_own = row.user_id is not None and row.user_id == user.pk
        return _("%(name)s (you)") % {"name": words} if is_own else row.desk_name
    if hasattr(row, "parent_field"):
        return f"{words} — {row.parent}"
    if isinstance(row, Root) and not row.is_published:
        return f"{words} ({row.get_state_display().lower()})"
    return words


def every_shape() -> Iterator[RecordSchema]:
    """Yield the shape of every kind of record, and of every kind of part."""

    def below(shape: RecordSchema) -> Iterator[RecordSchema]:
        yield shape
        for child in shape.children.values():
            yield from below(child)

    for shape in record_schemas().values():
        yield from below(shape)


def references(request: HttpRequest) -> JsonResponse:
    """Return the records whose names begin with `term`, as JSON in the form that Select2 reads."""
    if not may_enter(request.user):
        raise Http404
    try:
        model = apps.get_model(request.GET.get("app_label", ""), request.GET.get("model_name", ""))
    except (LookupError, ValueError):
        raise Http404 from None
    # Contributors, records and parts with names; never people, tokens or books.
    if not any(shape.model is model for shape in every_shape()):
        raise Http404
    site_admin = admin.site.get_model_admin(model)
    term = request.GET.get("term", "")[:100].replace("\x00", "")
    found, has_duplicates = site_admin.get_search_results(
        request, visible(model, request.user), term
    )
    if hasattr(model, "parent_field"):
        found = found.select_related(root_path(model))
    if has_duplicates:
        found = found.distinct()
    page = request.GET.get("page", "1")
    number = int(page) if page.isdecimal() and 0 < int(page) < 1000 else 1
    rows = list(found[(number - 1) * MOST : number * MOST + 1])
    results = [
        {
            "id": reference(row),
            "text": label(row, request.user),
            "definition": str(getattr(row, "definition", "")),
        }
        for row in rows[:MOST]
    ]
    return JsonResponse({"results": results, "pagination": {"more": len(rows) > MOST}})


def places(request: HttpRequest) -> JsonResponse:
    """Return the known places whose words or publication hold every word typed, as JSON."""
    if not may_enter(request.user):
        raise Http404
    rows = Citation.objects.filter(
        publication__in=Publication.objects.visible_to(request.user)
    ).select_related("publication")
    term = request.GET.get("term", "")[:100].replace("\x00", "")
    words = [word for word in re.split(r"[\s,()]+", term) if word]
    for word in words:
        if word.isdecimal():
            # A number is a whole one: the 2 of “para 2” is not in 2017.
            whole = rf"\m{word}\M"
            rows = rows.filter(Q(locator__regex=whole) | Q(publication__cited_as__regex=whole))
            continue
        rows = rows.filter(
            Q(locator__icontains=word)
            | Q(publication__cited_as__icontains=word)
            | Q(publication__title__icontains=word)
            | Q(publication__slug__icontains=word)
        )
    order: list[Any] = ["publication__cited_as", "locator_type", "locator"]
    if words:
        # First those that begin as what was typed, and say least more.
        begins = Q(publication__cited_as__istartswith=words[0])
        order = [Case(When(begins, then=0), default=1), Length("locator"), *order]
    rows = rows.order_by(*order)[:MOST_PLACES]
    return JsonResponse(
        {
            "results": [
                {
                    "publication": row.publication.slug,
                    "publication_label": label(row.publication, request.user),
                    "locator_type": row.locator_type,
                    "locator": row.locator,
                    "text": str(row),
                }
                for row in rows
            ]
        }
    )


def reading(request: HttpRequest) -> JsonResponse:
    """Return how a date is read, as JSON: EDTF text, words, and first and last day."""
    if not may_enter(request.user):
        raise Http404
    text = without_width(request.GET.get("text", "")).strip()
    try:
        date = read_date(text)
    except ValueError as error:
        problem = str(error) if text else ""
        return JsonResponse({"edtf": "", "words": "", "problem": problem})
    limits = edtf.bounds(date)
    return JsonResponse(
        {
            "edtf": date,
            "words": edtf.in_words(date),
            "earliest": str(limits.earliest or ""),
            "latest": str(limits.latest or ""),
            "problem": "",
        }
    )
