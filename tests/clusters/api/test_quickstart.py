"""What the quickstart says is so; its lines are run in `tests/contract/`."""

import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.django_db

TEXT = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text()


def test_what_the_quickstart_says_of_formats_is_so(client, seeded):
    named = set(re.findall(r"`(\w+)`", TEXT.split("| format | what |")[1].split("```")[0]))
    known = set()
    for kind in ("projects", "clusters", "publications"):
        detail = client.get(f"/api/v1/{kind}/?format=none").json()["detail"]
        known |= set(re.findall(r"\w+", detail.split("Known:")[1]))

    assert named == known


def test_it_is_a_page_that_speaks_of_its_own_site(client, seeded):
    page = client.get("/about/api/")
    text = page.content.decode()

    assert page.status_code == 200
    assert "<h2>In a minute</h2>" in text
    assert "<table>" in text
    assert "http://testserver/api/v1/projects/" in text
    assert "localhost:8000" not in text
    assert client.get("/about/case-files/").status_code == 200
    assert 'href="../case-files/"' in text
    assert "/about/api/" in client.get("/about/").content.decode()
    assert "/about/api/" in client.get("/api/v1/docs/").content.decode()


def test_what_it_names_as_an_example_is_there(client, seeded):
    named = re.findall(r"`([a-z0-9-]+/[a-z0-9-]+)`", TEXT)

    assert named
    for account in named:
        assert client.get(f"/api/v1/accounts/{account}/").status_code == 200, account
    for path in re.findall(r"http://localhost:8000(/api/v1/[a-z-]+/[a-z-]+/)", TEXT):
        if "my-case" not in path:
            assert client.get(path).status_code == 200, path
