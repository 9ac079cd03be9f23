"""The smallest valid rows. What matters to a test is written in the test."""

from itertools import count

from django.contrib.auth.models import Group

from clusters.actions.publishing import publish
from clusters.models import (
    Citation,
    Cluster,
    Contributor,
    Event,
    Publication,
    Stakeholder,
    StakeholderGroup,
    Statistic,
    User,
)
from interventions.models import (
    Account,
    Coding,
    Donor,
    Factor,
    Framework,
    Outcome,
    OutcomeDimension,
    Project,
)

_number = count(1)


def slug(word="record"):
    return f"{word}-{next(_number)}"


def make_publication(**fields):
    return Publication.objects.create(**{"slug": slug("paper"), **fields})


def make_place(publication=None, locator="Section 1, para 1"):
    place, _ = Citation.objects.get_or_create(
        publication=publication or make_publication(), locator_type="section", locator=locator
    )
    return place


def cite(target, place=None, **fields):
    """Cite a place for a record, the whole of it unless a field is named."""
    uses = type(target)._meta.get_field("citations").related_model
    return uses.objects.create(target=target, citation=place or make_place(), **fields)


def make_group(**fields):
    return StakeholderGroup.objects.create(**{"slug": slug("group"), "name": "Group", **fields})


def make_stakeholder(**fields):
    return Stakeholder.objects.create(
        **{"slug": slug("stakeholder"), "name": slug("Body"), **fields}
    )


def make_donor(**fields):
    stakeholder = fields.pop("stakeholder", None) or make_stakeholder()
    return Donor.objects.create(**{"slug": slug("donor"), "stakeholder": stakeholder, **fields})


def make_cluster(**fields):
    defaults = {"slug": slug("cluster"), "name": "Cluster", "country": "PK", "industry": "Shoes"}
    return Cluster.objects.create(**{**defaults, **fields})


def make_statistic(cluster, **fields):
    defaults = {"key": slug("figure"), "indicator": "firms", "value": 1}
    return Statistic.objects.create(cluster=cluster, **{**defaults, **fields})


def make_event(cluster, **fields):
    defaults = {"key": slug("event"), "title": "Event", "when": "2008"}
    return Event.objects.create(cluster=cluster, **{**defaults, **fields})


def make_framework(**fields):
    return Framework.objects.create(**{"slug": slug("framework"), "name": "Framework", **fields})


def make_factor(framework=None, **fields):
    defaults = {"key": slug("factor"), "name": "Factor", "short_name": "Factor"}
    return Factor.objects.create(framework=framework or make_framework(), **{**defaults, **fields})


def make_dimension(**fields):
    return OutcomeDimension.objects.create(
        **{"slug": slug("dimension"), "name": "Dimension", **fields}
    )


def make_project(**fields):
    return Project.objects.create(**{"slug": slug("project"), "title": "Project", **fields})


def make_outcome(project, **fields):
    defaults = {"key": slug("outcome"), "title": "outcome", "direction": "positive"}
    dimension = fields.pop("dimension", None) or make_dimension()
    return Outcome.objects.create(project=project, dimension=dimension, **{**defaults, **fields})


def make_account(project, **fields):
    defaults = {"key": slug("account"), "informant": "a member", "position": "present"}
    defaults |= {"statement": "It was so."}
    if not fields.get("factor") and not fields.get("dimension"):
        fields["factor"] = make_factor()
    fields.setdefault("stakeholder_group", None)
    fields["stakeholder_group"] = fields["stakeholder_group"] or make_group()
    return Account.objects.create(project=project, **{**defaults, **fields})


def make_user(*, role=None, **fields):
    user = User.objects.create_user(f"{slug('user')}@example.org", "a long password", **fields)
    if role:
        user.groups.add(Group.objects.get(name=role))
    return user


def make_coder(**fields):
    return Contributor.objects.create(**{"slug": slug("coder"), "name": "Coder", **fields})


def make_coding(project, **fields):
    defaults = {"key": slug("coding"), "score": "0.67", "rationale": "Because."}
    if not fields.get("factor") and not fields.get("dimension"):
        fields["factor"] = make_factor()
    if "coder" not in fields and "resolution" not in fields:
        fields["coder"] = make_coder()
    return Coding.objects.create(project=project, **{**defaults, **fields})


def make_public(*records):
    """Cite every record and what hangs on it as a whole, and publish them together."""
    paper = make_publication()
    place = make_place(paper)
    cite(paper, place)
    for record in records:
        _cite_all(record, place)
    publish(records=[paper, *records], by=None, reason="For a test")
    return records[0]


def _cite_all(record, place):
    if hasattr(record, "citations") and not record.citations.exists():
        cite(record, place)
    for relation in record._meta.related_objects:
        child = relation.related_model
        if getattr(child, "parent_field", None) == relation.field.name and hasattr(child, "key"):
            for row in getattr(record, relation.get_accessor_name()).all():
                _cite_all(row, place)
