"""The desk for places, bodies and literature."""

from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from clusters.actions.corrections import answer
from clusters.actions.entering import Conflicts, bring_back
from clusters.actions.proposing import approve, changes_of, may_approve, return_
from clusters.actions.publishing import NotAllowed
from clusters.admin_base import AddOnlyAdmin, ReadOnlyAdmin, declare, register_parts
from clusters.casefiles.loader import CaseFilesRefused
from clusters.models import (
    Alias,
    ApiToken,
    Change,
    Citation,
    Correction,
    Import,
    ImportedRecord,
    Proposal,
    Redaction,
    Removal,
    User,
)
from clusters.models.people import GroupMembership, PermissionGrant
from clusters.roles import may_review

admin.site.site_header = "Cluster Casebook"
admin.site.site_title = "Cluster Casebook"
admin.site.index_title = "Desk"
# Its list of permissions is one long select.
admin.site.unregister(Group)


class EmailUserCreationForm(AdminUserCreationForm):
    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ("email",)


class RoleInline(admin.TabularInline):  # type: ignore[type-arg]
    """The roles of an account: reader, researcher, editor, administrator."""

    model = GroupMembership
    extra = 0
    verbose_name = "role"
    verbose_name_plural = "roles"


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
    inlines = (RoleInline,)
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


@admin.register(Proposal)
class ProposalAdmin(declare(Proposal, ReadOnlyAdmin)):  # type: ignore[misc]
    """Changes to published records that wait for an editor: what changes, and what to say to it."""

    list_display = ("__str__", "state", "by", "made_at")
    list_filter = ("state",)
    search_fields = ("slug", "reason")
    change_form_template = "admin/proposal.html"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_review(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_review(request.user)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show what a proposal changes; a POST decides on it."""
        proposal = get_object_or_404(self.get_queryset(request), pk=object_id)
        if not may_review(request.user):
            raise PermissionDenied
        conflicts = self.decide(request, proposal) if request.method == "POST" else []
        if conflicts is None:
            return HttpResponseRedirect(reverse("admin:clusters_proposal_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": str(proposal),
            "opts": self.model._meta,
            "proposal": proposal,
            "differences": changes_of(proposal),
            "conflicts": conflicts,
            "may_approve": may_approve(request.user, proposal.by),
        }
        return TemplateResponse(request, self.change_form_template, context)

    def decide(self, request: HttpRequest, proposal: Proposal) -> list[Any] | None:
        """Carry a decision out; return what keeps it from being so, or None."""
        user: Any = request.user
        words = request.POST.get("answer", "")
        try:
            if request.POST.get("act") == "return":
                return_(proposal=proposal, by=user, answer=words)
            else:
                force = request.POST.get("act") == "approve-proposed"
                approve(proposal=proposal, by=user, answer=words, force=force)
        except Conflicts as error:
            messages.error(request, "The record was changed otherwise meanwhile: see below.")
            return error.differences
        except CaseFilesRefused as error:
            for problem in error.problems:
                messages.error(request, f"{problem.field}: {problem.message}")
            return []
        except NotAllowed as error:
            for reason in error.reasons:
                messages.error(request, reason)
            return []
        messages.success(request, "Decided.")
        return None


@admin.register(Removal)
class RemovalAdmin(declare(Removal, ReadOnlyAdmin)):  # type: ignore[misc]
    """Deleted drafts, each whole; those selected can be brought back."""

    list_display = ("__str__", "by", "at", "restored_at")
    search_fields = ("slug", "reason")
    actions = ("restore_selected",)

    @admin.action(permissions=["view"], description="Bring the selected records back as drafts")
    def restore_selected(self, request: HttpRequest, queryset: Any) -> None:
        user: Any = request.user
        try:
            with transaction.atomic():
                for removal in queryset:
                    bring_back(removal=removal, by=user)
        except NotAllowed as error:
            for reason in error.reasons:
                messages.error(request, reason)
        except CaseFilesRefused as error:
            for problem in error.problems:
                messages.error(request, f"{problem.field}: {problem.message}")
        else:
            messages.success(request, "They are back.")


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
for model in (
    Alias,
    ApiToken,
    Change,
    GroupMembership,
    Import,
    ImportedRecord,
    PermissionGrant,
    Redaction,
):
    admin.site.register(model, declare(model, ReadOnlyAdmin))
register_parts(apps.get_app_config("clusters").get_models())
