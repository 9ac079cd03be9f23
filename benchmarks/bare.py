"""The floor: a WSGI application without a framework, one psycopg query a request, orjson.

Each query makes the very JSON that the casebook's API answers, from the same tables; `make bench`
checks that it is the same before it measures.
"""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
import psycopg

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


def part(kind: str, alias: str, fields: dict[str, str]) -> str:
    """SQL of one part of a project, with what every part has."""
    named = {
        "url": f"'{SITE}/api/v1/{kind}/' || p.slug || '/' || {alias}.key || '/'",
        "id": f"p.slug || '/' || {alias}.key",
        "project": link("projects", "p.slug", "p.title"),
        "key": f"{alias}.key",
        **fields,
    }
    return as_object(named)


def as_object(fields: dict[str, str]) -> str:
    """SQL of an object; PostgreSQL takes a hundred arguments a call at most."""
    items = [f"'{name}', {value}" for name, value in fields.items()]
    halves = [items[n : n + 40] for n in range(0, len(items), 40)]
    return " || ".join(f"jsonb_build_object({', '.join(half)})" for half in halves)


def application_for(dsn: str) -> Callable[..., Iterable[bytes]]:
    """Declare the application; the queries are written once, when the process starts."""
    queries = Queries()
    ours = threading.local()

    def connected() -> Any:
        """Return this thread's connection, which stays."""
        if not hasattr(ours, "connection"):
            ours.connection = psycopg.connect(dsn, autocommit=True, prepare_threshold=1)
        return ours.connection

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        connection = connected()
        path = environ["PATH_INFO"].removeprefix("/api/v1/")
        asked = dict(parse_qsl(unquote(environ["QUERY_STRING"])))
        if asked.get("format") == "jsonl":
            start_response("200 OK", [("Content-Type", "application/jsonl")])
            return export(connection, queries.export)
        with connection.cursor() as cursor:
            body = orjson.dumps(queries.ask(cursor, path, asked))
        start_response(
            "200 OK",
            [("Content-Type", "application/json"), ("Content-Length", str(len(body)))],
        )
        return [body]

    return answer


def export(connection: Any, query: str) -> Iterable[bytes]:
    """Every project as a line, by a cursor of the server's."""
    with connection.transaction(), connection.cursor(name="rows") as cursor:
        cursor.itersize = 500
        cursor.execute(query)
        while rows := cursor.fetchmany(500):
            yield b"".join(orjson.dumps(row[0]) + b"\n" for row in rows)


class Queries:
    """One query for each workload."""

    def __init__(self) -> None:
        from django_countries import countries

        from clusters.values.codelists import COUNTRIES
        from interventions.analysis.status import CLOSED, CLOSED_ENDINGS, NOT_KNOWN, RULE
        from interventions.analysis.status import IMPLEMENTATION as RUNS
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

        ended = ", ".join(f"'{ending}'" for ending in CLOSED_ENDINGS)

        def status(pair: tuple[str, Any]) -> str:
            return f"'{orjson.dumps({'code': pair[0], 'label': str(pair[1])}).decode()}'::jsonb"

        record = {
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
            f"{labels(COUNTRIES.names.items())} ->> country) ORDER BY country) FROM ("
            "SELECT DISTINCT c.country FROM interventions_projectcluster t JOIN clusters_cluster c "
            "ON c.id = t.cluster_id WHERE t.project_id = p.id) countries), '[]')",
            "version": "p.version",
            "derived": "jsonb_build_object('status', CASE "
            f"WHEN p.ending IN ({ended}) THEN {status(CLOSED)} "
            f"WHEN p.ending = 'running' AND p.actual_start <> '' THEN {status(RUNS)} "
            f"ELSE {status(NOT_KNOWN)} END, 'rule', '{RULE}')",
            "citations": cited("interventions_projectcitation", "p.id"),
        }
        factor = optional_link("factors", "(fw.slug || '/' || f.key)", "f.name")
        dimension = optional_link("outcome-dimensions", "d.slug", "d.name")
        group = optional_link("stakeholder-groups", "g.slug", "g.name")
        body = optional_link("stakeholders", "b.slug", "b.name")
        subject = (
            "LEFT JOIN interventions_factor f ON f.id = x.factor_id "
            "LEFT JOIN interventions_framework fw ON fw.id = f.framework_id "
            "LEFT JOIN interventions_outcomedimension d ON d.id = x.dimension_id "
        )

        def parts(table: str, kind: str, fields: dict[str, str], joins: str, order: str) -> str:
            made = part(
                kind,
                "x",
                {**fields, "citations": cited(f"interventions_{table}citation", "x.id")},
            )
            return (
                f"coalesce((SELECT jsonb_agg({made} ORDER BY {order}) FROM interventions_{table} x "
                f"{joins} WHERE x.project_id = p.id), '[]')"
            )

        when = (
            "CASE WHEN x.\"when\" <> '' THEN jsonb_build_object("
            "'edtf', x.\"when\", 'words', x.\"when\", 'printed', x.when_printed, "
            "'earliest', x.when_earliest, 'latest', x.when_latest) END"
        )
        nested = {
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
                    "receiver": body,
                    "is_budget": "x.is_budget",
                    "transaction_type": coded("x.transaction_type", TransactionType.choices),
                    "support_type": coded("x.support_type", SupportType.choices),
                    "amount": "x.amount::double precision",
                    "currency": "x.currency",
                    "when": when,
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
                    "dimension": dimension,
                    "title": "x.title",
                    "description": "x.description",
                    "intended": coded("x.intended", Intended.choices),
                    "direction": coded("x.direction", Direction.choices),
                    "for_whom": "x.for_whom",
                    "when": when,
                },
                "LEFT JOIN interventions_outcomedimension d ON d.id = x.dimension_id",
                "x.sort_order, x.key",
            ),
            "accounts": parts(
                "account",
                "accounts",
                {
                    "stakeholder_group": group,
                    "stakeholder": body,
                    "informant": "x.informant",
                    "factor": factor,
                    "dimension": dimension,
                    "position": coded("x.position", Position.choices),
                    "reason_for_ending": coded("x.reason_for_ending", ReasonForEnding.choices),
                    "statement": "x.statement",
                    "reporting": coded("x.reporting", Reporting.choices),
                    "replies": "'[]'::jsonb",
                },
                f"{subject} LEFT JOIN clusters_stakeholdergroup g ON g.id = x.stakeholder_group_id "
                "LEFT JOIN clusters_stakeholder b ON b.id = x.stakeholder_id",
                "x.sort_order, x.key",
            ),
            "codings": parts(
                "coding",
                "codings",
                {
                    "factor": factor,
                    "dimension": dimension,
                    "coder": "CASE WHEN x.coder_id IS NOT NULL THEN jsonb_build_object("
                    "'id', co.slug, 'title', CASE WHEN co.consents_to_be_named THEN co.name "
                    "ELSE co.slug END) END",
                    "resolution": coded("x.resolution", Resolution.choices),
                    "perspective_group": group,
                    "perspective_stakeholder": body,
                    "round": "x.round",
                    "score": "x.score::double precision",
                    "missing_reason": coded("x.missing_reason", MissingReason.choices),
                    "rationale": "x.rationale",
                },
                f"{subject} LEFT JOIN clusters_contributor co ON co.id = x.coder_id "
                "LEFT JOIN clusters_stakeholdergroup g ON g.id = x.perspective_group_id "
                "LEFT JOIN clusters_stakeholder b ON b.id = x.perspective_stakeholder_id",
                "x.key",
            ),
        }
        self.record = as_object(record)
        self.detail = f"""
            SELECT {as_object({**record, **nested})} FROM interventions_project p
            WHERE p.slug = %s AND p.state = 'published'"""
        self.list = self.listed("p.state = 'published'", "p.id", "%(size)s", "%(skip)s")
        some = (
            "p.state = 'published' AND p.ending = %(ending)s "
            "AND p.issues && ARRAY[%(issue)s]::varchar[] AND p.id IN ("
            "SELECT t.project_id FROM interventions_projectcluster t "
            "JOIN clusters_cluster c ON c.id = t.cluster_id WHERE c.country = %(country)s)"
        )
        self.filtered = self.listed(
            some, "p.actual_start_earliest DESC NULLS LAST, p.id", "%(size)s", "0"
        )
        self.export = (
            f"SELECT {self.record} FROM interventions_project p "
            "WHERE p.state = 'published' ORDER BY p.id"
        )
        matched = "SELECT * FROM clusters_searchentry s, to_tsquery('casebook', %(q)s || ':*') q"
        mark = "StartSel=**, StopSel=**"
        # Of those called so, and of those whose text says so, a thousand each are ranked.
        # As the page of a record is called: /projects/soccer-village/.
        name = "substring(url FROM '^/[^/]+/([^#]+)/')"
        self.search = f"""
            WITH found AS MATERIALIZED (
                ({matched} WHERE heading @@ q LIMIT 1001) UNION ALL
                ({matched} WHERE vector @@ q AND NOT heading @@ q LIMIT 1001))
            SELECT jsonb_build_object('q', %(q)s::text, 'corrected', '',
                'count', (SELECT least(count(*), 1000) FROM found),
                'results', (
                SELECT jsonb_agg(jsonb_build_object('kind', kind, 'title', title,
                    'context', context, 'snippet', ts_headline('casebook', text, q,
                    '{mark}, MaxWords=28, MinWords=12, MaxFragments=2,FragmentDelimiter=" … "'),
                    'url', '{SITE}' || url, 'id', {name}, 'slug', split_part({name}, '/', 1),
                    'api_url', '{SITE}/api/v1/' || kind || '/' || {name} || '/')) FROM (
                SELECT * FROM found ORDER BY ts_rank(vector, q, 2) DESC, title, id LIMIT 50) best))
            """

        labels_of_facets = {
            "country": [(code, name) for code, name in countries],
            "ending": Ending.choices,
            "issue": Issue.choices,
            "status": STATUSES,
        }
        self.labels = {
            name: {str(code): str(label) for code, label, *_ in pairs}
            for name, pairs in labels_of_facets.items()
        }
        self.words = {
            name: str(ProjectFilter.base_filters[name].label) for name in labels_of_facets
        }
        public = "FROM interventions_project p WHERE p.state = 'published'"
        kinds = {
            "country": "SELECT c.country AS code, count(DISTINCT t.project_id) AS number "
            "FROM interventions_projectcluster t JOIN clusters_cluster c ON c.id = t.cluster_id "
            "JOIN interventions_project p ON p.id = t.project_id "
            "WHERE p.state = 'published' GROUP BY c.country",
            "ending": f"SELECT p.ending AS code, count(*) AS number {public} "
            "AND p.ending <> '' GROUP BY p.ending",
            "issue": "SELECT issue AS code, count(*) AS number FROM interventions_project p, "
            "unnest(p.issues) issue WHERE p.state = 'published' GROUP BY issue",
            "status": f"SELECT CASE WHEN p.ending IN ({ended}) THEN '4' WHEN p.ending = 'running' "
            "AND p.actual_start_earliest IS NOT NULL THEN '2' ELSE 'unknown' END AS code, "
            f"count(*) AS number {public} GROUP BY 1",
        }
        self.facet = {
            name: f"(SELECT jsonb_object_agg(code, number) FROM ({query}) {name})"
            for name, query in kinds.items()
        }
        self.scores = f"""
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

    def listed(self, where: str, order: str, size: str, skip: str) -> str:
        """SQL of a page of projects and how many there are, counted to 10,001."""
        return f"""
            SELECT (SELECT count(*) FROM (
                    SELECT FROM interventions_project p WHERE {where} LIMIT 10001) counted),
                (SELECT jsonb_agg({self.record} ORDER BY p.place) FROM (
                    SELECT p.*, row_number() OVER () AS place FROM (
                        SELECT * FROM interventions_project p WHERE {where}
                        ORDER BY {order} LIMIT {size} OFFSET {skip}) p) p)"""

    def ask(self, cursor: Any, path: str, asked: dict[str, str]) -> Any:
        """Answer one request with one query."""
        if path == "projects/":
            size, page = int(asked.get("page_size", 50)), int(asked.get("page", 1))
            values = {**asked, "size": size, "skip": size * (page - 1)}
            cursor.execute(self.filtered if "ending" in asked else self.list, values)
            count, rows = cursor.fetchone()
            return {"count": min(count, 10_000), "results": rows or []}
        if path == "projects/facets/":
            return self.facets(cursor, asked["facets"].split(","))
        if path == "projects/scores/":
            cursor.execute(self.scores)
            return cursor.fetchone()[0]
        if path == "search/":
            cursor.execute(self.search, {"q": asked["q"]})
        else:
            cursor.execute(self.detail, [path.split("/")[1]])
        return cursor.fetchone()[0]

    def facets(self, cursor: Any, names: list[str]) -> Any:
        """Count some facets in one query, and name their choices."""
        cursor.execute(f"SELECT {', '.join(self.facet[name] for name in names)}")
        found = []
        for name, numbers in zip(names, cursor.fetchone(), strict=True):
            choices = [
                {"code": code, "label": label, "count": numbers[code]}
                for code, label in self.labels[name].items()
                if code in (numbers or {})
            ]
            if name == "country":
                choices.sort(key=lambda choice: choice["label"])
            found.append({"name": name, "label": self.words[name], "choices": choices})
        return {"facets": found}
