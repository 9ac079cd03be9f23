import datetime

import pytest
from django.core.exceptions import ValidationError

from clusters.models import Event
from tests import factories

pytestmark = pytest.mark.django_db


def test_an_uncertain_date_keeps_text_printed_words_and_bounds():
    cluster = factories.make_cluster()
    factories.make_event(cluster, when="[2006-09..2006-12]", when_printed="in late 2006")

    event = Event.objects.get()

    assert event.when == "[2006-09..2006-12]"
    assert event.when.words == "late 2006"
    assert event.when_printed == "in late 2006"
    assert event.when_earliest == datetime.date(2006, 9, 1)
    assert event.when_latest == datetime.date(2006, 12, 31)


def test_an_open_end_is_null():
    event = factories.make_event(factories.make_cluster(), when="1998/..")

    event.refresh_from_db()

    assert (event.when_earliest, event.when_latest) == (datetime.date(1998, 1, 1), None)


def test_a_bad_date_is_refused_with_its_field():
    event = Event(cluster=factories.make_cluster(), key="a", title="A", when="late 2006")

    with pytest.raises(ValidationError) as refused:
        event.full_clean()

    assert list(refused.value.message_dict) == ["when"]


def test_events_are_ordered_with_ties_stable_and_unknown_last():
    cluster = factories.make_cluster()
    unknown = factories.make_event(cluster, when="../2007")
    late, tie_one, tie_two = (
        factories.make_event(cluster, when=when) for when in ("2009", "2008", "2008")
    )

    assert list(Event.objects.in_order()) == [tie_one, tie_two, late, unknown]
