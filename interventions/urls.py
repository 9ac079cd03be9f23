from django.urls import path

from interventions.views import (
    about,
    charts,
    comparing,
    donors,
    evidence,
    frameworks,
    front,
    places,
    projects,
    searching,
)

urlpatterns = [
    path("", front.front, name="front"),
    path("clusters/", places.cluster_list, name="clusters"),
    path("clusters/<slug:slug>/", places.cluster_detail, name="cluster"),
    path("projects/", projects.project_list, name="projects"),
    path("projects/compare/", comparing.compare, name="compare"),
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
    path(
        "factors/<slug:framework>/<slug:key>/evidence/",
        frameworks.factor_evidence,
        name="factor-evidence",
    ),
    path("charts/", charts.chart_list, name="charts"),
    path("charts/<slug:name>/", charts.chart, name="chart"),
    path("search/", searching.search, name="search"),
    path("search/suggestions/", searching.suggest, name="suggestions"),
    path("about/", about.about, name="about"),
    path("about/codebook/", about.codebook, name="codebook"),
    path("sitemap.xml", about.sitemap, name="sitemap"),
    path("robots.txt", about.robots, name="robots"),
]
