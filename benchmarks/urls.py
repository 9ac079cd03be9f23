"""The casebook's addresses, and one that does nothing."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import urlpatterns as casebook

handler400 = "clusters.web.errors.bad_request"
handler500 = "clusters.web.errors.server_error"


def empty(request: HttpRequest) -> HttpResponse:
    """The least that a view behind the project's middleware can do."""
    return HttpResponse(b"{}", content_type="application/json")


urlpatterns = [path("api/empty/", empty), *casebook]
