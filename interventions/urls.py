from django.urls import path

from clusters import views as literature
from interventions.views import donors, evidence, frameworks, front, places, projects

urlpatterns = [
    path("", front.front, name="front"),
    path("clusters/", places.cluster_list, name="clusters"),
    path("clusters/<slug:slug>/", places.cluster_detail, name="cluster"),
    path("projects/", projects.project_list, name="projects"),
    path("projects/<slug:slug>/", projects.project_detail, name="project"),
    path(
        "projects/<slug:project>/factors/<slug:framework>/<slug:key>/",
        evidence.evidence,
        name="evidence",
    ),
    path("donors/", donors.donor_list, name="donors"),
    path("donors/<slug:slug>/", donors.donor_detail, name="donor"),
    path("stakeholders/", places.stakeholder_list, name="stakeholders"),
    path("stakeholders/<slug:slug>/", places.stakeholder_detail, name="stakeholder"),
    path("factors/", frameworks.framework_list, name="factors"),
    path("frameworks/<slug:slug>/", frameworks.framework_detail, name="framework"),
    path("factors/<slug:framework>/<slug:key>/", frameworks.factor_detail, name="factor"),
    path("literature/", literature.literature, name="literature"),
    path("literature/<slug:slug>/", literature.publication_detail, name="publication"),
]
