"""How many projects have which facts: from what is kept of each, never older than the last commit.

All projects are counted already (`Tally`); of some, the facts of each are added up. Both tell in
one statement whether every document is written, so that no answer mixes two states of the data.
"""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from clusters.api.documents import WRITER, writer_version

type Counts = dict[str, dict[str, int]]

READY = f"""
    SELECT EXISTS (
        SELECT FROM clusters_tally WHERE kind = '{WRITER}' AND facet = 'code' AND value = %s
    ) AND NOT EXISTS (
        SELECT FROM clusters_publicdocument WHERE kind = 'project' AND record = ''
    ) AS yes
"""
ALL = f"""
    WITH ready AS ({READY})
    SELECT ready.yes, facet, value, number FROM ready LEFT JOIN clusters_tally tally
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


def counts_of_all(facets: Iterable[str]) -> Counts | None:
    """Count all published projects by some facets; None while documents are being written."""
    return _counts(ALL, [writer_version(), list(facets)])


def counts_of(projects: Any, facets: Iterable[str]) -> Counts | None:
    """Count some published projects by some facets; None while documents are being written."""
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
