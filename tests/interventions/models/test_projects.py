import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction

from interventions.models import Funding, Participant, Project, ProjectLink
from tests import factories

pytestmark = pytest.mark.django_db


def link(project, other, type="parent", **fields):
    return ProjectLink.objects.create(
        project=project, other=other, type=type, key=factories.slug("link"), **fields
    )


def fund(project, **fields):
    return Funding.objects.create(project=project, key=factories.slug("funding"), **fields)


def test_a_project_has_at_most_one_parent_and_any_number_of_related_projects():
    child, parent, other = (factories.make_project() for _ in range(3))
    link(child, parent)
    link(child, parent, type="related")
    link(child, other, type="related")

    with pytest.raises(IntegrityError, match="projectlink_one_parent"):
        link(child, other)


def test_a_project_is_not_linked_to_itself():
    project = factories.make_project()

    with pytest.raises(IntegrityError, match="projectlink_not_itself"):
        link(project, project, type="related")


def test_part_of_has_no_cycle_while_other_links_may_go_round():
    first, second, third = (factories.make_project() for _ in range(3))
    link(first, second)
    link(second, third)
    link(third, first, type="supported_by")

    with pytest.raises(DatabaseError, match="a part of itself"):
        link(third, first)


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_cannot_close_a_cycle():
    first, second = factories.make_project(), factories.make_project()
    other_connection = connections.create_connection("default")
    try:
        with other_connection.cursor() as cursor, transaction.atomic():
            link(first, second)
            cursor.execute("BEGIN")
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
            # The second writer waits for the first: it never decides on what it cannot see.
            with pytest.raises(DatabaseError, match="lock timeout"):
                cursor.execute(
                    "INSERT INTO interventions_projectlink (project_id, other_id, type, key, note) "
                    "VALUES (%s, %s, 'parent', 'back', '')",
                    [second.pk, first.pk],
                )
            cursor.execute("ROLLBACK")
    finally:
        other_connection.close()

    with pytest.raises(DatabaseError, match="a part of itself"):
        link(second, first)


def test_money_needs_one_provider_and_its_currency():
    project, donor = factories.make_project(), factories.make_donor()
    assert fund(project, provider=donor, amount=211000, currency="USD").pk
    assert fund(project, provider_project=factories.make_project()).pk

    broken = {
        "funding_one_provider": [
            {},
            {"provider": donor, "provider_project": factories.make_project()},
        ],
        "funding_amount_has_currency": [
            {"provider": donor, "amount": 1},
            {"provider": donor, "currency": "USD"},
            {"provider": donor, "amount": 1, "currency": "usd"},
        ],
        "funding_amount_positive": [{"provider": donor, "amount": 0, "currency": "USD"}],
    }
    for name, rows in broken.items():
        for fields in rows:
            with pytest.raises(IntegrityError, match=name), transaction.atomic():
                fund(project, **fields)


def test_money_is_summed_once_a_project_and_never_over_currencies_or_what_is_passed_on():
    programme, part = factories.make_project(), factories.make_project()
    donor, other = factories.make_donor(), factories.make_donor()
    fund(programme, provider=donor, amount=100, currency="USD", is_budget=True)
    fund(programme, provider=other, amount=50, currency="USD", is_budget=True)
    fund(programme, provider=other, amount=70, currency="EUR", is_budget=True)
    fund(part, provider_project=programme, amount=30, currency="USD", is_budget=True)
    fund(part, provider=donor)
    # The programme's money is in the programme, whatever its parts repeat of it.
    below, deeper = factories.make_project(), factories.make_project()
    link(below, programme)
    link(deeper, below)
    fund(deeper, provider=donor, amount=25, currency="USD", is_budget=True)
    # A join over funders repeats the programme.
    joined = Project.objects.filter(funding__amount__gt=0)

    assert list(joined.money_by_currency()) == [
        {"currency": "USD", "is_budget": True, "transaction_type": "", "amount": Decimal("150.00")},
        {"currency": "EUR", "is_budget": True, "transaction_type": "", "amount": Decimal("70.00")},
    ]
    assert list(Project.objects.filter(pk=deeper.pk).money_by_currency()) == [
        {"currency": "USD", "is_budget": True, "transaction_type": "", "amount": Decimal("25.00")}
    ]


def test_a_budget_is_no_transaction():
    project, donor = factories.make_project(), factories.make_donor()
    fund(project, provider=donor, is_budget=True)
    fund(project, provider=donor, transaction_type="disbursement")

    with pytest.raises(IntegrityError, match="funding_budget_is_no_transaction"):
        fund(project, provider=donor, is_budget=True, transaction_type="disbursement")


def test_a_project_does_not_end_before_it_starts():
    assert factories.make_project(actual_start="2008", actual_end="2008").pk

    with pytest.raises(IntegrityError, match="project_dates_ordered"):
        factories.make_project(actual_start="2009", actual_end="2008")


def test_a_body_has_a_role_in_a_project_once():
    project, stakeholder = factories.make_project(), factories.make_stakeholder()
    Participant.objects.create(project=project, stakeholder=stakeholder, role="lead", key="a")
    Participant.objects.create(project=project, stakeholder=stakeholder, role="member", key="b")

    with pytest.raises(IntegrityError, match="participant_unique"):
        Participant.objects.create(project=project, stakeholder=stakeholder, role="lead", key="c")


def test_running_on_counts_an_open_end_and_leaves_out_what_has_ended():
    ended = factories.make_project(actual_start="2005", actual_end="2008")
    open_end = factories.make_project(actual_start="2007")
    factories.make_project(actual_start="2011")
    factories.make_project()

    running_on = Project.objects.order_by("pk").running_on
    assert list(running_on(datetime.date(2008, 6, 1))) == [ended, open_end]
    assert list(running_on(datetime.date(2010, 1, 1))) == [open_end]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "time not stated"),
        ({"actual_start": "2008", "actual_end": "2009"}, "2008 – 2009"),
        ({"actual_start": "1997"}, "from 1997"),
        ({"actual_end": "2009"}, "until 2009"),
        ({"actual_start": "2008", "actual_end": "2008"}, "2008"),
        ({"planned_start": "2005", "planned_end": "2008"}, "2005 – 2008"),
        ({"planned_start": "2005", "actual_end": "2008"}, "until 2008"),
    ],
)
def test_years_say_when_it_ran(fields, words):
    assert factories.make_project(**fields).years == words


def test_projects_are_ordered_by_cluster_then_start_with_unknown_last():
    kasur, sialkot = (factories.make_cluster(name=name) for name in ("Kasur", "Sialkot"))
    nowhere = factories.make_project()
    late, unknown, early, first = (
        factories.make_project(actual_start=start) for start in ("2008", "", "1997", "2020")
    )
    for project, cluster in ((late, sialkot), (unknown, sialkot), (early, sialkot), (first, kasur)):
        project.clusters.add(cluster)

    assert list(Project.objects.in_order()) == [first, early, late, unknown, nowhere]
