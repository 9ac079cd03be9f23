"""Tables as CSV files."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

from django.http import HttpResponse

# A spreadsheet would take a cell that begins with one of these signs for a formula; one with
# apostrophes before it is marked as well, so that one mark is what is taken away again.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def harmless(text: str) -> str:
    """Return the text so that no spreadsheet calculates with it; `as_meant` takes it back."""
    is_number = re.fullmatch(r"-?\d+(\.\d+)?", text)
    return f"'{text}" if _FORMULA.match(text) and not is_number else text


def as_meant(cell: str) -> str:
    """Return what a cell says without the apostrophe that `harmless` puts before it."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def csv_response(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> HttpResponse:
    """Return a CSV file (UTF-8 with its mark, so that Excel reads it right)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    response = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
