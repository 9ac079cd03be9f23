import pytest

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


def test_only_texts_are_redacted_and_only_with_a_reason(administrator):
    cluster = factories.make_cluster()

    with pytest.raises(ValueError, match="Only texts"):
        redact(record=cluster, field="latitude", by=administrator, reason="x")
    with pytest.raises(ValueError, match="reason"):
        redact(record=cluster, field="summary", by=administrator, reason="")
