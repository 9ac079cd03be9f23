"""Django's admin as the desk: who may sit at it, what waits for them, what its pages look up."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

from clusters.accounts.adapters import owes_second_factor, to_second_factor
from clusters.admin.pickers import label
from clusters.models import (
    ApiToken,
    Comment,
    Contributor,
    Correction,
    DeletedRecord,
    Invitation,
    Mail,
    Proposal,
    Root,
    User,
)
from clusters.models.base import root_path
from clusters.models.roles import may_enter


def _is_record(model: type[Model]) -> bool:
    return issubclass(model, Root)


def _is_part(model: type[Model]) -> bool:
    return bool(hasattr(model, "parent_field")) and hasattr(model, "key")


def _is_tie(model: type[Model]) -> bool:
    return hasattr(model, "parent_field") and not hasattr(model, "key")


def _is_work(model: type[Model]) -> bool:
    known = (Proposal, DeletedRecord, Correction, Comment, Contributor)
    return model in known or getattr(model, "is_work", False)


def _is_account(model: type[Model]) -> bool:
    return model in (User, Invitation, ApiToken, Mail)


def _is_book(model: type[Model]) -> bool:
    kinds = (_is_record, _is_part, _is_tie, _is_work, _is_account)
    return not any(belongs(model) for belongs in kinds)


# What the desk lists, by what one does with it; ties are found on the pages of their records.
GROUPS: tuple[tuple[Any, Callable[[type[Model]], bool]], ...] = (
    (_("Records"), _is_record),
    (_("Work on them"), _is_work),
    (_("People"), _is_account),
    (_("Parts of records"), _is_part),
    (_("Books"), _is_book),
)


class Choices(AutocompleteJsonView):
    """What Django's own forms offer to choose from."""

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        is_part = hasattr(rows.model, "parent_field")
        return rows.select_related(root_path(rows.model)) if is_part else rows

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """Call everything as the choosers of a record's page do."""
        found: dict[str, str] = super().serialize_result(obj, to_field_name)
        return {**found, "text": label(obj, self.request.user)}


class CasebookAdminSite(admin.AdminSite):
    """The admin for whoever may enter records, not for staff alone."""

    site_header = site_title = "Cluster Casebook"
    index_title = "Desk"
    index_template = "admin/desk/index.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Names of addresses with what they are called on the front page; apps add theirs.
        self.links: list[tuple[str, Any]] = [
            ("admin:desk-case-files", _("Bring in case files")),
            ("admin:desk-literature", _("Bring in literature")),
            ("admin:desk-tables", _("Bring in tables")),
        ]

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        may_sit = user.is_active and (user.is_staff or may_enter(user))
        return bool(may_sit and not owes_second_factor(user))

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Redirect to the one page on which everybody signs in."""
        wanted = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        if owes_second_factor(request.user):
            return to_second_factor(request)
        if request.user.is_authenticated and not self.has_permission(request):
            return HttpResponseRedirect(reverse("front"))
        query = urlencode({REDIRECT_FIELD_NAME: wanted})
        return HttpResponseRedirect(f"{reverse('account_login')}?{query}")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Redirect to the page on which everybody changes their password."""
        return HttpResponseRedirect(reverse("account_change_password"))

    def autocomplete_view(self, request: HttpRequest) -> Any:
        return Choices.as_view(admin_site=self)(request)

    def get_urls(self) -> list[Any]:
        # Models are not there yet when the site is.
        from clusters.admin import autosave, case_files, literature, pickers, tables, uploads

        views: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "references/": ("references", pickers.references),
            "places/": ("places", pickers.places),
            "reading/": ("reading", pickers.reading),
            "keep/": ("keep", autosave.keep),
            "discard/": ("discard", autosave.discard),
            "case-files/": ("case-files", case_files.upload),
            "case-files/<slug:kind>/<slug:slug>/": ("download", case_files.download),
            "literature/": ("literature", literature.upload),
            "tables/": ("tables", tables.table_list),
            "tables/<slug:name>.<slug:suffix>": ("table", tables.table_file),
            "uploads/<int:number>/": ("upload", uploads.upload_page),
            "uploads/<int:number>/wrong/": ("upload-wrong", uploads.upload_wrong),
        }
        own = [
            path(f"desk/{address}", self.admin_view(view), name=f"desk-{name}")
            for address, (name, view) in views.items()
        ]
        # Records have links to their pages of their own; Django's stumbles over any odd number.
        urls = [
            pattern
            for pattern in super().get_urls()
            if getattr(pattern, "name", "") != "view_on_site"
        ]
        return [*own, *urls]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the models that one may see, grouped by what one does with them, not by app."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = [model for app in apps for model in app["models"]]
        found = [
            {**apps[0], "name": name, "app_label": f"desk-{number}", "models": chosen}
            for number, (name, belongs) in enumerate(GROUPS)
            if (chosen := [model for model in models if belongs(model["model"])])
        ]
        for group in found:
            group["app_url"] = reverse("admin:index")
            group["models"].sort(key=lambda model: str(model["name"]))
        return found

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show what waits for whoever looks, above the list of everything."""
        from clusters.admin.dashboard import waiting_for

        links = [(reverse(name), words) for name, words in self.links]
        waiting = waiting_for(request.user)  # type: ignore[arg-type]
        found = {"waiting": waiting, "links": links, **(extra_context or {})}
        return super().index(request, found)
