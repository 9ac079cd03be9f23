"""What projects are counted by: the facts that `clusters.published.documents` keeps of each."""

from collections.abc import Sequence
from typing import Any, Protocol

from django.db import connection

from clusters.published.documents import Facts
from interventions.analysis.status import activity_status
from interventions.models import Account, Coding, Outcome
from interventions.models.project_queries import DONORS_OF_PROJECTS
from interventions.selectors.factor_matrix import disagreement_of, outcome_of

# What stands where a project has no value: there is always one of these facets.
UNKNOWN = "unknown"
# Which stakeholders stand above those that took part: a donor may be any of them.
BODIES_ABOVE = """
    WITH RECURSIVE above (project_id, stakeholder_id) AS (
        SELECT project_id, stakeholder_id FROM interventions_participant
        WHERE project_id = ANY(%s)
        UNION
        SELECT above.project_id, stakeholder.part_of_id FROM above
        JOIN clusters_stakeholder stakeholder ON stakeholder.id = above.stakeholder_id
        WHERE stakeholder.part_of_id IS NOT NULL
    )
    SELECT project_id, stakeholder_id FROM above
"""
DONORS = f"""
    SELECT pairs.project_id, donor.slug, donor.organisation_type
    FROM ({DONORS_OF_PROJECTS}) pairs
    JOIN interventions_donor donor ON donor.id = pairs.donor_id AND donor.state = 'published'
    WHERE pairs.project_id = ANY(%s)
"""


class ShownProject(Protocol):
    """A project as it was fetched for the API, with what `facts_of_one` reads of it."""

    pk: int
    ending: str
    actual_start: str
    issues: list[str]
    clusters: Any
    shown_accounts: list[Account]
    shown_outcomes: list[Outcome]
    shown_codings: list[Coding]


def facts_of(projects: Sequence[ShownProject]) -> dict[int, Facts]:
    """Return the facts that each project is counted by, by its primary key."""
    numbers = [project.pk for project in projects]
    donors: dict[int, list[str]] = {number: [] for number in numbers}
    stakeholders: dict[int, set[str]] = {number: set() for number in numbers}
    with connection.cursor() as cursor:
        cursor.execute(DONORS, [numbers])
        for number, slug, kind in cursor.fetchall():
            donors[number] += [f"donor:{slug}", f"donor_type:{kind or UNKNOWN}"]
        cursor.execute(BODIES_ABOVE, [numbers])
        for number, stakeholder in cursor.fetchall():
            stakeholders[number].add(f"stakeholder:{stakeholder}")
    return {
        project.pk: Facts(
            sorted({*facts_of_one(project), *donors[project.pk]}), stakeholders[project.pk]
        )
        for project in projects
    }


def facts_of_one(project: ShownProject) -> list[str]:
    """Return the facts that a project is counted by, as far as its own record says them."""
    status, _label = activity_status(project.ending, has_start=bool(project.actual_start))
    direction = outcome_of(project.shown_outcomes).direction
    disagrees = bool(disagreement_of(project.shown_accounts))
    found = [
        "all:yes",
        *(f"country:{cluster.country.code}" for cluster in project.clusters.all()),
        *(f"cluster:{cluster.slug}" for cluster in project.clusters.all()),
        *(f"issue:{issue}" for issue in project.issues),
        f"status:{status or UNKNOWN}",
        *([f"ending:{project.ending}"] if project.ending else []),
        *(f"outcome:{outcome.direction}" for outcome in project.shown_outcomes),
        *(f"dimension:{outcome.dimension.slug}" for outcome in project.shown_outcomes),
        f"accounts_disagree:{'true' if disagrees else 'false'}",
        f"overall_outcome:{direction}",
    ]
    for coding in project.shown_codings:
        is_overall = (
            coding.perspective_group_id is None and coding.perspective_stakeholder_id is None
        )
        if coding.coder_id is None and is_overall and coding.factor is not None:
            name = f"{coding.factor.framework.slug}/{coding.factor.key}"
            if coding.score is None:
                said = coding.missing_reason
            else:
                said = f"{float(coding.score):g}"
                presence = "present" if coding.score > 0.5 else "absent"
                found.append(f"factor_{presence}:{name}")
            found.append(f"coded:{name}:{said}:{direction}")
    return found
