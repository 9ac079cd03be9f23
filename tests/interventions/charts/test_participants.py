from interventions.charts.participants import Part, draw_participants

PARTS = [
    Part("IDA", "/ida/", "Village", "/village/", "Led it", "/village/#part-ida"),
    Part("IDA", "/ida/", "Programme", "/programme/", "Led it", "/programme/#part-ida"),
    Part("Nike", "/nike/", "Village", "/village/", "Bought it", "/village/#part-nike"),
]


def test_one_band_a_part_and_every_name_leads_to_its_page():
    (sankey,) = draw_participants(PARTS, "S").figure.data

    assert list(sankey.node.label) == ["IDA", "Nike", "Village", "Programme"]
    assert list(sankey.node.customdata) == ["/ida/", "/nike/", "/village/", "/programme/"]
    ends = list(zip(sankey.link.source, sankey.link.target, strict=True))
    assert ends == [(0, 2), (0, 3), (1, 2)]
    assert list(sankey.link.value) == [1, 1, 1]
    assert list(sankey.link.customdata) == [part.url for part in PARTS]


def test_the_table_has_a_row_for_each_band():
    rows = draw_participants(PARTS, "S").rows

    assert [[str(cell) for cell in row] for row in rows] == [
        ["IDA", "Led it", "Village"],
        ["IDA", "Led it", "Programme"],
        ["Nike", "Bought it", "Village"],
    ]
    assert draw_participants(PARTS[:1], "S").figure is None


def test_two_records_of_one_name_stay_two():
    namesake = Part("Village", "/stakeholder/", "Village", "/village/", "Led it", "/village/#part")

    (sankey,) = draw_participants([*PARTS, namesake], "S").figure.data

    assert sorted(sankey.node.label).count("Village") == 2
    assert all(
        start != end for start, end in zip(sankey.link.source, sankey.link.target, strict=True)
    )
