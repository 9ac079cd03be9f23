import pytest
from django.db import IntegrityError, transaction

from interventions.models import Coding
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return factories.make_project()


@pytest.mark.parametrize("degree", ["0", "0.33", "0.67", "1"])
def test_a_coding_has_a_degree_on_the_scale(project, degree):
    assert factories.make_coding(project, degree=degree).pk


@pytest.mark.parametrize("degree", ["0.5", "-1", "1.01"])
def test_another_degree_is_refused(project, degree):
    with pytest.raises(IntegrityError, match="coding_degree_on_scale"):
        factories.make_coding(project, degree=degree)


def test_a_coding_has_a_degree_or_a_reason_why_not(project):
    assert factories.make_coding(project, degree=None, no_value="not_reported").pk

    for fields in ({"degree": None}, {"degree": "1", "no_value": "not_reported"}):
        with pytest.raises(IntegrityError, match="coding_degree_xor_reason"), transaction.atomic():
            factories.make_coding(project, **fields)


def test_a_coding_is_of_a_factor_or_of_a_dimension(project):
    assert factories.make_coding(project, dimension=factories.make_dimension()).pk

    with pytest.raises(IntegrityError, match="coding_one_subject"):
        factories.make_coding(
            project, factor=factories.make_factor(), dimension=factories.make_dimension()
        )


def test_a_coder_codes_a_subject_once_in_a_round(project):
    factor, coder = factories.make_factor(), factories.make_coder()
    factories.make_coding(project, factor=factor, coder=coder)
    factories.make_coding(project, factor=factor, coder=coder, round=2)
    factories.make_coding(project, factor=factor, coder=factories.make_coder())
    factories.make_coding(
        project, factor=factor, coder=coder, perspective_group=factories.make_group()
    )

    with pytest.raises(IntegrityError, match="coding_once_per_coder_and_round"):
        factories.make_coding(project, factor=factor, coder=coder)


def test_there_is_one_agreed_coding_that_says_how_it_was_agreed(project):
    factor = factories.make_factor()
    agreed = factories.make_coding(project, factor=factor, agreement="consensus")
    factories.make_coding(project, factor=factor)

    with pytest.raises(IntegrityError, match="coding_one_agreed"), transaction.atomic():
        factories.make_coding(project, factor=factor, agreement="adjudicated", round=2)
    for fields in (
        {"coder": None, "agreement": ""},
        {"coder": factories.make_coder(), "agreement": "consensus"},
    ):
        with (
            pytest.raises(IntegrityError, match="coding_coder_xor_agreement"),
            transaction.atomic(),
        ):
            factories.make_coding(project, **fields)
    with pytest.raises(IntegrityError, match="coding_agreed_is_handed_in"), transaction.atomic():
        factories.make_coding(project, agreement="consensus", is_open=True)

    assert list(Coding.objects.agreed()) == [agreed]


def test_open_codings_are_not_public(project):
    shown = factories.make_coding(project)
    factories.make_coding(project, is_open=True)
    for coding in project.codings.all():
        factories.make_public(coding.factor.framework)
    factories.make_public(project)

    assert list(Coding.objects.published()) == [shown]


def test_an_account_is_about_one_thing(project):
    assert factories.make_account(project, dimension=factories.make_dimension()).pk

    with pytest.raises(IntegrityError, match="account_one_subject"):
        factories.make_account(
            project, factor=factories.make_factor(), dimension=factories.make_dimension()
        )
