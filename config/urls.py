from django.contrib import admin
from django.urls import include, path

from config import health

handler400 = "clusters.web.errors.bad_request"
handler500 = "clusters.web.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("api/", include("config.api")),
    path("", include("clusters.urls")),
    path("", include("interventions.urls")),
]
