"""The desk for what was tried and what came of it."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.urls import path
from django.utils.translation import gettext_lazy as _

from clusters.admin_base import PartAdmin, RecordAdmin, declare, register_parts
from clusters.desk import waiting
from interventions import marks
from interventions.desk import quality, rounds
from interventions.models import Coding, Project


@admin.register(Project)
class ProjectAdmin(declare(Project, RecordAdmin)):  # type: ignore[misc]
    """A case: what was tried, when, with whose money, what came of it and who says why."""

    sections = (
        ("", ("title", "aliases", "clusters", "issues", "summary", "aims", "activities")),
        (_("When"), ("planned_start", "planned_end", "actual_start", "actual_end")),
        (_("How it ended"), ("stated_months", "ending", "ending_note")),
    )

    def quality_of(self, record: Any) -> Any:
        """Return what is missing of a case and what it rests on, counted now."""
        (found,) = marks.counted([record], marks.Basis())
        return found

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(quality.quality_page)
        return [path("quality/", view, name="quality"), *super().get_urls()]


@admin.register(Coding)
class CodingAdmin(declare(Coding, PartAdmin)):  # type: ignore[misc]
    """Researchers' readings."""

    sections = (
        ("", ("factor", "dimension", "degree", "no_value", "rationale")),
        (_("Whose reading it is"), ("coder", "agreement", "round")),
        (_("Whose view is read; empty for all"), ("perspective_group", "perspective_holder")),
    )


register_parts(apps.get_app_config("interventions").get_models())
admin.site.links += [  # type: ignore[attr-defined]
    ("admin:interventions_codinground_changelist", _("Rounds of coding")),
    ("admin:quality", _("What needs work")),
]
waiting.FURTHER.append(rounds.waiting)
