"""Who says what: subjects by holders, agreeing and disagreeing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from clusters.charts.chart import Cell, Chart, table, wrapped
from clusters.charts.style import PALETTE, house_layout
from clusters.words import ACCOUNTS, PROJECTS, counted, gettext_lazy, ngettext_lazy
from clusters.words import gettext as _
from interventions.analysis.disagreement import DISAGREEMENTS, NAMED_REASONS

ROW_HEIGHT = 30
HEAD_HEIGHT = 92
SAYS = {
    "present": ("circle", gettext_lazy("It was so")),
    "absent": ("circle-x-open", gettext_lazy("It was not so")),
    "mixed": ("circle-open-dot", gettext_lazy("In part")),
}
HOLDERS = ngettext_lazy("%(n)s holder", "%(n)s holders", "count")
SUBJECTS = ngettext_lazy("%(n)s subject", "%(n)s subjects", "count")


@dataclass(frozen=True)
class View:
    """One account in a few words."""

    project: str
    holder: str
    subject: str
    says: str
    as_reason: str
    reason_words: str
    statement: str
    url: str
    # How holders differ on its subject: a key of `DISAGREEMENTS`.
    disagreement: str = ""

    @property
    def sign(self) -> str:
        """The diamond of a disagreement before its subject, or nothing."""
        return f"{DISAGREEMENTS[self.disagreement][0]} ".lstrip()


def accounts_by_holder(views: Sequence[View], source: str) -> Chart:
    """Draw every account once, in the cell of its subject and its holder."""
    subjects = sorted({view.subject for view in views}, key=lambda one: _weight(one, views))
    holders = sorted({view.holder for view in views}, key=lambda one: _size(one, views))
    signs = {view.subject: view.sign for view in views}
    kinds = Counter({view.subject: view.disagreement for view in views}.values())
    counts = {
        "accounts": counted(len(views), ACCOUNTS),
        "projects": counted(len({view.project for view in views}), PROJECTS),
        "holders": counted(len(holders), HOLDERS),
        "subjects": counted(len(subjects), SUBJECTS),
        "says": kinds["says"],
        "reasons": kinds["reasons"],
    }
    return Chart(
        name="accounts-by-holder",
        title=_("Who says what: subjects by holder, with what they disagree on"),
        reading=_(
            "One mark an account: ● it was so, ⊗ it was not so, ⊙ in part; a square round it: "
            "named as a reason for how it ended. Before a subject, ◆: holders say different "
            "things of it; ◇: they differ on whether it was a reason. "
            "n = %(accounts)s of %(projects)s."
        )
        % counts,
        source=source,
        summary=_(
            "%(accounts)s of %(holders)s on %(subjects)s; they say different things of %(says)s, "
            "and differ on %(reasons)s more as a reason for the end."
        )
        % counts,
        figure=_figure(views, subjects, holders, signs) if len(views) > 1 else None,
        head=(
            _("Subject"),
            _("Holder"),
            _("Says"),
            _("As a reason for the end"),
            _("Project"),
            _("Account"),
        ),
        rows=table(
            *(
                (
                    f"{view.sign}{view.subject}",
                    view.holder,
                    SAYS[view.says][1],
                    view.reason_words,
                    view.project,
                    Cell(view.statement, view.url),
                )
                for view in sorted(
                    views,
                    key=lambda view: (subjects.index(view.subject), holders.index(view.holder)),
                )
            )
        ),
        wide=True,
    )


def _weight(subject: str, views: Sequence[View]) -> tuple[int, int, str]:
    """Contested subjects first, then those of which most is said."""
    about = [view for view in views if view.subject == subject]
    return ["◆ ", "◇ ", ""].index(about[0].sign), -len(about), subject


def _size(holder: str, views: Sequence[View]) -> tuple[int, str]:
    return -sum(view.holder == holder for view in views), holder


def _figure(
    views: Sequence[View], subjects: list[str], holders: list[str], signs: dict[str, str]
) -> go.Figure:
    placed = _placed(views, subjects, holders)
    traces = []
    main = [(x, y, view) for x, y, view in placed if view.as_reason in NAMED_REASONS]
    if main:
        traces.append(_marks(main, "square-open", 21, _("Reason for the end"), width=1.5))
    for says, (symbol, words) in SAYS.items():
        found = [(x, y, view) for x, y, view in placed if view.says == says]
        if found:
            traces.append(_marks(found, symbol, 12, str(words), width=1.6))
    return go.Figure(
        traces,
        house_layout(
            height=HEAD_HEIGHT + 16 + ROW_HEIGHT * len(subjects),
            margin={"l": 320, "r": 32, "t": HEAD_HEIGHT, "b": 12},
            xaxis={
                "side": "top",
                "tickvals": list(range(len(holders))),
                "ticktext": [wrapped(holder, max(9, 130 // len(holders)), 6) for holder in holders],
                "tickangle": 0,
                "tickfont": {"size": 11 if len(holders) < 11 else 10},
                "range": [-0.6, len(holders) - 0.4],
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
    views: Sequence[View], subjects: list[str], holders: list[str]
) -> list[tuple[float, float, View]]:
    """Marks of one cell stand side by side."""
    cells: dict[tuple[int, int], list[View]] = {}
    for view in views:
        place = holders.index(view.holder), subjects.index(view.subject)
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
            f"<b>{view.holder}</b><br>{view.subject}: {SAYS[view.says][1].lower()}<br>"
            f"{view.reason_words}<br>{view.project}"
            for _, _, view in found
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        name=name,
        cliponaxis=False,
    )
