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
