import re

import pytest
from django.contrib import admin
from django.urls import reverse

from clusters.models import (
    Change,
    Cluster,
    FacetCount,
    FormDraft,
    IdempotentRequest,
    PublicDocument,
    SearchEntry,
    SearchWord,
    Statistic,
    Upload,
)
from interventions.models import (
    CaseCompleteness,
    RoundCoder,
    RoundCoding,
    RoundComment,
    RoundConfirmation,
    RoundDimension,
    RoundProject,
)
from tests import factories
from tests.forms import prefix_of, send
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
    # What search reads can be made anew; unfinished forms and uploads are nobody else's; what
    # stands in a round is on its own pages, as far as it may be seen.
    assert ours - set(REGISTERED) == {
        *(CaseCompleteness, IdempotentRequest, PublicDocument, SearchEntry, SearchWord, FacetCount),
        *(RoundCoder, RoundCoding, RoundComment, RoundConfirmation, RoundDimension, RoundProject),
        *(Upload, FormDraft),
    }


@pytest.fixture
def everything():
    hidden = Hidden()
    for make in HIDDEN.values():
        row = make(hidden)
        if hasattr(row, "citations"):
            factories.cite(row, hidden.place)
    return hidden


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_lists_and_forms_open_and_no_select_is_long(desk, everything, model):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    pages = [desk.get(reverse(f"{name}_changelist"))]
    if row := model._default_manager.first():
        # A part leads to the page of its record.
        pages.append(desk.get(reverse(f"{name}_change", args=[row.pk]), follow=True))
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
def test_a_page_costs_the_same_however_many_parts_there_are(desk, count, django_assert_num_queries):
    cluster = factories.make_cluster()
    for _ in range(count):
        factories.cite(factories.make_statistic(cluster))

    # What it names that is not public is read as well, kind by kind.
    with django_assert_num_queries(27):
        desk.get(page_of(cluster))


def page_of(record):
    meta = record._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[record.pk])


@pytest.fixture
def one_person(settings):
    """Whoever may review may publish and change what is public without a second person."""
    settings.TWO_PERSON_REVIEW = False


def test_a_change_to_something_public_is_logged(desk, administrator, one_person):
    cluster = factories.make_cluster()
    figure = factories.make_statistic(cluster, value=1)
    factories.make_public(cluster)
    page = desk.get(page_of(cluster))

    send(desk, page, {f"{prefix_of(page, figure.key)}-value": "7"}, reason="It says seven")

    change = Change.objects.first()
    assert Statistic.objects.get().value == 7
    assert (change.action, change.by, change.slug) == ("changed", administrator, cluster.slug)
    assert (change.reason, change.after["statistics"][0]["value"]) == ("It says seven", 7)


def test_a_change_that_leaves_something_public_uncited_is_refused_whole(desk, one_person):
    cluster = factories.make_cluster()
    figure = factories.make_statistic(cluster)
    factories.make_public(cluster)
    figure.citations.update(field="value")
    figure.citations.create(citation=figure.citations.get().citation, field="indicator")
    page = desk.get(page_of(cluster))

    answer = send(
        desk, page, {f"{prefix_of(page, figure.key)}-subject": "Tanneries"}, reason="It says so"
    )

    assert answer.status_code == 422
    words = answer.content.decode()
    at_the_input = words.partition(f'id="id_{prefix_of(page, figure.key)}-subject-problem"')[2]
    assert "This has no citation." in at_the_input[:100]
    assert words.count("This has no citation.") == 1
    assert "Tanneries" in words
    assert Statistic.objects.get().subject == ""


def test_a_published_record_cannot_be_deleted_and_a_draft_can(desk):
    public = factories.make_public(factories.make_cluster())
    draft = factories.make_cluster()

    for cluster in (public, draft):
        desk.post(reverse("admin:clusters_cluster_delete", args=[cluster.pk]), {"post": "yes"})

    assert list(Cluster.objects.all()) == [public]


def test_records_are_published_from_the_list_or_the_reasons_are_told(desk, one_person):
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
    figure = factories.make_statistic(cluster, value=1)
    page = desk.get(page_of(cluster))

    send(desk, page, {f"{prefix_of(page, figure.key)}-value": "7"})

    event = Statistic.pgh_event_models["update"].objects.filter(pgh_label="update").get()
    assert event.pgh_context.metadata["user"] == administrator.pk
    assert event.pgh_context.metadata["url"].endswith(f"/cluster/{cluster.pk}/change/")


def test_entering_is_not_publishing(client):
    author = factories.make_user(role="researcher")
    client.force_login(author)
    cluster = factories.make_cluster(entered_by=author)
    factories.cite(
        cluster, factories.make_place(factories.make_public(factories.make_publication()))
    )

    client.post(
        reverse("admin:clusters_cluster_changelist"),
        {"action": "publish_selected", "_selected_action": [cluster.pk]},
    )

    assert not Cluster.objects.get().is_published


def test_a_part_leads_to_its_place_on_the_page_of_its_record(desk):
    cluster = factories.make_cluster()
    figure = factories.make_statistic(cluster)

    answer = desk.get(reverse("admin:clusters_statistic_change", args=[figure.pk]))

    assert answer.url == f"{page_of(cluster)}#statistics-{figure.key}"


def test_a_rule_of_the_database_is_told_in_its_own_words(desk):
    factories.make_group(slug="old").delete()
    page = desk.get(reverse("admin:clusters_stakeholdergroup_add"))

    answer = send(desk, page, {"slug": "old", "name": "Old"})

    assert "Another record has or had this slug." in answer.content.decode()


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)
def test_every_list_and_form_asks_a_handful_of_questions(
    desk, everything, model, django_assert_max_num_queries
):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    with django_assert_max_num_queries(6):
        desk.get(reverse(f"{name}_changelist"))
    if row := model._default_manager.first():
        # A few for each kind of part; see the test of one and of 300 rows.
        with django_assert_max_num_queries(75):
            desk.get(reverse(f"{name}_change", args=[row.pk]))
