"""Every address that the quickstart names answers as it says."""

import re
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.django_db

TEXT = (Path(settings.BASE_DIR) / "docs" / "api.md").read_text()
ADDRESSES = sorted(set(re.findall(r"http://localhost:8000(/api/v1/[^\"`)\s]*)", TEXT)))


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_of_the_quickstart_answers(client, seeded, address):
    response = client.get(address)

    assert response.status_code == 200
    content = b"".join(response.streaming_content) if response.streaming else response.content
    assert content


def test_what_the_quickstart_says_of_formats_is_so(client, seeded):
    named = set(re.findall(r"`(\w+)`", TEXT.split("| format | what |")[1].split("```")[0]))
    known = set()
    for kind in ("projects", "clusters", "publications"):
        detail = client.get(f"/api/v1/{kind}/?format=none").json()["detail"]
        known |= set(re.findall(r"\w+", detail.split("Known:")[1]))

    assert named == known
