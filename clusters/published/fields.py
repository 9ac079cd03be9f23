"""How values look in answers: codes with labels, dates with bounds, links, citations.

Addresses begin with `BASE`, in place of the site's own, which an answer gets as it leaves.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

from django.db import models
from django.urls import reverse
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clusters.models import Publication, Root
from clusters.models.fields import EDTF
from clusters.records.serialization import reference

# A name that no site can have (RFC 2606); whoever answers puts the site's address in its place.
BASE = "https://casebook.invalid"

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}
# Answers give whole addresses, examples those without a site.
ADDRESS: dict[str, Any] = {"type": "string", "format": "uri-reference"}


def whole(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the schema of an object whose members are always there."""
    found = {"type": "object", "required": list(properties), "properties": properties}
    return {**found, **more}


LINK = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "description": "A slug, or root slug and key."},
        "title": {"type": "string"},
        "url": ADDRESS,
    },
    "required": ["id", "title"],
}
DATE = whole(
    {
        "edtf": TEXT,
        "words": TEXT,
        "printed": TEXT,
        "earliest": {"type": ["string", "null"], "format": "date"},
        "latest": {"type": ["string", "null"], "format": "date"},
    },
    type=["object", "null"],
)
CITATION = whole(
    {
        "publication": TEXT,
        "locator_type": TEXT,
        "locator": TEXT,
        "field": {**TEXT, "description": "Empty: the whole record."},
        "not_for": {
            "type": "array",
            "items": TEXT,
            "description": "Of the whole record: the fields that were changed after it was cited.",
        },
        "stance": {**TEXT, "enum": ["supports", "disputes", "context"]},
        "url": ADDRESS,
    }
)


class CodedField(serializers.Field[Any, Any, Any, Any]):
    """A coded value as code and label; null where it is empty."""

    def __init__(self, labels: dict[Any, str], **kwargs: Any) -> None:
        self.labels = labels
        super().__init__(read_only=True, **kwargs)

    @cached_property
    def said(self) -> dict[Any, dict[str, str]]:
        """Each code with its label, put into words once for all records of a serializer."""
        return {code: self.say(code) for code in self.labels}

    def say(self, code: Any) -> dict[str, str]:
        return {"code": str(code), "label": str(self.labels.get(code, code))}

    def to_representation(self, value: Any) -> dict[str, str] | None:
        if value in (None, ""):
            return None
        return self.said.get(value) or self.say(value)


class CodedListField(CodedField):
    """Several coded values."""

    def to_representation(self, value: Any) -> Any:
        return [self.said.get(code) or self.say(code) for code in value]


@extend_schema_field(DATE)
class UncertainDateField(serializers.Field[Any, Any, Any, Any]):
    """An uncertain date: EDTF, in words, as printed, first and last day."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        self.name = name
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, instance: Any) -> dict[str, Any] | None:
        value = EDTF(getattr(instance, self.name))
        printed = getattr(instance, f"{self.name}_printed")
        if not value and not printed:
            return None
        return {
            "edtf": str(value),
            "words": value.words,
            "printed": printed,
            "earliest": getattr(instance, f"{self.name}_earliest"),
            "latest": getattr(instance, f"{self.name}_latest"),
        }


@extend_schema_field({"oneOf": [LINK, {"type": "null"}]})
class LinkField(serializers.Field[Any, Any, Any, Any]):
    """A link to another record."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> dict[str, str]:
        return link(value, self.context)


@extend_schema_field({"type": "array", "items": LINK})
class LinkListField(LinkField):
    """Links to several records."""

    def to_representation(self, value: Any) -> Any:
        return [link(record, self.context) for record in value.all()]


@extend_schema_field({"type": "array", "items": CITATION})
class CitationsField(serializers.Field[Any, Any, Any, Any]):
    """Where a record, or one field of it, is written."""

    def __init__(self, **kwargs: Any) -> None:
        self.pages: dict[int, str] = {}
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        found = []
        for use in value.all():
            depend(self.context, use.citation.publication)
            found.append(
                {
                    "publication": use.citation.publication.slug,
                    "locator_type": use.citation.locator_type,
                    "locator": use.citation.locator,
                    "field": use.field,
                    "not_for": use.not_for,
                    "stance": use.stance,
                    "url": f"{self.page_of(use.citation.publication)}#place-{use.citation_id}",
                }
            )
        return found

    def page_of(self, publication: Publication) -> str:
        """Return the address of a work's page, asked once for all records of a serializer."""
        if publication.pk not in self.pages:
            self.pages[publication.pk] = f"{BASE}{publication.get_absolute_url()}"
        return self.pages[publication.pk]


class FlatField(serializers.Field[Any, Any, Any, Any]):
    """An object of known parts; `paths` are those that a table has a column for, by dots."""

    paths: ClassVar[tuple[str, ...]] = ()


@extend_schema_field(ADDRESS)
class UrlField(serializers.Field[Any, Any, Any, Any]):
    """The address of the record in the API."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, instance: Any) -> str:
        return f"{BASE}{api_path(instance)}"


@extend_schema_field({"type": "string", "description": "Slug of the root, then keys."})
class IdField(serializers.Field[Any, Any, Any, Any]):
    """What names a part of a record: `soccer-village/member-early-exit`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, instance: Any) -> str:
        return reference(instance)


def link(record: models.Model, context: Mapping[str, Any]) -> dict[str, str]:
    """Return id, title and, of what has an address of its own, the address."""
    depend(context, record)
    title = str(getattr(record, "public_name", record)) if is_told(record, context) else ""
    found = {"id": reference(record), "title": title or reference(record)}
    if hasattr(record, "version") or hasattr(record, "parent_field"):
        found["url"] = f"{BASE}{api_path(record)}"
    return found


def is_told(record: Any, context: Mapping[str, Any]) -> bool:
    """Return whether an answer may say what a record is called; drafts of others by slug."""
    reader = context.get("reader")
    if reader is None:
        return True  # what is public names only what is
    while hasattr(record, "parent_field"):
        record = record.parent
    if isinstance(record, Root) and not record.may_be_seen_by(reader):
        return False
    # A donor is called as its stakeholder is.
    return all(is_told(getattr(record, name), context) for name in getattr(record, "named_by", ()))


def depend(context: Mapping[str, Any], *records: models.Model) -> None:
    """Add whose names stand in an answer to the context, as `PublicDocument.depends_on` has it."""
    noted = context.get("depends_on")
    if noted is None:
        return
    for record in records:
        if hasattr(record, "parent_field"):
            root: Any = record
            while hasattr(root, "parent_field"):
                root = root.parent
            noted.add(f"{root._meta.model_name}*:{root.pk}")
        else:
            noted.add(f"{record._meta.model_name}:{record.pk}")
            for column in getattr(record, "named_by", ()):
                depend(context, getattr(record, column))


def api_path(record: models.Model) -> str:
    return f"{_api_folder(record._meta.model_name)}{reference(record)}/"


@cache
def _api_folder(kind: str) -> str:
    """Return the address of a kind of record: to reverse each record's own takes longer."""
    return reverse(f"api-{kind}-list")
