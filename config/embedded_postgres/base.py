"""Django's PostgreSQL backend, on a server that is started on the first connection."""

from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base
from django.db.utils import OperationalError
from psycopg import OperationalError as PsycopgOperationalError

from config.embedded_postgres.server import EmbeddedPostgresError, Server


class DatabaseWrapper(base.DatabaseWrapper):
    """HOST is the socket folder that `Server` keeps inside its own folder."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        server = Server(Path(self.settings_dict["HOST"]).parent)
        try:
            server.ensure_running()
            try:
                return super().get_new_connection(conn_params)
            except PsycopgOperationalError:
                # The server went away between two connections; its supervisor restarts it.
                server.ensure_running()
                return super().get_new_connection(conn_params)
        except EmbeddedPostgresError as error:
            raise OperationalError(str(error)) from error
