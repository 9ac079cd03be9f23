"""Gathers the rows of charts from the database, each in a fixed number of queries."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

from django.db import connection
from django.db.models import CharField, Count, F, OuterRef, Prefetch, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.urls import reverse
from django.utils.translation import gettext as _

from clusters.charts.cluster_map import Place
from clusters.charts.timeline import PROJECT, Happening
from clusters.models import Cluster, Event, Publication
from clusters.models.fields import EDTF
from interventions.analysis.matrix import Column
from interventions.analysis.shares import FactorShare, shares_of
from interventions.charts.accounts_by_stakeholder import View
from interventions.charts.evidence_map import Evidence
from interventions.charts.money import Payment
from interventions.charts.participants import Part
from interventions.charts.project_length import Length
from interventions.models import (
    Account,
    Coding,
    DonorGuideline,
    Factor,
    Framework,
    Funding,
    Participant,
    Project,
)
from interventions.models.findings import AccountCitation, CodingCitation
from interventions.models.frameworks import FactorCitation
from interventions.models.project_queries import DONORS_OF_PROJECTS, ProjectQuerySet
from interventions.selectors.factor_matrix import disagreement_of, subject_of


def places_of(clusters: Iterable[Cluster]) -> list[Place]:
    """Return clusters as the map draws them."""
    return [
        Place(
            cluster.name,
            f"{cluster.industry}, {cluster.country.name}",  # type: ignore[attr-defined]
            cluster.get_absolute_url(),
            None if cluster.latitude is None else float(cluster.latitude),
            None if cluster.longitude is None else float(cluster.longitude),
        )
        for cluster in clusters
    ]


def happenings_of(events: Iterable[Event], projects: Iterable[Project]) -> list[Happening]:
    """Return events, then projects, as the timeline draws them."""
    found = [
        Happening(
            event.title,
            EDTF(event.when).words,
            event.when_earliest,
            event.when_latest,
            event.get_absolute_url(),
            event.kind,
            lasted="/" in event.when,
        )
        for event in events
    ]
    for project in projects:
        found.append(
            Happening(
                project.title,
                project.years,
                project.actual_start_earliest,
                project.actual_end_latest,
                project.get_absolute_url(),
                PROJECT,
                (project.planned_start_earliest, project.planned_end_latest),
                surely_of(project.actual_start_latest, project.actual_end_earliest),
            )
        )
    return found


def surely_of(begun: date | None, not_ended: date | None) -> tuple[date, date] | None:
    """Return the time between two days where the first is known to come first, else None."""
    return (begun, not_ended) if begun and not_ended and begun < not_ended else None


def donors_of(projects: list[Project]) -> dict[int, set[int]]:
    """Return, for each project's primary key, those of donors that paid for it or took part."""
    found: dict[int, set[int]] = {project.pk: set() for project in projects}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT project_id, donor_id FROM ({DONORS_OF_PROJECTS}) pairs "
            "WHERE project_id = ANY(%s)",
            [list(found)],
        )
        for project, donor in cursor.fetchall():
            found[project].add(donor)
    return found


def guidelines_of(projects: list[Project]) -> dict[int, list[DonorGuideline]]:
    """Return the own rules of each project's donors by its primary key, longest minimum first."""
    donors = donors_of(projects)
    guidelines = list(
        DonorGuideline.objects.published()
        .filter(donor__in=set().union(*donors.values()))
        .select_related("donor__stakeholder")
        .prefetch_related("citations__citation__publication")
        .order_by(F("minimum_months").desc(nulls_last=True), "pk")
    )
    return {
        project: [guideline for guideline in guidelines if guideline.donor_id in found]
        for project, found in donors.items()
    }


def longest_minimum(guidelines: list[DonorGuideline]) -> DonorGuideline | None:
    """Return the first of these rules, sorted by minimum, that names one, or None."""
    return next(
        (guideline for guideline in guidelines if guideline.minimum_months is not None), None
    )


def lengths_of(projects: Iterable[Project]) -> list[Length]:
    """Return how many months each project ran, with the rule of its donor."""
    listed = list(projects)
    guidelines = guidelines_of(listed)
    return [length_of(project, longest_minimum(guidelines[project.pk])) for project in listed]


def length_of(project: Project, guideline: DonorGuideline | None) -> Length:
    """Return how many months a project ran, beside its donor's rule with the longest minimum."""
    least, most, basis = months_of(project)
    length = Length(project.title, project.get_absolute_url(), least, most, basis)
    if guideline is None:
        return length
    return replace(
        length,
        guideline=_("%(donor)s, own rule") % {"donor": guideline.donor},
        guideline_url=f"{guideline.donor.get_absolute_url()}#guideline-{guideline.key}",
        minimum=guideline.minimum_months,
        validity=_("valid %(when)s") % {"when": EDTF(guideline.valid).words}
        if guideline.valid
        else _("no validity stated"),
    )


def months_of(project: Project) -> tuple[int | None, int | None, str]:
    """Return the least and most months that a project ran, and what they are known from."""
    if project.stated_months is not None:
        return project.stated_months, project.stated_months, _("as a source states it")
    first, last = project.actual_start_earliest, project.actual_end_latest
    if first is None or last is None:
        return None, None, _("not stated")
    latest_start, earliest_end = project.actual_start_latest, project.actual_end_earliest
    least = None
    if latest_start and earliest_end:
        least = max(_months(latest_start, earliest_end), 0)
    return least, _months(first, last), _("start and end")


def _months(first: date, last: date) -> int:
    """Return the months between two days, to the nearest whole one."""
    return round((last - first).days / 30.44)


def views_of(projects: Iterable[Project]) -> list[View]:
    """Return every account of these projects, with how stakeholders differ on its subject."""
    accounts: dict[int, list[Account]] = {}
    numbers = [project.pk for project in projects]
    found = (
        Account.objects.filter(project__in=numbers).with_stakeholders().select_related("project")
    )
    for account in found:
        accounts.setdefault(account.project_id, []).append(account)
    differing = {project: disagreement_of(listed) for project, listed in accounts.items()}
    # A subject carries one sign over all projects drawn: the stronger of what is said of it.
    strongest: dict[str, str] = {}
    for disagreement in differing.values():
        for subject in disagreement.subjects:
            if strongest.get(subject) != "position":
                strongest[subject] = disagreement.about(subject)
    views = []
    for listed in accounts.values():
        for account in listed:
            subject = subject_of(factor=account.factor, dimension=account.dimension)
            views.append(
                View(
                    project=account.project.title,
                    stakeholder=account.stakeholder_words,
                    subject=str(account.subject),
                    position=account.position,
                    reason_for_ending=account.reason_for_ending,
                    reason_words=account.get_reason_for_ending_display(),
                    statement=account.statement,
                    url=account.get_absolute_url(),
                    disagreement=strongest.get(subject, ""),
                )
            )
    return views


def payments_of(projects: ProjectQuerySet) -> tuple[list[Payment], int]:
    """Return every stated amount once, and the number of funding without an amount."""
    funding = projects.funding_once().select_related("provider__stakeholder", "project")
    stated = funding.filter(amount__isnull=False).order_by(
        "provider__stakeholder__name", "when_earliest", "pk"
    )
    payments = [
        Payment(
            donor=str(funding.provider),
            year=_one_year(funding),
            currency=funding.currency,
            kind=funding.kind_words,
            amount=funding.amount,
            project=funding.project.title,
            url=f"{funding.project.get_absolute_url()}#funding-{funding.key}",
        )
        for funding in stated
        if funding.amount is not None
    ]
    return payments, funding.filter(amount__isnull=True).count()


def _one_year(funding: Funding) -> int | None:
    first, last = funding.when_earliest, funding.when_latest
    return first.year if first and last and first.year == last.year else None


def parts_of(projects: Iterable[Project]) -> list[Part]:
    """Return every part that a stakeholder took in these projects, project by project."""
    listed = list(projects)
    order = {project.pk: number for number, project in enumerate(listed)}
    found = Participant.objects.filter(project__in=order).select_related("project", "stakeholder")
    return [
        Part(
            stakeholder=str(part.stakeholder),
            stakeholder_url=part.stakeholder.get_absolute_url(),
            project=part.project.title,
            project_url=part.project.get_absolute_url(),
            role=part.get_role_display(),
            url=f"{part.project.get_absolute_url()}#part-{part.key}",
        )
        for part in sorted(
            found, key=lambda part: (order[part.project_id], str(part.stakeholder), part.key)
        )
    ]


def evidence_on(framework: Framework, *, by_study: bool) -> list[Evidence]:
    """Return how many values on each factor rest on each work, or on each independent study."""
    slug = F("citation__publication__slug")
    study = NullIf("citation__publication__study", Value(""))
    named = Coalesce(study, slug, output_field=CharField()) if by_study else slug
    codings = CodingCitation.objects.filter(
        # A coding without a score says that the work is silent: that is no evidence.
        target__in=Coding.objects.published().agreed().overall().filter(score__isnull=False),
        target__factor__framework=framework,
    ).annotate(factor=F("target__factor__key"))
    accounts = AccountCitation.objects.filter(
        target__in=Account.objects.published(), target__factor__framework=framework
    ).annotate(factor=F("target__factor__key"))
    definitions = FactorCitation.objects.filter(target__framework=framework).annotate(
        factor=F("target__key")
    )
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for name, uses in (("codings", codings), ("accounts", accounts), ("definitions", definitions)):
        grouped = (
            uses.annotate(work=named)
            .order_by()
            .values("work", "factor")
            .annotate(number=Count("target", distinct=True))
        )
        for row in grouped.values_list("work", "factor", "number"):
            counts.setdefault((row[0], row[1]), {})[name] = row[2]
    titles = _titles_of({work for work, _factor in counts})
    return [
        Evidence(
            work=titles.get(work, work),
            factor=factor,
            codings=found.get("codings", 0),
            accounts=found.get("accounts", 0),
            definitions=found.get("definitions", 0),
            url=reverse("factor-evidence", args=[framework.slug, factor])
            + "?"
            + urlencode({"work" if work in titles else "study": work}),
        )
        for (work, factor), found in sorted(counts.items())
    ]


def _titles_of(slugs: set[str]) -> dict[str, str]:
    """Return what each of these works is called, by slug; of two called alike, with the slug."""
    works = list(Publication.objects.filter(slug__in=slugs))
    named_so = Counter(map(str, works))
    return {
        work.slug: str(work) if named_so[str(work)] == 1 else f"{work} ({work.slug})"
        for work in works
    }


def shares_for(
    projects: QuerySet[Project], framework: Framework, columns: tuple[Column, ...]
) -> list[FactorShare]:
    """Return how often each factor of a framework was present in these projects."""
    codings = (
        Coding.objects.published()
        .agreed()
        .overall()
        .filter(
            project__in=projects.order_by().values("pk"),
            factor__framework=framework,
            score__isnull=False,
        )
        .order_by()
        .values("factor__key", "score")
        .annotate(number=Count("pk"))
    )
    rows = [
        (key, float(score), number)
        for key, score, number in codings.values_list("factor__key", "score", "number")
    ]
    return shares_of(columns, rows, projects.count())


def with_public_counts(clusters: QuerySet[Cluster]) -> QuerySet[Cluster]:
    """Return clusters with the number of their published projects, `public_projects`."""
    projects = (
        Project.objects.published()
        .filter(clusters=OuterRef("pk"))
        .order_by()
        .values("clusters")
        .annotate(number=Count("pk", distinct=True))
    )
    return clusters.annotate(
        public_projects=Coalesce(Subquery(projects.values("number")), Value(0))
    )


def main_framework(slug: str) -> Framework | None:
    """Return the published framework of that slug, with its factors, or None."""
    found: Framework | None = (
        Framework.objects.published()
        .prefetch_related(Prefetch("factors", Factor.objects.order_by("sort_order", "pk")))
        .filter(slug=slug)
        .first()
    )
    return found
