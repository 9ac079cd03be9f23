from django.urls import include, path, re_path

from clusters.views import (
    changes,
    corrections,
    documents,
    invitations,
    literature,
    records,
    tokens,
)

urlpatterns = [
    path("literature/", literature.literature, name="literature"),
    path("literature/<slug:slug>/", literature.publication_detail, name="publication"),
    re_path(
        r"^literature/(?P<slug>[-\w]+)/reference\.(?P<suffix>bib|ris)$",
        records.cite_work,
        name="cite-work",
    ),
    re_path(
        r"^records/(?P<kind>[-a-z]+)/(?P<slug>[-\w]+)/cite\.(?P<suffix>bib|ris)$",
        records.cite,
        name="cite",
    ),
    path("records/<slug:kind>/<slug:slug>/versions/<int:number>/", records.version, name="version"),
    path("records/<slug:kind>/<slug:slug>/correct/", corrections.correct, name="correct"),
    path("corrections/<slug:token>/", corrections.correction, name="correction"),
    path("changes/", changes.change_list, name="changes"),
    path("changes/feed/", changes.feed, name="changes-feed"),
    path("changes/<int:number>/", changes.change_detail, name="change"),
    path("about/api/", documents.document, {"name": "api"}, name="about-api"),
    path("about/case-files/", documents.document, {"name": "case-files"}, name="about-case-files"),
    path("sign-in/", include("clusters.accounts.urls")),
    path("sign-in/invited/<str:token>/", invitations.accept, name="invited"),
    path("sign-in/tokens/", tokens.tokens, name="tokens"),
    path("sign-in/tokens/<int:number>/revoke/", tokens.revoke, name="token-revoke"),
]
