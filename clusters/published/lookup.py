"""Find a published record by its slug, or what became of it."""

from typing import Any
from urllib.parse import unquote

from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.db.models.lookups import Exact
from django.http import Http404
from django.urls import resolve, reverse
from django.utils.translation import gettext as _

from clusters.models import Alias, Change, ChangeAction, Root, State
from clusters.records.schema import record_schema


class MovedError(Exception):
    """The `record` has another slug now than the one that it was `asked` for by."""

    def __init__(self, record: Root, asked: str) -> None:
        super().__init__(str(record))
        self.record = record
        self.asked = asked

    def new_address(self, address: str) -> str:
        """Return an address with the slug that the record has now."""
        path, mark, query = address.partition("?")
        match = resolve(unquote(path))
        kwargs = dict(match.kwargs)
        for name, value in kwargs.items():
            if name == "kind":  # a record may be called like a kind of records
                continue
            # A part is called by its root's slug, then its keys.
            slug, slash, keys = str(value).partition("/")
            if slug == self.asked:
                kwargs[name] = f"{self.record.slug}{slash}{keys}"
                break
        return f"{reverse(match.view_name, args=match.args, kwargs=kwargs)}{mark}{query}"


class GoneError(Exception):
    """The record was public and is no more. `change` says when and why, where it is known."""

    def __init__(self, change: Change | None) -> None:
        super().__init__(str(change))
        self.change = change


def find_published(queryset: QuerySet[Any], slug: str) -> Any:
    """Return the published record with this slug.

    Raises MovedError for an old slug, GoneError for a withdrawn or deleted record, Http404
    for what was never public.
    """
    small = slug.lower()
    found = queryset.filter(slug=small).first()
    if found is not None:
        if found.slug != slug:
            raise MovedError(found, slug)
        return found
    model: Any = queryset.model
    kind = record_schema(model).folder
    unseen = model._default_manager.filter(slug=small).first()
    aliases = Alias.objects.filter(kind=model._meta.model_name)
    alias = aliases.filter(Exact(Lower("slug"), small)).first()
    if unseen is None and alias is not None:
        current = queryset.filter(pk=alias.object_id).first()
        if current is not None:
            raise MovedError(current, slug)
        unseen = model._default_manager.filter(pk=alias.object_id).first()
    changes = Change.objects.filter(kind=kind)
    if unseen is not None and unseen.state != State.PUBLISHED:
        last = changes.filter(object_id=unseen.pk).first()
        # Also where an editor goes on with it as a draft.
        if unseen.state == State.WITHDRAWN or (last and last.action == ChangeAction.WITHDRAWN):
            raise GoneError(last)
    if unseen is None and alias is not None:
        last = changes.filter(object_id=alias.object_id).first()
        if last is not None:  # once public, since deleted
            raise GoneError(last if last.action == ChangeAction.WITHDRAWN else None)
    raise Http404(
        _("There is no published %(kind)s called %(slug)s.")
        % {"kind": model._meta.verbose_name, "slug": slug}
    )
