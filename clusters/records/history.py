"""Read what a record was, its documents at every moment at which it changed, off the history.

The history is kept by database triggers, so that what bulk loads and raw SQL did is in it too.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import models

from clusters.models import Child, Root, User
from clusters.records.merge import Difference, differences
from clusters.records.schema import FieldSpec, RecordSchema, record_schema
from clusters.records.serialization import Document, document_from

DELETE = "delete"


@dataclass
class Revision:
    """One act on a record: when, by whom and why, and what the record was after it.

    `document` is None where the record was gone. `program` made the change where nobody is known.
    """

    at: datetime
    by: User | None
    reason: str
    program: str
    document: Document | None
    differences: list[Difference] = field(default_factory=list)
    # Of an approved proposal: whose it was. `by` is who approved it.
    proposed_by: User | None = None

    @property
    def key(self) -> str:
        return self.at.isoformat()


@dataclass
class _Event:
    """One row as it was after a change, or None after its deletion."""

    at: datetime
    order: int
    model: Any
    number: int
    values: dict[str, Any] | None
    context: Any
    program: str


class RecordHistory:
    """The history of one root and of everything below it, whether it is still there or not."""

    def __init__(self, model: type[Root], number: int, *, private: bool = True) -> None:
        """Without `private`, documents leave out what only editors may read."""
        self.model, self.number, self.private = model, number, private
        self.shape = record_schema(model)

    @cached_property
    def moments(self) -> list[Revision]:
        """Every act that changed something that the record's document shows, the oldest first."""
        found: list[Revision] = []
        rows: dict[Any, dict[int, dict[str, Any]]] = {}
        before: Document = {}
        users = self.users()
        for at, events in self.acts():
            for event in events:
                if event.values is None:
                    rows.get(event.model, {}).pop(event.number, None)
                else:
                    rows.setdefault(event.model, {})[event.number] = event.values
            document = self.document(rows)
            changed = differences(before, document or {})
            was_gone = bool(found) and found[-1].document is None
            if not changed and bool(found) and was_gone == (document is None):
                continue
            about = next((event.context for event in events if event.context), None)
            metadata = about.metadata if about else {}
            found.append(
                Revision(
                    at,
                    users.get(metadata.get("user")),
                    metadata.get("reason", ""),
                    events[0].program,
                    document,
                    changed,
                    users.get(metadata.get("proposed_by")),
                )
            )
            before = document or {}
        return found

    def at(self, key: str) -> Revision | None:
        """Return the moment with this key, or None."""
        return next((moment for moment in self.moments if moment.key == key), None)

    # --- Reading the events ------------------------------------------------------------------

    @cached_property
    def events(self) -> list[_Event]:
        """Every event of the root, its parts, their places and ties, by kind of row."""
        found: list[_Event] = []
        numbers = self._collect(self.model, {"pgh_obj_id": self.number}, found)
        self._below(self.shape, numbers, found)
        return found

    def _below(self, shape: RecordSchema, above: set[int], found: list[_Event]) -> None:
        ties = [spec.field.remote_field.through for spec in shape.fields if is_tie(spec)]
        for model in [*ties, *([shape.citations] if shape.citations else [])]:
            self._collect(model, {f"{model.parent_field}_id__in": above}, found)
        for child in shape.children.values():
            model = child.model
            numbers = self._collect(model, {f"{model.parent_field}_id__in": above}, found)  # type: ignore[attr-defined]
            self._below(child, numbers, found)

    def _collect(self, model: Any, which: dict[str, Any], found: list[_Event]) -> set[int]:
        history = model.pgh_event_models["insert"]
        names = [column.attname for column in model._meta.concrete_fields]
        rows = history.objects.filter(**which).select_related("pgh_context").order_by("pgh_id")
        numbers = set()
        for row in rows:
            numbers.add(row.pgh_obj_id)
            values = {name: getattr(row, name) for name in names if hasattr(row, name)}
            is_gone = row.pgh_label == DELETE
            found.append(
                _Event(
                    row.pgh_created_at,
                    row.pgh_id,
                    model,
                    row.pgh_obj_id,
                    None if is_gone else values,
                    row.pgh_context,
                    row.db_program,
                )
            )
        return numbers

    def acts(self) -> Iterator[tuple[datetime, list[_Event]]]:
        """Yield the time and the events of each transaction, the oldest first.

        A transaction's time tells it apart, but does not order it: a clock may be set back. Its
        number in the history of the root does, which every change below a root changes as well.
        """
        together: dict[datetime, list[_Event]] = {}
        for event in self.events:
            together.setdefault(event.at, []).append(event)

        def number(act: tuple[datetime, list[_Event]]) -> int:
            return max((event.order for event in act[1] if event.model is self.model), default=0)

        yield from sorted(together.items(), key=number)

    def users(self) -> dict[Any, User]:
        numbers = {
            event.context.metadata.get(name)
            for event in self.events
            if event.context is not None
            for name in ("user", "proposed_by")
        }
        return User.objects.in_bulk([number for number in numbers if isinstance(number, int)])

    # --- Making documents of rows ------------------------------------------------------------

    def document(self, rows: dict[Any, dict[int, dict[str, Any]]]) -> Document | None:
        """Return the document of the record as these rows have it; None where it was gone."""
        values = rows.get(self.model, {}).get(self.number)
        if values is None:
            return None
        made = self.instance(self.model, self.shape, values, rows)
        return document_from(made, private=self.private)

    def instance(
        self,
        model: Any,
        shape: RecordSchema,
        values: dict[str, Any],
        rows: dict[Any, dict[int, dict[str, Any]]],
    ) -> Any:
        """Return a row as it was, with everything below it, as if it had been prefetched."""
        made = model(**values)
        made._prefetched_objects_cache = {}
        for spec in shape.fields:
            if spec.kind == "reference":
                self.put_target(made, spec.field)
            elif is_tie(spec):
                through = spec.field.remote_field.through
                ends = [
                    row[f"{spec.field.m2m_reverse_field_name()}_id"]
                    for row in self.below(through, made.pk, rows)
                ]
                targets = (self.target(spec.field.related_model, number) for number in ends)
                kept(made, spec.name, [target for target in targets if target is not None])
        if shape.citations is not None:
            uses = [shape.citations(**row) for row in self.below(shape.citations, made.pk, rows)]
            for use in uses:
                self.put_target(use, shape.citations._meta.get_field("citation"))
            kept(made, "citations", [use for use in uses if "citation" in use._state.fields_cache])
        for name, child in shape.children.items():
            children = [
                self.instance(child.model, child, row, rows)
                for row in self.below(child.model, made.pk, rows)
            ]
            kept(made, name, children)
        return made

    @staticmethod
    def below(model: Any, number: int, rows: dict[Any, dict[int, dict[str, Any]]]) -> list[Any]:
        column = f"{model.parent_field}_id"
        return [row for row in rows.get(model, {}).values() if row[column] == number]

    def put_target(self, made: models.Model, column: Any) -> None:
        number = getattr(made, column.attname)
        target = None if number is None else self.target(column.related_model, number)
        if target is None and number is not None:
            setattr(made, column.attname, None)
        else:
            setattr(made, column.name, target)

    def target(self, model: type[models.Model], number: int) -> Any:
        """Return a record that was named, as it is now; None where it is gone."""
        return self.targets.get(model, {}).get(number)

    @cached_property
    def targets(self) -> dict[Any, dict[int, Any]]:
        """Every record that any of the events names, in one query for each kind."""
        wanted: dict[Any, set[int]] = {}
        for event in self.events:
            for column in event.model._meta.concrete_fields:
                number = (event.values or {}).get(column.attname)
                if column.is_relation and number is not None:
                    wanted.setdefault(column.related_model, set()).add(number)
        return {
            model: {row.pk: row for row in with_what_names(model).filter(pk__in=numbers)}
            for model, numbers in wanted.items()
        }


def with_what_names(model: type[models.Model]) -> Any:
    """Return the rows of a kind with what a document names them by."""
    rows = model._default_manager
    if model._meta.model_name == "citation":
        return rows.select_related("publication")
    return rows.select_related(model.parent_field) if issubclass(model, Child) else rows


def is_tie(spec: FieldSpec) -> bool:
    return spec.kind == "references"


def kept(made: Any, name: str, found: Iterable[Any]) -> None:
    """Make a related manager of a record return these rows, as after a prefetch."""
    manager = getattr(made, name)
    rows: models.QuerySet[Any] = manager.get_queryset()
    rows._result_cache = list(found)
    rows._prefetch_done = True  # type: ignore[attr-defined]
    field = getattr(manager, "prefetch_cache_name", None)
    cache_name = field or manager.field.remote_field.cache_name
    made._prefetched_objects_cache[cache_name] = rows
