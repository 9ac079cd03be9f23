"""How answers are written."""

from typing import Any

import orjson
from rest_framework.renderers import JSONRenderer as _JSONRenderer

from clusters.published.fields import BASE

# JSON of records that have some of their fields only, which the description tells from whole ones.
SPARSE = "application/vnd.casebook.sparse+json"


class JSONRenderer(_JSONRenderer):
    """JSON by orjson, which takes what is written already as it stands."""

    charset = None
    also: tuple[str, ...] = (SPARSE,)

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> bytes:
        if data is None:
            return b""
        text = orjson.dumps(data, default=str)
        request = (renderer_context or {}).get("request")
        site = request.build_absolute_uri("/").rstrip("/") if request is not None else ""
        return text.replace(BASE.encode(), site.encode())
