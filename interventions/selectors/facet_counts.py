"""Count how many projects have which facts, from what is kept: as of the last commit.

All projects are counted already (`FacetCount`); of some, the facts of each are added up. Both tell
in one statement whether every document is written, so that no answer mixes two states of the data.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from clusters.api.paging import Ahead
from clusters.published.documents import WRITER, writer_version

type Counts = dict[str, dict[str, int]]

READY = f"""
    SELECT EXISTS (
        SELECT FROM clusters_facetcount WHERE kind = '{WRITER}' AND facet = 'code' AND value = %s
    ) AND NOT EXISTS (
        SELECT FROM clusters_publicdocument WHERE kind = 'project' AND record = ''
    ) AS yes
"""
ALL = f"""
    WITH ready AS ({READY})
    SELECT ready.yes, facet, value, number FROM ready LEFT JOIN clusters_facetcount tally
    ON ready.yes AND tally.kind = 'project' AND tally.number > 0 AND tally.facet = ANY(%s)
"""
SOME = """
    WITH ready AS ({ready}),
    counted AS (
        SELECT fact, count(*) AS number FROM (
            SELECT unnest(facts) AS fact FROM clusters_publicdocument
            WHERE kind = 'project' AND root_id IN ({wanted})
        ) facts GROUP BY fact
    )
    SELECT ready.yes, split_part(fact, ':', 1), substr(fact, strpos(fact, ':') + 1), number
    FROM ready LEFT JOIN counted ON ready.yes AND split_part(fact, ':', 1) = ANY(%s)
"""


# Of projects with one fact: counted already.
NUMBER_WITH_ONE = f"""
    WITH ready AS ({READY})
    SELECT CASE WHEN ready.yes THEN coalesce((
        SELECT least(number, %s) FROM clusters_facetcount
        WHERE kind = 'project' AND facet = %s AND value = %s
    ), 0) END, NULL FROM ready
"""
# Of projects with some facts of each kind, how many, up to one more than a list counts; and which,
# where they are so few that putting them in order costs less than walking through all in order.
FEW = 5_000
NUMBER = """
    WITH ready AS ({ready}),
    found AS MATERIALIZED (
        SELECT root_id FROM clusters_publicdocument WHERE kind = 'project' {conditions} LIMIT %s
    ),
    counted AS (SELECT count(*) AS number, array_agg(root_id) AS roots FROM found)
    SELECT CASE WHEN ready.yes THEN number END, CASE WHEN number <= {few} THEN roots END
    FROM ready, counted
"""
# Filters that ask for facts of their own name.
FACTUAL = frozenset(
    {
        *("country", "cluster", "donor", "donor_type", "issue", "status", "ending", "outcome"),
        *("dimension", "factor_present", "factor_absent", "accounts_disagree", "overall_outcome"),
    }
)


def found_with(asked: dict[str, str], most: int) -> Ahead | None:
    """Return how many projects some filters leave, at most so many, and of few also which.

    None where a filter asks for more than a fact, or while documents are being written. The values
    of a filter stand in one text, with commas between them, as in an address.
    """
    if asked.keys() - FACTUAL:
        return None
    wanted = [
        [
            (name, value.upper() if name == "country" else value)
            for value in values.split(",")
            if value
        ]
        for name, values in asked.items()
    ] or [[("all", "yes")]]
    parameters: list[Any]
    if [len(some) for some in wanted] == [1]:
        statement, parameters = NUMBER_WITH_ONE, [most, *wanted[0][0]]
    else:
        conditions = "AND facts && %s::varchar[] " * len(wanted)
        statement = NUMBER.format(ready=READY, conditions=conditions, few=FEW)
        parameters = [*([":".join(fact) for fact in some] for some in wanted), most]
    with connection.cursor() as cursor:
        cursor.execute(statement, [writer_version(), *parameters])
        number, roots = cursor.fetchone()
    return None if number is None else Ahead(number, roots)


def counts_of_all(facets: Iterable[str]) -> Counts | None:
    """Return counts of all published projects by facet; None while documents are being written."""
    return _counts(ALL, [writer_version(), list(facets)])


def counts_of(projects: QuerySet[Any], facets: Iterable[str]) -> Counts | None:
    """Return counts of some published projects by facet; None while documents are being written."""
    try:
        wanted, parameters = projects.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:  # Django knows that nothing can be left, and makes no SQL of it
        return {facet: {} for facet in facets}
    statement = SOME.format(ready=READY, wanted=wanted)
    return _counts(statement, [writer_version(), *parameters, list(facets)])


def _counts(statement: str, parameters: list[Any]) -> Counts | None:
    found: Counts = {facet: {} for facet in parameters[-1]}
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        for is_ready, facet, value, number in cursor:
            if not is_ready:
                return None
            if facet is not None:
                found[facet][value] = number
    return found
