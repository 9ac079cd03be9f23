"""Who took part in what: stakeholders at the left, projects at the right, one band a part taken."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from clusters.charts.chart import Cell, Chart, table
from clusters.charts.style import PALETTE, house_layout
from clusters.i18n import PROJECTS, counted, ngettext_lazy
from clusters.i18n import gettext as _

ROW_HEIGHT = 24
PARTS = ngettext_lazy("%(n)s part", "%(n)s parts", "count")
STAKEHOLDERS = ngettext_lazy("%(n)s stakeholder", "%(n)s stakeholders", "count")


@dataclass(frozen=True)
class Part:
    """The part that one stakeholder took in one project."""

    stakeholder: str
    stakeholder_url: str
    project: str
    project_url: str
    role: str
    url: str


def draw_participants(parts: Sequence[Part], source: str) -> Chart:
    """Return a chart with one band for every part taken, all equally wide."""
    # By address: two records may share a name.
    names = {part.stakeholder_url: part.stakeholder for part in parts}
    stakeholders = sorted(names, key=lambda url: (_count(parts, url), names[url], url))
    projects = list(dict.fromkeys(part.project_url for part in parts))
    counts = {
        "parts": counted(len(parts), PARTS),
        "stakeholders": counted(len(stakeholders), STAKEHOLDERS),
        "projects": counted(len(projects), PROJECTS),
    }
    summary = _("%(stakeholders)s took %(parts)s in %(projects)s.") % counts
    if stakeholders:
        most = {"stakeholder": names[stakeholders[0]], "number": -_count(parts, stakeholders[0])}
        summary += " " + _("Most of them: %(stakeholder)s, %(number)s.") % most
    return Chart(
        name="participants",
        title=_("Who took part in what: stakeholders and projects"),
        reading=_(
            "One band a part taken, all equally wide: the width of a name counts parts, not money "
            "or weight. n = %(parts)s of %(stakeholders)s in %(projects)s."
        )
        % counts,
        source=source,
        summary=summary,
        figure=_figure(parts, stakeholders, projects) if len(parts) > 1 else None,
        head=(_("Stakeholder"), _("Part taken"), _("Project")),
        rows=table(
            *(
                (
                    Cell(part.stakeholder, part.stakeholder_url),
                    Cell(part.role, part.url),
                    part.project,
                )
                for part in parts
            )
        ),
        wide=True,
    )


def _count(parts: Sequence[Part], url: str) -> int:
    return -sum(part.stakeholder_url == url for part in parts)


def _figure(parts: Sequence[Part], stakeholders: list[str], projects: list[str]) -> go.Figure:
    names = {part.stakeholder_url: part.stakeholder for part in parts}
    names |= {part.project_url: part.project for part in parts}
    taken = _("%(number)s parts taken") % {"number": "%{value:d}"}
    place = {url: number for number, url in enumerate([*stakeholders, *projects])}
    return go.Figure(
        go.Sankey(
            arrangement="fixed",
            node={
                "label": [_cut(names[url]) for url in place],
                "color": [PALETTE["ink-2"]] * len(stakeholders) + [PALETTE["ink"]] * len(projects),
                "line": {"width": 0},
                "pad": 9,
                "thickness": 10,
                "customdata": list(place),
                "hovertemplate": f"<b>%{{label}}</b><br>{taken}<extra></extra>",
            },
            link={
                "source": [place[part.stakeholder_url] for part in parts],
                "target": [place[part.project_url] for part in parts],
                "value": [1] * len(parts),
                # Names stand on the bands: they are pale, and an edge parts those that cross.
                "color": PALETTE["line"],
                "line": {"color": PALETTE["paper"], "width": 1.5},
                "customdata": [part.url for part in parts],
                "label": [part.role for part in parts],
                "hovertemplate": "%{source.label} · %{label} · %{target.label}<extra></extra>",
            },
            textfont={"size": 12, "color": PALETTE["ink"]},
        ),
        house_layout(
            height=60 + ROW_HEIGHT * max(len(stakeholders), len(projects)),
            margin={"l": 8, "r": 8, "t": 16, "b": 16},
        ),
    )


def _cut(name: str, width: int = 60) -> str:
    return name if len(name) <= width else f"{name[: width - 2].rsplit(' ', 1)[0]} …"
