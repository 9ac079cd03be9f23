"""The database when it fails, and statements as fast as the driver goes.

Statements are for the few queries that every request of the API makes. Django's cursor binds
values in the client, so that the server plans each text anew, and asks whether the connection
lives, which takes as long as the query; a prepared statement through libpq (`psycopg.pq`) takes a
third of the time.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from django.db import InterfaceError, InternalError, OperationalError, connection
from psycopg import pq

# The database is gone, full or broken: whatever was sent, it would have come to the same.
UNAVAILABLE = (OperationalError, InterfaceError, InternalError)
# When those who were told so may come back, in seconds.
RETRY_AFTER = 30

type Row = tuple[str | None, ...]

_prepared: "WeakKeyDictionary[Any, set[bytes]]" = WeakKeyDictionary()
_numbers = count(1)


class PreparedStatement:
    """A query, prepared once a connection; `%s` stands for each of its values.

    Values go in and come out as text: cast what is none in the query.
    """

    def __init__(self, query: str) -> None:
        self.query = query
        self.name = f"casebook_{next(_numbers)}".encode()
        first, *others = query.split("%s")
        placed = (f"${number}{part}" for number, part in enumerate(others, start=1))
        self.placed = "".join([first, *placed]).encode()

    def row(self, values: Sequence[str] = ()) -> Row | None:
        """Return the first row that `rows` returns, or None."""
        found = self.rows(values)
        return found[0] if found else None

    def rows(self, values: Sequence[str] = ()) -> list[Row]:
        """Return every row.

        What cannot be asked directly, since a test counts queries, a transaction would end at a
        failure, or the connection is gone, is asked in Django's way.
        """
        standing = connection.connection
        if (
            standing is not None
            and not connection.in_atomic_block
            and not connection.queries_logged
        ):
            result = self._ask(standing, [value.encode() for value in values])
            if result.status == pq.ExecStatus.TUPLES_OK:
                return _rows_of(result)
            if standing.pgconn.status != pq.ConnStatus.OK:
                connection.close()
        with connection.cursor() as cursor:
            cursor.execute(self.query, values)
            found: list[Row] = cursor.fetchall()
            return found

    def _ask(self, standing: Any, values: list[bytes]) -> Any:
        known = _prepared.setdefault(standing, set())
        if self.name not in known:
            result = standing.pgconn.prepare(self.name, self.placed)
            if result.status != pq.ExecStatus.COMMAND_OK:
                return result
            known.add(self.name)
        return standing.pgconn.exec_prepared(self.name, values)


def _rows_of(result: Any) -> list[Row]:
    columns = range(result.nfields)
    return [
        tuple(
            None if (value := result.get_value(number, column)) is None else value.decode()
            for column in columns
        )
        for number in range(result.ntuples)
    ]
