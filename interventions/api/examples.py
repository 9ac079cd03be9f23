"""One record of each kind as the API answers it, short enough to read."""

import re
from typing import Any

import orjson

from clusters.api.description import EXAMPLE_SITE
from clusters.api.endpoints import ENDPOINTS as CLUSTERS
from clusters.models.base import root_model
from clusters.published import documents
from clusters.published.fields import BASE
from clusters.records.schema import record_schema
from clusters.records.serialization import reference
from interventions.api.records import ENDPOINTS as INTERVENTIONS


def examples_now() -> dict[str, Any]:
    """Return the first public record of each kind that has one, with one part of each kind."""
    found = {}
    for endpoint in {**CLUSTERS, **INTERVENTIONS}.values():
        model: Any = endpoint.model
        first = model.objects.published().order_by("pk").first()
        if first is None:
            continue
        root = first
        while hasattr(root, "parent_field"):
            root = root.parent
        answer = documents.build(root_model(model), [root.pk])[root.pk]
        text = endpoint.taken_out(endpoint(), answer, reference(first))
        # Numbers of the database mean nothing elsewhere.
        text = re.sub(
            rb"#place-\d+", b"#place-1", text.replace(BASE.encode(), EXAMPLE_SITE.encode())
        )
        found[record_schema(model).folder] = shortened(
            orjson.loads(text), set(record_schema(model).children)
        )
    return dict(sorted(found.items()))


def shortened(record: dict[str, Any], parts: set[str]) -> dict[str, Any]:
    """Return a record with one of each kind of its parts and citations."""
    return {
        name: [shortened(part, {"replies"}) for part in value[:1]]
        if name in parts
        else value[:1]
        if name == "citations"
        else value
        for name, value in record.items()
    }
