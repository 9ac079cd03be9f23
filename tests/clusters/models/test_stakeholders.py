import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, IntegrityError, transaction

from clusters.models import Identifier
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def pseudonym():
    return factories.make_stakeholder(
        name="IDA", is_pseudonym=True, pseudonym_source=factories.make_publication()
    )


def test_a_pseudonym_needs_its_source_and_a_name_has_none():
    paper = factories.make_publication()

    for fields in ({"is_pseudonym": True}, {"pseudonym_source": paper}, {"pseudonym_note": "x"}):
        with (
            pytest.raises(IntegrityError, match="stakeholder_pseudonym_has_source"),
            transaction.atomic(),
        ):
            factories.make_stakeholder(**fields)


def test_a_pseudonym_carries_no_identifier_and_a_name_may(pseudonym):
    with pytest.raises(DatabaseError, match="carries no identifier"), transaction.atomic():
        Identifier.objects.create(stakeholder=pseudonym, key="ror", scheme="ROR", value="1")

    named = factories.make_stakeholder()
    assert Identifier.objects.create(stakeholder=named, key="ror", scheme="ROR", value="1").pk


def test_a_name_never_becomes_a_pseudonym_nor_the_reverse(pseudonym):
    pseudonym.is_pseudonym, pseudonym.pseudonym_source = False, None
    with pytest.raises(DatabaseError, match="does not become a pseudonym"), transaction.atomic():
        pseudonym.save()

    named = factories.make_stakeholder()
    named.is_pseudonym, named.pseudonym_source = True, factories.make_publication()
    with pytest.raises(DatabaseError, match="does not become a pseudonym"):
        named.save()


def test_a_pseudonym_is_tied_only_to_pseudonyms(pseudonym):
    with pytest.raises(DatabaseError, match="tied only to another pseudonym"), transaction.atomic():
        factories.make_stakeholder(part_of=pseudonym)

    unit = factories.make_stakeholder(
        is_pseudonym=True, pseudonym_source=pseudonym.pseudonym_source, part_of=pseudonym
    )
    assert unit.part_of == pseudonym


def test_a_pseudonym_is_unique_within_its_source(pseudonym):
    with (
        pytest.raises(IntegrityError, match="stakeholder_pseudonym_unique"),
        transaction.atomic(),
    ):
        factories.make_stakeholder(
            name="ida", is_pseudonym=True, pseudonym_source=pseudonym.pseudonym_source
        )

    other = factories.make_publication()
    assert factories.make_stakeholder(name="IDA", is_pseudonym=True, pseudonym_source=other).pk


def test_an_account_is_known_by_its_address_in_any_case_of_letters():
    users = get_user_model()
    user = users.objects.create_user("Someone@Example.org", "a long password")

    assert users.objects.get_by_natural_key("someone@example.ORG") == user
    with pytest.raises(IntegrityError, match="user_email_unique"):
        users.objects.create_user("SOMEONE@example.org", "a long password")
