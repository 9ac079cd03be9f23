"""A client that a generator makes of the description lists, filters, pages and creates a case."""

import importlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

CONFIG = """
project_name_override: casebook-client
package_name_override: casebook_client
content_type_overrides:
  application/zip: application/octet-stream
"""


@pytest.fixture(scope="session")
def package(served, tmp_path_factory):
    """The generated client, imported."""
    folder = tmp_path_factory.mktemp("client")
    config = folder / "config.yaml"
    config.write_text(CONFIG)
    made = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("openapi-python-client")), "generate"),
            *("--url", f"{served.address}/api/v1/schema/?format=json", "--meta", "none"),
            *("--config", str(config), "--output-path", str(folder / "casebook_client")),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert "WARNING" not in made.stdout + made.stderr, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    yield importlib.import_module("casebook_client")
    sys.path.remove(str(folder))


def operation(package, tag, name):
    return importlib.import_module(f"{package.__name__}.api.{tag}.{name}")


@pytest.fixture
def anybody(package, served):
    with package.Client(base_url=served.address) as client:
        yield client


def test_it_lists_filters_and_pages(package, anybody):
    listing = operation(package, "projects", "projects_list")

    every = listing.sync(client=anybody, page_size=200)
    slugs = [project.slug for project in every.results]
    assert every.count == len(slugs) > 5
    village = listing.sync(client=anybody, q="village", country=["PK", "IN"])
    assert "soccer-village" in [project.slug for project in village.results]
    assert village.count < every.count

    seen, cursor = [], ""
    while cursor is not None:
        page = listing.sync(client=anybody, cursor=cursor, page_size=3)
        seen += [project.slug for project in page.results]
        cursor = parse_qs(urlsplit(page.next_).query)["cursor"][0] if page.next_ else None
    assert seen == slugs


def test_it_reads_a_record_with_its_parts(package, anybody):
    record = operation(package, "projects", "projects_retrieve").sync(
        "soccer-village", client=anybody
    )

    assert record.ending.code == "ended_by_donor"
    assert {account.key for account in record.accounts}
    refused = operation(package, "projects", "projects_retrieve").sync("nothing", client=anybody)
    assert refused.status == 404


@pytest.fixture
def writer(package, served, token):
    with package.AuthenticatedClient(base_url=served.address, token=token) as client:
        yield client


def test_it_creates_and_changes_a_case(package, writer):
    models = importlib.import_module(f"{package.__name__}.models")
    body = models.ProjectDocument(slug="made-by-a-client", title="Made by a client")

    made = operation(package, "projects", "projects_create").sync_detailed(client=writer, body=body)
    assert (made.status_code, made.parsed.slug) == (201, "made-by-a-client")
    assert made.parsed.state.code == "draft"

    changed = operation(package, "projects", "projects_partial_update").sync(
        "made-by-a-client",
        client=writer,
        body=models.ProjectPatch(title="Changed by a client"),
        if_match=made.headers["ETag"],
    )
    assert changed.title == "Changed by a client"
    refused = operation(package, "projects", "projects_create").sync(client=writer, body=body)
    assert refused.errors[0].pointer == "/slug"
