"""The description is whole: parameters, codes, bodies, errors, and examples that are true."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from jsonschema import Draft202012Validator

from clusters.actions.proposing import propose
from clusters.api.bodies import components, iter_errors
from clusters.api.description import EXAMPLES
from clusters.models import ApiToken
from clusters.published import documents
from clusters.records.serialization import document_of
from config.api import description
from interventions.api.examples import examples_now
from interventions.models import Project
from tests import factories

pytestmark = pytest.mark.django_db

OPERATIONS = [
    (path, method, operation)
    for path, methods in description()["paths"].items()
    for method, operation in methods.items()
]
IDS = [f"{method} {path}" for path, method, _operation in OPERATIONS]


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=IDS)
def test_an_operation_says_what_it_takes_and_what_it_may_answer(path, method, operation):
    for parameter in operation.get("parameters", ()):
        assert parameter["description"], parameter["name"]
        assert "example" in parameter, parameter["name"]
        assert parameter["schema"], parameter["name"]
    assert operation["description"]
    assert {"400", "401", "429"} <= set(operation["responses"])
    for status, response in operation["responses"].items():
        if status >= "400":
            assert list(response["content"]) == ["application/problem+json"]
    if method in ("post", "patch") and "restore" not in path:
        assert operation["requestBody"]["content"]["application/json"]["schema"]
    if method in ("patch", "delete"):
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert {"If-Match", "reason"} <= names
        assert {"412", "428"} <= set(operation["responses"])


def test_every_filter_of_a_list_is_described():
    listed = {
        parameter["name"]
        for parameter in description()["paths"]["/api/v1/projects/"]["get"]["parameters"]
    }

    assert {
        "country",
        "country__not",
        "stated_months__gte",
        "fields",
        "ordering",
        "cursor",
    } <= listed
    from interventions.web.filters import ProjectFilter

    assert set(ProjectFilter.base_filters) <= listed


def test_coded_values_name_their_codes_with_labels():
    ending = description()["components"]["schemas"]["Project"]["properties"]["ending"]
    code = ending["oneOf"][0]["properties"]["code"]

    assert "ended_by_donor" in code["enum"]
    assert "`ended_by_donor`: Ended early by the donor" in code["description"]


def test_sparse_answers_have_a_schema_of_their_own(client, seeded):
    schemas = description()["components"]["schemas"]
    assert schemas["ProjectSparse"]["required"] == ["url", "slug"]
    validator = Draft202012Validator(
        {"$ref": "#/components/schemas/ProjectSparse", "components": {"schemas": schemas}}
    )

    for row in client.get("/api/v1/projects/?fields=title").json()["results"]:
        assert set(row) == {"url", "slug", "title"}
        assert list(validator.iter_errors(row)) == []


def test_the_examples_are_what_the_api_answers_of_sialkot(seeded):
    kept, now = json.loads(EXAMPLES.read_text()), json.loads(json.dumps(examples_now()))

    assert set(kept) == set(now)
    for kind, record in kept.items():
        assert without_versions(record) == without_versions(now[kind]), kind


def without_versions(record):
    """Versions count how often a database was loaded."""
    return {name: value for name, value in record.items() if name != "version"}


def test_every_answer_of_the_seed_fits_its_schema(client, seeded):
    schemas = description()["components"]["schemas"]
    for kind, name in (("projects", "ProjectWithParts"), ("clusters", "ClusterWithParts")):
        validator = Draft202012Validator(
            {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        )
        for row in client.get(f"/api/v1/{kind}/?page_size=200").json()["results"]:
            whole = client.get(row["url"]).json()
            assert [error.message for error in validator.iter_errors(whole)] == []


@pytest.mark.parametrize("name", sorted(components()))
def test_a_schema_of_a_body_is_one(name):
    Draft202012Validator.check_schema(components()[name])  # raises where it is none
    assert components()[name]["description"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"slug": "a", "title": "A"}, []),
        ({"slug": "a"}, [("title",)]),
        ({"slug": "a", "title": True}, [("title",)]),
        ({"slug": "A b", "title": "A"}, [("slug",)]),
        ({"slug": "a", "title": "A", "accounts": [{"key": 1}]}, None),
        ([], [()]),
        ({"slug": "a", "title": "A", "actual_start": {"edtf": "1998", "when": "x"}}, None),
    ],
)
def test_what_a_body_may_not_hold_is_told_with_its_place(body, told):
    found = [where for where, _why in iter_errors("ProjectDocument", body)]

    assert (found == told) if told is not None else found


def test_a_case_file_of_the_seed_is_a_body(seeded):
    for project in Project.objects.published():
        assert list(iter_errors("ProjectDocument", document_of(project))) == []


READS = [
    (path, operation)
    for path, method, operation in OPERATIONS
    if method == "get" and "/removals/" not in path
]


def values_of(parameter):
    """Every value that a parameter is said to take: its example, its codes, its bounds."""
    schema = parameter["schema"]
    yield parameter["example"]
    yield from schema.get("enum", ())
    yield from ([code] for code in schema.get("items", {}).get("enum", ()))
    # A page that is too far on is not there, which depends on what there is.
    bounds = ("minimum", "default") if parameter["name"] == "page" else ("minimum", "maximum")
    yield from (schema[bound] for bound in bounds if bound in schema)


def make_identifier():
    agency = factories.make_stakeholder(slug="agency", name="Agency")
    agency.identifiers.create(key="first", scheme="GB-COH", value="1")
    factories.make_public(agency)
    return {"slug": "agency/first"}


def make_reply():
    village = Project.objects.get(slug="soccer-village")
    account = village.accounts.first()
    account.replies.create(key="first", by=account.stakeholder, when="2017", statement="Not so.")
    documents.rebuild_all()
    return {"slug": f"soccer-village/{account.key}/first"}


def make_proposal():
    author = factories.make_user(role="researcher")
    village = Project.objects.get(slug="soccer-village")
    base = document_of(village)
    document = {**base, "title": "Another title"}
    made = propose(record=village, base=base, document=document, by=author, reason="Better")
    return {"number": made.pk}


# What the seed has none of.
MADE = {
    "/api/v1/identifiers/{slug}/": make_identifier,
    "/api/v1/replies/{slug}/": make_reply,
    "/api/v1/proposals/{number}/": make_proposal,
}


def written(value):
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


@pytest.mark.parametrize(("path", "operation"), READS, ids=[path for path, _operation in READS])
def test_every_value_that_a_parameter_is_said_to_take_is_taken(
    path, operation, client, seeded, editor_token
):
    parameters = operation.get("parameters", [])
    made = MADE.get(path, dict)()
    for parameter in parameters:
        if parameter["in"] == "path":
            value = made.get(parameter["name"], parameter["example"])
            path = path.replace(f"{{{parameter['name']}}}", str(value))
    asked_for = [parameter for parameter in parameters if parameter["in"] == "query"]
    needed = {
        parameter["name"]: written(parameter["example"])
        for parameter in asked_for
        if parameter.get("required")
    }
    for parameter in asked_for:
        for value in values_of(parameter):
            asked = {**needed, parameter["name"]: written(value)}
            hidden = "/proposals/" in path or (
                parameter["name"] == "state" and value != ["published"]
            )
            headers = {"Authorization": f"Bearer {editor_token}"} if hidden else {}
            answer = client.get(path, asked, headers=headers)
            assert answer.status_code == 200, (asked, answer.content)
            if answer.streaming:
                # Of an empty list, JSON Lines are no lines.
                content = b"".join(answer.streaming_content)
                assert content or asked.get("format") == "jsonl", asked


@pytest.fixture
def editor_token():
    user = factories.make_user()
    user.groups.add(Group.objects.get(name="editor"))
    tomorrow = timezone.now() + timedelta(days=1)
    return ApiToken.issue(user=user, name="t", scope="read", expires_at=tomorrow)[1]


def test_the_description_is_of_no_site():
    assert "http://localhost" not in json.dumps(description())


def test_numbers_that_bound_pages_are_bounded_themselves():
    for path, _method, operation in OPERATIONS:
        for parameter in operation.get("parameters", ()):
            if parameter["name"] in ("page", "page_size"):
                assert {"minimum", "maximum"} <= set(parameter["schema"]), path


def test_a_typed_client_meets_no_union_of_whole_and_some_fields():
    for path, method, operation in OPERATIONS:
        for status, response in operation["responses"].items():
            schema = response.get("content", {}).get("application/json", {}).get("schema", {})
            assert "Sparse" not in json.dumps(schema), (path, method, status)
    schemas = description()["components"]["schemas"]
    assert not [
        name
        for name, schema in schemas.items()
        if "Sparse" not in name and "Sparse" in json.dumps(schema)
    ]
    listed = schemas["PaginatedProjectList"]["properties"]["results"]
    assert listed == {"type": "array", "items": {"$ref": "#/components/schemas/Project"}}


def objects_in(schema, where=""):
    """Every object with known members that a schema holds."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield where, schema
        for name, part in schema.items():
            yield from objects_in(part, f"{where}/{name}")
    elif isinstance(schema, list):
        for part in schema:
            yield from objects_in(part, where)


def test_an_answer_says_which_members_are_always_there():
    for path, method, operation in OPERATIONS:
        for status, response in operation["responses"].items():
            for where, schema in objects_in(response.get("content", {})):
                assert schema.get("required"), (method, path, status, where)
    bodies = set(components())
    for name, whole in description()["components"]["schemas"].items():
        if name not in bodies and name != "Removed":
            for where, schema in objects_in(whole):
                assert schema.get("required"), (name, where)


def test_an_answer_of_some_fields_says_so_in_its_type(client, seeded):
    whole = client.get("/api/v1/projects/")
    some = client.get("/api/v1/projects/?fields=title&fields=summary")

    assert whole["Content-Type"] == "application/json"
    assert some["Content-Type"] == "application/vnd.casebook.sparse+json"
    assert set(some.json()["results"][0]) == {"url", "slug", "title", "summary"}


def test_what_is_published_is_a_state_that_everybody_sees(client, seeded):
    every = client.get("/api/v1/projects/").json()["count"]

    assert client.get("/api/v1/projects/?state=published").json()["count"] == every
    assert client.get("/api/v1/projects/?state=published,draft").status_code == 401
