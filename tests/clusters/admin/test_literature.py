"""Lists of literature and DOIs into the desk: new, known and unreadable works, each told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile

from clusters.formats import bibliography
from clusters.formats.bibliography import read
from clusters.formats.citations import csl_of, work_reference
from clusters.models import Publication
from tests import factories

pytestmark = pytest.mark.django_db

PAGE = "/admin/desk/literature/"
BIBTEX = r"""
@article{fayyaz, title = {Industrial {Clusters} and {CSR}}, author = {Fayyaz, Anjum and
 Lund-Thomsen, Peter and Lindgreen, Adam}, year = 2017, journal = {Journal of Business Ethics},
 volume = 146, number = {3}, pages = {619--637}, doi = {https://doi.org/10.1007/S10551-015-2940-6}}

@techreport{ilrf, title = {Missed the Goal for Workers: caf\'e}, author = {{ILRF}}, year = {2010}}
@article{bad, title = {Cut off}
@misc{untitled, author = {Khan, F. R.}}
"""
RIS = """TY  - JOUR
AU  - Khan, F. R.
AU  - ILRF
TI  - Hard times recalled
PY  - 2004
JO  - Development in Practice
VL  - 14
SP  - 1
EP  - 9
DO  - 10.1080/1
ER  -

TY  - BOOK
TI  - Has no end
"""
CSL = [
    {
        "id": "a",
        "type": "article-journal",
        "title": "On CSR",
        "author": [{"family": "Nadvi", "given": "K."}, {"family": "Khan"}],
        "issued": {"date-parts": [[1999, 3]]},
    },
    {"id": "b", "title": "", "author": []},
    {"id": "c", "title": "Odd", "author": 7},
    "no object",
]


@pytest.fixture
def author(client):
    user = factories.make_user(role="researcher")
    client.force_login(user)
    return user


def documents(text):
    return [(work.line, work.document or work.problem) for work in read(text.encode())]


def look(client, text, name="list.bib"):
    content = text if isinstance(text, bytes) else text.encode()
    return client.post(PAGE, {"act": "look", "file": SimpleUploadedFile(name, content)})


def test_bibtex_is_read_and_what_is_wrong_has_its_line():
    assert documents(BIBTEX) == [
        (
            2,
            {
                "csl_type": "article-journal",
                "authors": [
                    {"family": "Fayyaz", "given": "Anjum"},
                    {"family": "Lund-Thomsen", "given": "Peter"},
                    {"family": "Lindgreen", "given": "Adam"},
                ],
                "title": "Industrial Clusters and CSR",
                "issued": {"edtf": "2017"},
                "container_title": "Journal of Business Ethics",
                "volume": "146",
                "issue": "3",
                "page": "619–637",
                "doi": "10.1007/s10551-015-2940-6",
                "cited_as": "Fayyaz et al. (2017)",
            },
        ),
        (
            6,
            {
                "csl_type": "report",
                "authors": [{"literal": "ILRF"}],
                "title": "Missed the Goal for Workers: café",
                "issued": {"edtf": "2010"},
                "cited_as": "ILRF (2010)",
            },
        ),
        (7, "This entry cannot be read: a brace, quotation mark or comma is missing."),
        (8, "It has no title."),
    ]


def test_ris_is_read_and_what_is_wrong_has_its_line():
    assert documents(RIS) == [
        (
            1,
            {
                "csl_type": "article-journal",
                "authors": [{"family": "Khan", "given": "F. R."}, {"literal": "ILRF"}],
                "title": "Hard times recalled",
                "issued": {"edtf": "2004"},
                "container_title": "Development in Practice",
                "volume": "14",
                "page": "1–9",
                "doi": "10.1080/1",
                "cited_as": "Khan and ILRF (2004)",
            },
        ),
        (13, "This record has no end (ER)."),
    ]


def test_csl_json_is_read_and_what_is_wrong_has_its_line():
    (first, *others) = documents(json.dumps(CSL, indent=1))

    assert first == (
        3,
        {
            "csl_type": "article-journal",
            "authors": [{"family": "Nadvi", "given": "K."}, {"family": "Khan"}],
            "title": "On CSR",
            "issued": {"edtf": "1999-03"},
            "cited_as": "Nadvi and Khan (1999)",
        },
    )
    assert [why for _line, why in others] == [
        "It has no title.",
        "A value of this item is not of the kind that CSL has.",
        "An item is an object with a title.",
    ]


@pytest.mark.parametrize("form", ["bibtex", "ris", "csl"])
def test_what_the_casebook_gives_it_takes_back_as_known(seeded, client, author, form):
    works = Publication.objects.exclude(title="").exclude(issued="")
    if form == "csl":
        text = json.dumps([csl_of(work) for work in works], ensure_ascii=False)
    else:
        text = "\n".join(getattr(work_reference(work), form) for work in works)

    shown = look(client, text).context["works"]

    assert len(shown) == works.count() == 2
    assert [(work.problem, work.duplicate_of) for work in shown] == [("", work) for work in works]


def test_new_works_are_entered_as_drafts_and_again_they_are_known(client, author):
    page = look(client, BIBTEX)
    assert [work.is_new for work in page.context["works"]] == [True, True, False, False]
    assert not Publication.objects.exists()

    client.post(PAGE, {"act": "apply", "list": page.context["list"], "choose": ["1", "2"]})

    found = Publication.objects.order_by("slug")
    assert [
        (publication.slug, publication.state, publication.entered_by) for publication in found
    ] == [
        ("fayyaz-et-al-2017", "draft", author),
        ("ilrf-2010", "draft", author),
    ]
    again = look(client, BIBTEX)
    assert again.context["new"] == []
    client.post(PAGE, {"act": "apply", "list": again.context["list"]})
    assert Publication.objects.count() == 2


def test_a_list_of_the_largest_size_comes_back_from_the_page(client, author, monkeypatch):
    """Browsers send every end of a line of a form as two letters."""
    monkeypatch.setattr(bibliography, "LARGEST", len(BIBTEX.encode()))
    page = look(client, BIBTEX)
    chosen = [work.number for work in page.context["new"]]

    sent = page.context["list"].replace("\n", "\r\n")
    answer = client.post(PAGE, {"act": "apply", "list": sent, "choose": chosen})

    assert answer.status_code == 302
    assert Publication.objects.count() == 2


def test_a_work_is_known_by_its_doi_or_by_title_year_and_first_author(client, author):
    by_doi = factories.make_publication(
        doi="10.1234/abc", title="Otherwise", entered_by=author, issued="1990"
    )
    by_title = factories.make_publication(
        title="On CSR!", issued="1999", authors=[{"family": "Nadvi"}], entered_by=author
    )
    factories.make_publication(title="Another's", issued="1999", entered_by=factories.make_user())
    text = "\n".join(
        f"@misc{{k{number}, {fields}}}"
        for number, fields in enumerate(
            [
                "title={X}, doi={10.1234/ABC}",
                "title={on csr}, year=1999, author={Nadvi, K.}",
                "title={On CSR}, year=2000, author={Nadvi, K.}",
                "title={On CSR}, year=1999, author={Khan, K.}",
                "title={Another's}, year=1999",
                "title={another's}, year=1999",
            ]
        )
    )

    works = look(client, text).context["works"]

    # The draft of somebody else is not given away.
    assert [work.duplicate_of for work in works] == [by_doi, by_title, None, None, None, 5]
    # The same title in another year, or by another author, is for people to decide.
    assert [work.resembles for work in works] == [None, None, by_title, by_title, None, None]


def test_a_work_that_is_known_by_its_title_is_entered_where_somebody_says_so(client, author):
    text = "@misc{a, title={T}, year=1999}\n@misc{b, title={T}, year=1999}\n"
    text += "@misc{c, title={U}, doi={10.1234/a}}\n@misc{d, title={U}, doi={10.1234/a}}"

    # A form that is sent twice enters nothing twice.
    for _ in range(2):
        client.post(PAGE, {"act": "apply", "list": text, "choose": ["1", "2", "3", "4"]})
    assert Publication.objects.count() == 2
    client.post(PAGE, {"act": "apply", "list": text, "another": ["2", "4"]})

    assert [publication.title for publication in Publication.objects.order_by("pk")] == [
        "T",
        "U",
        "T",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"@misc{a, title={caf\xe9}}", "Line 1 is not UTF-8."),
        (b"Some words", "This is none of: BibTeX, RIS, CSL-JSON"),
        (b"[{", "This is not JSON, at line 1."),
        (b"[" * 100_000, "This is not JSON"),
        (b"@misc{a, title={\x00}}", "holds a NUL"),
        (b"", "Give a list, or a DOI."),
        (b"@" + b"x" * 2_000_001, "larger than 2 MB"),
        (b"@misc{a, title={x}}\n" * 2_001, "more than 2000 works"),
    ],
)
def test_what_is_no_list_is_refused(client, author, content, message):
    page = look(client, content or b" ")

    assert page.status_code == 422
    assert message in page.content.decode().replace("&#x27;", "'")


def test_a_text_that_is_too_long_keeps_only_its_own_work_out(client, author):
    text = f"@misc{{a, title={{{'x' * 600}}}}}\n@misc{{b, title={{Fits}}}}"

    works = look(client, text).context["works"]

    assert [work.problem for work in works] == [
        "Title: Ensure this value has at most 500 characters (it has 600).",
        "",
    ]


@pytest.fixture
def crossref(settings):
    """A server that knows one work; it counts how often it is asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            known = "10.1007%2Fs10551" in self.path
            self.send_response(200 if known else 404)
            self.end_headers()
            if known:
                self.wfile.write(json.dumps(CSL[0] | {"DOI": "10.1007/s10551"}).encode())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.CROSSREF_URL = f"http://127.0.0.1:{server.server_port}"
    cache.clear()
    yield asked
    server.shutdown()
    thread.join()
    server.server_close()
    cache.clear()


def test_a_doi_is_looked_up_once_and_entered(client, author, crossref):
    page = client.post(PAGE, {"act": "look", "doi": "https://doi.org/10.1007/S10551"})
    assert [str(work) for work in page.context["new"]] == ["Nadvi and Khan (1999): On CSR"]

    client.post(PAGE, {"act": "apply", "doi": "10.1007/s10551", "choose": "1"})

    assert Publication.objects.get().doi == "10.1007/s10551"
    assert len(crossref) == 1


@pytest.mark.parametrize(
    ("url", "doi", "message"),
    [
        (None, "10.9999/unknown", "Crossref has no work of that DOI."),
        ("http://127.0.0.1:9", "10.1007/x", "Crossref cannot be reached: fill in the form"),
        ("", "10.1007/x", "Looking DOIs up is switched off here"),
        (None, "no doi", "“no doi” is not a DOI"),
    ],
)
def test_without_an_answer_the_form_is_offered(
    client, author, crossref, settings, url, doi, message
):
    if url is not None:
        settings.CROSSREF_URL = url

    page = client.post(PAGE, {"act": "look", "doi": doi})

    assert page.status_code == 422
    assert message in page.content.decode()
    assert "/admin/clusters/publication/add/" in page.content.decode()


def test_a_slow_service_is_not_waited_for_long():
    assert bibliography.SECONDS_TO_WAIT <= 10


def test_readers_bring_nothing_in(client):
    client.force_login(factories.make_user(role="reader"))

    assert client.get(PAGE).status_code == 302


def test_a_doi_that_the_casebook_has_is_known_without_asking_anybody(client, author, crossref):
    row = factories.make_public(factories.make_publication(title="Stitches", doi="10.1007/s1"))

    page = client.post(PAGE, {"act": "look", "doi": "https://doi.org/10.1007/s1"})

    assert page.status_code == 200
    assert [work.duplicate_of for work in page.context["works"]] == [row]
    assert crossref == []
