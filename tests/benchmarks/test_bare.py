"""What the benchmarks measure beside is what is measured: the same data, the same JSON."""

import orjson
import psycopg
import pytest
from django.db import connection
from psycopg.types.json import JsonbBinaryLoader, JsonbLoader

from benchmarks.__main__ import OURS_ALONE, same
from benchmarks.bare import ask
from benchmarks.generate import FUNCTIONS, write_rows
from benchmarks.workloads import workloads
from clusters.published import documents
from interventions.models import Account, Coding, Project

PROJECTS = 120


@pytest.fixture
def generated(seeded):
    """Sialkot and some synthetic projects, with their answers written."""
    with connection.cursor() as cursor:
        cursor.execute(FUNCTIONS)
        cursor.execute("SET LOCAL session_replication_role = replica")
        counts = write_rows(PROJECTS)
        cursor.execute("SET LOCAL session_replication_role = origin")
    documents.rebuild_all()
    return counts


def test_projects_are_as_the_benchmarks_say(generated):
    assert (generated["project"], generated["coding"]) == (PROJECTS, 8 * PROJECTS)
    assert (generated["account"], generated["outcome"]) == (3 * PROJECTS, 2 * PROJECTS)
    assert generated["projectcitation"] == 3 * PROJECTS
    first = Project.objects.published().get(slug="project-1")
    assert Coding.objects.filter(project=first, score=None).exclude(missing_reason="").count() < 8
    assert Account.objects.filter(project=first).count() == 3


def plain_cursor():
    """A cursor as the bare view has it: Django's leaves JSON as text."""
    cursor = psycopg.Cursor(connection.connection)
    for loader in (JsonbLoader, JsonbBinaryLoader):
        cursor.adapters.register_loader("jsonb", loader)
    return cursor


def test_the_bare_view_gives_the_same_json(client, generated):
    compared = 0
    for workload in workloads(PROJECTS):
        for path in workload.bare[:2]:
            if path.startswith("projects/?page_size=50&page="):
                path = "projects/?page_size=50&page=2"
            address, _, query = path.partition("?")
            asked = dict(pair.split("=", 1) for pair in query.split("&") if pair)
            with plain_cursor() as cursor:
                bare = ask(cursor, address, asked)
            ours = client.get(f"/api/v1/{path}").json()
            kept = {name: value for name, value in ours.items() if name not in OURS_ALONE}
            assert same(kept, orjson.loads(orjson.dumps(bare))), path
            compared += 1
    assert compared == 11
