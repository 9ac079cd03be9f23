from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from clusters.charts.style import PALETTE
from clusters.charts.timeline import Happening, cluster_timeline
from clusters.filters import ClusterFilter, StakeholderFilter
from clusters.lookup import find_published
from clusters.models import Change, Cluster, Event, Stakeholder, Statistic
from clusters.models.fields import EDTF
from clusters.paging import render_list
from clusters.parameters import check_parameters
from interventions.models import Donor, Participation, Project
from interventions.views.evidence import CITED


@require_safe
def cluster_list(request: HttpRequest) -> HttpResponse:
    clusters = (
        Cluster.objects.published()
        .order_by("name", "pk")
        .prefetch_related(
            Prefetch("projects", Project.objects.published(), to_attr="public_projects")
        )
    )
    return render_list(
        request, "interventions/cluster_list.html", ClusterFilter(request.GET, clusters)
    )


@require_safe
def cluster_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """What is known of a cluster, its timeline, and the projects in it."""
    check_parameters(request, set())
    cluster = find_published(
        Cluster.objects.published().prefetch_related(
            CITED,
            Prefetch("statistics", Statistic.objects.prefetch_related(CITED)),
            Prefetch("events", Event.objects.in_order().prefetch_related(CITED)),
        ),
        slug,
    )
    projects = list(Project.objects.published().for_list().filter(clusters=cluster))
    events = list(cluster.events.all())
    context = {
        "cluster": cluster,
        "events": events,
        "projects": projects,
        "figure": cluster_timeline(happenings(events, projects)).to_plotly_json(),
        "palette": PALETTE,
        "first_steps": [event for event in events if event.kind == "challenge"],
        "bodies": bodies_by_group(projects),
        "changes": list(Change.objects.of("clusters", cluster.pk)),
        "api_url": reverse("api-cluster-detail", args=[cluster.slug]),
    }
    return render(request, "interventions/cluster_detail.html", context)


def happenings(events: list[Event], projects: list[Project]) -> list[Happening]:
    """Events, then projects, as the timeline draws them."""
    return [
        Happening(
            event.title,
            EDTF(event.when).words,
            event.when_earliest,  # type: ignore[attr-defined]
            event.when_latest,  # type: ignore[attr-defined]
            f"#event-{event.key}",
            event.kind,
        )
        for event in events
    ] + [
        Happening(
            project.title,
            project.years,
            project.actual_start_earliest,  # type: ignore[attr-defined]
            project.actual_end_latest,  # type: ignore[attr-defined]
            project.get_absolute_url(),
            "project",
        )
        for project in projects
    ]


def bodies_by_group(projects: list[Project]) -> list[tuple[str, list[Stakeholder]]]:
    """Who took part in these projects, group by group."""
    bodies = (
        Stakeholder.objects.published()
        .filter(participations__project__in=projects)
        .select_related("group")
        .distinct()
        .order_by("group__name", "name", "pk")
    )
    groups: dict[str, list[Stakeholder]] = {}
    for body in bodies:
        groups.setdefault(str(body.group) if body.group else "No group", []).append(body)
    return list(groups.items())


@require_safe
def stakeholder_list(request: HttpRequest) -> HttpResponse:
    bodies = (
        Stakeholder.objects.published().select_related("group", "part_of").order_by("name", "pk")
    )
    return render_list(
        request, "interventions/stakeholder_list.html", StakeholderFilter(request.GET, bodies)
    )


@require_safe
def stakeholder_detail(request: HttpRequest, slug: str) -> HttpResponse:
    check_parameters(request, set())
    stakeholder = find_published(
        Stakeholder.objects.published()
        .select_related("group", "part_of", "pseudonym_source")
        .prefetch_related(
            CITED,
            "identifiers",
            Prefetch("units", Stakeholder.objects.published(), to_attr="public_units"),
            Prefetch(
                "participations",
                Participation.objects.published().select_related("project").prefetch_related(CITED),
                to_attr="public_participations",
            ),
        ),
        slug,
    )
    accounts = (
        stakeholder.accounts.published()
        .with_holders()
        .select_related("project")
        .prefetch_related(CITED)
    )
    context = {
        "stakeholder": stakeholder,
        "accounts": list(accounts),
        "donor": Donor.objects.published().filter(stakeholder=stakeholder).first(),
    }
    return render(request, "interventions/stakeholder_detail.html", context)
