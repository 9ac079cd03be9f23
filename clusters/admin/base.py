"""What every admin of the casebook shares: bounded queries, no long selects, roles."""

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django_countries.fields import CountryField

from clusters.actions.entering import delete, restore_from_history
from clusters.actions.permissions import may_edit
from clusters.actions.publishing import NotAllowed
from clusters.actions.reviewing import publish_reviewed, withdraw_reviewed
from clusters.admin.form_layout import Sections
from clusters.admin.record_page import RecordPage
from clusters.admin.urls import admin_url, admin_url_for
from clusters.models import CitationUse, DeletedRecord, Root, State
from clusters.models.base import root_model, root_path
from clusters.models.roles import Visitor, may_enter, may_review
from clusters.records.history import RecordHistory
from clusters.records.schema import record_schema, record_schemas
from clusters.records.validation import CaseFilesRefused
from clusters.values.cleaning import record_number

# Acts that a page of history shows.
MOST_MOMENTS = 50


def joins_for(model: type[Model]) -> list[str]:
    """Return the foreign keys whose rows a list of the model shows, and what names these rows."""
    found = []
    for column in model._meta.concrete_fields:
        if column.is_relation and column.editable:
            found.append(column.name)
            target: Any = column.related_model
            found += [f"{column.name}__{name}" for name in getattr(target, "named_by", ())]
    if issubclass(model, CitationUse):
        found.append("citation__publication")
    return found


def without_windows(field: Any) -> Any:
    """Take the buttons that open small windows off a form field's widget; return the field."""
    for name in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
        if field is not None and hasattr(field.widget, name):
            setattr(field.widget, name, False)
    return field


# Columns that a list searches, of those that a model has.
SEARCHED = (
    *("slug", "key", "name", "title", "cited_as"),
    *("authors", "locator", "kind", "source", "reason"),
)


def read_off(model: type[Model]) -> dict[str, Any]:
    """Return what the list of a model shows, searches and filters, read off its fields."""
    columns = {column.name: column for column in model._meta.concrete_fields}
    relations = [name for name, column in columns.items() if column.is_relation and column.editable]
    searched = [name for name in SEARCHED if name in columns]
    if issubclass(model, CitationUse):
        searched = ["citation__locator"]
    return {
        "autocomplete_fields": relations,
        "list_select_related": joins_for(model),
        "list_display": (
            ("__str__", "slug", "state", "version", *relations[:1])
            if issubclass(model, Root)
            else ("__str__", *[name for name in relations if name != "citation"][:2])
        ),
        # Ties between two records have no words.
        "search_fields": searched or [f"{name}__pk" for name in relations[:1]],
        "list_filter": [
            name
            for name, column in columns.items()
            if column.choices and not isinstance(column, CountryField)
        ],
    }


class CaseAdmin(admin.ModelAdmin):
    """The same queries for one row and for many; what a class leaves out is read off its model.

    `viewers` and `writers` tell by role who may look and who may change.
    """

    list_per_page = 50
    view_on_site = False
    show_full_result_count = False
    actions_on_bottom = True
    viewers: Any = staticmethod(may_enter)
    writers: Any = staticmethod(may_review)
    # Titles of sections with the names of their fields, as a record's page shows them.
    sections: ClassVar[Sections] = ()

    def __init__(self, model: Any, admin_site: Any) -> None:
        own = type(self).__mro__[: type(self).__mro__.index(CaseAdmin)]
        for name, value in read_off(model).items():
            if not any(name in vars(declared) for declared in own):
                setattr(self, name, value)
        super().__init__(model, admin_site)

    def formfield_for_dbfield(self, *args: Any, **kwargs: Any) -> Any:
        return without_windows(super().formfield_for_dbfield(*args, **kwargs))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(self.viewers(request.user))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.viewers(request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.writers(request.user))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.writers(request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.writers(request.user))

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        return [column.name for column in self.model._meta.many_to_many]


class RecordAdmin(CaseAdmin):
    """Records that are drafted, reviewed and published: each has one page at the desk."""

    writers = staticmethod(may_enter)
    actions = ("publish_selected", "withdraw_selected")
    delete_confirmation_template = "admin/desk/delete.html"
    delete_selected_confirmation_template = "admin/desk/delete_selected.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        return rows.visible_to(request.user)

    def quality_of(self, record: Any) -> Any:
        """Return how whole a record is and what it rests on, for kinds of which that is counted."""
        return None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user: Any = request.user
        return may_enter(user) and (obj is None or may_edit(user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow it for drafts: what is or was public is withdrawn, and its address says why."""
        user: Any = request.user
        if obj is None:
            return may_enter(user)
        never_public = obj.state not in (State.PUBLISHED, State.WITHDRAWN)
        return never_public and may_edit(user, obj)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: Any = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Answer with the record's page in place of a form for one table."""
        record = None
        if object_id is not None:
            record = self.get_object(request, unquote(object_id))
            if record is None:
                number = record_number(unquote(object_id))
                if number is None or not self.removals_of(number, request.user).exists():
                    raise Http404
                # Its history says what became of it, and brings it back.
                return HttpResponseRedirect(admin_url(self.kind, number, "history"))
        elif not self.has_add_permission(request):
            raise PermissionDenied
        return RecordPage(self, request, record).respond()

    @property
    def kind(self) -> str:
        """The kind's folder in case files, such as `projects`."""
        model: Any = self.model
        return record_schema(model).folder

    def removals_of(self, number: int, user: Visitor) -> Any:
        """Return the deletions of a record that somebody may read of and undo."""
        removals = DeletedRecord.objects.filter(kind=self.kind, object_id=number, restored_at=None)
        return removals.may_be_undone_by(user)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Show what changed, when, by whom and why; a POST brings a deleted record back."""
        user: Any = request.user
        number = record_number(unquote(object_id))
        if number is None or not may_enter(user):
            raise Http404
        record = self.get_object(request, str(number))
        model: Any = self.model
        past = RecordHistory(model, number, private=may_review(user))
        moments = past.moments
        is_gone = bool(moments) and moments[-1].document is None
        removal = self.removals_of(number, user).first()
        if record is None and not (is_gone and (removal or may_review(user))):
            raise Http404
        if request.method == "POST" and record is None:
            return self.bring_back(request, RecordHistory(model, number))
        last = next((moment.document for moment in reversed(moments) if moment.document), {})
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "History",
            "kind": self.kind,
            "name": str(record or last.get("title") or last.get("name") or last.get("slug", "")),
            "record": record,
            "removal": removal,
            "record_url": admin_url(self.kind, number),
            "may_edit": record is not None and may_edit(user, record),
            "moments": moments[: -MOST_MOMENTS - 1 : -1],
            "is_cut": len(moments) > MOST_MOMENTS,
            "most": MOST_MOMENTS,
        }
        return TemplateResponse(request, "admin/desk/history.html", context)

    def bring_back(self, request: HttpRequest, past: RecordHistory) -> HttpResponse:
        """Bring a deleted record back whole, under its old number; redirect to its page."""
        address = request.get_full_path()
        try:
            record = restore_from_history(past=past, by=request.user)  # type: ignore[arg-type]
        except NotAllowed as error:
            for reason in error.reasons:
                messages.error(request, reason)
        except CaseFilesRefused as error:
            for problem in error.problems:
                messages.error(request, f"{problem.field}: {problem.message}")
        else:
            messages.success(request, "It is back, as a draft.")
            address = admin_url_for(record)
        return HttpResponseRedirect(address)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete a draft through the action that keeps it whole, so that it can come back."""
        delete(record=obj, by=request.user, reason="Deleted at the desk")  # type: ignore[arg-type]

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for record in queryset:
                self.delete_model(request, record)
        address = reverse("admin:clusters_deletedrecord_changelist")
        words = _('They can be brought back from <a href="{}">the deleted records</a>.')
        messages.info(request, format_html(words, address))

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        """Redirect to the history, which says that the record is deleted and can bring it back."""
        super().response_delete(request, obj_display, obj_id)
        return HttpResponseRedirect(admin_url(self.kind, obj_id, "history"))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return the records alone: parts go with them, and refusals are told when it is tried."""
        names = [str(obj) for obj in objs]
        return names, {self.opts.verbose_name_plural: len(names)}, set(), []

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_say_why(request, super().delete_view, request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return self._or_say_why(request, super().changelist_view, request, *args, **kwargs)

    def _or_say_why(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Return the view's answer, or redirect with messages on why it refused."""
        try:
            return view(*args, **kwargs)
        except NotAllowed as error:
            reasons = error.reasons
        except IntegrityError as error:  # a rule that a trigger keeps, in its own words
            reasons = [str(error).split("\n")[0]]
        for reason in reasons:
            messages.error(request, reason)
        return HttpResponseRedirect(request.get_full_path())

    def has_review_permission(self, request: HttpRequest) -> bool:
        return may_review(request.user)

    @admin.action(permissions=["review"], description="Publish the selected records together")
    def publish_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        try:
            done = publish_reviewed(
                records=queryset,
                by=request.user,  # type: ignore[arg-type]
                reason="Reviewed",
            )
        except NotAllowed as error:
            for reason in error.reasons:
                messages.error(request, reason)
        else:
            messages.success(request, f"{len(done)} published.")

    @admin.action(
        permissions=["review"], description="Withdraw the selected records, with a reason"
    )
    def withdraw_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Ask for the reason first; all are withdrawn, or none."""
        reason = request.POST.get("reason")
        if reason is None:
            context = {**self.admin_site.each_context(request), "records": queryset}
            return TemplateResponse(request, "admin/withdraw.html", context)
        try:
            withdraw_reviewed(records=queryset, by=request.user, reason=reason)  # type: ignore[arg-type]
        except NotAllowed as error:
            for why in error.reasons:
                messages.error(request, why)
        else:
            messages.success(request, "Withdrawn.")
        return None


class ReadOnlyAdmin(CaseAdmin):
    """For the casebook's own books, which nobody writes by hand."""

    autocomplete_fields = ()
    viewers = staticmethod(may_review)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PartAdmin(ReadOnlyAdmin):
    """Parts of records, to be found here and changed on the page of their record."""

    viewers = staticmethod(may_enter)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        visible: Any = root_model(self.model)._default_manager
        path = root_path(self.model)
        return rows.filter(**{f"{path}__in": visible.visible_to(request.user)})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: Any = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Lead to the part on its record's page."""
        part = None if object_id is None else self.get_object(request, unquote(object_id))
        if part is None:
            raise PermissionDenied
        return HttpResponseRedirect(admin_url_for(part))


def register_parts(app_models: Iterable[type[Model]]) -> None:
    """Register every root, and every part of one, that has no admin of its own yet."""
    for model in app_models:
        is_part = root_path(model) or any(
            shape.model is model for shape in record_schemas().values()
        )
        if is_part and not admin.site.is_registered(model):
            if issubclass(model, Root):
                base: type[CaseAdmin] = RecordAdmin
            else:
                base = PartAdmin if root_path(model) else CaseAdmin
            admin.site.register(model, base)
