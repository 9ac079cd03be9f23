import pytest

from clusters.formats.citations import record_reference, work_reference
from clusters.models import Change, Publication
from tests import factories

pytestmark = pytest.mark.django_db

ADDRESS = "https://casebook.example/~a_b/records/clusters/place/versions/1/"


def test_a_record_is_cited_with_its_version_date_and_address():
    cluster = factories.make_public(factories.make_cluster(slug="place", name="Place & more"))
    change = Change.objects.of("clusters", cluster.pk).first()

    reference = record_reference(cluster, 1, change, ADDRESS)

    assert r"title = {Place \& more, version 1}" in reference.bibtex
    assert f"url = {{{ADDRESS}}}" in reference.bibtex
    assert reference.bibtex.startswith("@misc{casebook-cluster-place-1,")
    lines = reference.ris.splitlines()
    assert lines[0] == "1." or lines[0].startswith("TY")
    assert "TY  - DATA" in lines
    assert "TI  - Place & more, version 1" in lines
    assert f"PY  - {change.at:%Y}" in lines
    assert f"UR  - {ADDRESS}" in lines


def test_a_work_is_cited_as_far_as_it_is_known():
    work = Publication(
        slug="doe-2017",
        csl_type="article-journal",
        authors=[{"family": "Doe", "given": "J."}, {"literal": "Save & Co and more"}],
        title="On balls",
        issued="2017",
        container_title="Journal of Things",
        volume="3",
        issue="2",
        page="10–20",
        doi="10.1/x_y",
    )
    reference = work_reference(work)

    bibtex = reference.bibtex
    assert bibtex.startswith("@article{doe-2017,")
    assert "author = {Doe, J. and {Save \\& Co and more}}" in bibtex
    assert "doi = {10.1/x_y}" in bibtex
    assert "pages = {10--20}" in bibtex
    assert "journal = {Journal of Things}" in bibtex
    lines = reference.ris.splitlines()
    assert [line for line in lines if line.startswith("AU")] == [
        "AU  - Doe, J.",
        "AU  - Save & Co and more",
    ]
    assert "SP  - 10" in lines
    assert "EP  - 20" in lines
    assert "JF  - Journal of Things" in lines or "T2  - Journal of Things" in lines


def test_what_is_not_known_is_left_out_and_said():
    reference = work_reference(Publication(slug="khan-2004", cited_as="Khan (2004)"))

    assert "journal" not in reference.bibtex
    assert "year" not in reference.bibtex
    assert "Title not in the sources" in reference.bibtex


@pytest.mark.parametrize(("suffix", "begins"), [("bib", "@misc{"), ("ris", "TY  - DATA")])
def test_a_reference_can_be_taken_away_as_a_file(client, suffix, begins):
    factories.make_public(factories.make_cluster(slug="place"))

    response = client.get(f"/records/clusters/place/cite.{suffix}")

    assert begins in response.content.decode()
    assert response["Content-Disposition"] == f'attachment; filename="place.{suffix}"'


def test_the_page_of_a_work_carries_highwire_tags_and_of_an_untitled_one_none(client):
    factories.make_public(
        factories.make_publication(
            slug="doe", title="On <balls>", authors=[{"family": "Doe"}], issued="2017", page="1–9"
        )
    )
    factories.make_public(factories.make_publication(slug="none"))

    page = client.get("/literature/doe/").content.decode()

    assert '<meta name="citation_title" content="On &lt;balls&gt;">' in page
    assert '<meta name="citation_author" content="Doe">' in page
    assert '<meta name="citation_publication_date" content="2017">' in page
    assert '<meta name="citation_lastpage" content="9">' in page
    assert "citation_" not in client.get("/literature/none/").content.decode()
