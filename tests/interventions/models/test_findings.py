import pytest
from django.db import IntegrityError, transaction

from interventions.models import Coding
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return factories.make_project()


@pytest.mark.parametrize("score", ["0", "0.33", "0.67", "1"])
def test_a_coding_has_a_score_on_the_scale(project, score):
    assert factories.make_coding(project, score=score).pk


@pytest.mark.parametrize("score", ["0.5", "-1", "1.01"])
def test_another_score_is_refused(project, score):
    with pytest.raises(IntegrityError, match="coding_score_on_scale"):
        factories.make_coding(project, score=score)


def test_a_coding_has_a_score_or_a_reason_why_not(project):
    assert factories.make_coding(project, score=None, missing_reason="not_reported").pk

    for fields in ({"score": None}, {"score": "1", "missing_reason": "not_reported"}):
        with pytest.raises(IntegrityError, match="coding_score_xor_reason"), transaction.atomic():
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
    agreed = factories.make_coding(project, factor=factor, resolution="consensus")
    factories.make_coding(project, factor=factor)

    with pytest.raises(IntegrityError, match="coding_one_agreed"), transaction.atomic():
        factories.make_coding(project, factor=factor, resolution="adjudicated", round=2)
    for fields in (
        {"coder": None, "resolution": ""},
        {"coder": factories.make_coder(), "resolution": "consensus"},
    ):
        with (
            pytest.raises(IntegrityError, match="coding_coder_xor_agreement"),
            transaction.atomic(),
        ):
            factories.make_coding(project, **fields)

    assert list(Coding.objects.agreed()) == [agreed]


def test_an_account_is_about_one_thing(project):
    assert factories.make_account(project, dimension=factories.make_dimension()).pk

    with pytest.raises(IntegrityError, match="account_one_subject"):
        factories.make_account(
            project, factor=factories.make_factor(), dimension=factories.make_dimension()
        )
