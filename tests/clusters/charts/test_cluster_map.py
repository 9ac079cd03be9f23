from clusters.charts.cluster_map import Place, bounds, cluster_map, outlines

SIALKOT = Place("Sialkot", "Footballs, Pakistan", "/sialkot/", 32.49, 74.53)
KASUR = Place("Kasur", "Tanneries, Pakistan", "/kasur/", 31.12, 74.45)
NOWHERE = Place("Somewhere", "Shoes, India", "/somewhere/", None, None)


def test_every_cluster_with_a_point_is_drawn_and_leads_to_its_page():
    chart = cluster_map([SIALKOT, KASUR, NOWHERE], "Source: a test")

    countries, points = chart.figure.data
    assert list(zip(points.y, points.x, strict=True)) == [(32.49, 74.53), (31.12, 74.45)]
    assert list(points.customdata) == ["/sialkot/", "/kasur/"]
    assert len(set(points.textposition)) == 2
    assert [str(row[0]) for row in chart.rows] == ["Sialkot", "Kasur", "Somewhere"]
    assert "n = 2 of 3 clusters" in chart.reading
    assert len(countries.x) > 100


def test_without_a_point_there_is_a_table_only():
    assert cluster_map([NOWHERE], "Source: a test").figure is None


def test_outlines_are_those_that_reach_into_the_map():
    west, south, east, north = bounds([SIALKOT])

    rings = outlines(west, south, east, north)

    assert rings
    for ring in rings:
        assert min(longitude for longitude, _latitude in ring) <= east
        assert max(latitude for _longitude, latitude in ring) >= south
    assert len(rings) < len(outlines(-180, -90, 180, 90))
