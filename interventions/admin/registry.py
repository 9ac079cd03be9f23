"""The desk for what was tried and what came of it."""

from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from django.utils.translation import gettext_lazy as _

from clusters.admin import dashboard
from clusters.admin.base import (
    CaseAdmin,
    PartAdmin,
    RecordAdmin,
    register_parts,
    without_windows,
)
from clusters.models.roles import may_review
from interventions.admin import coding_forms, quality, rounds
from interventions.models import (
    Account,
    Coding,
    CodingRound,
    Donor,
    DonorGuideline,
    Factor,
    Framework,
    Funding,
    Outcome,
    OutcomeDimension,
    Participant,
    Project,
    ProjectLink,
    Reply,
    RoundCoder,
    RoundDimension,
    RoundProject,
    RoundState,
)
from interventions.selectors import completeness


@admin.register(Project)
class ProjectAdmin(RecordAdmin):
    """A case: what was tried, when, with whose money, what came of it and who says why."""

    sections = (
        ("", ("title", "aliases", "clusters", "issues", "summary", "aims", "activities")),
        (_("When"), ("planned_start", "planned_end", "actual_start", "actual_end")),
        (_("How it ended"), ("stated_months", "ending", "ending_note")),
    )

    def quality_of(self, record: Any) -> Any:
        """Return what is missing of a case and what it rests on, counted now."""
        (found,) = completeness.counted([record], completeness.Basis())
        return found

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(quality.quality_page)
        return [path("quality/", view, name="quality"), *super().get_urls()]


@admin.register(Coding)
class CodingAdmin(PartAdmin):
    """Researchers' readings."""

    sections = (
        ("", ("factor", "dimension", "score", "missing_reason", "rationale")),
        (_("Whose reading it is"), ("coder", "resolution", "round")),
        (_("Whose view is read; empty for all"), ("perspective_group", "perspective_stakeholder")),
    )


@admin.register(Donor)
class DonorAdmin(RecordAdmin):
    """Each has one page, with all its parts."""


@admin.register(DonorGuideline)
class DonorGuidelineAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


@admin.register(Framework)
class FrameworkAdmin(RecordAdmin):
    """Each has one page, with all its parts."""


@admin.register(Factor)
class FactorAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


@admin.register(OutcomeDimension)
class OutcomeDimensionAdmin(RecordAdmin):
    """Each has one page, with all its parts."""


@admin.register(ProjectLink)
class ProjectLinkAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


@admin.register(Funding)
class FundingAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


@admin.register(Participant)
class ParticipantAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


@admin.register(Outcome)
class OutcomeAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


@admin.register(Account)
class AccountAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


@admin.register(Reply)
class ReplyAdmin(PartAdmin):
    """To be found here, and changed on the page of its record."""


class _Inline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows of a round, for whoever prepares it."""

    extra = 1

    def formfield_for_dbfield(self, *args: Any, **kwargs: Any) -> Any:
        return without_windows(super().formfield_for_dbfield(*args, **kwargs))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_review(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_review(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_review(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_review(request.user)


class RoundProjectInline(_Inline):
    model = RoundProject
    verbose_name, verbose_name_plural = _("project"), _("Projects that are coded")
    autocomplete_fields = ("project",)


class RoundDimensionInline(_Inline):
    model = RoundDimension
    verbose_name = _("outcome")
    verbose_name_plural = _("Outcomes that are coded, if any")
    autocomplete_fields = ("dimension",)


class RoundCoderInline(_Inline):
    model = RoundCoder
    verbose_name, verbose_name_plural = _("coder"), _("Coders, two or more")
    autocomplete_fields = ("coder",)


@admin.register(CodingRound)
class CodingRoundAdmin(CaseAdmin):
    """Rounds: an editor prepares one, its coders code, and all of them compare."""

    list_display = ("name", "state", "framework", "opened_at", "closed_at")
    list_select_related = ("framework",)
    list_filter = ("state",)
    search_fields = ("name",)
    fields = ("name", "framework", "perspective_group")
    autocomplete_fields = ("framework", "perspective_group")
    inlines = (RoundProjectInline, RoundCoderInline, RoundDimensionInline)

    class Media:
        js = ("js/named.js",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CodingRound]:
        return CodingRound.objects.visible_to(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_review(request.user) and (obj is None or obj.state == RoundState.PREPARED)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Redirect to the round's own page, except to change a round that is being prepared."""
        row = self.get_object(request, object_id)
        may_change = row is not None and self.has_change_permission(request, row)
        if row is not None and not (may_change and "edit" in request.GET):
            return HttpResponseRedirect(row.get_absolute_url())
        return super().change_view(request, object_id, form_url, extra_context)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(obj.get_absolute_url())

    response_post_save_change = response_post_save_add

    def get_urls(self) -> list[Any]:
        views: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "<int:number>/round/": ("coding-round", rounds.round_page),
            "<int:number>/codings.csv": ("coding-round-csv", rounds.round_csv),
            "<int:number>/sheets/<slug:slug>/": ("coding-sheet", coding_forms.sheet_page),
            "<int:number>/compare/<slug:slug>/": ("coding-compare", coding_forms.compare_page),
        }
        own = [
            path(address, self.admin_site.admin_view(view), name=name)
            for address, (name, view) in views.items()
        ]
        return [*own, *super().get_urls()]


register_parts(apps.get_app_config("interventions").get_models())
admin.site.links += [  # type: ignore[attr-defined]
    ("admin:interventions_codinground_changelist", _("Rounds of coding")),
    ("admin:quality", _("What needs work")),
]
dashboard.FURTHER.append(rounds.waiting)
