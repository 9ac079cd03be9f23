"""What the API answers of each public record, written when it changes and read as it is.

The database keeps a row for each published root and empties it in the transaction that makes it
wrong (`clusters.models.triggers.KeepDocuments`). `write` fills the empty ones; until then `read`
makes them anew for each answer, so that nothing is ever older than the last commit.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from itertools import batched
from typing import Any, NamedTuple

import orjson
from django.apps import apps
from django.db import connection, transaction

from clusters.api.serializers import serializer_for, with_links
from clusters.caching import version_of
from clusters.casefiles.shape import shape_of
from clusters.models import PublicDocument, Root
from clusters.models.base import root_model

BATCH = 500


class Answer(NamedTuple):
    """A root as JSON: its own fields, its parts by the name of their list, and whom it names."""

    record: bytes
    parts: bytes
    depends_on: list[str]

    @property
    def whole(self) -> bytes:
        """One object of both."""
        if self.parts == b"{}":
            return self.record
        return self.record[:-1] + b"," + self.parts[1:]


@cache
def writer_version() -> str:
    """A short name of the code that documents are by: of a new one they are written anew."""
    return version_of(("clusters", "interventions"), ending=".py")


def make(model: type[Root], ids: Collection[int]) -> dict[int, Answer]:
    """Make the answers of some roots from the tables, in a fixed number of queries."""
    shape = shape_of(model)
    manager: Any = model._default_manager
    found = {}
    for record in with_links(manager.published().filter(pk__in=ids), has_parts=True):
        context: dict[str, Any] = {"depends_on": set()}
        whole = serializer_for(model, has_parts=True)(record, context=context).data
        parts = {name: whole.pop(name) for name in shape.children}
        found[record.pk] = Answer(
            orjson.dumps(whole), orjson.dumps(parts), sorted(context["depends_on"])
        )
    return found


def read(model: type[Root], ids: Collection[int]) -> dict[int, Answer]:
    """Return the answers of some roots; those that are not written yet are made."""
    rows = PublicDocument.objects.filter(
        kind=model._meta.model_name, root_id__in=ids, code=writer_version()
    ).exclude(record="")
    found = {
        number: Answer(record.encode(), parts.encode(), [])
        for number, record, parts in rows.values_list("root_id", "record", "parts")
    }
    missing = [number for number in ids if number not in found]
    return found | make(model, missing) if missing else found


def stream(model: type[Root], numbers: Iterable[int]) -> Iterator[Answer]:
    """Yield the answers of many roots, in the order of their numbers, a batch at a time."""
    for some in batched(numbers, BATCH):
        found = read(model, some)
        yield from (found[number] for number in some if number in found)


def named_parts(model: Any, rows: Sequence[tuple[Any, ...]]) -> Iterator[bytes]:
    """Yield parts as JSON, without the parts below them, in the order of `rows`.

    A row is the number of the root, then what names the part; what is gone is left out.
    """
    below = shape_of(model).children
    answers = read(root_model(model), {row[0] for row in rows})
    by_id = {part["id"]: part for part in parts_of(model, answers.values())}
    for name in ("/".join(row[1:]) for row in rows):
        if name in by_id:
            yield orjson.dumps({k: v for k, v in by_id[name].items() if k not in below})


def parts_of(model: Any, answers: Iterable[Answer]) -> Iterator[dict[str, Any]]:
    """Take the records of a model that is no root out of the answers of their roots."""
    path = path_to(model)
    for answer in answers:
        found = [orjson.loads(answer.parts)]
        for name in path:
            found = [part for one in found for part in one[name]]
        yield from found


@cache
def path_to(model: Any) -> tuple[str, ...]:
    """Return the names of the lists that lead from a root to this kind of its parts."""
    parent = model._meta.get_field(model.parent_field).related_model
    (name,) = (name for name, shape in shape_of(parent).children.items() if shape.model is model)
    return (*path_to(parent), name) if hasattr(parent, "parent_field") else (name,)


def roots() -> list[type[Root]]:
    return [model for model in apps.get_models() if issubclass(model, Root)]


def write() -> int:
    """Write every document that is empty or was written by other code; return how many.

    Documents that a transaction under way has emptied are left to it.
    """
    _make_rows()
    PublicDocument.objects.exclude(code=writer_version()).exclude(record="").update(record="")
    return write_due()


def write_due(**_: Any) -> int:
    """Write the empty documents of the rows that there are; return how many."""
    due = set(PublicDocument.objects.filter(record="").values_list("kind", flat=True).distinct())
    written = 0
    for model in roots():
        if model._meta.model_name in due:
            while some := _write_some(model):
                written += some
    return written


def _make_rows() -> None:
    """Give a row to each published root that has none, as after a load without triggers."""
    with connection.cursor() as cursor:
        for model in roots():
            cursor.execute(
                "INSERT INTO clusters_publicdocument "
                "(kind, root_id, slug, record, parts, depends_on, code) "
                f"SELECT %s, id, slug, '', '', ARRAY[]::varchar[], '' FROM {model._meta.db_table} "
                "WHERE state = 'published' ON CONFLICT DO NOTHING",
                [model._meta.model_name],
            )


def _write_some(model: type[Root]) -> int:
    with transaction.atomic():
        rows = list(
            PublicDocument.objects.filter(kind=model._meta.model_name, record="")
            .select_for_update(skip_locked=True)
            .order_by("pk")[:BATCH]
        )
        answers = make(model, [row.root_id for row in rows]) if rows else {}
        for row in rows:
            answer = answers[row.root_id]
            row.record, row.parts = answer.record.decode(), answer.parts.decode()
            row.depends_on, row.code = answer.depends_on, writer_version()
        PublicDocument.objects.bulk_update(rows, ["record", "parts", "depends_on", "code"])
    return len(rows)
