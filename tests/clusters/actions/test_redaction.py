from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clusters.actions.redaction import REDACTED, redact
from clusters.models import Change, Redaction
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
    body = factories.make_body(name="ACME", slug="acme", aliases=["ACME Ltd"])
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
