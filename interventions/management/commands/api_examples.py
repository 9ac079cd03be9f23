"""Write the examples of the API's description anew, from the Sialkot case as it is loaded."""

from typing import Any

import orjson
from django.core.management.base import BaseCommand

from clusters.api.description import EXAMPLES
from interventions.api.examples import examples_now


class Command(BaseCommand):
    help = "Write the examples of the API's description anew, from the Sialkot case."

    def handle(self, *args: Any, **options: Any) -> None:
        EXAMPLES.write_bytes(orjson.dumps(examples_now(), option=orjson.OPT_INDENT_2) + b"\n")
