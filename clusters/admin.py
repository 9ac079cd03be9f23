"""The desk for places, bodies and literature."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.http import HttpRequest

from clusters.actions.corrections import answer
from clusters.admin_base import AddOnlyAdmin, ReadOnlyAdmin, declare, register_parts
from clusters.models import (
    Alias,
    Change,
    Citation,
    Correction,
    Import,
    ImportedRecord,
    Redaction,
    User,
)
from clusters.models.people import GroupMembership, PermissionGrant

admin.site.site_header = "Cluster Casebook"
admin.site.site_title = "Cluster Casebook"
admin.site.index_title = "Desk"
# Its list of permissions is one long select.
admin.site.unregister(Group)


class EmailUserCreationForm(AdminUserCreationForm):
    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ("email",)


@admin.register(User)
class CasebookUserAdmin(UserAdmin):
    """Accounts, by e-mail address."""

    ordering = ("email",)
    list_display = ("email", "first_name", "last_name", "is_staff")
    search_fields = ("email", "first_name", "last_name")
    filter_horizontal = ()
    list_filter = ("is_staff", "is_superuser", "is_active")
    fieldsets = (
        (None, {"fields": ("email", "password", "first_name", "last_name")}),
        ("What the account may do", {"fields": ("is_active", "is_staff", "is_superuser")}),
    )
    add_form = EmailUserCreationForm
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "usable_password", "password1", "password2"),
            },
        ),
    )


@admin.register(Correction)
class CorrectionAdmin(declare(Correction)):  # type: ignore[misc]
    """What readers suggest: an editor answers, and only that."""

    list_display = ("__str__", "state", "at", "text")
    list_filter = ("state",)
    search_fields = ("slug", "text")
    readonly_fields = ("kind", "slug", "version", "text", "source", "contact", "at", "answered_by")
    autocomplete_fields = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        answer(correction=obj, state=obj.state, words=obj.answer, by=request.user)  # type: ignore[arg-type]


admin.site.register(
    Citation, declare(Citation, AddOnlyAdmin, search_fields=["locator", "publication__cited_as"])
)
for model in (Alias, Change, GroupMembership, Import, ImportedRecord, PermissionGrant, Redaction):
    admin.site.register(model, declare(model, ReadOnlyAdmin))
register_parts(apps.get_app_config("clusters").get_models())
