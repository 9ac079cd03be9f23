"""The database's own rules that no other test breaks: what is refused, and what is just allowed."""

from itertools import chain

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, transaction

from clusters.models import (
    Alias,
    Citation,
    Identifier,
    Import,
    ImportedRecord,
    Publication,
    Stakeholder,
    StudySample,
    SummarisedPublication,
)
from clusters.models.base import Child, Root
from clusters.models.people import GroupMembership, PermissionGrant
from interventions.models import DonorGuideline, ProjectCluster, ProjectLink
from tests import factories

pytestmark = pytest.mark.django_db


def place(**fields):
    paper = factories.make_publication()
    return Citation.objects.create(publication=paper, locator_type="section", **fields)


def place_twice(second):
    first = place(locator="1")
    return Citation.objects.create(
        publication=first.publication, locator_type="section", locator=second
    )


def part_of(itself):
    stakeholder = factories.make_stakeholder()
    parent = stakeholder if itself else factories.make_stakeholder()
    Stakeholder.objects.filter(pk=stakeholder.pk).update(part_of=parent)


def identifier(value):
    for number in ("1", value):
        Identifier.objects.create(
            stakeholder=factories.make_stakeholder(), key="ror", scheme="ROR", value=number
        )


def works(doi):
    for value in ("10.1/a", doi):
        factories.make_publication(doi=value)


def minutes(least, most):
    factories.make_publication(interview_minutes_least=least, interview_minutes_most=most)


def reviewed(twice):
    paper = factories.make_publication()
    summary = paper.summaries.create(key="summary")
    for work in (paper, paper if twice else factories.make_publication()):
        SummarisedPublication.objects.create(summary=summary, publication=work)


def heard(number):
    StudySample.objects.create(
        publication=factories.make_publication(),
        key="sample",
        organisation_type="Firms",
        group=factories.make_group(),
        number=number,
    )


def figure(**fields):
    factories.make_statistic(factories.make_cluster(), **fields)


def aliases(second):
    for slug in ("old", second):
        Alias.objects.create(kind="cluster", slug=slug, object_id=1)


def imported(second):
    source = Import.objects.create(source="case", sha256="0" * 64)
    for slug in ("kasur", second):
        ImportedRecord.objects.create(kind="clusters", slug=slug, document={}, source=source)


def guideline(least, most):
    DonorGuideline.objects.create(
        donor=factories.make_donor(), key="guideline", minimum_months=least, maximum_months=most
    )


def places(twice):
    project, cluster = factories.make_project(), factories.make_cluster()
    for linked in (cluster, cluster if twice else factories.make_cluster()):
        ProjectCluster.objects.create(project=project, cluster=linked)


def links(second):
    project, other = factories.make_project(), factories.make_project()
    for key, kind in (("a", "related"), ("b", second)):
        ProjectLink.objects.create(project=project, other=other, type=kind, key=key)


def memberships(twice):
    user = factories.make_user()
    group = Group.objects.create(name=factories.slug("group"))
    other = group if twice else Group.objects.create(name=factories.slug("group"))
    for joined in (group, other):
        GroupMembership.objects.create(user=user, group=joined)


def grants(twice):
    user = factories.make_user()
    first, second = Permission.objects.all()[:2]
    for permission in (first, first if twice else second):
        PermissionGrant.objects.create(user=user, permission=permission)


# Rule: what breaks it, and what is as near to that as the rule allows.
RULES = {
    "citation_has_locator": (lambda: place(locator=""), lambda: place(locator="1")),
    "citation_place_unique": (lambda: place_twice("1"), lambda: place_twice("2")),
    "stakeholder_not_part_of_itself": (lambda: part_of(True), lambda: part_of(False)),
    "identifier_unique": (lambda: identifier("1"), lambda: identifier("2")),
    "publication_doi_unique": (lambda: works("10.1/A"), lambda: works("10.1/b")),
    "publication_minutes_ordered": (lambda: minutes(61, 60), lambda: minutes(60, 60)),
    "summarisedpublication_unique": (lambda: reviewed(True), lambda: reviewed(False)),
    "studysample_number_positive": (lambda: heard(0), lambda: heard(1)),
    "statistic_range_ordered": (
        lambda: figure(value=2, value_to=2),
        lambda: figure(value=2, value_to=3),
    ),
    "statistic_claim_has_claimant": (
        lambda: figure(qualifier="claimed"),
        lambda: figure(qualifier="claimed", claimed_by="a member"),
    ),
    "groupmembership_unique": (lambda: memberships(True), lambda: memberships(False)),
    "permissiongrant_unique": (lambda: grants(True), lambda: grants(False)),
    "alias_unique": (lambda: aliases("OLD"), lambda: aliases("older")),
    "importedrecord_unique": (lambda: imported("kasur"), lambda: imported("lahore")),
    "donorguideline_months_ordered": (lambda: guideline(37, 36), lambda: guideline(36, 36)),
    "projectcluster_unique": (lambda: places(True), lambda: places(False)),
    "projectlink_unique": (lambda: links("related"), lambda: links("supported_by")),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_refuses_what_breaks_it_and_nothing_more(rule):
    broken, kept = RULES[rule]

    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        broken()
    kept()


def test_two_works_without_a_doi_are_two_works():
    factories.make_publication()
    factories.make_publication()

    assert Publication.objects.filter(doi="").count() == 2


def test_every_rule_with_a_message_says_it_in_a_sentence():
    constraints = list(
        chain.from_iterable(
            model._meta.constraints
            for label in ("clusters", "interventions")
            for model in apps.get_app_config(label).get_models()
            if issubclass(model, Root | Child)
        )
    )

    assert len(constraints) > 40
    for constraint in constraints:
        message = constraint.violation_error_message
        assert message.endswith("."), constraint.name
        assert "is violated" not in message, constraint.name
