"""The desk for places, stakeholders and literature."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from clusters.actions.corrections import answer
from clusters.actions.entering import Conflicts, restore_deleted
from clusters.actions.inviting import invite, mail, withdraw_invitation
from clusters.actions.permissions import may_approve
from clusters.actions.proposing import (
    approve,
    changes_of,
    return_,
    sources_in,
    take_back,
)
from clusters.actions.publishing import NotAllowed
from clusters.admin.base import (
    CaseAdmin,
    PartAdmin,
    ReadOnlyAdmin,
    RecordAdmin,
    register_parts,
)
from clusters.admin.urls import admin_url
from clusters.mailing import send_again
from clusters.models import (
    Alias,
    ApiToken,
    Change,
    Citation,
    Cluster,
    Comment,
    Correction,
    DeletedRecord,
    Event,
    Identifier,
    Import,
    ImportedRecord,
    Invitation,
    LiteratureSummary,
    Mail,
    Proposal,
    Publication,
    Redaction,
    ReviewStep,
    Stakeholder,
    StakeholderGroup,
    Statistic,
    StudySample,
    User,
)
from clusters.models.people import GroupMembership, PermissionGrant
from clusters.models.roles import may_administer, may_enter, may_review
from clusters.records.display import field_words
from clusters.records.validation import CaseFilesRefused

# Its list of permissions is one long select.
admin.site.unregister(Group)
# Secrets of accounts, which their owners see to at /sign-in/.
for secret in (Authenticator, EmailAddress, EmailConfirmation):
    if admin.site.is_registered(secret):
        admin.site.unregister(secret)
admin.site.unregister(DBTaskResult)


class RolesOnly:
    """Who administers accounts may look at these and change them, and nobody else."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_administer(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_administer(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_administer(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_administer(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_administer(request.user)


class RoleInline(RolesOnly, admin.TabularInline):  # type: ignore[type-arg]
    """The roles of an account: reader, researcher, editor, administrator."""

    model = GroupMembership
    extra = 0
    verbose_name = "role"
    verbose_name_plural = "roles"


@admin.register(User)
class CasebookUserAdmin(RolesOnly, UserAdmin):
    """Accounts, by e-mail address. New ones come by invitation."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Make roles read-only for whoever has fewer: nobody gives away more than they have."""
        return () if request.user.is_superuser else ("is_superuser", "is_staff")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user: Any = request.user
        above = obj is not None and obj.is_superuser and not user.is_superuser
        return may_administer(user) and not above

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Forbid deleting: accounts are made inactive, so that what they did keeps its author."""
        return False

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
    actions = ("remove_second_factors",)

    def has_administer_permission(self, request: HttpRequest) -> bool:
        return may_administer(request.user)

    @admin.action(
        permissions=["administer"],
        description=_("Remove the second factors of the selected people, who have lost them"),
    )
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Remove second factors, not of accounts above one's own; mails tell their owners."""
        chosen = [user for user in queryset if self.has_change_permission(request, user)]
        Authenticator.objects.filter(user__in=chosen).delete()
        for user in chosen:
            get_adapter().send_notification_mail("mfa/email/totp_deactivated", user)
        messages.success(request, _("Removed; they were told by mail."))


@admin.register(Invitation)
class InvitationAdmin(RolesOnly, CaseAdmin):
    """Accounts that were offered: whoever administers them invites, and withdraws invitations."""

    list_display = ("email", "role", "state", "by", "made_at", "expires_at")
    list_select_related = ("by",)
    list_filter = ("role",)
    search_fields = ("email",)
    fields = ("email", "role")
    actions = ("withdraw_selected",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Show why an invitation was refused; nothing is sent then."""
        try:
            only_one = {"show_save_and_add_another": False, "show_save_and_continue": False}
            return super().add_view(request, form_url, {**only_one, **(extra_context or {})})
        except NotAllowed as error:
            for reason in error.reasons:
                messages.error(request, reason)
            return HttpResponseRedirect(request.get_full_path())

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        user: Any = request.user
        made, text = invite(email=obj.email, role=obj.role, by=user)
        obj.pk = made.pk
        address = request.build_absolute_uri(reverse("invited", args=[text]))
        mail(made, address)
        messages.info(
            request,
            _("%(email)s is invited by mail. The link, shown this once: %(address)s")
            % {"email": made.email, "address": address},
        )

    @admin.action(permissions=["view"], description=_("Withdraw the selected invitations"))
    def withdraw_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        user: Any = request.user
        for invitation in queryset:
            withdraw_invitation(invitation=invitation, by=user)


@admin.register(Mail)
class MailAdmin(ReadOnlyAdmin):
    """Mails that are not delivered: when each is tried again, and what failed or was given up."""

    viewers = staticmethod(may_administer)

    list_display = ("to", "subject", "made_at", "tries", "next_try", "error")
    list_filter = (("next_try", admin.EmptyFieldListFilter),)
    search_fields = ("to", "subject")
    # Its text may open an account to whoever reads it.
    fields = ("to", "sender", "subject", "made_at", "tries", "next_try", "error")
    actions = ("send_selected",)

    @admin.action(permissions=["view"], description=_("Send the selected mails again"))
    def send_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        send_again(queryset)
        messages.success(request, _("They are tried again now."))


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin):
    """Changes to published records that wait for an editor: what changes, and what to say to it."""

    list_display = ("__str__", "state", "by", "made_at")
    list_filter = ("state",)
    search_fields = ("slug", "reason")
    change_form_template = "admin/proposal.html"

    viewers = staticmethod(may_enter)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return Proposal.objects.visible_to(request.user)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show what a proposal changes; a POST decides on it."""
        if not may_enter(request.user):
            raise PermissionDenied
        proposal = get_object_or_404(self.get_queryset(request), pk=object_id)
        conflicts = self.decide(request, proposal) if request.method == "POST" else []
        if conflicts is None:
            return HttpResponseRedirect(proposal.get_absolute_url())
        context = {
            **self.admin_site.each_context(request),
            "title": str(proposal),
            "opts": self.model._meta,
            "proposal": proposal,
            "kind": proposal.kind,
            "changes": [(change, sources_in(proposal, change)) for change in changes_of(proposal)],
            "conflicts": conflicts,
            "may_approve": may_approve(request.user, proposal.by),
            "may_review": may_review(request.user),
            "is_own": proposal.by_id == request.user.pk,
            "record_url": admin_url(proposal.kind, proposal.object_id),
        }
        return TemplateResponse(request, self.change_form_template, context)

    def decide(self, request: HttpRequest, proposal: Proposal) -> list[Any] | None:
        """Carry a decision on a proposal out; return the conflicts that prevent it, or None."""
        user: Any = request.user
        words = request.POST.get("answer", "")
        site = request.build_absolute_uri("/")
        try:
            if request.POST.get("act") == "take-back":
                take_back(proposal=proposal, by=user)
                done = _("Taken back.")
            elif request.POST.get("act") == "return":
                return_(proposal=proposal, by=user, answer=words, site=site)
                done = _("Returned to its author.")
            else:
                force = request.POST.get("act") == "approve-proposed"
                approve(proposal=proposal, by=user, answer=words, force=force, site=site)
                done = _("Approved: the public sees it.")
        except Conflicts as error:
            messages.error(request, _("The record was changed otherwise meanwhile: see below."))
            return error.differences
        except CaseFilesRefused as error:
            for problem in error.problems:
                where = field_words(problem.field, proposal.kind)
                messages.error(request, f"{where}: {problem.message}")
            return []
        except NotAllowed as error:
            for reason in error.reasons:
                messages.error(request, reason)
            return []
        messages.success(request, done)
        return None


@admin.register(DeletedRecord)
class DeletedRecordAdmin(ReadOnlyAdmin):
    """Deleted drafts, each whole; those selected can be brought back."""

    list_display = ("__str__", "by", "at", "restored_at")
    search_fields = ("slug", "reason")
    actions = ("restore_selected",)
    viewers = staticmethod(may_enter)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        return rows.may_be_undone_by(request.user)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Redirect to the history of the record, where it is brought back."""
        removal = get_object_or_404(self.get_queryset(request), pk=object_id)
        return HttpResponseRedirect(admin_url(removal.kind, removal.object_id, "history"))

    @admin.action(permissions=["view"], description="Bring the selected records back as drafts")
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        user: Any = request.user
        try:
            with transaction.atomic():
                for removal in queryset:
                    restore_deleted(removal=removal, by=user)
        except NotAllowed as error:
            for reason in error.reasons:
                messages.error(request, reason)
        except CaseFilesRefused as error:
            for problem in error.problems:
                messages.error(request, f"{problem.field}: {problem.message}")
        else:
            messages.success(request, "They are back.")


@admin.register(Correction)
class CorrectionAdmin(CaseAdmin):
    """What readers suggest: an editor answers, and only that."""

    viewers = staticmethod(may_review)

    list_display = ("__str__", "state", "at", "text")
    list_filter = ("state",)
    search_fields = ("slug", "text")
    readonly_fields = ("kind", "slug", "version", "text", "source", "contact", "at", "answered_by")
    autocomplete_fields = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        answer(correction=obj, state=obj.state, words=obj.answer, by=request.user)  # type: ignore[arg-type]


@admin.register(Citation)
class CitationAdmin(ReadOnlyAdmin):
    search_fields = ("locator", "publication__cited_as")


class AccountBookAdmin(ReadOnlyAdmin):
    """Books on accounts, which administrators may read."""

    viewers = staticmethod(may_administer)


@admin.register(Cluster)
class ClusterAdmin(RecordAdmin):
    """Each has one page, with all its parts."""


@admin.register(Statistic)
class StatisticAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


@admin.register(Event)
class EventAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


@admin.register(StakeholderGroup)
class StakeholderGroupAdmin(RecordAdmin):
    """Each has one page, with all its parts."""


@admin.register(Stakeholder)
class StakeholderAdmin(RecordAdmin):
    """Each has one page, with all its parts."""


@admin.register(Identifier)
class IdentifierAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


@admin.register(Publication)
class PublicationAdmin(RecordAdmin):
    """Each has one page, with all its parts."""


@admin.register(LiteratureSummary)
class LiteratureSummaryAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


@admin.register(StudySample)
class StudySampleAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


for model in (Alias, Change, Comment, Import, ImportedRecord, Redaction, ReviewStep):
    admin.site.register(model, ReadOnlyAdmin)
for of_accounts in (ApiToken, GroupMembership, PermissionGrant):
    admin.site.register(of_accounts, AccountBookAdmin)
register_parts(apps.get_app_config("clusters").get_models())
