from clusters.i18n import PROJECTS, counted


def test_numbers_agree_with_their_nouns():
    assert [counted(number, PROJECTS) for number in (0, 1, 2000)] == [
        "0 projects",
        "1 project",
        "2,000 projects",
    ]
