"""The public change log: by day, change by change, and as a feed."""

from typing import Any

from django.contrib.syndication.views import Feed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from clusters.caching import public_page
from clusters.casefiles.merge import differences
from clusters.casefiles.shape import shapes
from clusters.models import Change, ChangeAction
from clusters.paging import strict_page
from clusters.parameters import check_parameters

PAGE_SIZE = 100
FEED_SIZE = 50


@public_page
def change_list(request: HttpRequest) -> HttpResponse:
    """What was published, changed and withdrawn, latest day first."""
    check_parameters(request, {"page"})
    page = strict_page(request, Change.objects.defer("before", "after"), PAGE_SIZE)
    return render(request, "clusters/change_list.html", {"page": page})


@public_page
def change_detail(request: HttpRequest, number: int) -> HttpResponse:
    """One public change, value by value."""
    check_parameters(request, set())
    change = get_object_or_404(Change, number=number)
    shape = shapes().get(change.kind)
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
    title = "Cluster Casebook: changes"
    subtitle = "What was published, changed and withdrawn."
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


@public_page
def feed(request: HttpRequest) -> HttpResponse:
    check_parameters(request, set())
    return ChangeFeed()(request)
