"""The SQL of the bare view: one query for each workload, which makes the very JSON of the API.

Imported once Django is set up: codes, labels and links are those of the casebook.
"""

import os
from typing import Any

import orjson
from django_countries import countries

from clusters.values.codelists import COUNTRIES
from interventions.analysis.status import CLOSED, CLOSED_ENDINGS, IMPLEMENTATION, NOT_KNOWN, RULE
from interventions.iati import RELATED_ACTIVITY_TYPES, ROLES, TRANSACTION_TYPES
from interventions.models import (
    Direction,
    Ending,
    Intended,
    Issue,
    MissingReason,
    Position,
    ReasonForEnding,
    Reporting,
    Resolution,
    Role,
    SupportType,
    TransactionType,
)
from interventions.models.projects import LinkType
from interventions.web.filters import STATUSES, ProjectFilter

# The address that stands in answers: that of the casebook beside which this is measured.
SITE = os.environ.get("BENCH_SITE", "http://testserver")
FRAMEWORK = "donor-financed-csr-and-collective-action"


def labels(enum: Any) -> str:
    """SQL of an object from codes to labels."""
    text = orjson.dumps({str(code): str(label) for code, label in enum}).decode()
    return f"'{text.replace("'", "''")}'::jsonb"


def coded(column: str, enum: Any) -> str:
    """SQL of a coded value as code and label; null where it is empty."""
    return (
        f"CASE WHEN coalesce({column}::text, '') <> '' THEN jsonb_build_object("
        f"'code', {column}::text, 'label', {labels(enum)} ->> {column}::text) END"
    )


def iati(column: str, codes: Any) -> str:
    """SQL of IATI's code and label beside ours; null where IATI has none."""
    cases = " ".join(
        f"WHEN '{ours}' THEN jsonb_build_object('code', '{theirs.code}', 'label', '{theirs.label}')"
        for ours, theirs in codes.items()
    )
    return f"CASE {column} {cases} END"


def link(kind: str, name: str, title: str) -> str:
    return (
        f"jsonb_build_object('id', {name}, 'title', {title}, "
        f"'url', '{SITE}/api/v1/{kind}/' || {name} || '/')"
    )


def optional_link(kind: str, name: str, title: str) -> str:
    return f"CASE WHEN {name} IS NOT NULL THEN {link(kind, name, title)} END"


def dated(name: str) -> str:
    """SQL of an uncertain date. The words of a plain year are the year."""
    return (
        f"CASE WHEN p.{name} <> '' OR p.{name}_printed <> '' THEN jsonb_build_object("
        f"'edtf', p.{name}, 'words', p.{name}, 'printed', p.{name}_printed, "
        f"'earliest', p.{name}_earliest, 'latest', p.{name}_latest) END"
    )


def cited(table: str, target: str) -> str:
    """SQL of the places that a record rests on."""
    return f"""coalesce((
        SELECT jsonb_agg(jsonb_build_object(
            'publication', w.slug, 'locator_type', c.locator_type, 'locator', c.locator,
            'field', u.field, 'not_for', u.not_for, 'stance', u.stance,
            'url', '{SITE}/literature/' || w.slug || '/#place-' || c.id) ORDER BY u.field, u.id)
        FROM {table} u JOIN clusters_citation c ON c.id = u.citation_id
        JOIN clusters_publication w ON w.id = c.publication_id
        WHERE u.target_id = {target}), '[]')"""


def as_object(fields: dict[str, str]) -> str:
    """SQL of an object; PostgreSQL takes a hundred arguments a call at most."""
    items = [f"'{name}', {value}" for name, value in fields.items()]
    calls = [items[start : start + 40] for start in range(0, len(items), 40)]
    return " || ".join(f"jsonb_build_object({', '.join(call)})" for call in calls)


def as_json(pair: tuple[str, Any]) -> str:
    """SQL of a code and its label."""
    return f"'{orjson.dumps({'code': pair[0], 'label': str(pair[1])}).decode()}'::jsonb"


def parts(table: str, kind: str, fields: dict[str, str], joins: str, order: str) -> str:
    """SQL of a project's parts of one kind, with what every part has."""
    named = {
        "url": f"'{SITE}/api/v1/{kind}/' || p.slug || '/' || x.key || '/'",
        "id": "p.slug || '/' || x.key",
        "project": link("projects", "p.slug", "p.title"),
        "key": "x.key",
        **fields,
        "citations": cited(f"interventions_{table}citation", "x.id"),
    }
    return (
        f"coalesce((SELECT jsonb_agg({as_object(named)} ORDER BY {order}) "
        f"FROM interventions_{table} x {joins} WHERE x.project_id = p.id), '[]')"
    )


def listed(where: str, order: str, size: str, skip: str) -> str:
    """SQL of a page of projects and how many there are, counted to 10,001."""
    return f"""
        SELECT (SELECT count(*) FROM (
                SELECT FROM interventions_project p WHERE {where} LIMIT 10001) counted),
            (SELECT jsonb_agg({as_object(RECORD)} ORDER BY p.place) FROM (
                SELECT p.*, row_number() OVER () AS place FROM (
                    SELECT * FROM interventions_project p WHERE {where}
                    ORDER BY {order} LIMIT {size} OFFSET {skip}) p) p)"""


ENDED = ", ".join(f"'{ending}'" for ending in CLOSED_ENDINGS)
# What a project is in a list: names of fields, and SQL of their values.
RECORD = {
    "url": f"'{SITE}/api/v1/projects/' || p.slug || '/'",
    "slug": "p.slug",
    "state": '\'{"code": "published", "label": "Published"}\'::jsonb',
    "language": "p.language",
    "title": "p.title",
    "aliases": "to_jsonb(p.aliases)",
    "issues": "coalesce((SELECT jsonb_agg(jsonb_build_object('code', issue, 'label', "
    f"{labels(Issue.choices)} ->> issue)) FROM unnest(p.issues) issue), '[]')",
    **{name: f"p.{name}" for name in ("summary", "aims", "activities")},
    **{
        f"{kind}_{end}": dated(f"{kind}_{end}")
        for kind in ("planned", "actual")
        for end in ("start", "end")
    },
    "stated_months": "p.stated_months",
    "ending": coded("p.ending", Ending.choices),
    "ending_note": "p.ending_note",
    "clusters": f"coalesce((SELECT jsonb_agg({link('clusters', 'c.slug', 'c.name')} "
    "ORDER BY c.name, c.id) FROM interventions_projectcluster t "
    "JOIN clusters_cluster c ON c.id = t.cluster_id WHERE t.project_id = p.id), '[]')",
    "countries": "coalesce((SELECT jsonb_agg(jsonb_build_object('code', country, 'label', "
    f"{labels(COUNTRIES.names.items())} ->> country) ORDER BY country) FROM (SELECT DISTINCT "
    "c.country FROM interventions_projectcluster t JOIN clusters_cluster c "
    "ON c.id = t.cluster_id WHERE t.project_id = p.id) countries), '[]')",
    "version": "p.version",
    "derived": "jsonb_build_object('status', CASE "
    f"WHEN p.ending IN ({ENDED}) THEN {as_json(CLOSED)} "
    f"WHEN p.ending = 'running' AND p.actual_start <> '' THEN {as_json(IMPLEMENTATION)} "
    f"ELSE {as_json(NOT_KNOWN)} END, 'rule', '{RULE}')",
    "citations": cited("interventions_projectcitation", "p.id"),
}
# What parts name, where the tables that they join are called so.
FACTOR = optional_link("factors", "(fw.slug || '/' || f.key)", "f.name")
DIMENSION = optional_link("outcome-dimensions", "d.slug", "d.name")
GROUP = optional_link("stakeholder-groups", "g.slug", "g.name")
BODY = optional_link("stakeholders", "b.slug", "b.name")
SUBJECT = (
    "LEFT JOIN interventions_factor f ON f.id = x.factor_id "
    "LEFT JOIN interventions_framework fw ON fw.id = f.framework_id "
    "LEFT JOIN interventions_outcomedimension d ON d.id = x.dimension_id "
)
WHEN = (
    "CASE WHEN x.\"when\" <> '' THEN jsonb_build_object("
    "'edtf', x.\"when\", 'words', x.\"when\", 'printed', x.when_printed, "
    "'earliest', x.when_earliest, 'latest', x.when_latest) END"
)
# What the page of a project has besides.
PARTS = {
    "links": parts(
        "projectlink",
        "project-links",
        {
            "type": coded("x.type", LinkType.choices),
            "other": link("projects", "o.slug", "o.title"),
            "note": "x.note",
            "iati_type": iati("x.type", RELATED_ACTIVITY_TYPES),
        },
        "JOIN interventions_project o ON o.id = x.other_id",
        "x.key",
    ),
    "funding": parts(
        "funding",
        "funding",
        {
            "provider": optional_link("donors", "dn.slug", "pb.name"),
            "provider_project": optional_link("projects", "o.slug", "o.title"),
            "receiver": BODY,
            "is_budget": "x.is_budget",
            "transaction_type": coded("x.transaction_type", TransactionType.choices),
            "support_type": coded("x.support_type", SupportType.choices),
            "amount": "x.amount::double precision",
            "currency": "x.currency",
            "when": WHEN,
            "note": "x.note",
            "iati_type": iati("x.transaction_type", TRANSACTION_TYPES),
        },
        "LEFT JOIN interventions_donor dn ON dn.id = x.provider_id "
        "LEFT JOIN clusters_stakeholder pb ON pb.id = dn.stakeholder_id "
        "LEFT JOIN interventions_project o ON o.id = x.provider_project_id "
        "LEFT JOIN clusters_stakeholder b ON b.id = x.receiver_id",
        "x.key",
    ),
    "participants": parts(
        "participant",
        "participants",
        {
            "stakeholder": link("stakeholders", "b.slug", "b.name"),
            "role": coded("x.role", Role.choices),
            "number": "x.number",
            "note": "x.note",
            "iati_role": iati("x.role", ROLES),
        },
        "JOIN clusters_stakeholder b ON b.id = x.stakeholder_id",
        "x.key",
    ),
    "outcomes": parts(
        "outcome",
        "outcomes",
        {
            "dimension": DIMENSION,
            "title": "x.title",
            "description": "x.description",
            "intended": coded("x.intended", Intended.choices),
            "direction": coded("x.direction", Direction.choices),
            "for_whom": "x.for_whom",
            "when": WHEN,
        },
        "LEFT JOIN interventions_outcomedimension d ON d.id = x.dimension_id",
        "x.sort_order, x.key",
    ),
    "accounts": parts(
        "account",
        "accounts",
        {
            "stakeholder_group": GROUP,
            "stakeholder": BODY,
            "informant": "x.informant",
            "factor": FACTOR,
            "dimension": DIMENSION,
            "position": coded("x.position", Position.choices),
            "reason_for_ending": coded("x.reason_for_ending", ReasonForEnding.choices),
            "statement": "x.statement",
            "reporting": coded("x.reporting", Reporting.choices),
            "replies": "'[]'::jsonb",
        },
        f"{SUBJECT} LEFT JOIN clusters_stakeholdergroup g ON g.id = x.stakeholder_group_id "
        "LEFT JOIN clusters_stakeholder b ON b.id = x.stakeholder_id",
        "x.sort_order, x.key",
    ),
    "codings": parts(
        "coding",
        "codings",
        {
            "factor": FACTOR,
            "dimension": DIMENSION,
            "coder": "CASE WHEN x.coder_id IS NOT NULL THEN jsonb_build_object("
            "'id', co.slug, 'title', CASE WHEN co.consents_to_be_named THEN co.name "
            "ELSE co.slug END) END",
            "resolution": coded("x.resolution", Resolution.choices),
            "perspective_group": GROUP,
            "perspective_stakeholder": BODY,
            "round": "x.round",
            "score": "x.score::double precision",
            "missing_reason": coded("x.missing_reason", MissingReason.choices),
            "rationale": "x.rationale",
        },
        f"{SUBJECT} LEFT JOIN clusters_contributor co ON co.id = x.coder_id "
        "LEFT JOIN clusters_stakeholdergroup g ON g.id = x.perspective_group_id "
        "LEFT JOIN clusters_stakeholder b ON b.id = x.perspective_stakeholder_id",
        "x.key",
    ),
}

DETAIL = f"""
    SELECT {as_object({**RECORD, **PARTS})} FROM interventions_project p
    WHERE p.slug = %s AND p.state = 'published'"""
LIST = listed("p.state = 'published'", "p.id", "%(size)s", "%(skip)s")
BY_COUNTRY_ISSUE_AND_ENDING = (
    "p.state = 'published' AND p.ending = %(ending)s "
    "AND p.issues && ARRAY[%(issue)s]::varchar[] AND p.id IN ("
    "SELECT t.project_id FROM interventions_projectcluster t "
    "JOIN clusters_cluster c ON c.id = t.cluster_id WHERE c.country = %(country)s)"
)
FILTERED = listed(
    BY_COUNTRY_ISSUE_AND_ENDING, "p.actual_start_earliest DESC NULLS LAST, p.id", "%(size)s", "0"
)
EXPORT = (
    f"SELECT {as_object(RECORD)} FROM interventions_project p "
    "WHERE p.state = 'published' ORDER BY p.id"
)
MATCHED = "SELECT * FROM clusters_searchentry s, to_tsquery('casebook', %(q)s || ':*') q"
MARK = "StartSel=**, StopSel=**"
# As the page of a record is called: /projects/soccer-village/.
NAME = "substring(url FROM '^/[^/]+/([^#]+)/')"
# Of those called so, and of those whose text says so, a thousand each are ranked.
SEARCH = f"""
    WITH found AS MATERIALIZED (
        ({MATCHED} WHERE heading @@ q LIMIT 1001) UNION ALL
        ({MATCHED} WHERE vector @@ q AND NOT heading @@ q LIMIT 1001))
    SELECT jsonb_build_object('q', %(q)s::text, 'corrected', '',
        'count', (SELECT least(count(*), 1000) FROM found),
        'results', (
        SELECT jsonb_agg(jsonb_build_object('kind', kind, 'title', title,
            'context', context, 'snippet', ts_headline('casebook', text, q,
            '{MARK}, MaxWords=28, MinWords=12, MaxFragments=2,FragmentDelimiter=" … "'),
            'url', '{SITE}' || url, 'id', {NAME}, 'slug', split_part({NAME}, '/', 1),
            'api_url', '{SITE}/api/v1/' || kind || '/' || {NAME} || '/')) FROM (
        SELECT * FROM found ORDER BY ts_rank(vector, q, 2) DESC, title, id LIMIT 50) best))
    """

# Of each facet its choices, what it and they are called, and the SQL that counts them.
CHOICES = {
    "country": [(code, name) for code, name in countries],
    "ending": Ending.choices,
    "issue": Issue.choices,
    "status": STATUSES,
}
LABELS = {
    name: {str(code): str(label) for code, label, *_ in pairs} for name, pairs in CHOICES.items()
}
WORDS = {name: str(ProjectFilter.base_filters[name].label) for name in CHOICES}
PUBLIC = "FROM interventions_project p WHERE p.state = 'published'"
COUNTS = {
    "country": "SELECT c.country AS code, count(DISTINCT t.project_id) AS number "
    "FROM interventions_projectcluster t JOIN clusters_cluster c ON c.id = t.cluster_id "
    "JOIN interventions_project p ON p.id = t.project_id "
    "WHERE p.state = 'published' GROUP BY c.country",
    "ending": f"SELECT p.ending AS code, count(*) AS number {PUBLIC} "
    "AND p.ending <> '' GROUP BY p.ending",
    "issue": "SELECT issue AS code, count(*) AS number FROM interventions_project p, "
    "unnest(p.issues) issue WHERE p.state = 'published' GROUP BY issue",
    "status": f"SELECT CASE WHEN p.ending IN ({ENDED}) THEN '4' WHEN p.ending = 'running' "
    "AND p.actual_start_earliest IS NOT NULL THEN '2' ELSE 'unknown' END AS code, "
    f"count(*) AS number {PUBLIC} GROUP BY 1",
}
FACETS = {
    name: f"(SELECT jsonb_object_agg(code, number) FROM ({query}) {name})"
    for name, query in COUNTS.items()
}

SCORES = f"""
    WITH directed AS (
        SELECT p.id, CASE WHEN bool_or(o.direction = 'mixed') OR (
            bool_or(o.direction = 'positive') AND
            bool_or(o.direction = 'negative')) THEN 'mixed'
            WHEN bool_or(o.direction = 'positive') THEN 'positive'
            WHEN bool_or(o.direction = 'negative') THEN 'negative'
            WHEN bool_or(o.direction = 'none') THEN 'none' ELSE 'unknown' END AS direction
        FROM interventions_project p
        LEFT JOIN interventions_outcome o ON o.project_id = p.id
        WHERE p.state = 'published' GROUP BY p.id
    ),
    counted AS (
        SELECT x.factor_id, CASE WHEN x.missing_reason <> '' THEN x.missing_reason
            ELSE trim_scale(x.score)::text END AS value, d.direction, count(*) AS number,
            sum(x.score) AS total, count(x.score) AS known
        FROM interventions_coding x JOIN directed d ON d.id = x.project_id
        WHERE x.coder_id IS NULL AND x.perspective_group_id IS NULL
            AND x.perspective_stakeholder_id IS NULL
        GROUP BY 1, 2, 3
    )
    SELECT jsonb_build_object('framework', '{FRAMEWORK}', 'projects', number, 'factors', (
        SELECT jsonb_agg(jsonb_build_object(
            'id', fw.slug || '/' || f.key, 'name', f.name, 'polarity', f.polarity,
            'url', '{SITE}/api/v1/factors/' || fw.slug || '/' || f.key || '/',
            'mean', (SELECT (sum(total) / nullif(sum(known), 0))::double precision
                FROM counted WHERE factor_id = f.id),
            'not_searched', number - coalesce((SELECT sum(c.number)
                FROM counted c WHERE factor_id = f.id), 0),
            'counts', coalesce((SELECT jsonb_agg(jsonb_build_object('value', value,
                'outcome', direction, 'projects', c.number) ORDER BY value, direction)
                FROM counted c WHERE factor_id = f.id), '[]'))
            ORDER BY f.sort_order, f.key)
        FROM interventions_factor f JOIN interventions_framework fw
            ON fw.id = f.framework_id WHERE fw.slug = '{FRAMEWORK}'))
    FROM (SELECT count(*) AS number FROM directed) everything"""
