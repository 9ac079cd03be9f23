"""The worker beside the server: what takes longer than a request."""

import os
import threading
from typing import Any

from django.core.management import call_command
from django_tasks_db.management.commands import db_worker

from clusters.actions.publishing import index_due
from clusters.mailing import take_up
from clusters.published.documents import write_rest


class Command(db_worker.Command):
    help = "Send mail, bring files in, and do whatever else is queued; runs beside the server."

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--until-stdin-ends",
            action="store_true",
            help="end with the process that holds the other end of standard input",
        )

    def configure_logging(self, verbosity: int) -> None:
        """Leave logging to the settings."""

    def handle(self, *, until_stdin_ends: bool = False, **options: Any) -> None:  # type: ignore[override]
        if until_stdin_ends:
            threading.Thread(target=self.end_with_stdin, daemon=True).start()
        take_up()
        # What a worker before has left.
        write_rest.enqueue()
        index_due.enqueue()
        call_command("prune_db_task_results", verbosity=0)  # what ended two weeks ago
        super().handle(**options)

    @staticmethod
    def end_with_stdin() -> None:
        # However the server ends, killed included, this end of the pipe closes.
        while os.read(0, 1024):  # not by sys.stdin, whose lock would be in the way of an exit
            pass
        os._exit(0)
