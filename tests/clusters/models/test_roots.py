import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from clusters.models import Alias, Cluster, Statistic
from clusters.published.documents import roots
from tests import factories

# A version is raised once in a transaction, so these tests need real ones.
committed = pytest.mark.django_db(transaction=True)


@pytest.mark.django_db
def test_a_slug_is_unique_in_any_case():
    factories.make_cluster(slug="sialkot")

    with pytest.raises(IntegrityError, match="cluster_slug_unique"), transaction.atomic():
        factories.make_cluster(slug="sialkot")
    with pytest.raises(IntegrityError, match="cluster_slug_small"), transaction.atomic():
        factories.make_cluster(slug="SIALKOT")
    assert factories.make_cluster(slug="kasur").pk


@pytest.mark.django_db
def test_a_renamed_record_keeps_its_old_slug_as_an_alias():
    cluster = factories.make_cluster(slug="old")
    cluster.slug = "new"
    cluster.save()

    assert list(Alias.objects.values_list("kind", "slug", "object_id")) == [
        ("cluster", "old", cluster.pk)
    ]


@pytest.mark.django_db
def test_a_used_slug_is_never_given_to_another_record_but_its_own_may_return():
    cluster = factories.make_cluster(slug="old")
    cluster.slug = "new"
    cluster.save()

    with pytest.raises(IntegrityError, match="is never used again"), transaction.atomic():
        factories.make_cluster(slug="old")
    with pytest.raises(IntegrityError, match="cluster_slug_small"), transaction.atomic():
        factories.make_cluster(slug="Old")
    cluster.slug = "old"
    cluster.save()

    assert list(Alias.objects.values_list("slug", flat=True)) == ["new"]


@pytest.mark.django_db
def test_the_slug_of_a_deleted_record_stays_taken():
    factories.make_cluster(slug="gone").delete()

    with pytest.raises(IntegrityError, match="cluster_slug_never_reused|is never used again"):
        factories.make_cluster(slug="gone")


@committed
def test_any_change_in_the_aggregate_raises_the_version_once_a_transaction():
    cluster = factories.make_cluster()
    other = factories.make_cluster()
    with transaction.atomic():
        figure = factories.make_statistic(cluster)
        factories.make_statistic(cluster)
        factories.cite(figure)

    cluster.refresh_from_db()
    other.refresh_from_db()
    assert (cluster.version, other.version) == (2, 1)


@committed
def test_raw_sql_and_bulk_changes_raise_the_version_too():
    cluster = factories.make_cluster()
    figure = factories.make_statistic(cluster)
    use = factories.cite(figure)
    cluster.refresh_from_db()
    before = cluster.version

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clusters_statisticcitation SET stance = 'context' WHERE id = %s", [use.pk]
        )
    Statistic.objects.filter(pk=figure.pk).update(note="changed")
    Statistic.objects.filter(pk=figure.pk).delete()

    cluster.refresh_from_db()
    assert cluster.version == before + 3


@committed
def test_saving_without_a_change_leaves_the_version():
    cluster = factories.make_cluster()
    cluster.save()

    assert Cluster.objects.get().version == 1


@committed
def test_a_stale_copy_cannot_turn_the_version_back():
    cluster = factories.make_cluster()
    stale = Cluster.objects.get()
    cluster.summary = "one"
    cluster.save()
    stale.summary = "two"
    stale.save()

    assert Cluster.objects.get().version == 3


@pytest.mark.django_db
def test_published_shows_published_roots_and_their_children_only():
    shown, draft = factories.make_cluster(), factories.make_cluster()
    figure = factories.make_statistic(shown)
    factories.make_statistic(draft)
    factories.make_public(shown)

    assert list(Cluster.objects.published()) == [shown]
    assert list(Statistic.objects.published()) == [figure]


@pytest.mark.django_db
def test_a_key_is_unique_within_its_record_and_free_elsewhere():
    cluster, other = factories.make_cluster(), factories.make_cluster()
    factories.make_statistic(cluster, key="workers")
    factories.make_statistic(other, key="workers")

    with pytest.raises(IntegrityError, match="statistic_key_unique"):
        factories.make_statistic(cluster, key="WORKERS")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "point", [{"latitude": 32}, {"longitude": 74}, {"latitude": 91, "longitude": 0}]
)
def test_half_a_point_and_one_off_the_globe_are_refused(point):
    assert factories.make_cluster(latitude=32, longitude=74).pk
    assert factories.make_cluster().pk

    with pytest.raises(IntegrityError, match="cluster_point_whole"):
        factories.make_cluster(**point)


@pytest.mark.django_db
def test_a_place_never_becomes_another():
    place = factories.make_place()
    place.locator = "Elsewhere"

    with pytest.raises(DatabaseError, match="Cannot update"):
        place.save()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "names", ["Khan", ["Khan"], [{"given": "F."}], [{"family": 1}], {"family": "Khan"}]
)
def test_authors_are_csl_names(names):
    with pytest.raises(ValidationError, match="Write names as"):
        factories.make_publication(authors=names).full_clean()


@pytest.mark.parametrize("slug", ["facets", "scores", "compare", "search"])
def test_no_record_takes_the_address_of_a_page(db, slug):
    with pytest.raises(ValidationError, match="is an address of the casebook"):
        factories.make_project(slug="x").__class__(slug=slug, title="T").full_clean()


@pytest.mark.django_db
@pytest.mark.parametrize("model", roots(), ids=lambda model: model.__name__)
def test_a_record_is_found_by_its_slug_through_an_index(model):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # as with many records
        for found in (
            model.objects.filter(slug="village"),
            Alias.objects.filter(Exact(Lower("slug"), "village"), kind=model._meta.model_name),
        ):
            # By no order: a list's own may have an index that is walked through instead.
            assert "Index Cond: " in found.order_by().explain()
