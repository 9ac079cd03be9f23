"""Bodies of requests."""

from typing import Any

import orjson
from rest_framework.parsers import BaseParser

from clusters.values.cleaning import is_deeper
from clusters.web.exceptions import Problem

MOST_BYTES = 5_000_000
# A case has records, parts, their parts, places and the names in them.
DEEPEST = 20


class JSONParser(BaseParser):
    """A body as JSON. Raises Problem for one that is none, or too large."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        text = stream.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise Problem(413, f"A body has {MOST_BYTES:,} bytes at most.")
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise Problem(
                400, f"This is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
            ) from None
        if is_deeper(value, DEEPEST):
            raise Problem(400, f"A body is nested {DEEPEST} levels at most.")
        return value


class MergePatchParser(JSONParser):
    """A change as a JSON Merge Patch (RFC 7396)."""

    media_type = "application/merge-patch+json"
