"""What every admin of the casebook shares: bounded queries, no long selects, logged changes."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django_countries.fields import CountryField

from clusters.actions.editing import logged_change
from clusters.actions.publishing import NotAllowed, publish, withdraw
from clusters.casefiles.shape import shapes
from clusters.models import CitationUse, Root
from clusters.models.base import root_path


def joins_for(model: Any) -> list[str]:
    """Foreign keys whose rows a list shows, with what their names are read from."""
    found = []
    for column in model._meta.concrete_fields:
        if column.is_relation and column.editable:
            found.append(column.name)
            target: Any = column.related_model
            found += [f"{column.name}__{name}" for name in getattr(target, "named_by", ())]
    if issubclass(model, CitationUse):
        found.append("citation__publication")
    return found


class CaseAdmin(admin.ModelAdmin):
    """The same queries for one row and for many; `declare` fills it in for a model."""

    list_per_page = 50
    show_full_result_count = False
    actions_on_bottom = True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if isinstance(db_field, CountryField):
            # A select of 249 countries is slower to use than two letters.
            return forms.CharField(
                max_length=2,
                required=not db_field.blank,
                help_text="ISO 3166 code of the country, such as PK.",
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A part stays in its record: moving it would change two records at once."""
        fixed = [self.model.parent_field] if obj and hasattr(self.model, "parent_field") else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        return [column.name for column in self.model._meta.many_to_many]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A published record is withdrawn, not deleted."""
        if isinstance(obj, Root) and obj.is_published:
            return False
        return super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with logged_change(root_of(obj), by=request.user, reason="Edited in the admin"):  # type: ignore[arg-type]
            super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with logged_change(root_of(obj), by=request.user, reason="Edited in the admin"):  # type: ignore[arg-type]
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        with transaction.atomic():
            for obj in queryset:
                self.delete_model(request, obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_say_why(request, super().changeform_view, request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_say_why(request, super().changelist_view, request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_say_why(request, super().delete_view, request, *args, **kwargs)

    def _or_say_why(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show why a change to a published record was refused; nothing of it is saved."""
        try:
            return view(*args, **kwargs)
        except NotAllowed as error:
            reasons = error.reasons
        except IntegrityError as error:  # a rule that a trigger keeps, in its own words
            reasons = [str(error).split("\n")[0]]
        for reason in reasons:
            messages.error(request, reason)
        return HttpResponseRedirect(request.get_full_path())

    @admin.action(permissions=["change"], description="Publish the selected drafts together")
    def publish_selected(self, request: HttpRequest, queryset: Any) -> None:
        drafts = queryset.filter(state__in=["draft", "in_review"])
        try:
            done = publish(records=drafts, by=request.user, reason="Published in the admin")  # type: ignore[arg-type]
        except NotAllowed as error:
            for reason in error.reasons:
                messages.error(request, reason)
        else:
            messages.success(request, f"{len(done)} published.")

    @admin.action(
        permissions=["change"], description="Withdraw the selected records, with a reason"
    )
    def withdraw_selected(self, request: HttpRequest, queryset: Any) -> Any:
        """Ask for the reason first; all are withdrawn, or none."""
        reason = request.POST.get("reason")
        if reason is None:
            context = {**self.admin_site.each_context(request), "records": queryset}
            return TemplateResponse(request, "admin/withdraw.html", context)
        try:
            with transaction.atomic():
                for record in queryset:
                    withdraw(record=record, by=request.user, reason=reason)  # type: ignore[arg-type]
        except NotAllowed as error:
            for why in error.reasons:
                messages.error(request, why)
        else:
            messages.success(request, "Withdrawn.")
        return None


class AddOnlyAdmin(CaseAdmin):
    """For places in publications, on which published values rest."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)


class ReadOnlyAdmin(CaseAdmin):
    """For the casebook's own books, which nobody writes by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def declare(model: Any, base: type[CaseAdmin] = CaseAdmin, **extra: Any) -> type[CaseAdmin]:
    """Declare a model's admin: what its list shows, searches and filters, read off its fields."""
    columns = {column.name: column for column in model._meta.concrete_fields}
    relations = [name for name, column in columns.items() if column.is_relation and column.editable]
    names = ("slug", "key", "name", "title", "cited_as", "locator", "kind", "source", "reason")
    found: dict[str, Any] = {
        "autocomplete_fields": [] if issubclass(base, ReadOnlyAdmin) else relations,
        "list_select_related": joins_for(model),
        "list_display": ("__str__", *[name for name in relations if name != "citation"][:2]),
        "search_fields": [name for name in names if name in columns],
        "list_filter": [
            name
            for name, column in columns.items()
            if column.choices and not isinstance(column, CountryField)
        ],
    }
    if issubclass(model, CitationUse):
        found["search_fields"] = ["citation__locator"]
    if not found["search_fields"]:  # ties between two records
        found["search_fields"] = [f"{relations[0]}__pk"]
    if issubclass(model, Root):
        found["list_display"] = ("__str__", "slug", "state", "version", *relations[:1])
        found["readonly_fields"] = ("state", "version")
        found["actions"] = ["publish_selected", "withdraw_selected"]
    return type(f"{model.__name__}Admin", (base,), {**found, **extra})


def root_of(record: Any) -> Root | None:
    """Return the root that a record is part of; None for the casebook's own books."""
    if isinstance(record, Root):
        return record
    while (parent := getattr(record, "parent_field", None)) is not None:
        record = getattr(record, parent)
    return record if isinstance(record, Root) else None


def register_parts(app_models: Any) -> None:
    """Register every part of a root that has no admin of its own yet."""
    for model in app_models:
        is_part = root_path(model) or any(shape.model is model for shape in shapes().values())
        if is_part and not admin.site.is_registered(model):
            admin.site.register(model, declare(model))
