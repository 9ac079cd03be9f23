from dataclasses import replace

from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from clusters.charts.style import PALETTE
from clusters.models import (
    Cluster,
    Event,
    LiteratureSummary,
    Publication,
    Stakeholder,
    Statistic,
    StudySample,
)
from clusters.models.citations import CITED
from clusters.published.lookup import find_published
from clusters.views.records import about_record
from clusters.web.caching import public_page
from clusters.web.filters import ClusterFilter, StakeholderFilter
from clusters.web.pagination import render_list
from clusters.web.query_params import check_parameters
from interventions.models import Donor, Participant, Project, Reply
from interventions.selectors.chart_data import with_public_counts
from interventions.web.charts import chart_of, timeline_of


@public_page
def cluster_list(request: HttpRequest) -> HttpResponse:
    clusters = with_public_counts(Cluster.objects.published().order_by("name", "pk"))
    filterset = ClusterFilter(request.GET, clusters)
    shown = filterset.qs if filterset.is_valid() else clusters.none()
    return render_list(
        request,
        "interventions/cluster_list.html",
        filterset,
        chart=chart_of("cluster-map", shown, request.GET),
        palette=PALETTE,
    )


@public_page
def cluster_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what is known of a cluster, its timeline, its projects, and who was heard about it."""
    check_parameters(request, set())
    cluster = find_published(
        Cluster.objects.published().prefetch_related(
            CITED,
            Prefetch("statistics", Statistic.objects.prefetch_related(CITED)),
            Prefetch("events", Event.objects.in_order().prefetch_related(CITED)),
        ),
        slug,
    )
    projects = list(Project.objects.published().in_order().for_list().filter(clusters=cluster))
    events = list(cluster.events.all())
    statistics = list(cluster.statistics.all())
    timeline = replace(
        timeline_of(cluster, events, projects),
        address=f"{reverse('chart', args=['cluster-timeline'])}?cluster={cluster.slug}",
    )
    context = {
        "cluster": cluster,
        "events": events,
        "projects": projects,
        "tiers": [row for row in statistics if row.indicator == "firms"],
        "figures": [row for row in statistics if row.indicator != "firms"],
        "timeline": timeline,
        "map": chart_of("cluster-map", [cluster], QueryDict()),
        "palette": PALETTE,
        "challenges": [event for event in events if event.kind == "challenge"],
        "stakeholders": stakeholders_by_group(projects),
        "literature": literature_on(cluster),
        "samples": samples_for(cluster),
        "api_url": reverse("api-cluster-detail", args=[cluster.slug]),
        **about_record(request, cluster),
    }
    return render(request, "interventions/cluster_detail.html", context)


def literature_on(cluster: Cluster) -> list[Publication]:
    """Return works about this cluster, with what is said of them."""
    summaries = (
        LiteratureSummary.objects.published().select_related("publication").prefetch_related(CITED)
    )
    return list(
        Publication.objects.published()
        .filter(clusters=cluster)
        .prefetch_related(Prefetch("summarised_in", summaries))
        .order_by("cited_as", "pk")
    )


def samples_for(cluster: Cluster) -> list[StudySample]:
    """Return who was heard for the works about this cluster."""
    return list(
        StudySample.objects.published()
        .filter(publication__clusters=cluster)
        .select_related("publication", "group")
        .prefetch_related(CITED)
    )


def stakeholders_by_group(projects: list[Project]) -> list[tuple[str, list[Stakeholder]]]:
    """Return who took part in these projects, group by group."""
    stakeholders = (
        Stakeholder.objects.published()
        .filter(participants__project__in=projects)
        .select_related("group")
        .distinct()
        .order_by("group__name", "name", "pk")
    )
    groups: dict[str, list[Stakeholder]] = {}
    for stakeholder in stakeholders:
        groups.setdefault(
            str(stakeholder.group) if stakeholder.group else _("No group"), []
        ).append(stakeholder)
    return list(groups.items())


@public_page
def stakeholder_list(request: HttpRequest) -> HttpResponse:
    stakeholders = (
        Stakeholder.objects.published()
        .select_related("group", "part_of", "pseudonym_source")
        .order_by("name", "pk")
    )
    return render_list(
        request, "interventions/stakeholder_list.html", StakeholderFilter(request.GET, stakeholders)
    )


@public_page
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
                "participants",
                Participant.objects.published().select_related("project").prefetch_related(CITED),
                to_attr="public_participants",
            ),
        ),
        slug,
    )
    replies = Reply.objects.select_related("by").prefetch_related(CITED)
    accounts = (
        stakeholder.accounts.published()
        .with_stakeholders()
        .select_related("project")
        .prefetch_related(CITED, Prefetch("replies", replies))
    )
    context = {
        "stakeholder": stakeholder,
        "accounts": list(accounts),
        "donor": Donor.objects.published().filter(stakeholder=stakeholder).first(),
        "api_url": reverse("api-stakeholder-detail", args=[stakeholder.slug]),
        **about_record(request, stakeholder),
    }
    return render(request, "interventions/stakeholder_detail.html", context)
