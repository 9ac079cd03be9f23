"""A citation of a whole record speaks of the values that were there when it was made."""

import pytest

from clusters.records.citation_cover import Cover, asserted, narrowed, uncited
from clusters.records.schema import record_schemas

PROJECTS = record_schemas()["projects"]
PAPER = {"publication": "paper", "section": "Findings, para 1"}
AIMS = {**PAPER, "for": "aims"}
BEFORE = {"slug": "village", "title": "Village", "aims": "Old", "citations": [PAPER]}


def outcome(**values):
    return {"key": "wages", "title": "wages rose", "citations": [PAPER], **values}


@pytest.mark.parametrize(
    ("change", "not_for"),
    [
        ({"aims": "New"}, ["aims"]),
        ({"planned_end": {"edtf": "2001"}}, ["planned_end"]),
        ({"aims": "New", "planned_end": {"edtf": "2001"}}, ["aims", "planned_end"]),
        ({"slug": "other"}, None),
        ({}, None),
    ],
)
def test_what_is_added_or_changed_is_not_borne_by_an_older_citation_of_all(change, not_for):
    after = narrowed(BEFORE, {**BEFORE, **change}, PROJECTS)

    assert after["citations"][0].get("not_for") == not_for
    assert uncited(after, PROJECTS) == (not_for or [])


def test_a_value_that_went_leaves_the_citation_as_it_is():
    after = narrowed(
        BEFORE, {"slug": "village", "title": "Village", "citations": [PAPER]}, PROJECTS
    )

    assert after["citations"] == [PAPER]


def test_a_citation_of_its_field_bears_a_changed_value():
    after = narrowed(BEFORE, {**BEFORE, "aims": "New", "citations": [PAPER, AIMS]}, PROJECTS)

    assert dict(asserted(after, PROJECTS)) == {"title": Cover.RECORD, "aims": Cover.FIELD}


def test_a_new_citation_of_all_bears_what_came_with_it():
    another = {"publication": "paper", "section": "Findings, para 2"}
    after = narrowed(BEFORE, {**BEFORE, "aims": "New", "citations": [another]}, PROJECTS)

    assert after["citations"] == [another]


def test_it_stays_so_until_somebody_takes_the_field_out_again():
    changed = narrowed(BEFORE, {**BEFORE, "aims": "New"}, PROJECTS)

    later = narrowed(changed, {**changed, "title": "Soccer Village"}, PROJECTS)
    assert later["citations"][0]["not_for"] == ["aims", "title"]

    said = narrowed(changed, {**changed, "citations": [PAPER]}, PROJECTS)
    assert uncited(said, PROJECTS) == []


def test_parts_are_told_apart_by_their_keys_and_new_ones_are_cited_as_they_come():
    before = {**BEFORE, "outcomes": [outcome()]}
    both = [outcome(title="wages fell"), outcome(key="hours")]

    after = narrowed(before, {**before, "outcomes": both}, PROJECTS)

    assert uncited(after, PROJECTS) == ["outcomes.wages.title"]
