"""The public change log: by day, change by change, and as a feed."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import http_date
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import condition

from clusters.models import Change, ChangeAction
from clusters.published.state import data_state
from clusters.records.merge import differences
from clusters.records.schema import record_schemas
from clusters.web.caching import public_page
from clusters.web.pagination import strict_page
from clusters.web.query_params import check_parameters

PAGE_SIZE = 100
FEED_SIZE = 50
# From so many changes on, a batch is folded under one line.
FOLDED_FROM = 4


@dataclass(frozen=True, slots=True)
class Batch:
    """Changes of one kind, made one after the other in one way and for one reason."""

    changes: tuple[Change, ...]

    @property
    def words(self) -> str:
        kind = self.changes[0].kind.replace("-", " ")
        return _("%(number)s %(kind)s") % {"number": len(self.changes), "kind": kind}

    @property
    def is_folded(self) -> bool:
        return len(self.changes) >= FOLDED_FROM


@public_page
def change_list(request: HttpRequest) -> HttpResponse:
    """Show what was published, changed and withdrawn, latest day first."""
    check_parameters(request, {"page"})
    page = strict_page(request, Change.objects.defer("before", "after"), PAGE_SIZE)
    context = {"page": page, "days": by_day(page)}
    return render(request, "clusters/change_list.html", context)


def by_day(changes: Iterable[Change]) -> list[tuple[datetime.date, list[Batch]]]:
    """Return days with their changes; what was done alike and in succession makes one batch."""

    def alike(change: Change) -> tuple[str, str, str]:
        return (change.kind, change.action, change.reason)

    return [
        (day, [Batch(tuple(batch)) for _, batch in groupby(of_day, alike)])
        for day, of_day in groupby(changes, lambda change: change.at.date())
    ]


@public_page
def change_detail(request: HttpRequest, number: int) -> HttpResponse:
    """Show one public change, value by value."""
    check_parameters(request, set())
    change = get_object_or_404(Change, number=number)
    shape = record_schemas().get(change.kind)
    model: Any = None if shape is None else shape.model
    # What has been withdrawn since is no longer shown, whichever change it stood in.
    is_public = model is not None and model.objects.published().filter(pk=change.object_id).exists()
    context = {
        "change": change,
        "is_public": is_public,
        "differences": differences(change.before or {}, change.after or {})
        if is_public and change.action == ChangeAction.CHANGED
        else [],
    }
    return render(request, "clusters/change_detail.html", context)


class ChangeFeed(Feed):  # type: ignore[type-arg]
    """The latest public changes, for feed readers."""

    feed_type = Atom1Feed
    title = _("Cluster Casebook: changes")
    subtitle = _("What was published, changed and withdrawn.")
    author_name = "Cluster Casebook"

    def link(self) -> str:
        return reverse("changes")

    def feed_url(self) -> str:
        return reverse("changes-feed")

    def items(self) -> Any:
        return Change.objects.defer("before", "after")[:FEED_SIZE]

    def item_title(self, item: Change) -> str:
        return f"{item.title}: {item.get_action_display().lower()}"

    def item_description(self, item: Change) -> str:
        return item.reason or item.get_action_display()

    def item_link(self, item: Change) -> str:
        return item.get_absolute_url()

    def item_updateddate(self, item: Change) -> Any:
        return item.at


def feed(request: HttpRequest) -> HttpResponse:
    response = _feed(request)
    if (day := data_state().day) and response.status_code in (200, 304):
        # A redaction changes it as well, which is no entry.
        response["Last-Modified"] = http_date(day.timestamp())
    return response


@public_page
@condition(last_modified_func=lambda request: data_state().day)
def _feed(request: HttpRequest) -> HttpResponse:
    check_parameters(request, set())
    response: HttpResponse = ChangeFeed()(request)
    del response["Last-Modified"]  # of its last entry
    return response
