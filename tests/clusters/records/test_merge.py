import pytest

from clusters.records.merge import Difference, differences, merge


@pytest.mark.parametrize(
    ("base", "file", "ours", "result", "is_edited"),
    [
        ("a", "a", "a", "a", False),
        ("a", "b", "a", "b", False),  # the file changed
        ("a", "a", "c", "c", False),  # a person changed
        ("a", "b", "b", "b", False),  # both the same way
        ("a", "b", "c", "c", True),  # both, differently
        (None, "b", "c", "c", True),  # never imported
        ("a", None, "a", None, False),  # the file took it away
        ("a", None, "c", "c", True),  # the file took away what a person changed
    ],
)
def test_one_value_in_three_versions(base, file, ours, result, is_edited):
    def document(value):
        return {} if value is None else {"summary": value}

    merged = merge(document(base), document(file), document(ours))

    assert merged.document == document(result)
    assert bool(merged.edited) is is_edited


def test_children_are_compared_by_key_and_a_persons_own_child_stays():
    base = {"events": [{"key": "a", "title": "A"}, {"key": "b", "title": "B"}]}
    file = {"events": [{"key": "a", "title": "A2"}]}
    ours = {"events": [*base["events"], {"key": "mine", "title": "Mine"}]}

    assert merge(base, file, ours).document == {
        "events": [{"key": "a", "title": "A2"}, {"key": "mine", "title": "Mine"}]
    }


def test_force_takes_the_file():
    merged = merge({"name": "a"}, {"name": "b"}, {"name": "c"}, force=True)

    assert merged.document == {"name": "b"}


def test_differences_name_the_place():
    before = {"name": "A", "events": [{"key": "x", "title": "X"}]}
    after = {"name": "B", "events": [{"key": "x", "title": "Y"}, {"key": "z", "title": "Z"}]}

    assert differences(before, after) == [
        Difference(("name",), "A", "B"),
        Difference(("events", "x", "title"), "X", "Y"),
        Difference(("events", "z"), None, {"key": "z", "title": "Z"}),
    ]
