"""Who says what: subjects by stakeholders, agreeing and disagreeing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from clusters.charts.chart import Cell, Chart, table, wrapped
from clusters.charts.style import PALETTE, house_layout
from clusters.i18n import ACCOUNTS, PROJECTS, counted, gettext_lazy, ngettext_lazy
from clusters.i18n import gettext as _
from interventions.analysis.disagreement import DISAGREEMENTS, NAMED_REASONS

ROW_HEIGHT = 30
HEAD_HEIGHT = 92
POSITIONS = {
    "present": ("circle", gettext_lazy("It was so")),
    "absent": ("circle-x-open", gettext_lazy("It was not so")),
    "mixed": ("circle-open-dot", gettext_lazy("In part")),
}
STAKEHOLDERS = ngettext_lazy("%(n)s stakeholder", "%(n)s stakeholders", "count")
SUBJECTS = ngettext_lazy("%(n)s subject", "%(n)s subjects", "count")


@dataclass(frozen=True)
class View:
    """One account in a few words."""

    project: str
    stakeholder: str
    subject: str
    position: str
    reason_for_ending: str
    reason_words: str
    statement: str
    url: str
    # How stakeholders differ on its subject: a key of `DISAGREEMENTS`.
    disagreement: str = ""

    @property
    def sign(self) -> str:
        """The diamond of a disagreement before its subject, or nothing."""
        return f"{DISAGREEMENTS[self.disagreement][0]} ".lstrip()


def accounts_by_stakeholder(views: Sequence[View], source: str) -> Chart:
    """Return a chart of every account, each in the cell of its subject and its stakeholder."""
    subjects = sorted({view.subject for view in views}, key=lambda subject: _weight(subject, views))
    stakeholders = sorted(
        {view.stakeholder for view in views}, key=lambda stakeholder: _size(stakeholder, views)
    )
    signs = {view.subject: view.sign for view in views}
    kinds = Counter({view.subject: view.disagreement for view in views}.values())
    counts = {
        "accounts": counted(len(views), ACCOUNTS),
        "projects": counted(len({view.project for view in views}), PROJECTS),
        "stakeholders": counted(len(stakeholders), STAKEHOLDERS),
        "subjects": counted(len(subjects), SUBJECTS),
        "position": kinds["position"],
        "reasons": kinds["reasons"],
    }
    return Chart(
        name="accounts-by-stakeholder",
        title=_("Who says what: subjects by stakeholder, with what they disagree on"),
        reading=_(
            "One mark an account: ● it was so, ⊗ it was not so, ⊙ in part; a square round it: "
            "named as a reason for how it ended. Before a subject, ◆: stakeholders say different "
            "things of it; ◇: they differ on whether it was a reason. "
            "n = %(accounts)s of %(projects)s."
        )
        % counts,
        source=source,
        summary=_(
            "%(accounts)s of %(stakeholders)s on %(subjects)s; they say different things of "
            "%(position)s, and differ on %(reasons)s more as a reason for the end."
        )
        % counts,
        figure=_figure(views, subjects, stakeholders, signs) if len(views) > 1 else None,
        head=(
            _("Subject"),
            _("Stakeholder"),
            _("Position"),
            _("As a reason for the end"),
            _("Project"),
            _("Account"),
        ),
        rows=_rows(views, subjects, stakeholders),
        wide=True,
    )


def _rows(
    views: Sequence[View], subjects: list[str], stakeholders: list[str]
) -> tuple[tuple[Cell, ...], ...]:
    """Return the rows of the table in the order of the chart's rows, then of its columns."""

    def place(view: View) -> tuple[int, int]:
        return subjects.index(view.subject), stakeholders.index(view.stakeholder)

    return table(
        *(
            (
                f"{view.sign}{view.subject}",
                view.stakeholder,
                POSITIONS[view.position][1],
                view.reason_words,
                view.project,
                Cell(view.statement, view.url),
            )
            for view in sorted(views, key=place)
        )
    )


def _weight(subject: str, views: Sequence[View]) -> tuple[int, int, str]:
    """Return a key that sorts contested subjects first, then those with most accounts."""
    about = [view for view in views if view.subject == subject]
    return ["◆ ", "◇ ", ""].index(about[0].sign), -len(about), subject


def _size(stakeholder: str, views: Sequence[View]) -> tuple[int, str]:
    return -sum(view.stakeholder == stakeholder for view in views), stakeholder


def _figure(
    views: Sequence[View], subjects: list[str], stakeholders: list[str], signs: dict[str, str]
) -> go.Figure:
    placed = _placed(views, subjects, stakeholders)
    traces = []
    main = [(x, y, view) for x, y, view in placed if view.reason_for_ending in NAMED_REASONS]
    if main:
        traces.append(_marks(main, "square-open", 21, _("Reason for the end"), width=1.5))
    for position, (symbol, words) in POSITIONS.items():
        found = [(x, y, view) for x, y, view in placed if view.position == position]
        if found:
            traces.append(_marks(found, symbol, 12, str(words), width=1.6))
    return go.Figure(
        traces,
        house_layout(
            height=HEAD_HEIGHT + 16 + ROW_HEIGHT * len(subjects),
            margin={"l": 320, "r": 32, "t": HEAD_HEIGHT, "b": 12},
            xaxis={
                "side": "top",
                "tickvals": list(range(len(stakeholders))),
                "ticktext": [
                    wrapped(stakeholder, max(9, 130 // len(stakeholders)), 6)
                    for stakeholder in stakeholders
                ],
                "tickangle": 0,
                "tickfont": {"size": 11 if len(stakeholders) < 11 else 10},
                "range": [-0.6, len(stakeholders) - 0.4],
                "gridcolor": PALETTE["zero"],
                "zeroline": False,
                "fixedrange": True,
            },
            yaxis={
                "tickvals": list(range(len(subjects))),
                "ticktext": [f"{signs[subject]}{_cut(subject, 48)}" for subject in subjects],
                "range": [len(subjects) - 0.5, -0.5],
                "gridcolor": PALETTE["line"],
                "zeroline": False,
                "fixedrange": True,
            },
        ),
    )


def _cut(words: str, width: int) -> str:
    return words if len(words) <= width else f"{words[: width - 2].rsplit(' ', 1)[0]} …"


def _placed(
    views: Sequence[View], subjects: list[str], stakeholders: list[str]
) -> list[tuple[float, float, View]]:
    """Return each account with its place (x, y); those of one cell stand side by side."""
    cells: dict[tuple[int, int], list[View]] = {}
    for view in views:
        place = stakeholders.index(view.stakeholder), subjects.index(view.subject)
        cells.setdefault(place, []).append(view)
    return [
        (column + (number - (len(found) - 1) / 2) * min(0.26, 0.8 / len(found)), row, view)
        for (column, row), found in cells.items()
        for number, view in enumerate(found)
    ]


def _marks(
    found: list[tuple[float, float, View]], symbol: str, size: int, name: str, *, width: float
) -> go.Scatter:
    return go.Scatter(
        x=[x for x, _, _ in found],
        y=[y for _, y, _ in found],
        mode="markers",
        marker={
            "symbol": symbol,
            "size": size,
            "color": PALETTE["ink"],
            "line": {"width": width, "color": PALETTE["ink"]},
        },
        customdata=[view.url for _, _, view in found],
        hovertext=[
            f"<b>{view.stakeholder}</b><br>{view.subject}: "
            f"{POSITIONS[view.position][1].lower()}<br>"
            f"{view.reason_words}<br>{view.project}"
            for _, _, view in found
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        name=name,
        cliponaxis=False,
    )
