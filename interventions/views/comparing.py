from collections.abc import Iterable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from clusters.formats.csv_files import csv_response
from clusters.models import Root
from clusters.models.fields import EDTF
from clusters.web.caching import public_page
from clusters.web.query_params import check_parameters, check_word
from interventions.analysis.comparison import FEWEST, MOST, Line, Side, factor_lines, lines_of
from interventions.analysis.matrix import Matrix
from interventions.charts.project_length import Length
from interventions.models import Ending, Factor, Framework, OutcomeDimension, Project
from interventions.selectors.chart_data import lengths_of
from interventions.selectors.factor_matrix import disagreement_of, matrix_of, what_differs
from interventions.selectors.project_detail import (
    SubjectCodings,
    by_subject,
    named_reasons,
    with_everything,
)


@public_page
def compare(request: HttpRequest) -> HttpResponse:
    """Show two to six projects row by row: `?project=a&project=b`.

    `rows=differing` leaves out rows in which all say the same or nothing; `format=csv` is a file.
    """
    check_parameters(request, {"project", "rows", "format"})
    check_word(request, "format", "csv")
    check_word(request, "rows", "differing")
    slugs = list(dict.fromkeys(request.GET.getlist("project")))
    if len(slugs) > MOST:
        raise BadRequest(
            _("project: %(most)s at most can be compared; %(number)s are named.")
            % {"most": MOST, "number": len(slugs)}
        )
    projects = with_everything().among(slugs)
    if missing := set(slugs) - {project.slug for project in projects}:
        raise BadRequest(
            _("project: no published project is called “%(slug)s”.") % {"slug": sorted(missing)[0]}
        )
    all_lines = comparison_of(projects) if len(projects) >= FEWEST else []
    only_differing = "rows" in request.GET
    lines = [line for line in all_lines if line.differs or not only_differing]
    if request.GET.get("format") == "csv":
        return _csv_of(projects, lines)
    context = {
        "projects": projects,
        "lines": lines,
        "all_lines": all_lines,
        "only_differing": only_differing,
        "differing": sum(line.differs for line in all_lines),
        "choices": Project.objects.published().order_by("title", "pk"),
        "chosen": slugs,
        "fewest": FEWEST,
        "most": MOST,
    }
    return render(request, "interventions/compare.html", context)


def _csv_of(projects: list[Project], lines: list[Line]) -> HttpResponse:
    """Return the comparison as CSV: one row a line, one column a project."""
    head = ["group", "row", *(project.title for project in projects), "differs"]
    rows = [
        [
            line.group,
            line.name,
            *(side.words for side in line.sides),
            "yes" if line.differs else "known for some" if line.is_partly_known else "no",
        ]
        for line in lines
    ]
    return csv_response("comparison", head, rows)


def comparison_of(projects: list[Project]) -> list[Line]:
    """Return every row of the comparison of projects that were fetched with everything."""
    lengths = lengths_of(projects)
    lines = lines_of(
        _("Key facts"),
        [
            (_("Where"), [_names(project.clusters.all()) for project in projects]),
            (_("Who paid or helped"), [_payers(project) for project in projects]),
            (_("Start, in fact"), [_date(project.actual_start) for project in projects]),
            (_("End, in fact"), [_date(project.actual_end) for project in projects]),
            (_("Start, by plan"), [_date(project.planned_start) for project in projects]),
            (_("End, by plan"), [_date(project.planned_end) for project in projects]),
            (_("Months"), [_months(length) for length in lengths]),
            (_("Donor’s own minimum"), [_minimum(length) for length in lengths]),
            (_("How it ended"), [_ending(project) for project in projects]),
            (
                _("Issues"),
                [_words("; ".join(_issue_words(project))) for project in projects],
            ),
        ],
    )
    for framework in Framework.objects.published().prefetch_related("factors"):
        matrix = _aligned(projects, framework)
        if any(cell.status != "not_searched" for row in matrix.rows for cell in row.cells):
            lines += factor_lines(matrix, _("Factors: %(framework)s") % {"framework": framework})
    lines += lines_of(_("What came of it"), _outcomes(projects))
    lines += lines_of(_("What came of it, as coded"), _coded_outcomes(projects))
    lines += lines_of(
        _("Accounts"),
        [
            (
                _("Reasons named for how it ended"),
                [_named_reasons(project) for project in projects],
            ),
            (_("Accounts disagree on"), [_disagreement(project) for project in projects]),
        ],
    )
    return lines


def _aligned(projects: list[Project], framework: Framework) -> Matrix:
    order = {project.pk: number for number, project in enumerate(projects)}
    rows = Project.objects.filter(pk__in=order)
    matrix = matrix_of(rows, framework)
    by_slug = {row.slug: row for row in matrix.rows}
    return type(matrix)(matrix.columns, tuple(by_slug[project.slug] for project in projects))


def _months(length: Length) -> Side:
    return _words("" if length.most is None else f"{length.months} ({length.basis})")


def _minimum(length: Length) -> Side:
    if length.minimum is None:
        return _words("")
    words = {"months": length.minimum, "validity": length.validity}
    return Side(_("%(months)s months, %(validity)s") % words, length.guideline_url)


def _words(words: str) -> Side:
    return Side(words) if words else Side(_("not stated"), is_known=False)


def _ending(project: Project) -> Side:
    known = project.ending not in ("", Ending.UNKNOWN)
    return Side(project.get_ending_display(), is_known=known) if project.ending else _words("")


def _date(value: str) -> Side:
    return _words(EDTF(value).words if value else "")


def _names(records: Iterable[Root]) -> Side:
    return _words("; ".join(map(str, records)))


def _issue_words(project: Project) -> list[str]:
    labels = dict(type(project)._meta.get_field("issues").base_field.flatchoices)
    return [str(labels[issue]) for issue in project.issues]


def _payers(project: Project) -> Side:
    payers = [
        str(funding.provider or funding.provider_project)
        + (f" ({funding.currency} {funding.amount:,.0f})" if funding.amount else "")
        for funding in project.funding.all()
    ]
    return _words("; ".join(payers))


def _outcomes(projects: list[Project]) -> list[tuple[str, list[Side]]]:
    """Return one row a dimension, so that projects that changed the same thing meet."""
    dimensions = sorted(
        {outcome.dimension for project in projects for outcome in project.outcomes.all()}, key=str
    )
    rows = []
    for dimension in dimensions:
        sides = []
        for project in projects:
            found = [
                outcome
                for outcome in project.outcomes.all()
                if outcome.dimension_id == dimension.pk
            ]
            words = "; ".join(
                f"{outcome.title} ({outcome.get_direction_display().lower()}"
                + (f", {outcome.get_intended_display().lower()}" if outcome.intended else "")
                + ")"
                for outcome in found
            )
            url = f"{project.get_absolute_url()}#outcomes"
            sides.append(Side(words, url) if words else Side(_("nothing recorded"), is_known=False))
        rows.append((str(dimension), sides))
    return rows


def _coded_outcomes(projects: list[Project]) -> list[tuple[str, list[Side]]]:
    """Return one row a dimension that was coded, on the scale of factors."""
    coded = {project.pk: by_subject(project.codings.all())[1] for project in projects}
    dimensions = sorted({line["subject"] for lines in coded.values() for line in lines}, key=str)
    return [
        (
            str(dimension),
            [_coded(project, dimension, coded[project.pk]) for project in projects],
        )
        for dimension in dimensions
    ]


def _coded(
    project: Project, dimension: Factor | OutcomeDimension | None, lines: list[SubjectCodings]
) -> Side:
    line = next((line for line in lines if line["subject"] == dimension), None)
    url = f"{project.get_absolute_url()}#outcomes"
    if line is None:
        return Side(_("not searched"), is_known=False)
    agreed = line["agreed"]
    if agreed is None:
        return Side(_("coded, not agreed"), url, is_known=False)
    is_known = agreed.score is not None
    words = agreed.get_score_display() if is_known else agreed.get_missing_reason_display()
    return Side(str(words), url, is_known=is_known)


def _named_reasons(project: Project) -> Side:
    accounts = list(project.accounts.all())
    if not accounts:
        return Side(_("no account recorded"), is_known=False)
    named = [
        f"{subject} ({'; '.join(stakeholders)})"
        for subject, stakeholders in named_reasons(accounts)
    ]
    if not named:
        return Side(_("none named"), is_known=False)
    return Side("; ".join(named), f"{project.get_absolute_url()}#accounts")


def _disagreement(project: Project) -> Side:
    accounts = list(project.accounts.all())
    words = what_differs(accounts, disagreement_of(accounts))
    if not accounts:
        return Side(_("no account recorded"), is_known=False)
    return Side(words or _("nothing"), f"{project.get_absolute_url()}#accounts")
