"""Find which values of a record are cited, and which were changed since they were."""

from collections.abc import Iterator
from enum import Enum

from clusters.records.schema import RecordSchema
from clusters.records.serialization import Document, locator_type_of

# Names and bookkeeping of the casebook itself, which assert nothing about the world.
NEVER_ASSERTED = frozenset({"slug", "key", "language"})


def uncited(document: Document, shape: RecordSchema, at: str = "") -> list[str]:
    """List the values of a record that no citation covers, as `accounts.early-exit.position`."""
    return [where for where, cover in asserted(document, shape, at) if not cover.is_enough]


class Cover(Enum):
    """How a value is cited."""

    NONE = "nothing"
    OUTDATED = "a citation of the whole record from before it was changed"
    RECORD = "a citation of the whole record"
    FIELD = "a citation that names its field"

    @property
    def is_enough(self) -> bool:
        """Whether a value that is cited so can become public."""
        return self in (Cover.RECORD, Cover.FIELD)


def asserted(document: Document, shape: RecordSchema, at: str = "") -> Iterator[tuple[str, Cover]]:
    """Yield the place of every value that says something about the world, and how it is cited."""
    for field in shape.fields:
        if field.name in document and is_asserted(shape, field.name):
            yield f"{at}{field.name}", _cover_of(document, field.name)
    for name, child_shape in shape.children.items():
        for child in document.get(name, []):
            yield from asserted(child, child_shape, f"{at}{name}.{child['key']}.")


def _cover_of(document: Document, field: str) -> Cover:
    fors = {citation.get("for") for citation in citations_of(document, field)}
    if fors:
        return Cover.FIELD if field in fors else Cover.RECORD
    return Cover.OUTDATED if outdated_of(document, field) else Cover.NONE


def citations_of(document: Document, field: str) -> list[Document]:
    """Return the citations that bear one value of a record: those of its field, or of all."""
    return [
        citation
        for citation in document.get("citations", [])
        if citation.get("stance") != "disputes"
        and citation.get("for") in (None, field)
        and field not in citation.get("not_for", ())
    ]


def outdated_of(document: Document, field: str) -> list[Document]:
    """Return the citations of the whole record that bore a value until it was changed."""
    return [
        {name: value for name, value in citation.items() if name != "not_for"}
        for citation in document.get("citations", [])
        if field in citation.get("not_for", ())
    ]


def is_asserted(shape: RecordSchema, field_name: str) -> bool:
    """Return whether a field says something about the world, so that it needs a citation."""
    exempt = NEVER_ASSERTED | getattr(shape.model, "not_asserted", frozenset())
    return shape.citations is not None and field_name not in exempt


def narrowed(before: Document, after: Document, shape: RecordSchema) -> Document:
    """Return a changed record whose older citations of the whole record leave out what was changed.

    Such a citation was of the values that there were. A field that was added or changed stands in
    its `not_for`, until somebody cites it for that field or takes the field out again.
    """
    after = dict(after)
    if shape.citations is not None and "citations" in after:
        older = {
            _identity(citation) for citation in before.get("citations", []) if "for" not in citation
        }
        changed = {
            field.name
            for field in shape.fields
            if is_asserted(shape, field.name) and after.get(field.name) != before.get(field.name)
        }
        after["citations"] = [
            _without(citation, changed & after.keys()) if _identity(citation) in older else citation
            for citation in after["citations"]
        ]
    for name, child_shape in shape.children.items():
        if name in after:
            befores = {child["key"]: child for child in before.get(name, [])}
            after[name] = [
                narrowed(befores[child["key"]], child, child_shape)
                if child["key"] in befores
                else child
                for child in after[name]
            ]
    return after


def _identity(citation: Document) -> tuple[str, ...]:
    kind = locator_type_of(citation)
    return (citation["publication"], kind, citation[kind], citation.get("for", ""))


def _without(citation: Document, fields: set[str]) -> Document:
    """Return a citation with some more fields in its `not_for`."""
    left_out = sorted({*citation.get("not_for", []), *fields})
    return {**citation, "not_for": left_out} if left_out else citation
