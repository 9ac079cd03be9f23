"""Case files in and out of the desk: looked at, applied whole or not at all, and hostile ones."""

import base64
import html
import io
import zipfile
from hashlib import shake_256
from pathlib import Path

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clusters.formats import zip_files
from clusters.models import Cluster, Proposal, Upload, UploadState
from clusters.records.serialization import document_of
from interventions.models import Project
from tests import factories
from tests.forms import form_of
from tests.queue import work

pytestmark = pytest.mark.django_db

PAGE = "/admin/desk/case-files/"


@pytest.fixture
def author(client):
    user = factories.make_user(role="researcher")
    client.force_login(user)
    return user


def packed(files, compression=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as target:
        for name, text in files.items():
            target.writestr(name, text)
    return content.getvalue()


def send(client, content):
    return client.post(PAGE, {"file": SimpleUploadedFile("cases.zip", content)})


def look(client, content):
    """Send a zip file, and return its page once a worker has looked through it."""
    address = send(client, content)["Location"]
    work()
    return client.get(address)


def apply(client, page, reason="From the paper"):
    address = page.request["PATH_INFO"]
    client.post(address, {"act": "apply", "reason": reason})
    work()
    return client.get(address)


def found(page):
    return page.context["upload"].found


def problems(page):
    return [
        f"{file}:{line}: {field}: {words}" for file, line, field, words in page.context["wrong"]
    ]


CASE = "slug: case\ntitle: Case\nclusters: [town]\n"
TOWN = "slug: town\nname: Town\ncountry: PK\nindustry: Balls\n"


def test_new_records_that_name_each_other_are_shown_and_become_drafts(client, author):
    page = look(client, packed({"x/projects/case.yaml": CASE, "x/clusters/town.yaml": TOWN}))

    assert found(page)["created"] == ["clusters/town", "projects/case"]
    assert not Project.objects.exists()
    assert "Brought in" in apply(client, page).content.decode()
    project = Project.objects.get()
    assert (project.state, project.entered_by) == ("draft", author)
    assert project.clusters.get().slug == "town"


def test_changes_are_shown_field_by_field_then_made_to_drafts_and_proposed_to_what_is_public(
    client, author
):
    draft = factories.make_project(slug="draft", title="Draft", entered_by=author)
    public = factories.make_public(factories.make_project(slug="public", title="Public"))
    same = factories.make_project(slug="same", title="Same", entered_by=author)
    files = {
        f"projects/{project.slug}.yaml": yaml.safe_dump(
            document_of(project) | ({} if project == same else {"title": f"New {project.slug}"})
        )
        for project in (draft, public, same)
    }

    page = look(client, packed(files))

    said = ("record", "is_proposed", "where", "before", "after")
    assert [tuple(change[name] for name in said) for change in found(page)["changes"]] == [
        ("projects/draft", False, ["title"], "Draft", "New draft"),
        ("projects/public", True, ["title"], "Public", "New public"),
    ]
    assert (found(page)["records_unchanged"], Proposal.objects.count()) == (1, 0)
    apply(client, page)
    titles = dict(Project.objects.values_list("slug", "title"))
    assert titles == {"draft": "New draft", "public": "Public", "same": "Same"}
    assert Proposal.objects.get().document["title"] == "New public"


def test_it_is_all_or_nothing_and_every_mistake_is_told_with_its_line(client, author):
    other = factories.make_project(slug="other", title="Other", entered_by=factories.make_user())
    files = {
        "projects/case.yaml": "slug: case\ntitle: Case\nending: never\nclusters: [nowhere]\n",
        "clusters/town.yaml": TOWN,
        "projects/other.yaml": "slug: other\ntitle: Mine now\n",
    }

    page = look(client, packed(files))

    assert problems(page) == [
        "projects/case.yaml:3: ending: “never” is not one of: completed, ended_by_donor, "
        "dissolved, handed_over, running, unknown."
    ]
    apply(client, page)
    assert list(Project.objects.all()) == [other]

    del files["projects/case.yaml"]
    page = look(client, packed(files))
    assert problems(page) == ["projects/other.yaml:1: slug: You may not change this record."]
    told = client.get(f"{page.request['PATH_INFO']}wrong/").content.decode("utf-8-sig")
    assert told.splitlines() == [
        "File,Line,Field,What is wrong",
        "projects/other.yaml,1,slug,You may not change this record.",
    ]


@pytest.mark.django_db(transaction=True)  # a version rises once in a transaction
def test_what_changed_since_it_was_looked_at_is_looked_at_again(client, author):
    draft = factories.make_project(slug="draft", title="Draft", entered_by=author)
    page = look(client, packed({"projects/draft.yaml": "slug: draft\ntitle: New\n"}))
    Project.objects.filter(pk=draft.pk).update(aims="Named since")

    assert "look again" in apply(client, page).content.decode()
    assert Project.objects.get().title == "Draft"


def test_a_reason_is_needed(client, author):
    page = look(client, packed({"clusters/town.yaml": TOWN}))

    assert "Say why" in apply(client, page, reason=" ").content.decode()
    assert not Cluster.objects.exists()


def test_a_case_is_taken_away_and_comes_back_unchanged(client, author):
    draft = factories.make_project(slug="case", title="Case: with a colon", entered_by=author)
    factories.make_outcome(draft)

    answer = client.get(f"{PAGE}projects/case/")
    page = look(client, answer.content)

    assert answer["Content-Disposition"] == 'attachment; filename="case.zip"'
    assert found(page)["records_unchanged"] == 1
    assert client.get(f"{PAGE}projects/case/").content == answer.content
    client.force_login(factories.make_user(role="researcher"))
    assert client.get(f"{PAGE}projects/case/").status_code == 404


def test_the_form_sends_what_the_page_says(client, author):
    page = client.get(PAGE)

    assert page.status_code == 200
    assert form_of(page) == {}  # the page of a record has that form, this one has not


HOSTILE = {
    "a path out of the folder": ({"../projects/case.yaml": CASE}, "leads out of the folder"),
    "a path out, further in": ({"projects/../../case.yaml": CASE}, "leads out of the folder"),
    "an absolute path": ({"/projects/case.yaml": CASE}, "leads out of the folder"),
    "a path of Windows": ({"C:\\projects\\case.yaml": CASE}, "leads out of the folder"),
    "an unknown kind": ({"castles/one.yaml": CASE}, "of one of these kinds: "),
    "another file": ({"projects/case.exe": CASE}, "A case file is kind/slug.yaml"),
    "a wrong encoding": ({"projects/case.yaml": "slug: caf\xe9".encode("latin-1")}, "not UTF-8"),
    "another name": ({"projects/case.yaml": "slug: other\ntitle: X\n"}, "The file is called"),
    "a YAML object": (
        {"projects/case.yaml": "slug: case\ntitle: !!python/object/apply:os.system [ls]\n"},
        "One value is wanted here.",
    ),
    "nothing": ({}, "holds no case files"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_folder_of_case_files_is_refused(client, author, name):
    files, message = HOSTILE[name]

    page = look(client, packed(files))

    assert page.context["upload"].state == UploadState.REFUSED
    assert message in html.unescape(page.content.decode())
    assert not Project.objects.exists()


def test_aliases_of_yaml_do_not_grow_without_end(client, author):
    lines = ["slug: case", "a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]"
        for last, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]

    page = look(client, packed({"projects/case.yaml": "\n".join(lines)}))

    assert page.context["upload"].state == UploadState.REFUSED
    assert "References to other values (*name) are not read." in page.content.decode()


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "no zip file"), (b"PK\x03\x04 cut off", "no zip file"), (b"slug: case", "no zip file")],
)
def test_what_is_no_zip_file_is_refused(client, author, content, message):
    page = look(client, content or b" ")

    assert page.context["upload"].state == UploadState.REFUSED
    assert message in page.content.decode()


def test_a_zip_bomb_is_stopped(client, author, monkeypatch):
    monkeypatch.setattr(zip_files, "LARGEST_UNPACKED", 1_000_000)
    bomb = packed({f"projects/case-{number}.yaml": b"#" * 400_000 for number in range(10)})
    assert len(bomb) < 10_000

    assert "Unpacked it is too large" in look(client, bomb).content.decode()


def test_a_huge_file_and_too_many_files_are_stopped(client, author, monkeypatch):
    assert (
        "larger than"
        in look(client, packed({"projects/case.yaml": b"#" * 5_100_000})).content.decode()
    )
    monkeypatch.setattr(zip_files, "MOST_FILES", 3)
    many = packed({f"projects/case-{number}.yaml": CASE for number in range(4)})
    assert "more than 3 files" in look(client, many).content.decode()
    monkeypatch.setattr(zip_files, "LARGEST", 100)
    assert "larger than 100 bytes" in look(client, many).content.decode()


def test_a_zip_file_that_is_too_large_is_not_kept(client, author):
    page = send(client, b"x" * (zip_files.LARGEST + 1))

    assert page.status_code == 422
    assert "The file is larger than 5 MB." in page.content.decode()
    assert not Upload.objects.exists()


def test_a_zip_file_of_five_megabytes_is_looked_at_and_brought_in(client, author):
    """The server keeps it: no form has to carry it there and back."""
    # What cannot be packed: a zip file of prose would be a tenth of its size.
    aims = [
        base64.b64encode(shake_256(bytes([number])).digest(48_000)).decode() for number in range(80)
    ]
    content = packed(
        {
            f"projects/case-{number}.yaml": f"slug: case-{number}\ntitle: Case\naims: {text}\n"
            for number, text in enumerate(aims)
        }
    )
    assert 3_600_000 < len(content) < zip_files.LARGEST

    page = apply(client, look(client, content))

    assert "Brought in" in page.content.decode()
    assert Project.objects.count() == 80


def test_looking_locks_nobody_out(client, author):
    """What publishes waits for one lock; a look does not take it, in the request or after."""
    public = factories.make_public(factories.make_project(slug="public", title="Public"))
    document = yaml.safe_dump(document_of(public) | {"title": "New"})

    with CaptureQueriesContext(connection) as queries:
        look(client, packed({"projects/public.yaml": document}))

    locks = [query["sql"] for query in queries if "advisory" in query["sql"]]
    assert locks
    assert locks == [lock for lock in locks if "clusters_upload" in lock]


def test_an_encrypted_zip_file_is_refused(client, author):
    content = bytearray(packed({"projects/case.yaml": CASE}, zipfile.ZIP_STORED))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + offset] |= 1  # the flag of encryption

    assert "no zip file that can be read" in look(client, bytes(content)).content.decode()


def broken_inside():
    content = bytearray(packed({"projects/case.yaml": CASE * 50}))
    content[60:70] = b"\xff" * 10
    return bytes(content)


def named_in_no_encoding():
    content = packed({"projects/caf\u00e9.yaml": CASE})
    return content.replace("caf\u00e9".encode(), b"caf\xff\xff")


@pytest.mark.parametrize(
    "content", [broken_inside(), named_in_no_encoding(), packed({".": "x"})], ids=range(3)
)
def test_a_zip_file_that_is_broken_inside_is_told_in_words(client, author, content):
    page = look(client, content)

    assert page.context["upload"].state == UploadState.REFUSED
    assert len(page.context["wrong"]) == 1


def test_a_nul_in_a_name_is_told_in_words(client, author):
    page = look(client, packed({"projects/case.yaml": '"slug\\0": case\n'}))

    assert page.context["upload"].state == UploadState.REFUSED
    assert any("A name is one word." in problem for problem in problems(page))


def test_a_reason_that_is_too_long_is_refused(client, author):
    page = apply(client, look(client, packed({"clusters/town.yaml": TOWN})), reason="x" * 501)

    assert "Give a reason of up to 500 letters; this has 501." in page.content.decode()
    assert not Cluster.objects.exists()


def test_readers_bring_nothing_in(client):
    client.force_login(factories.make_user(role="reader"))

    assert client.get(PAGE).status_code == 302


FILES = Path(__file__).parents[2] / "cases" / "case-files"


@pytest.mark.parametrize(
    ("name", "created"),
    [
        ("C01-mac.zip", ["stakeholders/z-one"]),
        ("C02-yml.zip", ["stakeholders/z-two"]),
        ("C03-bom-crlf.zip", ["stakeholders/z-three"]),
    ],
)
def test_what_systems_put_into_a_zip_file_is_left_alone(client, author, name, created):
    factories.make_public(
        factories.make_group(slug="exporter"), factories.make_publication(slug="fayyaz-2017")
    )

    page = look(client, (FILES / name).read_bytes())

    assert found(page)["created"] == created


@pytest.mark.parametrize("name", ["C05-tab.zip", "C07-dup-key.zip"])
def test_what_is_wrong_in_a_file_is_told_with_its_line(client, author, name):
    page = look(client, (FILES / name).read_bytes())

    assert page.context["upload"].state == UploadState.REFUSED
    assert all(line for _file, line, _field, _words in page.context["wrong"])
