"""Drafts are seen nowhere in public: a word in every text of every hidden row, and a crawl."""

import io
import re
import zipfile

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from pyarrow import parquet

from clusters.api.endpoints import ENDPOINTS as CLUSTERS
from clusters.models import CitationUse, DeletedRecord, Invitation, Proposal, Root, Upload
from clusters.published import documents
from interventions.api.records import ENDPOINTS as INTERVENTIONS
from interventions.models import CodingRound
from interventions.web.charts import CHARTS
from tests import factories

pytestmark = pytest.mark.django_db

SENTINEL = "xyzzysentinel"

# One hidden row of every kind. A new model without a line here fails the test below.
HIDDEN = {
    "StakeholderGroup": lambda hidden: hidden.group,
    "Stakeholder": lambda hidden: hidden.body,
    "Identifier": lambda hidden: hidden.body.identifiers.create(key="id", scheme="X", value="1"),
    "Publication": lambda hidden: hidden.paper,
    "LiteratureSummary": lambda hidden: hidden.paper.summaries.create(key="review"),
    "StudySample": lambda hidden: hidden.paper.study_samples.create(
        key="sample", group=hidden.group
    ),
    "Cluster": lambda hidden: hidden.cluster,
    "Statistic": lambda hidden: factories.make_statistic(hidden.cluster),
    "Event": lambda hidden: factories.make_event(hidden.cluster),
    "Donor": lambda hidden: hidden.donor,
    "DonorGuideline": lambda hidden: hidden.donor.guidelines.create(key="guideline", statement=""),
    "Framework": lambda hidden: hidden.framework,
    "Factor": lambda hidden: hidden.factor,
    "OutcomeDimension": lambda hidden: hidden.dimension,
    "Project": lambda hidden: hidden.project,
    "ProjectLink": lambda hidden: hidden.project.links.create(
        key="link", type="related", other=hidden.public
    ),
    "Funding": lambda hidden: hidden.project.funding.create(key="money", provider=hidden.donor),
    "Participant": lambda hidden: hidden.project.participants.create(
        key="part", stakeholder=hidden.public_stakeholder, role="lead"
    ),
    "Account": lambda hidden: factories.make_account(
        hidden.project, factor=hidden.public_factor, stakeholder=hidden.public_stakeholder
    ),
    "Reply": lambda hidden: factories.make_account(hidden.project).replies.create(
        key="reply", by=hidden.public_stakeholder, when="2020"
    ),
    "Coding": lambda hidden: factories.make_coding(hidden.project, factor=hidden.public_factor),
    "Outcome": lambda hidden: factories.make_outcome(hidden.project, dimension=hidden.dimension),
}
NO_TEXT_OF_THEIR_OWN = {"SummarisedPublication", "ProjectCluster", "PublicationCluster"}
NEVER_PUBLIC = {
    "Comment",
    "ReviewStep",
    "FormDraft",
    "User",
    "GroupMembership",
    "PermissionGrant",
    "Import",
    "ImportedRecord",
    "Redaction",
    "Alias",
    "Correction",
    "ApiToken",
    "IdempotentRequest",
    "Proposal",
    "DeletedRecord",
    "Invitation",
    "Mail",
    "Upload",
    "CaseCompleteness",
    "CodingRound",
    "RoundProject",
    "RoundDimension",
    "RoundCoder",
    "RoundCoding",
    "RoundComment",
    "RoundConfirmation",
}
PUBLIC_BY_NATURE = {
    "Change",
    "Citation",
    "Contributor",
    "PublicDocument",
    "FacetCount",
    "SearchEntry",
    "SearchWord",
}


class Hidden:
    """Drafts that lean on public records as closely as they can."""

    def __init__(self):
        self.public_framework = factories.make_framework(
            slug="donor-financed-csr-and-collective-action"
        )
        self.public_factor = factories.make_factor(self.public_framework, polarity="enabling")
        self.public_stakeholder = factories.make_stakeholder()
        self.public_cluster = factories.make_cluster()
        self.public = factories.make_project(slug="public")
        self.public.clusters.add(self.public_cluster)
        self.public_pseudonym = factories.make_stakeholder(
            slug="pseudonym",
            is_pseudonym=True,
            pseudonym_source=factories.make_public(factories.make_publication()),
            pseudonym_note=SENTINEL,
        )
        coding = factories.make_coding(
            self.public, factor=self.public_factor, coder=factories.make_coder(name=SENTINEL)
        )
        public_paper = self.public_pseudonym.pseudonym_source
        factories.cite(coding, factories.make_place(public_paper))
        factories.make_public(
            self.public_framework,
            self.public_stakeholder,
            self.public_cluster,
            self.public,
            self.public_pseudonym,
        )
        self.group = factories.make_group()
        self.body = factories.make_stakeholder(part_of=self.public_stakeholder)
        self.paper = factories.make_publication()
        self.cluster = factories.make_cluster()
        self.donor = factories.make_donor(stakeholder=self.public_stakeholder)
        self.framework = factories.make_framework()
        self.factor = factories.make_factor(self.framework)
        self.dimension = factories.make_dimension()
        self.project = factories.make_project()
        self.project.clusters.add(self.public_cluster)
        # A place of a public work that only a draft cites.
        self.place = factories.make_place(public_paper, f"{SENTINEL}, para 1")


def stain(row):
    """Put the word into every text field of a row, past all validation."""
    values = {}
    for column in row._meta.concrete_fields:
        if isinstance(column, ArrayField):
            values[column.name] = [] if column.base_field.choices else [SENTINEL]
        elif isinstance(column, models.JSONField):
            values[column.name] = [{"literal": SENTINEL}]
        elif column.name.endswith("_printed"):
            values[column.name] = SENTINEL
        elif (
            isinstance(column, models.CharField | models.TextField)
            and not column.choices
            and (column.max_length or 999) >= len(SENTINEL) + 8
            and type(column).__name__ != "UncertainDateField"
        ):
            values[column.name] = f"{SENTINEL}-{row.pk}"
        else:
            continue
    values.pop("state", None)
    if getattr(row, "is_pseudonym", True) is False:
        values.pop("pseudonym_note")
    if isinstance(row, Root):
        values["slug"] = f"{SENTINEL}-{row.pk}"
    type(row)._default_manager.filter(pk=row.pk).update(**values)
    return set(values)


def stain_every_kind(hidden):
    """Make a hidden row of every kind, with the word in all its texts."""
    stained = set()
    for name, make in HIDDEN.items():
        row = make(hidden)
        if hasattr(row, "citations"):
            factories.cite(row, hidden.place)
        assert stain(row) - {"key", "slug"}, f"{name} has no text of its own"
        stained.add(name)
    assert stained == set(HIDDEN)


def stain_what_is_said_of_the_public(hidden):
    """Write the word beside public records, where only the desk may read it."""
    what = {"kind": "projects", "object_id": hidden.public.pk, "slug": "public"}
    author = factories.make_user(first_name=SENTINEL)
    secret = {"slug": "public", "title": SENTINEL}
    Proposal.objects.create(
        **what, base_version=1, base={}, document=secret, by=author, reason=SENTINEL
    )
    DeletedRecord.objects.create(**what, document=secret, by=author, reason=SENTINEL)
    blind = CodingRound.objects.create(name=SENTINEL, framework=hidden.public_framework)
    blind.projects.create(project=hidden.public)
    of_public = {"project": hidden.public, "factor": hidden.public_factor}
    coder = factories.make_coder(name=SENTINEL, user=author)
    blind.codings.create(**of_public, coder=coder, document={"rationale": SENTINEL})
    blind.comments.create(**of_public, text=SENTINEL, by=author)
    Upload.objects.create(table="projects", file_name=SENTINEL, content=b"", by=author)
    Invitation.issue(email=f"{SENTINEL}@example.org", role="editor", by=author)


def entrances(hidden):
    """Return the addresses that a crawl begins at."""
    found = ["/", "/api/v1/", "/api/v1/schema/", "/robots.txt", "/sitemap.xml"]
    found += [f"/search/?q={SENTINEL}", f"/search/suggestions/?q={SENTINEL[:6]}"]
    found += [f"/charts/{name}/?format=csv" for name in CHARTS if name != "cluster-timeline"]
    # Every list in every format, and every refusal that names what is known.
    for name, endpoint in {**CLUSTERS, **INTERVENTIONS}.items():
        formats = [renderer.format for renderer in endpoint.renderer_classes]
        found += [f"/api/v1/{name}/?format={form}" for form in formats]
        parameters = endpoint.filterset_class.base_filters
        found += [f"/api/v1/{name}/?{parameter}=zz" for parameter in parameters]
    found += ["/api/v1/dataset.zip", f"/api/v1/search/?q={SENTINEL[:6]}"]
    found += ["/api/v1/projects/facets/", "/api/v1/projects/scores/", "/api/v1/proposals/"]
    found += ["/api/v1/projects/facets/?cluster=zz", "/api/v1/projects/?state=draft"]
    slug = f"{SENTINEL}-{hidden.project.pk}"
    found += [f"/api/v1/projects/{slug}/history/", "/sign-in/tokens/"]
    found += [f"/projects/{slug}/", f"/api/v1/projects/{SENTINEL}/"]
    return found


def check_that_it_says_nothing(address, response, text):
    if address.startswith("/search/"):
        text = text.replace(f'value="{SENTINEL}"', "")  # what was asked for stands in the box
        text = text.replace(f"{SENTINEL} · Search", "")
        assert SENTINEL not in text, address
    elif SENTINEL not in address:
        assert SENTINEL not in text, address
        assert SENTINEL not in str(dict(response.headers)), address


def test_a_sentinel_in_every_hidden_row_is_seen_nowhere(client):
    hidden = Hidden()
    stain_every_kind(hidden)
    stain_what_is_said_of_the_public(hidden)
    documents.rebuild_all()

    seen, waiting = {}, entrances(hidden)
    while waiting:
        address = waiting.pop()
        if address in seen:
            continue
        response = client.get(address)
        seen[address] = response.status_code
        body = b"".join(response.streaming_content) if response.streaming else response.content
        text = text_of(body)
        check_that_it_says_nothing(address, response, text)
        waiting += links_in(address, text)

    assert len(seen) > 50
    statuses = {
        status
        for address, status in seen.items()
        if SENTINEL in address and not address.startswith("/search/")
    }
    assert statuses == {404}


def text_of(body):
    """The text of an answer; of a zip file or a table that is packed, that of all that is in it."""
    if body.startswith(b"PAR1"):
        read = parquet.read_table(io.BytesIO(body))
        return f"{read.to_pylist()} {read.schema.metadata}"
    if not body.startswith(b"PK"):
        return body.decode()
    with zipfile.ZipFile(io.BytesIO(body)) as package:
        return "\n".join(package.read(name).decode() for name in package.namelist())


def links_in(address, text):
    found = re.findall(r'href="([^"#]+)', text) + re.findall(r'"(http://testserver[^"]+)"', text)
    for link in found:
        link = link.replace("&amp;", "&").removeprefix("http://testserver").split("#")[0]
        if link.startswith("?"):
            link = address.split("?")[0] + link
        if (
            link.startswith("/")
            and not link.startswith(("/static/", "/admin/"))
            and ("/correct/" not in link)
        ):
            yield link


def test_every_model_has_a_sentinel_or_a_reason_why_not():
    ours = {
        model.__name__
        for label in ("clusters", "interventions")
        for model in apps.get_app_config(label).get_models()
        if not issubclass(model, CitationUse)
        and not model.__name__.endswith("Historyevent")
        and not model._meta.auto_created
    }
    explained = set(HIDDEN) | NO_TEXT_OF_THEIR_OWN | NEVER_PUBLIC | PUBLIC_BY_NATURE

    assert ours - explained == set()
    assert explained - ours == set()
