import html
import json
import zipfile
from io import BytesIO, StringIO
from urllib.parse import parse_qs, unquote_plus
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from clusters.actions.commenting import comment
from clusters.actions.entering import delete, restore_deleted
from clusters.actions.forgetting import redact_everywhere
from clusters.actions.proposing import propose, return_
from clusters.actions.redaction import REDACTED, redact
from clusters.actions.reviewing import return_to_author, submit
from clusters.encryption import decrypt
from clusters.models import (
    Change,
    Comment,
    Correction,
    DeletedRecord,
    FormDraft,
    IdempotentRequest,
    Import,
    ImportedRecord,
    Mail,
    Proposal,
    Redaction,
    ReviewStep,
    Upload,
)
from clusters.records.serialization import document_of
from interventions.models import CodingRound
from tests import factories

pytestmark = pytest.mark.django_db


def test_redacting_removes_past_values_everywhere_and_says_who_and_why(administrator):
    cluster = factories.make_cluster(summary="A secret name")
    factories.make_public(cluster)
    cluster.summary = "Corrected"
    cluster.save()

    done = redact(record=cluster, field="summary", by=administrator, reason="Names a person")

    events = cluster.pgh_event_models["insert"].objects.filter(pgh_obj_id=cluster.pk)
    assert set(events.values_list("summary", flat=True)) == {REDACTED, "Corrected"}
    assert "A secret name" not in str(list(Change.objects.values_list("after", flat=True)))
    assert Redaction.objects.get() == done
    assert (done.by, done.reason, done.field) == (administrator, "Names a person", "summary")
    cluster.refresh_from_db()
    assert cluster.summary == "Corrected"


def test_redacting_touches_no_other_field_and_no_key_of_the_documents(administrator):
    cluster = factories.make_cluster(summary="name", region="name")
    factories.make_public(cluster)
    cluster.summary = "Corrected"
    cluster.save()

    redact(record=cluster, field="summary", by=administrator, reason="x")

    after = Change.objects.get(kind="clusters").after
    assert (after["summary"], after["region"], after["name"]) == (REDACTED, "name", "Cluster")


def test_redacting_a_name_and_a_slug_leaves_no_way_back_to_them(administrator, client):
    body = factories.make_stakeholder(name="ACME", slug="acme", aliases=["ACME Ltd"])
    factories.make_public(body)
    body.name, body.slug, body.aliases = "A firm", "a-firm", []
    body.save()
    assert client.get("/stakeholders/acme/").status_code == 301

    for field in ("name", "slug", "aliases"):
        redact(record=body, field=field, by=administrator, reason="x")

    change = Change.objects.get(kind="stakeholders")
    assert (change.title, change.slug) == (REDACTED, "a-firm")
    assert "acme" not in str(change.after).lower()
    assert client.get("/stakeholders/acme/").status_code == 404
    events = body.pgh_event_models["insert"].objects.filter(pgh_obj_id=body.pk)
    assert "acme" not in str(list(events.values())).lower()


def test_only_texts_are_redacted_and_only_with_a_reason(administrator):
    cluster = factories.make_cluster()

    with pytest.raises(ValueError, match="Only texts"):
        redact(record=cluster, field="latitude", by=administrator, reason="x")
    with pytest.raises(ValueError, match="reason"):
        redact(record=cluster, field="summary", by=administrator, reason="")


def test_the_command_finds_records_and_parts_and_names_what_it_cannot(administrator):
    cluster = factories.make_cluster(slug="kasur")
    figure = factories.make_statistic(cluster, key="firms", note="A secret name")
    figure.note = ""
    figure.save()
    said = StringIO()
    options = {"by": administrator.email, "reason": "Names a person", "stdout": said}

    call_command("redact", "clusters/kasur/statistics/firms", "note", **options)

    assert said.getvalue() == "1 rows of history redacted.\n"
    for arguments, message in (
        (["clusters/lahore", "summary"], "There is no clusters/lahore."),
        (["castles/one", "summary"], "is not kind/slug"),
        (["clusters/kasur/rumours/one", "note"], "There are no rumours. Known: "),
        (["clusters/kasur", "colour"], "no field named 'colour'"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("redact", *arguments, **options)
    with pytest.raises(CommandError, match="is no administrator"):
        call_command("redact", "clusters/kasur", "summary", **{**options, "by": "x@example.org"})


SECRET = "Señor Xyzzy “the\r\nelder” & sons"


def every_text():
    """Yield every value of every column of every table, with where it stands."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "JOIN information_schema.tables USING (table_schema, table_name) "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        for table, column in cursor.fetchall():
            is_binary = (table, column) == ("clusters_upload", "content")
            value = f"encode({column}, 'escape')" if is_binary else f'"{column}"::text'
            cursor.execute(f'SELECT {value} FROM "{table}"')
            for (text,) in cursor.fetchall():
                yield f"{table}.{column}", text or ""
    for mail in Mail.objects.all():
        yield "mail", decrypt(mail.encrypted_text)


def where_it_stands(*words):
    found = set()
    for where, text in every_text():
        spelt = [text, unquote_plus(text), text.encode().decode("unicode_escape", "replace")]
        if any(word.lower() in spelling.lower() for word in words for spelling in spelt):
            found.add(where)
    return found


class Traces:
    """A person's name in two records, and in everything that people and programs wrote of it."""

    secret, slug = SECRET.replace("\r\n", " "), "xyzzy-sons"

    def __init__(self, administrator, client):
        self.administrator = administrator
        self.author = factories.make_user(role="researcher")
        client.force_login(self.author)
        self.body = factories.make_stakeholder(
            slug=self.slug, name=self.secret, summary=SECRET, aliases=[self.secret]
        )
        donor = factories.make_donor(stakeholder=self.body)
        self.project = factories.make_project(slug="case", entered_by=self.author)
        self.project.participants.create(key="part", stakeholder=self.body, role="lead")
        factories.make_public(self.body, donor, self.project)
        self.propose_and_discuss()
        self.draft = self.returned_draft()
        self.keep_what_was_typed(client)
        self.upload_files()
        self.note_in_the_logs()
        self.import_and_code()

    def propose_and_discuss(self):
        public = document_of(self.body, public=True)
        propose(
            record=self.body,
            base=public,
            document={**public, "name": f"{self.secret} Ltd"},
            by=self.author,
            reason=f"As {self.secret} told us",
        )
        comment(record=self.project, by=self.author, text=f"Is it {self.secret}?", field="title")

    def returned_draft(self):
        """A draft that was deleted and came back, was discussed, handed in and returned."""
        draft = factories.make_project(
            slug="mine", title=self.secret, summary=SECRET, entered_by=self.author
        )
        removal = delete(record=draft, by=self.author, reason=f"For {self.secret}")
        restore_deleted(removal=removal, by=self.author)
        draft.refresh_from_db()
        text = f"“{SECRET}”, {self.slug} or {self.slug}-too"
        comment(record=draft, by=self.author, text=text)
        factories.cite(draft)
        submit(record=draft, by=self.author)
        return_to_author(record=draft, by=self.administrator, reason=f"{self.secret} again")
        return draft

    def keep_what_was_typed(self, client):
        form = {"token": str(uuid4()), "kind": "projects", "title": self.secret, "summary": SECRET}
        form["base"] = json.dumps({"summary": SECRET, "body": self.slug})
        assert client.post("/admin/desk/keep/", form).status_code == 200
        IdempotentRequest.objects.create(
            user=self.author,
            key="k",
            fingerprint="f",
            body=json.dumps({"title": self.secret, "note": SECRET}),
        )

    def upload_files(self):
        strings = html.escape(self.secret, quote=False)
        for content in (
            f"slug,title\nmine,{self.secret}\n".encode(),
            packed({"xl/sharedStrings.xml": strings}),
        ):
            Upload.objects.create(
                table="projects",
                file_name="a.csv",
                content=content,
                by=self.author,
                reason=self.secret,
                found={
                    "versions": {f"stakeholders/{self.slug}": 1},
                    "changes": [f"title: {self.secret}"],
                },
            )

    def note_in_the_logs(self):
        LogEntry.objects.create(
            user=self.author,
            action_flag=2,
            object_repr=self.secret,
            change_message=json.dumps([{"changed": {"name": self.secret}}]),
        )
        Correction.objects.create(
            kind="projects", slug="case", version=1, text=f"It is {self.secret}."
        )

    def import_and_code(self):
        ImportedRecord.objects.create(
            kind="stakeholders",
            slug=self.slug,
            document=document_of(self.body),
            source=Import.objects.create(source="x", sha256="0"),
        )
        round_ = CodingRound.objects.create(name="Round", state="coding")
        round_.codings.create(
            project=self.project,
            factor=factories.make_factor(),
            coder=factories.make_coder(),
            document={"rationale": SECRET},
        )

    def redact_all(self):
        """Have no record say it any more, then redact it in every field that did."""
        self.body.slug, self.body.name = "a-firm", "A firm"
        self.body.summary, self.body.aliases = "", []
        self.body.save()
        self.draft.title, self.draft.summary = "Mine", ""
        self.draft.save()
        for record, field in (
            *((self.body, name) for name in ("slug", "name", "summary", "aliases")),
            *((self.draft, name) for name in ("title", "summary")),
        ):
            redact(record=record, field=field, by=self.administrator, reason="Names a person")


@pytest.fixture
def traces(administrator, client):
    return Traces(administrator, client)


def test_a_value_that_no_record_says_any_more_is_in_no_table_and_no_column(traces):
    before = where_it_stands("xyzzy")
    assert {place.split(".")[0] for place in before} >= {
        *(
            "clusters_change",
            "clusters_changehistoryevent",
            "clusters_comment",
            "clusters_correction",
        ),
        *("clusters_idempotentrequest", "clusters_importedrecord", "clusters_mail", "mail"),
        *("clusters_proposal", "clusters_proposalhistoryevent", "clusters_publicdocument"),
        *("clusters_deletedrecord", "clusters_reviewstep", "clusters_searchentry"),
        *("clusters_searchword", "clusters_stakeholder", "clusters_stakeholderhistoryevent"),
        *("clusters_upload", "clusters_formdraft", "django_admin_log"),
        *("interventions_projecthistoryevent", "interventions_roundcoding"),
        "pghistory_context",
    }

    traces.redact_all()

    # Of another name, which only begins like it, nobody spoke.
    assert where_it_stands("xyzzy") == {
        "clusters_comment.text",
        "clusters_commenthistoryevent.text",
    }
    slug = traces.slug
    assert where_it_stands(SECRET, traces.secret, f"{slug} ", f"{slug}/", f'{slug}"') == set()


def test_what_had_a_redacted_value_is_otherwise_what_it_was(traces):
    traces.redact_all()

    assert [remark.text for remark in Comment.objects.all()] == [
        f"Is it {REDACTED}?",
        f"“{REDACTED}”, a-firm or {traces.slug}-too",
    ]
    assert parse_qs(FormDraft.objects.first().data)["summary"] == [REDACTED]
    after = Change.objects.get(kind="projects", slug="case").after
    assert after["participants"][0]["stakeholder"] == "a-firm"
    assert json.loads(IdempotentRequest.objects.get().body) == {"title": REDACTED, "note": REDACTED}
    assert [bytes(upload.content) for upload in Upload.objects.all()] == [b"", b""]
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        ReviewStep.objects.update(reason="x")


def test_a_text_with_a_backslash_is_found_in_a_file():
    author = factories.make_user(role="researcher")
    content = packed({"projects/case.yaml": "aims: Kept in C:\\cases of old.\n"})
    Upload.objects.create(file_name="a.zip", content=content, by=author)

    redact_everywhere("C:\\cases", REDACTED)

    assert not Upload.objects.get().content


@pytest.mark.parametrize("length", [379, 450])
def test_what_is_left_of_a_long_title_goes_too(administrator, length):
    title = ("A title of many words " * 30)[: length - 1] + "X"
    author = factories.make_user(role="researcher")
    FormDraft.objects.create(user=author, kind="publications", title=title[:300], data="")
    other = FormDraft.objects.create(user=author, kind="publications", title=title[:290], data="")

    redact_everywhere(title, REDACTED)

    assert {draft.title for draft in FormDraft.objects.all()} == {REDACTED, other.title}


def packed(files):
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as target:
        for name, text in files.items():
            target.writestr(name, text)
    return content.getvalue()


LOCKED = bytearray(packed({"projects/case.yaml": "slug: case"}))
for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
    LOCKED[LOCKED.index(signature) + offset] |= 1  # the flag of encryption


@pytest.mark.parametrize(
    ("content", "is_kept"),
    [
        (packed({"projects/case.yaml": "aims: Asked of Muhammad Aslam.\n"}), False),
        (packed({"projects/case.yaml": 'aims: "Asked of Muhammad\\\n  \\ Aslam."\n'}), False),
        (packed({"projects/case.yaml": "aims: Asked of Muhammad\n  Aslam.\n"}), False),
        (packed({"projects/muhammad-aslam.yaml": "title: X\n"}), True),
        (packed({"projects/Muhammad Aslam.yaml": "title: X\n"}), False),
        (packed({"projects/case.yaml": "aims: Asked of Muhammad Ali.\n"}), True),
        (bytes(LOCKED), False),
        (packed({"projects/case.yaml": "#" * 60_000_000}), False),
    ],
    ids=["plain", "folded", "wrapped", "a slug", "a name", "another", "locked", "a bomb"],
)
def test_an_uploaded_file_that_holds_it_or_cannot_be_read_is_thrown_away(content, is_kept):
    author = factories.make_user(role="researcher")
    Upload.objects.create(file_name="a.zip", content=content, by=author)

    redact_everywhere("Muhammad Aslam", REDACTED)

    assert bool(Upload.objects.get().content) == is_kept


def test_what_another_record_still_says_stays_wherever_others_wrote_it(administrator):
    author = factories.make_user(role="researcher")
    cluster = factories.make_cluster(summary="Footballs", slug="one")
    factories.make_cluster(summary="Makes Footballs, too", slug="other")
    comment(record=cluster, by=author, text="Footballs?")
    delete(record=factories.make_cluster(summary="Footballs", slug="gone"), by=author)
    public = document_of(cluster, public=True)
    Proposal.objects.create(
        kind="clusters",
        object_id=cluster.pk,
        slug="one",
        base_version=1,
        base=public,
        document=public,
        by=author,
        reason="Footballs",
    )
    cluster.summary = ""
    cluster.save()

    redact(record=cluster, field="summary", by=administrator, reason="x")

    assert Comment.objects.get().text == "Footballs?"
    assert DeletedRecord.objects.get().document["summary"] == "Footballs"
    made = Proposal.objects.get()
    assert (made.base["summary"], made.document["summary"]) == (REDACTED, REDACTED)
    assert made.reason == "Footballs"


def test_what_was_proposed_and_returned_goes_too(administrator):
    cluster = factories.make_public(factories.make_cluster(summary="Fine"))
    public = document_of(cluster, public=True)
    place = {**public["citations"][0], "for": "region"}
    cited = {"region": "Xyzzy Valley", "citations": [*public["citations"], place]}
    made = propose(
        record=cluster,
        base=public,
        document={**public, **cited},
        by=factories.make_user(role="researcher"),
        reason="x",
    )
    redact(record=cluster, field="region", by=administrator, reason="It waits")
    assert Proposal.objects.get().document["region"] == "Xyzzy Valley"
    return_(proposal=made, by=administrator, answer="Not Xyzzy Valley")

    redact(record=cluster, field="region", by=administrator, reason="Names a home")

    assert where_it_stands("xyzzy") == set()


def test_a_former_name_of_a_contributor_goes_from_what_others_wrote(administrator):
    coder = factories.make_coder(name="Xyzzy")
    comment(record=factories.make_cluster(), by=administrator, text="Xyzzy knows")
    coder.name = "Somebody"
    coder.save()

    redact(record=coder, field="name", by=administrator, reason="Asked us to")

    assert where_it_stands("xyzzy") == set()
