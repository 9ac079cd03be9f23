"""Tables beside those of records: which record lists which, and who coded what is public."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from django.db import models

from clusters.api.tables import TableColumn, about_of
from clusters.models import Contributor, Root
from clusters.records.schema import FieldSpec, RecordSchema

CONTRIBUTORS = [
    TableColumn(name, "string", itemgetter(name), about)
    for name, about in {
        "slug": "What names this person in other tables.",
        "name": "Full name of those who agreed to be named; of others the slug.",
        "orcid": "ORCID iD of those who agreed to be named.",
    }.items()
]


def contributors() -> Iterator[dict[str, Any]]:
    """Yield who coded what is published, as the public sees them."""
    people = Contributor.objects.none()
    for relation in Contributor._meta.related_objects:
        rows: Any = relation.related_model._default_manager  # type: ignore[union-attr]
        if hasattr(rows, "published"):
            named = rows.published().values(relation.field.name)
            people |= Contributor.objects.filter(pk__in=named)
    for person in people.order_by("slug"):
        orcid = person.orcid if person.consents_to_be_named else ""
        yield {"slug": person.slug, "name": person.public_name, "orcid": orcid}


def name_of(model: type[models.Model]) -> str:
    """Return the column that names a row: `slug` of roots, `id` of parts."""
    return "slug" if issubclass(model, Root) else "id"


def link_name(shape: RecordSchema, spec: FieldSpec) -> str:
    """Return the name of a table of links, such as `projects-clusters`."""
    return f"{shape.folder}-{spec.name}"


def link_columns(shape: RecordSchema, spec: FieldSpec) -> list[TableColumn]:
    """Return its two columns: the record that lists, and the one that is listed."""
    target = spec.field.related_model._meta
    is_same = target.model_name == shape.kind
    listed = "other" if is_same else str(target.model_name)
    words = f"The {shape.model._meta.verbose_name} that lists it."
    return [
        TableColumn(shape.kind, "string", itemgetter(0), words),
        TableColumn(listed, "string", itemgetter(1), about_of(shape.model, spec.name)),
    ]


def linked_rows(
    shape: RecordSchema, spec: FieldSpec, record: dict[str, Any]
) -> Iterator[list[Any]]:
    """Yield a row for each record that this one lists."""
    for listed in record[spec.name]:
        yield [record[name_of(shape.model)], listed["id"]]
