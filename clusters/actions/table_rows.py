"""Write the rows of one table, and read them back in as changes of their records."""

import re
from collections.abc import Iterator
from itertools import batched
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from clusters.actions.loading import BATCH, Plan, carry_out
from clusters.formats.spreadsheets.columns import CITATIONS, Table, cell_of, value_of
from clusters.formats.spreadsheets.files import Sheet, Wrong
from clusters.models import Root, User
from clusters.records.serialization import Document, documents_of
from clusters.records.validation import REQUIRED, CaseFile, CaseFilesRefused, Problem, read_value
from clusters.records.writer import OnProgress, find_by_slugs, noop

# What a case file would be told of a record that is not there.
_AS_FILE = re.compile(r": add [\w/.-]+\.yaml")

type Mode = Literal["skip", "update"]
# A row's record is told by its root's slug, then the keys on the way.
type Names = tuple[str, ...]
# What is wrong with the cells of a row, by their columns.
type Mistakes = dict[str, list[str]]


class TableRows:
    """Rows of one table, out and in.

    Nothing is saved unless every row is right: `wrong` has what is not, row by row. Rows of what is
    there already are left alone (`skip`) or change it (`update`): a column that the file leaves out
    stays, an empty cell empties.
    """

    def __init__(
        self,
        table: Table,
        *,
        by: User,
        mode: Mode = "update",
        reason: str = "",
        heard: OnProgress = noop,
    ) -> None:
        self.table, self.by, self.mode = table, by, mode
        self.reason, self.heard = reason, heard
        self.wrong: list[Wrong] = []
        self.plan = Plan()
        self.skipped = self.changing = self.entering = 0
        self.is_trial = False
        self._cells: dict[int, dict[str, str]] = {}
        self._rows: dict[Names, int] = {}
        self._documents: dict[str, Document] = {}
        self._known: dict[Names, Document] = {}
        self._told: dict[int, set[str]] = {}
        self._containers: dict[Names, Document] = {}

    # --- Out ---------------------------------------------------------------------------------

    def rows(self) -> Iterator[dict[str, str]]:
        """Yield every row that the user may see, in the order of their records."""
        table = self.table
        model: Any = table.root.model
        of_all = model._default_manager
        # Contributors are known to everybody at the desk.
        visible = of_all.visible_to(self.by) if issubclass(model, Root) else of_all.all()
        visible = visible.order_by("slug")
        for some in batched(visible.iterator(BATCH), BATCH):
            for document in documents_of(some, public=True):
                for names, part in table.rows_of(document):
                    cells = {column.name: cell_of(column, part) for column in table.columns}
                    yield cells | dict(zip(table.names, names, strict=True))

    def exported(self) -> list[list[str]]:
        """Return every row as a list of cells."""
        names = [column.name for column in self.table.columns]
        return [[row[name] for name in names] for row in self.rows()]

    # --- In ----------------------------------------------------------------------------------

    @transaction.atomic
    def bring_in(self, sheet: Sheet, *, is_trial: bool) -> None:
        """Bring a sheet in, or try to; nothing is saved where a row is wrong."""
        self.is_trial = is_trial
        self.wrong += sheet.wrong
        self._check_head(sheet.head)
        self._read_known(sheet)
        for number, row in zip(sheet.numbers, sheet.rows, strict=True):
            self._read_row(number, row)
        self._carry_out()
        if is_trial or self.wrong:
            transaction.set_rollback(True)

    def _check_head(self, head: list[str]) -> None:
        known = [column.name for column in self.table.columns]
        for name in head:
            if name not in known:
                words = _("There is no such column. Known: %(known)s.")
                self.wrong.append(Wrong(1, name, "", words % {"known": ", ".join(known)}))
        for name in self.table.names:
            if name not in head:
                self.wrong.append(Wrong(1, name, "", _("This column is needed.")))

    def _read_known(self, sheet: Sheet) -> None:
        """Read the records that the rows are of, or part of."""
        first = self.table.names[0]
        slugs = dict.fromkeys(filter(None, (row.get(first) for row in sheet.rows)))
        there = find_by_slugs(self.table.root.model, slugs)
        found = [(slug, record) for slug, (record, _removed) in there.items() if record is not None]
        for some in batched(found, BATCH):
            documents = documents_of([record for _slug, record in some], public=True)
            for (slug, _record), document in zip(some, documents, strict=True):
                self._know(slug, document)

    def _know(self, slug: str, document: Document) -> None:
        """Remember a record under the name that the file has, which may be an old one."""
        self._documents[slug] = document
        for names, part in self.table.rows_of(document):
            self._known[slug, *names[1:]] = part
        if self.table.path:
            for names, part in self.table.above.rows_of(document):
                self._containers[slug, *names[1:]] = part

    def _read_row(self, number: int, row: dict[str, str]) -> None:
        """Read one row into its place in its record's document."""
        self._cells[number] = row
        names = tuple(row.get(name, "") for name in self.table.names)
        mistakes: Mistakes = {}
        for name, value in zip(self.table.names, names, strict=True):
            if not value:
                mistakes.setdefault(name, []).append(REQUIRED)
        if not mistakes and names in self._rows:
            words = _("Row %(row)s is of the same.") % {"row": self._rows[names]}
            mistakes[self.table.names[-1]] = [words]
        self._rows.setdefault(names, number)
        part = self._known.get(names)
        if part is not None and self.mode == "skip" and not mistakes:
            self.skipped += 1
            return
        if not mistakes:
            mistakes = self._put(row, names, part)
        if mistakes:
            self._say(number, mistakes)
        elif part is None:
            self.entering += 1
        else:
            self.changing += 1

    def _put(self, row: dict[str, str], names: Names, part: Document | None) -> Mistakes:
        """Put a row's values where they belong; return what is wrong with them, by column."""
        wanted: Document = dict(part or {})
        mistakes: Mistakes = {}
        shape = self.table.shape
        wanted.setdefault(shape.identity, names[-1])
        for name, text in row.items():
            column = self.table.column(name)
            if column is None or name in self.table.names:
                continue
            target = CITATIONS if column.field is None else column.field.name
            try:
                value = value_of(column, text) if text else None
            except ValidationError as error:
                mistakes[name] = error.messages
                continue
            if column.kind == "date":
                value = _date(wanted.get(target), column.is_printed, text)
            if value in (None, [], {}):
                wanted.pop(target, None)
            else:
                wanted[target] = value
        # Parts of a part are rows of another table.
        below = {name: wanted.pop(name) for name in shape.children if name in wanted}
        case_file, problems = read_value("", wanted, shape)
        for problem in problems:
            mistakes.setdefault(self._column_of(problem.where), []).append(problem.message)
        # A row with a mistake is tried as well, without it: there may be others.
        return mistakes | self._place(names, {**case_file.document, **below})

    def _place(self, names: Names, part: Document) -> Mistakes:
        """Put a part into its root's document, or begin one; return what is wrong, by column."""
        if names in self._known:
            known = self._known[names]
            known.clear()
            known.update(part)
            return {}
        if len(names) == 1:
            self._documents[names[0]] = part
            return {}
        if (container := self._containers.get(names[:-1])) is None:
            above = (
                len(names) - 2
                if names[:1] in self._containers or names[0] in self._documents
                else 0
            )
            words = _("There is no such record: %(name)s.") % {"name": names[above]}
            return {self.table.names[above]: [words]}
        container.setdefault(self.table.path[-1], []).append(part)
        return {}

    def _carry_out(self) -> None:
        """Carry out what the rows come to; where some are wrong, to find what else is wrong."""
        for wrong in self.wrong:
            self._told.setdefault(wrong.row, set()).add(wrong.column)
        slugs = dict.fromkeys(names[0] for names in self._rows)
        files = [
            CaseFile(slug, self.table.root, self._documents[slug])
            for slug in slugs
            if slug in self._documents
        ]
        try:
            self.plan = carry_out(files, self.by, self.reason, self.heard, is_trial=self.is_trial)
        except CaseFilesRefused as error:
            for problem in error.problems:
                self._say_problem(problem)

    # --- What is wrong -----------------------------------------------------------------------

    def _say(self, number: int, mistakes: Mistakes) -> None:
        cells = self._cells.get(number, {})
        # Where files are added, records are entered here.
        self.wrong += [
            Wrong(number, name, cells.get(name, "")[:80], _AS_FILE.sub(": enter it first", message))
            for name, messages in mistakes.items()
            for message in messages
        ]

    def _say_problem(self, problem: Problem) -> None:
        """Add a problem of a case file to `wrong`, at the row that it comes from."""
        keys, rest = [problem.file], list(problem.where)
        for step in self.table.path:
            if len(rest) >= 2 and rest[0] == step:
                keys.append(rest[1])
                rest = rest[2:]
        number = self._rows.get(tuple(keys))
        if number is not None:
            column = self._column_of(tuple(rest))
            told = self._told.get(number, set())
            # What follows from a mistake that is told already is none of its own.
            if not told or (column and column not in told):
                self._say(number, {column: [problem.message]})
            return
        # Of the record itself, or of parts that no row is of.
        of_record = next((row for names, row in self._rows.items() if names[0] == problem.file), 1)
        name = self.table.names[0]
        words = ": ".join(filter(None, (".".join(problem.where), problem.message)))
        self._say(of_record, {name: [words]})

    def _column_of(self, where: tuple[str, ...]) -> str:
        name = where[0] if where else ""
        return name if self.table.column(name) else ""


def _date(before: Document | None, is_printed: bool, text: str) -> Document | None:
    """Return a date with one part, `edtf` or `printed`, as a cell has it; None if it is empty."""
    part = "printed" if is_printed else "edtf"
    value = {**(before or {}), part: text}
    value = {name: content for name, content in value.items() if content}
    return {"edtf": "", **value} if value else None
