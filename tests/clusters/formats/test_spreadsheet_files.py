"""Files of any kind end in rows or in words: wrong, huge and malicious ones too."""

import io
import zipfile

import openpyxl
import pytest

from clusters.formats.spreadsheets import files
from clusters.formats.spreadsheets.columns import tables
from clusters.formats.spreadsheets.files import Unreadable, read, write_csv, write_xlsx


def xlsx(rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_member(content, name, text):
    """Return a zip file with one member put in the place of another."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            new.writestr(member.filename, text if member.filename == name else old.read(member))
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def with_strings(content, text):
    """Return a workbook with a table of strings beside its sheets."""
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/sharedStrings.xml", text)
    return out.getvalue()


GOOD = xlsx([["slug", "name"], ["kasur", "Kasur"]])


def rows_of(content):
    sheet = read(content)
    return sheet.head, [list(row.values()) for row in sheet.rows], sheet.numbers


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_csv_is_read_with_whatever_a_spreadsheet_writes_between_cells(between):
    text = f"\ufeffslug{between}name\r\n# remark{between}\r\n\r\nkasur{between}Kasur\r\n"

    assert rows_of(text.encode()) == (["slug", "name"], [["kasur", "Kasur"]], [4])


def test_xlsx_is_read_as_it_is_shown():
    found = rows_of(
        xlsx(
            [
                ["slug", "value", "is"],
                ["a", 0.1 + 0.2, True],
                ["b", 2008, None],
                [None],
                ["c", 1.0, " x "],
            ]
        )
    )

    assert found == (
        ["slug", "value", "is"],
        [["a", "0.3", "true"], ["b", "2008", ""], ["c", "1", "x"]],
        [2, 3, 5],
    )


def test_what_a_spreadsheet_made_of_a_cell_is_told_with_its_place():
    import datetime

    sheet = read(xlsx([["slug", "when", "value"], ["a", datetime.datetime(2008, 3, 1), "=1+1"]]))

    assert [(problem.row, problem.column) for problem in sheet.wrong] == [(2, "when"), (2, "value")]
    assert "made a date of this" in sheet.wrong[0].message
    assert "This is a formula" in sheet.wrong[1].message


def test_a_percentage_is_asked_for_and_not_read_as_a_fraction():
    book = openpyxl.Workbook()
    book.active.append(["slug", "value", "share"])
    book.active.append(["a", 0.8, 0.8])
    book.active["C2"].number_format = "0%"
    out = io.BytesIO()
    book.save(out)

    sheet = read(out.getvalue())

    assert list(sheet.rows[0].values())[:2] == ["a", "0.8"]
    assert [(problem.row, problem.column, problem.value) for problem in sheet.wrong] == [
        (2, "share", "0.8")
    ]
    assert "shown as a percentage" in sheet.wrong[0].message


def test_no_more_rows_columns_and_letters_than_there_may_be(monkeypatch):
    monkeypatch.setattr(files, "MOST_ROWS", 2)
    monkeypatch.setattr(files, "MOST_COLUMNS", 3)

    assert len(rows_of(b"slug\na\nb\n")[1]) == 2
    with pytest.raises(Unreadable, match="more than 2 rows"):
        read(b"slug\na\nb\nc\n")
    with pytest.raises(Unreadable, match="more than 2 rows"):
        read(xlsx([["slug"], *[[None]] * 9, ["a"]]))
    assert rows_of(b"a,b,c\n1,2,3\n")[0] == ["a", "b", "c"]
    with pytest.raises(Unreadable, match="more than 3 columns"):
        read(b"a,b,c,d\n1,2,3,4\n")


def test_a_cell_of_ten_megabytes_is_named():
    (problem,) = read(xlsx([["slug", "name"], ["a", "x" * 32_767], ["b", "y"]])).wrong or [None]
    assert problem is None

    huge = f"<row r='2'><c r='A2' t='inlineStr'><is><t>{'x' * 10_000_000}</t></is></c></row>"
    sheet = with_member(
        GOOD,
        SHEET,
        f"<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'><sheetData><row r='1'><c r='A1' t='inlineStr'><is><t>slug</t></is></c></row>{huge}</sheetData></worksheet>",
    )
    (wrong,) = read(sheet).wrong
    assert (wrong.row, wrong.column, wrong.value) == (2, "slug", "x" * 40)
    assert "longer than 100000 characters" in wrong.message

    with pytest.raises(Unreadable, match="Row 2 cannot be read: a cell is longer than"):
        read(f"slug\n{'x' * 9_000_000}\n".encode())


BOMB = with_member(GOOD, SHEET, b"0" * (files.LARGEST_UNPACKED + 1))
ENTITIES = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>"""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no rows below its head"),
        (b"slug,name\n", "no rows below its head"),
        (b"slug,slug\na,b\n", "slug twice"),
        (b"slug,,\n,x,\n", None),
        ("slug,name\nkasur,Fußball\n".encode("latin-1"), "Line 2 is not UTF-8"),
        (b"slug\na\x00b\n", "Line 2 holds a NUL"),
        (b'slug\n"a\n', "Row 2 cannot be read"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not UTF-8"),
        (b"x" * (files.LARGEST + 1), "larger than 10 MB"),
        (b"PK\x03\x04 and no more", "cannot be read as a workbook"),
        (GOOD[: len(GOOD) // 2], "cannot be read as a workbook"),
        (with_member(GOOD, "[Content_Types].xml", "<none/>"), "cannot be read as a workbook"),
        (with_member(GOOD, SHEET, "<broken"), "cannot be read as a workbook"),
        (with_member(GOOD, SHEET, ENTITIES), "XML entities"),
        (BOMB, "Unpacked it is too large"),
        (
            with_strings(GOOD, b"<sst><si>" + b"<r/>" * 2_000_000),
            "Unpacked it is too large",
        ),
        (
            with_member(GOOD, SHEET, b"<row><c><is>" + b"<t/>" * 100_000),
            "Unpacked it is too large",
        ),
        (with_member(GOOD, SHEET, "<worksheet/>".encode("utf-16")), "Its parts are not UTF-8"),
    ],
    ids=range(18),
)
def test_what_cannot_be_read_says_why(content, said):
    if said is None:
        assert rows_of(content)[0] == ["slug"]
        return
    with pytest.raises(Unreadable, match=said):
        read(content)


def test_a_template_has_its_codebook_inside_and_makes_no_row_of_it():
    table = tables()["projects-codings"]

    text = write_csv(table, [], remarks=True).decode("utf-8-sig")
    assert text.startswith("project,key,factor,")
    assert "0.33 (More absent than present (0.33))" in text
    with pytest.raises(Unreadable, match="no rows"):
        read(text.encode())
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx(table, [])))
    assert book.sheetnames == ["Codings", "Codebook"]
    assert [cell.value for cell in book["Codings"][1]] == [column.name for column in table.columns]
    told = {row[0].value: row[1].value for row in book["Codebook"].iter_rows(min_row=2)}
    assert told["rationale"] == "needed"
    assert not told["round"]


def test_files_have_the_same_bytes_for_the_same_rows():
    table = tables()["clusters"]
    rows = [["kasur", *[""] * (len(table.columns) - 1)]]

    assert write_xlsx(table, rows) == write_xlsx(table, rows)


def test_no_spreadsheet_calculates_with_what_is_written_and_it_comes_back_as_it_was():
    table = tables()["outcome-dimensions"]
    row = ["slug", "en", "=1+1", "-a\nb", ""]

    for content in (write_csv(table, [row], remarks=False), write_xlsx(table, [row])):
        assert rows_of(content)[1] == [row]
    assert b"'=1+1" in write_csv(table, [row], remarks=False)
    book = openpyxl.load_workbook(io.BytesIO(write_xlsx(table, [row])))
    assert book.active["C2"].data_type == "s"


def test_a_workbook_with_data_on_a_second_sheet_is_refused():
    book = openpyxl.Workbook()
    book.active.title = "First"
    book.active.append(["slug", "name"])
    book.active.append(["kasur", "Kasur"])
    book.create_sheet("Empty")
    stored = io.BytesIO()
    book.save(stored)
    assert read(stored.getvalue()).head == ["slug", "name"]

    book.create_sheet("Second").append(["slug"])
    stored = io.BytesIO()
    book.save(stored)
    with pytest.raises(Unreadable, match="data on two sheets, “First” and “Second”"):
        read(stored.getvalue())


def test_sheets_with_nothing_but_spaces_are_no_data():
    book = openpyxl.Workbook()
    book.active.append([" "])
    rows = book.create_sheet("Rows")
    rows.append(["slug", "name"])
    rows.append(["kasur", "Kasur"])
    stored = io.BytesIO()
    book.save(stored)

    assert read(stored.getvalue()).rows == [{"slug": "kasur", "name": "Kasur"}]


@pytest.mark.parametrize("text", ["'=1+1", "''-a", "'", "'a", "-23", "it's = so"])
def test_apostrophes_before_formulas_come_back_as_they_were(text):
    table = tables()["outcome-dimensions"]
    row = ["slug", "en", text, "", ""]

    assert rows_of(write_csv(table, [row], remarks=False))[1] == [row]
