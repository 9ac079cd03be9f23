from django.urls import path

from clusters import views as literature
from interventions.views import donors, evidence, frameworks, front, places, projects

urlpatterns = [
    path("", front.front, name="front"),
    path("clusters/", places.cluster_list, name="clusters"),
    path("clusters/<str:slug>/", places.cluster_detail, name="cluster"),
    path("projects/", projects.project_list, name="projects"),
    path("projects/<str:slug>/", projects.project_detail, name="project"),
    path(
        "projects/<str:project>/factors/<str:framework>/<str:key>/",
        evidence.evidence,
        name="evidence",
    ),
    path("donors/", donors.donor_list, name="donors"),
    path("donors/<str:slug>/", donors.donor_detail, name="donor"),
    path("stakeholders/", places.stakeholder_list, name="stakeholders"),
    path("stakeholders/<str:slug>/", places.stakeholder_detail, name="stakeholder"),
    path("factors/", frameworks.framework_list, name="factors"),
    path("frameworks/<str:slug>/", frameworks.framework_detail, name="framework"),
    path("factors/<str:framework>/<str:key>/", frameworks.factor_detail, name="factor"),
    path("literature/", literature.literature, name="literature"),
    path("literature/<str:slug>/", literature.publication_detail, name="publication"),
]
