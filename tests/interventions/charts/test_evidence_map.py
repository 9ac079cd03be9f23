from interventions.charts.evidence_map import Evidence, evidence_map

FACTORS = [("brief", "Too brief"), ("training", "Know-how")]
FOUND = [
    Evidence("Fayyaz (2017)", "brief", 2, 3, 1, "/1/"),
    Evidence("Khan (2007a)", "training", 0, 1, 0, "/2/"),
]


def chart(**options):
    return evidence_map(FOUND, FACTORS, **{"by_study": False, "source": "S", **options})


def test_each_cell_counts_the_values_and_an_empty_one_is_none_at_all():
    (cells,) = chart().figure.data

    assert [list(line) for line in cells.z] == [[6, None], [None, 1]]
    assert [list(line) for line in cells.customdata] == [["/1/", ""], ["", "/2/"]]


def test_the_table_has_the_same_numbers_and_says_of_what():
    assert [[str(cell) for cell in row] for row in chart().rows] == [
        ["Fayyaz (2017)", "Too brief", "6", "2 codings, 3 accounts, 1 definition"],
        ["Khan (2007a)", "Know-how", "1", "1 account"],
    ]


def test_works_on_one_study_are_said_to_be_one_source():
    assert chart(by_study=True).title == "Which factor rests on which independent study"
    assert "one independent source" in chart(by_study=True).reading
    assert "one independent source" not in chart().reading
