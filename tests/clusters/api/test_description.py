"""The description is whole: parameters, codes, bodies, errors, and examples that are true."""

import json

import pytest
from jsonschema import Draft202012Validator

from clusters.api.bodies import components, mistakes
from clusters.api.description import EXAMPLES
from config.api import description
from interventions.api.examples import examples_now
from interventions.models import Project

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
        one["name"] for one in description()["paths"]["/api/v1/projects/"]["get"]["parameters"]
    }

    assert {
        "country",
        "country__not",
        "stated_months__gte",
        "fields",
        "ordering",
        "cursor",
    } <= listed
    from interventions.filters import ProjectFilter

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
    found = [where for where, _why in mistakes("ProjectDocument", body)]

    assert (found == told) if told is not None else found


def test_a_case_file_of_the_seed_is_a_body(seeded):
    from clusters.casefiles.document import document_of

    for project in Project.objects.published():
        assert list(mistakes("ProjectDocument", document_of(project))) == []
