import pytest

from clusters.charts.chart import Cell, table, wrapped


@pytest.mark.parametrize(
    ("text", "width", "lines", "found"),
    [
        ("Soccer Village", 20, 2, "Soccer Village"),
        ("Soccer Village (CSR SME network)", 16, 2, "Soccer Village<br>(CSR SME …"),
        ("European headquarters", 9, 4, "European<br>headqu-<br>arters"),
        ("", 9, 2, ""),
    ],
)
def test_labels_break_at_words_and_say_when_they_are_cut(text, width, lines, found):
    assert wrapped(text, width, lines) == found


def test_a_table_has_a_cell_for_every_value():
    assert table(("a", 1, 0.5, None, Cell("b", "/b/"))) == (
        (Cell("a"), Cell("1"), Cell("0.5"), Cell(""), Cell("b", "/b/")),
    )
