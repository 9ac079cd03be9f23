"""Gathers the rows of the factor matrix from the database, in a fixed number of queries."""

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from interventions.analysis.disagreement import Disagreement, Said, disagreement
from interventions.analysis.matrix import (
    GROUPS,
    Cell,
    Column,
    Matrix,
    OutcomeSummary,
    Row,
    summarise_outcomes,
)
from interventions.models import (
    Account,
    Coding,
    Factor,
    Framework,
    Outcome,
    OutcomeDimension,
    Project,
)


def factors_in_columns(framework: Framework) -> list[Factor]:
    """Return the factors: those that favour, those that stand in the way, those of no group."""
    order = [*GROUPS, ""]
    return sorted(
        framework.factors.all(),
        key=lambda factor: order.index(factor.polarity if factor.polarity in GROUPS else ""),
    )


def columns_of(framework: Framework) -> tuple[Column, ...]:
    """Return the columns of a framework's matrix."""
    return tuple(
        Column(
            factor.key,
            factor.name,
            factor.short_name,
            factor.polarity if factor.polarity in GROUPS else "",
            reverse("factor", args=[framework.slug, factor.key]),
        )
        for factor in factors_in_columns(framework)
    )


def matrix_of(projects: QuerySet[Project], framework: Framework) -> Matrix:
    """Return the matrix of these projects, in their order, by the factors of one framework."""
    factors, columns = factors_in_columns(framework), columns_of(framework)
    found = projects.prefetch_related(
        "clusters",
        Prefetch(
            "codings",
            Coding.objects.published().overall().filter(factor__framework=framework),
            to_attr="framework_codings",
        ),
        Prefetch("accounts", Account.objects.with_stakeholders(), to_attr="all_accounts"),
        Prefetch("outcomes", Outcome.objects.order_by("sort_order", "pk"), to_attr="all_outcomes"),
    )
    rows = [_row(project, framework, factors, columns) for project in found]
    return Matrix(columns, tuple(rows))


def _row(
    project: Project, framework: Framework, factors: list[Factor], columns: tuple[Column, ...]
) -> Row:
    differing = disagreement_of(project.all_accounts)  # type: ignore[attr-defined]
    places = _(" and ").join(cluster.name for cluster in project.clusters.all())
    where = places or _("no cluster named")
    return Row(
        slug=project.slug,
        title=project.title,
        subtitle=f"{where} · {project.years}",
        url=project.get_absolute_url(),
        cells=tuple(
            _cell(project, framework, factor, column, differing)
            for factor, column in zip(factors, columns, strict=True)
        ),
        outcome=outcome_of(project.all_outcomes),  # type: ignore[attr-defined]
        disagrees_on=what_differs(project.all_accounts, differing),  # type: ignore[attr-defined]
    )


def _cell(
    project: Project,
    framework: Framework,
    factor: Factor,
    column: Column,
    differing: Disagreement,
) -> Cell:
    codings = [
        coding
        for coding in project.framework_codings  # type: ignore[attr-defined]
        if coding.factor_id == factor.pk
    ]
    agreed = next((coding for coding in codings if coding.coder_id is None), None)
    if agreed is not None:
        score = None if agreed.score is None else float(agreed.score)
        status = agreed.missing_reason or "coded"
    else:
        score, status = None, "not_agreed" if codings else "not_searched"
    return Cell(
        column=column,
        score=score,
        status=status,
        disagreement=differing.about(subject_of(factor=factor)),
        single_coder=agreed is not None and agreed.resolution == "single_coder",
        url=reverse("evidence", args=[project.slug, framework.slug, factor.key]),
        id=f"{project.slug}/{framework.slug}/{factor.key}",
    )


def outcome_of(outcomes: list[Outcome]) -> OutcomeSummary:
    """Return the direction of all outcomes of a project, and words on them."""
    return summarise_outcomes([(outcome.direction, outcome.title) for outcome in outcomes])


def subject_of(*, factor: Factor | None = None, dimension: OutcomeDimension | None = None) -> str:
    """Return what names the subject of an account, so that accounts can be compared."""
    return f"factor {factor.pk}" if factor is not None else f"dimension {dimension.pk}"  # type: ignore[union-attr]


def stakeholder_of(account: Account) -> str:
    """Return what tells a stakeholder from others: its number, else group and informant."""
    if account.stakeholder_id is not None:
        return f"stakeholder {account.stakeholder_id}"
    return f"group {account.stakeholder_group_id}: {account.informant}"


def disagreement_of(accounts: list[Account]) -> Disagreement:
    """Return what accounts disagree on; they were fetched with their stakeholders."""
    return disagreement(
        Said(
            stakeholder_of(account),
            subject_of(factor=account.factor, dimension=account.dimension),
            account.position,
            account.reason_for_ending,
        )
        for account in accounts
    )


def what_differs(accounts: list[Account], differing: Disagreement) -> str:
    """Return what the accounts disagree on, in words."""
    names = {
        subject_of(factor=account.factor, dimension=account.dimension): str(
            account.factor or account.dimension
        )
        for account in accounts
    }
    parts = []
    if differing.named_reasons:
        parts.append(_("the reasons why it ended"))
    parts += sorted(names[subject] for subject in differing.contested)
    return "; ".join(parts)
