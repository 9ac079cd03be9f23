"""Something done on a second connection while a test holds the first."""

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue

from django.db import connection

LONGEST = 20.0  # seconds


class Beside:
    """Does things one after the other on connections of its own, until the block ends."""

    def __enter__(self):
        self.pool = ThreadPoolExecutor(1)
        return self

    def __exit__(self, *args):
        self.pool.shutdown()

    def do(self, act) -> Future:
        """Begin something; return once it has ended, or waits for a lock."""
        numbers = SimpleQueue()

        def on_its_own_connection():
            try:
                connection.ensure_connection()
                numbers.put(connection.connection.info.backend_pid)
                return act()
            finally:
                connection.close()

        done = self.pool.submit(on_its_own_connection)
        number = numbers.get(timeout=LONGEST)
        ends = time.monotonic() + LONGEST
        while not waits(number) and not wait([done], timeout=0.02).done:
            assert time.monotonic() < ends, "It neither ends nor waits for a lock."
        return done


def waits(number):
    """Whether a connection waits for a lock that another holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_blocking_pids(%s) <> '{}'", [number])
        return cursor.fetchone()[0]
