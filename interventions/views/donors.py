from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clusters.lookup import find_published
from clusters.parameters import check_parameters
from interventions.models import Donor, DonorNorm, Funding, Participation
from interventions.views.evidence import CITED


@require_safe
def donor_list(request: HttpRequest) -> HttpResponse:
    check_parameters(request, set())
    donors = (
        Donor.objects.published()
        .select_related("stakeholder")
        .prefetch_related(
            Prefetch(
                "fundings",
                Funding.objects.published().select_related("project"),
                to_attr="public_fundings",
            ),
            Prefetch("norms", to_attr="public_norms"),
        )
        .order_by("stakeholder__name", "pk")
    )
    return render(request, "interventions/donor_list.html", {"donors": donors})


@require_safe
def donor_detail(request: HttpRequest, slug: str) -> HttpResponse:
    check_parameters(request, set())
    donor = find_published(
        Donor.objects.published()
        .select_related("stakeholder__pseudonym_source")
        .prefetch_related(
            CITED,
            Prefetch("norms", DonorNorm.objects.prefetch_related(CITED)),
            Prefetch(
                "fundings",
                Funding.objects.published()
                .select_related("project", "receiver")
                .prefetch_related(CITED),
                to_attr="public_fundings",
            ),
            Prefetch(
                "stakeholder__participations",
                Participation.objects.published().select_related("project"),
            ),
        ),
        slug,
    )
    return render(request, "interventions/donor_detail.html", {"donor": donor})
