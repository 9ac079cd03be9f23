from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse

from clusters.charts.style import PALETTE
from clusters.models.citations import CITED
from clusters.published.lookup import find_published
from clusters.views.records import about_record
from clusters.web.caching import public_page
from clusters.web.pagination import render_list
from clusters.web.query_params import check_parameters
from interventions.models import Donor, DonorGuideline, Funding, Participant, Project
from interventions.web.charts import chart_of
from interventions.web.filters import DonorFilter


@public_page
def donor_list(request: HttpRequest) -> HttpResponse:
    donors = (
        Donor.objects.published()
        .select_related("stakeholder")
        .prefetch_related(
            Prefetch(
                "funding",
                Funding.objects.published().select_related("project"),
                to_attr="public_funding",
            ),
            Prefetch("guidelines", to_attr="public_guidelines"),
        )
        .order_by("stakeholder__name", "pk")
    )
    return render_list(request, "interventions/donor_list.html", DonorFilter(request.GET, donors))


@public_page
def donor_detail(request: HttpRequest, slug: str) -> HttpResponse:
    check_parameters(request, set())
    donor = find_published(
        Donor.objects.published()
        .select_related("stakeholder__pseudonym_source")
        .prefetch_related(
            CITED,
            Prefetch("guidelines", DonorGuideline.objects.prefetch_related(CITED)),
            Prefetch(
                "funding",
                Funding.objects.published()
                .select_related("project", "receiver")
                .prefetch_related(CITED),
                to_attr="public_funding",
            ),
            Prefetch(
                "stakeholder__participants",
                Participant.objects.published().select_related("project"),
            ),
        ),
        slug,
    )
    projects = Project.objects.published().of_donors([donor]).in_order()
    context = {
        "donor": donor,
        "length": chart_of("project-length", projects, QueryDict(f"donor={donor.slug}")),
        "money": chart_of("money", projects, QueryDict(f"donor={donor.slug}")),
        "palette": PALETTE,
        "api_url": reverse("api-donor-detail", args=[donor.slug]),
        **about_record(request, donor),
    }
    return render(request, "interventions/donor_detail.html", context)
