import json
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from jsonschema import Draft202012Validator

from clusters.records.json_schema import case_file_schema
from clusters.records.schema import record_schemas

PUBLISHED = Path(settings.BASE_DIR) / "docs" / "case-file-schemas"


@pytest.mark.parametrize("folder", record_schemas())
def test_the_seed_fits_the_schema(folder):
    validator = Draft202012Validator(case_file_schema(record_schemas()[folder]))
    files = sorted((settings.CASES_SEED / folder).glob("*.yaml"))

    assert files
    for path in files:
        assert [
            error.message for error in validator.iter_errors(yaml.safe_load(path.read_text()))
        ] == [], path


@pytest.mark.parametrize(
    "broken",
    [
        {"name": "Kasur", "country": "PK", "industry": "Leather"},
        {"slug": "kasur", "name": "Kasur", "country": "PK", "industry": "Leather", "colour": "red"},
        {
            "slug": "kasur",
            "name": "Kasur",
            "country": "PK",
            "industry": "Leather",
            "citations": [{"publication": "paper"}],
        },
    ],
    ids=["no slug", "unknown field", "no locator"],
)
def test_the_schema_refuses_what_the_reader_refuses(broken):
    assert not Draft202012Validator(case_file_schema(record_schemas()["clusters"])).is_valid(broken)


def test_the_published_schemas_are_those_of_the_models(tmp_path):
    call_command("case_file_schemas", tmp_path)

    made = {path.name: json.loads(path.read_text()) for path in tmp_path.iterdir()}
    published = {path.name: json.loads(path.read_text()) for path in PUBLISHED.iterdir()}
    assert made == published
