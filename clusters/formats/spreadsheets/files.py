"""Spreadsheet files, read with care: CSV and XLSX into rows of text, and rows into both.

Whatever a file is, reading it takes bounded memory and ends in rows or in words.
"""

import csv
import datetime
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import openpyxl
import xlsxwriter
from defusedxml import DefusedXmlException
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from openpyxl.utils.escape import unescape

from clusters.formats.csv_files import as_meant, harmless
from clusters.formats.spreadsheets.columns import Column, Table
from clusters.values.cleaning import trimmed

LARGEST, LARGEST_UNPACKED = 10_000_000, 100_000_000
MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 50_000, 200, 100_000
# How many characters a cell of XLSX holds; of a longer text the rest would be lost.
LONGEST_IN_XLSX = 32_767
# Of the XML inside a workbook: elements are some hundred times larger in memory than in the file.
MOST_IN_STRINGS, MOST_ELEMENTS, MOST_IN_A_ROW = 1_500_000, 1_000_000, 60_000
# Begins a row that is for people: the codebook inside a CSV file.
REMARK = "#"
ALWAYS = datetime.datetime(1980, 1, 1)
# Names the elements of ISO's strict variant of XLSX, which openpyxl does not read.
BOOK = "xl/workbook.xml"
STRICT = b"http://purl.oclc.org/ooxml/"
SUFFIXES = ("csv", "xlsx")
# The sheet of an exported table that explains its columns; whatever language, it is called so.
CODEBOOK = "Codebook"


@dataclass(frozen=True, order=True)
class Wrong:
    """What is wrong in a table: the row as a spreadsheet counts it, the column, the value."""

    row: int
    column: str
    value: str
    message: str


@dataclass
class Sheet:
    """Rows of text by the names of the head; `numbers` are those of the rows in their file."""

    head: list[str]
    rows: list[dict[str, str]]
    numbers: list[int]
    wrong: list[Wrong] = field(default_factory=list)


class Unreadable(Exception):
    """A file that cannot be read as a table at all; says why."""


def read(content: bytes) -> Sheet:
    """Return the rows of a CSV or XLSX file, told apart by their content. Raises Unreadable."""
    if len(content) > LARGEST:
        raise Unreadable(_("The file is larger than %(n)s MB.") % {"n": LARGEST // 1_000_000})
    wrong: list[Wrong] = []
    lines = _xlsx(content, wrong) if content.startswith(b"PK") else _csv(content)
    head: list[str] = []
    rows: list[list[str]] = []
    numbers: list[int] = []
    for number, cells in lines:
        if not any(cells) or cells[0].startswith(REMARK):
            continue
        if not head:
            head = [cell.strip() for cell in cells]
            while head and not head[-1]:
                head.pop()
            _check_head(head)
            continue
        if any(cells[len(head) :]):
            wrong.append(Wrong(number, "", "", _("It has more cells than the head has names.")))
        row = [*cells, *[""] * len(head)][: len(head)]
        for name, cell in zip(head, row, strict=True):
            if len(cell) > LONGEST_CELL:
                words = _("It is longer than %(n)s characters.") % {"n": LONGEST_CELL}
                wrong.append(Wrong(number, name, cell[:40], words))
        rows.append(row)
        numbers.append(number)
        if len(rows) > MOST_ROWS:
            raise Unreadable(_("It has more than %(n)s rows: split it.") % {"n": MOST_ROWS})
    if not rows:
        raise Unreadable(_("It has no rows below its head."))
    # Cells of a sheet were told by their place, before there was a head.
    wrong = [
        replace(
            problem,
            column=head[int(problem.column) - 1] if int(problem.column) <= len(head) else "",
        )
        if problem.column.isdecimal()
        else problem
        for problem in wrong
    ]
    return Sheet(head, [dict(zip(head, row, strict=True)) for row in rows], numbers, wrong)


def _check_head(head: Sequence[str]) -> None:
    if len(head) > MOST_COLUMNS:
        raise Unreadable(_("It has more than %(n)s columns.") % {"n": MOST_COLUMNS})
    twice = sorted({name for name in head if head.count(name) > 1})
    if twice:
        raise Unreadable(
            _("A column of the head has no name.")
            if twice == [""]
            else _("The head has %(names)s twice.") % {"names": ", ".join(filter(None, twice))}
        )


def _csv(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unreadable(
            _("Line %(line)s is not UTF-8: save it as “CSV UTF-8”.") % {"line": line}
        ) from None
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise Unreadable(_("Line %(line)s holds a NUL: this is no CSV file.") % {"line": line})
    # Excel's own line, which names the sign between cells.
    sign = re.match(r"\"?sep=(.)\"?\r?\n", text, re.IGNORECASE)
    text = text[sign.end() :] if sign else text
    first = text.partition("\n")[0]
    # Spreadsheets write what the country's decimal sign leaves free.
    between = sign[1] if sign else max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    number = 1
    try:
        for number, row in enumerate(rows, start=2 if sign else 1):
            yield number, [trimmed(as_meant(cell)) for cell in row]
    except csv.Error as error:
        words = _("Row %(row)s cannot be read: %(why)s")
        said = _CSV_ERRORS.get(str(error), _("a quotation mark stands where it cannot."))
        raise Unreadable(words % {"row": number + 1, "why": said}) from None


# What Python's reader finds wrong, in words for people.
_CSV_ERRORS = {
    "unexpected end of data": gettext_lazy("a quotation mark is opened and never closed."),
    "field larger than field limit (131072)": gettext_lazy(
        "a cell is longer than 131,072 characters."
    ),
}


def _xlsx(content: bytes, wrong: list[Wrong]) -> Iterator[tuple[int, list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            # Reading a member never gives more than its size says here.
            if sum(member.file_size for member in packed.infolist()) > LARGEST_UNPACKED:
                raise Unreadable(_("Unpacked it is too large."))
            _check_parts(packed)
            if "xl/workbook.xml" in packed.namelist() and STRICT in packed.read("xl/workbook.xml"):
                words = _(
                    "This is a “Strict Open XML” workbook. Save it as “Excel Workbook (.xlsx)”."
                )
                raise Unreadable(words)
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
        filled = [sheet for sheet in book.worksheets if _has_data(sheet)]
        sheet, *others = filled or book.worksheets[:1]
        if others:
            words = _(
                "It has data on two sheets, “%(first)s” and “%(other)s”. Save each as a file of "
                "its own, and bring in one after the other."
            )
            raise Unreadable(words % {"first": sheet.title, "other": others[0].title})
        sheet.reset_dimensions()  # what a file says of its size may be anything
        for number, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS + 1), start=1):
            if number > 2 * MOST_ROWS:
                raise Unreadable(_("It has more than %(n)s rows: split it.") % {"n": MOST_ROWS})
            yield number, [_text(cell, number, wrong) for cell in cells]
    except Unreadable:
        raise
    except Exception as error:  # openpyxl raises whatever a broken file makes it stumble on
        if isinstance(error, DefusedXmlException) or isinstance(
            error.__cause__ or error.__context__, DefusedXmlException
        ):
            words = _("It has XML entities, which no spreadsheet program writes.")
            raise Unreadable(words) from None
        raise Unreadable(
            _(
                "This file cannot be read as a workbook. Open it in a spreadsheet program and save "
                "it as “Excel Workbook (.xlsx)” or as “CSV UTF-8”."
            )
        ) from None


def _has_data(sheet: Any) -> bool:
    """Whether a sheet has more than spaces in it; our own codebook is none of the data."""
    if sheet.title == CODEBOOK:
        return False
    sheet.reset_dimensions()
    rows = sheet.iter_rows(max_row=2 * MOST_ROWS, max_col=MOST_COLUMNS + 1, values_only=True)
    return any(str(cell).strip() for row in rows for cell in row if cell is not None)


def _check_parts(packed: zipfile.ZipFile) -> None:
    """Refuse a workbook whose parts would fill the memory. Raises Unreadable.

    Sheets are read row by row, so that only their longest row counts; all else is read whole.
    """
    for member in packed.infolist():
        is_sheet = member.filename.startswith("xl/worksheets/")
        is_strings = member.filename.endswith("sharedStrings.xml")
        most = MOST_IN_A_ROW if is_sheet else MOST_IN_STRINGS if is_strings else MOST_ELEMENTS
        counted = 0
        for chunk in _chunks(packed, member):
            # Of what is written in two bytes a letter no elements would be found.
            if b"\x00" in chunk and member.filename.endswith((".xml", ".rels")):
                words = _("Its parts are not UTF-8, as every spreadsheet program has them.")
                raise Unreadable(words)
            for found in _ELEMENT.finditer(chunk):
                counted = 0 if is_sheet and found[0].endswith(b"row") else counted + 1
                if counted > most:
                    raise Unreadable(_("Unpacked it is too large."))


_ELEMENT = re.compile(rb"<(?:\w+:)?(?:row\b|\w)")


def _chunks(packed: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with packed.open(member) as part:
        while chunk := part.read(1 << 20):
            yield chunk


def _text(cell: Any, number: int, wrong: list[Wrong]) -> str:
    """Return a cell as it was typed; add to `wrong` where a spreadsheet has changed it."""
    value = cell.value
    if value is None:
        return ""
    words = ""
    if cell.data_type == "f":
        words = _("This is a formula: put its value there.")
    elif cell.data_type == "e":
        words = _("This is an error of the spreadsheet.")
    elif isinstance(value, datetime.date | datetime.time):
        words = _("The spreadsheet made a date of this: format the cell as text, and type it anew.")
    elif isinstance(value, int | float) and "%" in cell.number_format:
        # It is shown as 80 % and kept as 0.8; columns say which of the two they want.
        words = _("This is shown as a percentage: format the cell as text, and type the number.")
    if words:
        wrong.append(Wrong(number, str(cell.column), str(value)[:80], words))
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        # As it is shown, not as it is stored: 0.1 + 0.2 is 0.3.
        return f"{Decimal(repr(round(value, 12))).normalize():f}"
    # Signs that XML cannot hold are written as _x000D_.
    return trimmed(unescape(str(value)).replace("\r\n", "\n").replace("\r", "\n"))


# --- Writing -------------------------------------------------------------------------------------


def write_csv(table: Table, rows: Iterable[Sequence[str]], *, remarks: bool) -> bytes:
    """Return a table as CSV, with the codebook in remarks below its head where asked for."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([column.name for column in table.columns])
    if remarks:
        for number, told in enumerate((_about, _need, _known)):
            cells = [told(column) for column in table.columns]
            cells[0] = f"{REMARK} {cells[0]}" if cells[0] or number == 0 else REMARK
            writer.writerow([harmless(cell) for cell in cells])
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return ("\ufeff" + out.getvalue()).encode()


def write_xlsx(table: Table, rows: Iterable[Sequence[str]]) -> bytes:
    """Return a table as XLSX: its rows, as text, and the codebook on a sheet of its own."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": ALWAYS, "title": table.title})
        as_text = book.add_format({"num_format": "@", "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        head = book.add_format({"bold": True, "bg_color": "#E7F0EF", "num_format": "@"})
        needed = book.add_format({"bold": True, "bg_color": "#F3D3B5", "num_format": "@"})
        sheet = book.add_worksheet(table.title[:31])
        sheet.freeze_panes(1, 0)
        for number, column in enumerate(table.columns):
            # As text, so that the program makes no dates and numbers of what is typed.
            sheet.set_column(number, number, max(14, len(column.name) + 2), as_text)
            sheet.write_string(0, number, column.name, needed if column.required else head)
            codes = [code for code, _label in column.choices]
            if codes and column.kind == "scalar" and len(",".join(codes)) < 255:
                valid = {"validate": "list", "source": codes, "ignore_blank": True}
                sheet.data_validation(1, number, MOST_ROWS, number, valid)
        for at, row in enumerate(rows, start=1):
            for number, cell in enumerate(row):
                sheet.write_string(at, number, cell, as_text)
        book_sheet = book.add_worksheet(CODEBOOK)
        book_sheet.set_column(0, 1, 22, wrapped)
        book_sheet.set_column(2, 3, 60, wrapped)
        titles = (_("Column"), _("Needed"), _("What it means"), _("One of"), _("Example"))
        for number, title in enumerate(titles):
            book_sheet.write_string(0, number, title, head)
        for at, column in enumerate(table.columns, start=1):
            told = (column.name, _need(column), _about(column), _known(column), column.example)
            for number, cell in enumerate(told):
                book_sheet.write_string(at, number, cell, wrapped)
    return out.getvalue()


def _about(column: Column) -> str:
    return column.about


def _need(column: Column) -> str:
    return _("needed") if column.required else ""


def _known(column: Column) -> str:
    return "; ".join(f"{code} ({label})" for code, label in column.choices)
