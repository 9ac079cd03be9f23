import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import reverse

from clusters.models import (
    Change,
    Cluster,
    IdempotentRequest,
    PublicDocument,
    SearchEntry,
    SearchWord,
    Statistic,
    Tally,
)
from tests import factories
from tests.test_sentinel import HIDDEN, Hidden

pytestmark = pytest.mark.django_db

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)


def test_every_model_of_ours_has_an_admin():
    from django.apps import apps

    ours = {
        model
        for label in ("clusters", "interventions")
        for model in apps.get_app_config(label).get_models()
        if not model.__name__.endswith("Historyevent") and not model._meta.auto_created
    }
    # What search reads is written by the casebook and can be made anew.
    assert ours - set(REGISTERED) == {
        *(IdempotentRequest, PublicDocument, SearchEntry, SearchWord, Tally)
    }


@pytest.fixture
def everything():
    it = Hidden()
    for make in HIDDEN.values():
        row = make(it)
        if hasattr(row, "citations"):
            factories.cite(row, it.place)
    return it


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_lists_and_forms_open_and_no_select_is_long(desk, everything, model):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    pages = [desk.get(reverse(f"{name}_changelist"))]
    if row := model._default_manager.first():
        pages.append(desk.get(reverse(f"{name}_change", args=[row.pk])))
    if admin.site._registry[model].has_add_permission(pages[0].wsgi_request):
        pages.append(desk.get(reverse(f"{name}_add")))

    for page in pages:
        assert page.status_code == 200
        for select in re.findall(r"<select.*?</select>", page.content.decode(), re.DOTALL):
            assert select.count("<option") <= 51


@pytest.mark.parametrize("count", [1, 300])
@pytest.mark.parametrize(
    ("model", "queries"), [("statistic", 4), ("statisticcitation", 4), ("cluster", 4)]
)
def test_a_changelist_costs_the_same_for_one_row_and_for_many(
    desk, count, model, queries, django_assert_num_queries
):
    place = factories.make_place()
    for _ in range(count):
        factories.cite(factories.make_statistic(factories.make_cluster()), place)

    with django_assert_num_queries(queries):
        desk.get(reverse(f"admin:clusters_{model}_changelist"))


@pytest.mark.parametrize("count", [1, 300])
def test_a_form_costs_the_same_however_many_rows_there_are(desk, count, django_assert_num_queries):
    cluster = factories.make_cluster()
    for _ in range(count):
        figure = factories.make_statistic(cluster)

    with django_assert_num_queries(4):
        desk.get(reverse("admin:clusters_statistic_change", args=[figure.pk]))


def form_of(figure, **changes):
    fields = {
        "key": figure.key,
        "cluster": figure.cluster_id,
        "indicator": "firms",
        "subject": "",
        "value": "1",
        "value_to": "",
        "qualifier": "exact",
        "claimed_by": "",
        "when": "",
        "when_printed": "",
        "note": "",
        "position": 0,
    }
    return {**fields, **changes}


def test_a_change_to_something_public_is_logged(desk, administrator):
    cluster = factories.make_cluster()
    figure = factories.make_statistic(cluster)
    factories.make_public(cluster)

    desk.post(
        reverse("admin:clusters_statistic_change", args=[figure.pk]), form_of(figure, value="7")
    )

    change = Change.objects.first()
    assert Statistic.objects.get().value == 7
    assert (change.action, change.by, change.slug) == ("changed", administrator, cluster.slug)
    assert change.after["statistics"][0]["value"] == 7


def test_a_change_that_leaves_something_public_uncited_is_refused_whole(desk):
    cluster = factories.make_cluster()
    figure = factories.make_statistic(cluster)
    factories.make_public(cluster)
    figure.citations.update(field="value")
    figure.citations.create(citation=figure.citations.get().citation, field="indicator")

    response = desk.post(
        reverse("admin:clusters_statistic_change", args=[figure.pk]),
        form_of(figure, subject="Tanneries"),
        follow=True,
    )

    assert "subject has no citation" in response.content.decode()
    assert Statistic.objects.get().subject == ""


def test_a_published_record_cannot_be_deleted_and_a_draft_can(desk):
    public = factories.make_public(factories.make_cluster())
    draft = factories.make_cluster()

    for cluster in (public, draft):
        desk.post(reverse("admin:clusters_cluster_delete", args=[cluster.pk]), {"post": "yes"})

    assert list(Cluster.objects.all()) == [public]


def test_records_are_published_from_the_list_or_the_reasons_are_told(desk):
    cluster = factories.make_cluster()
    address = reverse("admin:clusters_cluster_changelist")
    action = {"action": "publish_selected", "_selected_action": [cluster.pk]}

    refused = desk.post(address, action, follow=True)
    assert "has no citation" in refused.content.decode()

    paper = factories.make_public(factories.make_publication())
    factories.cite(cluster, factories.make_place(paper))
    desk.post(address, action)
    assert Cluster.objects.get().is_published


def test_withdrawing_asks_for_the_reason_first(desk):
    cluster = factories.make_public(factories.make_cluster())
    address = reverse("admin:clusters_cluster_changelist")
    action = {"action": "withdraw_selected", "_selected_action": [cluster.pk]}

    asked = desk.post(address, action)
    assert "Reason, shown at the address" in asked.content.decode()
    assert Cluster.objects.get().is_published

    desk.post(address, {**action, "reason": "Entered twice"})
    assert Cluster.objects.get().state == "withdrawn"
    assert Change.objects.first().reason == "Entered twice"


def test_history_knows_who_asked_for_a_change(desk, administrator):
    cluster = factories.make_cluster()
    figure = factories.make_statistic(cluster)

    desk.post(
        reverse("admin:clusters_statistic_change", args=[figure.pk]), form_of(figure, value="7")
    )

    event = Statistic.pgh_event_models["update"].objects.filter(pgh_label="update").get()
    assert event.pgh_context.metadata["user"] == administrator.pk
    assert event.pgh_context.metadata["url"].endswith(f"/statistic/{figure.pk}/change/")


def test_looking_is_not_publishing(client, django_user_model):
    reader = django_user_model.objects.create_user("reader@example.org", "x", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_cluster"))
    client.force_login(reader)
    cluster = factories.make_cluster()
    factories.cite(
        cluster, factories.make_place(factories.make_public(factories.make_publication()))
    )

    client.post(
        reverse("admin:clusters_cluster_changelist"),
        {"action": "publish_selected", "_selected_action": [cluster.pk]},
    )

    assert not Cluster.objects.get().is_published


def test_a_part_stays_in_its_record(desk):
    figure = factories.make_statistic(factories.make_cluster())
    elsewhere = factories.make_cluster()

    desk.post(
        reverse("admin:clusters_statistic_change", args=[figure.pk]),
        form_of(figure, value="7", cluster=elsewhere.pk),
    )

    figure.refresh_from_db()
    assert (figure.value, figure.cluster_id == elsewhere.pk) == (7, False)


def test_a_rule_of_the_database_is_told_in_its_own_words(desk):
    factories.make_group(slug="old").delete()

    response = desk.post(
        reverse("admin:clusters_stakeholdergroup_add"),
        {"slug": "old", "name": "Old", "language": "en"},
        follow=True,
    )

    assert "is never used again" in response.content.decode()


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_every_list_and_form_asks_a_handful_of_questions(
    desk, everything, model, django_assert_max_num_queries
):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    with django_assert_max_num_queries(6):
        desk.get(reverse(f"{name}_changelist"))
    if row := model._default_manager.first():
        # One for each record that the form names; see the test of one and of 300 rows.
        relations = sum(column.is_relation for column in model._meta.concrete_fields)
        with django_assert_max_num_queries(6 + 3 * relations):
            desk.get(reverse(f"{name}_change", args=[row.pk]))
