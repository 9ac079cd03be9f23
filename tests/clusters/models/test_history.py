import pghistory
import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError, connection, transaction

from clusters.models import (
    Change,
    Cluster,
    FacetCount,
    FormDraft,
    IdempotentRequest,
    Mail,
    PublicDocument,
    Redaction,
    SearchEntry,
    SearchWord,
    Upload,
)
from clusters.models.people import GroupMembership, PermissionGrant
from interventions.models import CaseCompleteness
from tests import factories

pytestmark = pytest.mark.django_db

# Made from what is public, and made anew whenever that changes; or not yet saved.
NOT_KEPT = (
    *(
        CaseCompleteness,
        IdempotentRequest,
        PublicDocument,
        SearchEntry,
        SearchWord,
        Upload,
        FacetCount,
    ),
    *(Mail, FormDraft),
)


def events_of(model):
    return model.pgh_event_models["insert"].objects.order_by("pgh_id")


def test_every_table_of_ours_has_a_history():
    tables = [
        model
        for label in ("clusters", "interventions")
        for model in apps.get_app_config(label).get_models()
        if not model.__name__.endswith("Historyevent") and model not in NOT_KEPT
    ]

    without = [model.__name__ for model in tables if not hasattr(model, "pgh_event_models")]

    assert without == []
    for model in tables:
        assert set(model.pgh_event_models) == {"insert", "update", "delete"}, model


def test_insert_update_and_delete_are_kept_with_who_and_why():
    with pghistory.context(user=7, reason="A test"):
        cluster = factories.make_cluster(summary="first")
        cluster.summary = "second"
        cluster.save()
        cluster.delete()

    kept = list(events_of(Cluster))
    assert [(event.pgh_label, event.summary) for event in kept] == [
        ("insert", "first"),
        ("update", "second"),
        ("delete", "second"),
    ]
    assert {event.pgh_context.metadata["reason"] for event in kept} == {"A test"}


def test_bulk_changes_and_raw_sql_are_kept_and_name_role_and_program():
    factories.make_cluster()
    factories.make_cluster()
    Cluster.objects.update(summary="bulk")
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user")
        (role,) = cursor.fetchone()
        cursor.execute("UPDATE clusters_cluster SET summary = 'raw'")

    updates = [event for event in events_of(Cluster) if event.pgh_label == "update"]

    assert [event.summary for event in updates] == ["bulk", "bulk", "raw", "raw"]
    assert {event.pgh_context for event in updates} == {None}
    assert {event.db_role for event in updates} == {role}
    assert all(event.db_program.startswith("casebook") for event in updates)


def test_history_and_the_change_log_cannot_be_rewritten():
    factories.make_public(factories.make_cluster())

    for rows in (events_of(Cluster), Change.objects.all(), Redaction.objects.none()):
        if rows.exists():
            with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
                rows.update(slug="forged")
            with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
                rows.all().delete()


def test_passwords_are_not_kept(django_user_model):
    django_user_model.objects.create_user("someone@example.org", "a long password")

    names = {field.name for field in events_of(django_user_model).model._meta.fields}
    assert "email" in names
    assert names & {"password", "last_login"} == set()


def test_groups_and_permissions_given_to_a_user_are_kept(django_user_model):
    user = django_user_model.objects.create_user("someone@example.org", "a long password")
    group = Group.objects.create(name="Editors")
    permission = Permission.objects.get(codename="view_cluster")
    group.permissions.add(permission)
    user.groups.add(group)
    assert django_user_model.objects.get().has_perm("clusters.view_cluster")
    user.groups.remove(group)
    assert not django_user_model.objects.get().has_perm("clusters.view_cluster")
    user.user_permissions.add(permission)

    kept = [
        (event.pgh_label, event.user_id, event.group_id) for event in events_of(GroupMembership)
    ]
    assert kept == [("insert", user.pk, group.pk), ("delete", user.pk, group.pk)]
    assert [event.permission_id for event in events_of(PermissionGrant)] == [permission.pk]
