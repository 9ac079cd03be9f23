"""One word for one thing: names that were given up are gone from code, pages, seed and documents."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
FOLDERS = ("benchmarks", "clusters", "config", "docs", "interventions", "static", "templates")
ENDINGS = {".css", ".html", ".js", ".json", ".md", ".py", ".yaml"}
# What is called otherwise now, with where the word still has another meaning.
GIVEN_UP = {
    "holder (a stakeholder)": (r"(?<!stake)(?<!place)holder", ()),
    "degree (a score)": (r"degree", ("models/places.py", "cluster_map.py", "migrations/", "docs/")),
    "norm (a guideline)": (r"\bnorms?\b|DonorNorm", ()),
    "fundings (funding)": (r"\bfundings\b", ()),
    "fieldwork (a study)": (r"fieldwork", ("interventions/seed/", "literature_map")),
    "participation (a participant)": (r"participation", ("docs/", "interventions/seed/")),
    "as_reason (reason_for_ending)": (r"as_reason|AsReason|not_said", ()),
    "no_value (missing_reason)": (r"no_value|NoValue", ()),
    "came_of_it (overall_outcome)": (r"came_of_it", ()),
    "one_coder (single_coder)": (r"\bone_coder\b", ()),
    "is_open of a coding": (r"coding\.is_open|is_open=True, rationale", ()),
    "ReviewedWork (SummarisedPublication)": (r"ReviewedWork|reviewed_in\b", ()),
    "part_of between projects (parent)": (r"type=.part_of|helped_by", ()),
    "good and bad outcomes": (r"direction.{0,6}(good|bad)\b", ()),
    "flow (transaction_type)": (r"get_flow_display|\.flow\b", ()),
}


def texts():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in ENDINGS and "__pycache__" not in path.parts:
                yield str(path.relative_to(ROOT)), path.read_text()


@pytest.mark.parametrize("word", GIVEN_UP)
def test_a_name_that_was_given_up_is_gone(word):
    pattern, elsewhere = GIVEN_UP[word]

    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
        for name, text in texts()
        if not any(part in name for part in elsewhere)
        for match in re.finditer(pattern, text, re.IGNORECASE)
    ]

    assert found == []
