"""Counts how whole cases are and what they rest on, from their documents."""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Q

from clusters.models import Change, Publication, ReviewStep, Step
from clusters.records.citation_cover import Cover, asserted, is_asserted
from clusters.records.schema import record_schema
from clusters.records.serialization import Document, documents_of
from interventions.models import CaseCompleteness, Factor, MissingReason, Project

# Cases that are counted in one go.
BATCH = 200


def refresh(most: int = BATCH) -> int:
    """Count the cases changed since they were counted, `most` at once; return how many are left."""
    basis = Basis()
    due = Project.objects.filter(
        Q(marks=None) | ~Q(marks__version=F("version")) | ~Q(marks__basis=basis.digest)
    ).order_by("pk")
    made = counted(list(due[:most]), basis)
    columns = [
        column.name for column in CaseCompleteness._meta.concrete_fields if not column.primary_key
    ]
    CaseCompleteness.objects.bulk_create(
        made, update_conflicts=True, unique_fields=["project"], update_fields=columns
    )
    return due.count()


def counted(projects: Sequence[Project], basis: "Basis") -> list[CaseCompleteness]:
    """Return the marks of some cases as they are now, not kept yet."""
    checked = _last_checked(projects)
    return [
        CaseCompleteness(
            project=project,
            version=project.version,
            basis=basis.digest,
            checked_at=checked.get(project.pk),
            **marks_of(document, basis.studies, basis.factors),
        )
        for project, document in zip(projects, documents_of(projects, public=True), strict=True)
    ]


class Basis:
    """What marks rest on beside the cases: studies of works, factors of frameworks."""

    def __init__(self) -> None:
        works = Publication.objects.exclude(study="").order_by("slug")
        self.studies = dict(works.values_list("slug", "study"))
        rows = Factor.objects.values("framework__slug").annotate(number=Count("pk"))
        rows = rows.order_by("framework__slug")
        self.factors = dict(rows.values_list("framework__slug", "number"))
        told = json.dumps([self.studies, self.factors])
        self.digest = hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def marks_of(
    document: Document, studies: Mapping[str, str], factors: Mapping[str, int]
) -> dict[str, Any]:
    """Return the marks of one case, by the names of their columns.

    `studies` names what each cited work rests on, `factors` counts those of each framework.
    """
    shape = record_schema(Project)
    own = [field.name for field in shape.fields if is_asserted(shape, field.name)]
    values = Counter(cover for _where, cover in asserted(document, shape))
    total = values.total()
    cited = values[Cover.RECORD] + values[Cover.FIELD]
    agreed = [coding for coding in document.get("codings", []) if "coder" not in coding]
    overall = [
        coding
        for coding in agreed
        if not coding.keys() & {"perspective_group", "perspective_stakeholder"}
    ]
    silent = Counter(coding.get("missing_reason") for coding in overall)
    coded = {coding["factor"] for coding in document.get("codings", []) if "factor" in coding}
    frameworks = {name.partition("/")[0] for name in coded}
    return {
        "not_stated": sum(name not in document for name in own),
        "not_searched": sum(factors.get(name, 0) for name in frameworks) - len(coded)
        if frameworks
        else None,
        "not_reported": silent[MissingReason.NOT_REPORTED],
        "not_applicable": silent[MissingReason.NOT_APPLICABLE],
        "values": total,
        "cited": cited,
        "cited_by_name": values[Cover.FIELD],
        "share_cited": cited / total if total else None,
        "sources": len({studies.get(slug) or slug for slug in publications_in(document)}),
        "coders": len(
            {coding["coder"] for coding in document.get("codings", []) if "coder" in coding}
        ),
    }


def publications_in(value: object) -> set[str]:
    """Return the slugs of every publication that a document cites, at whatever depth."""
    if isinstance(value, list):
        return set().union(*map(publications_in, value))
    if not isinstance(value, dict):
        return set()
    own = {value["publication"]} if isinstance(value.get("publication"), str) else set()
    return own.union(*map(publications_in, value.values()))


def _last_checked(projects: Collection[Project]) -> dict[int, datetime]:
    """Return when each project was last reviewed or changed in public, by its primary key."""
    of_projects = {
        "kind": record_schema(Project).folder,
        "object_id__in": [project.pk for project in projects],
    }
    steps = ReviewStep.objects.filter(**of_projects, step__in=(Step.PUBLISHED, Step.RETURNED))
    found: dict[int, datetime] = {}
    for rows in (steps, Change.objects.filter(**of_projects)):
        for number, at in (
            rows.values("object_id")
            .annotate(at=Max("at"))
            .order_by()
            .values_list("object_id", "at")
        ):
            found[number] = max(filter(None, (found.get(number), at)))
    return found
