"""Keep what the API answers of each public record, written by the worker and read as it is.

The database keeps a row for each published root and empties it in the transaction that makes it
wrong (`clusters.models.triggers.KeepDocuments`). The worker fills the empty ones; until then
`read` makes them anew for each answer, so that nothing is ever older than the last commit.

A row says whom its document names: whoever renames one of these finds the row, waits for whoever is
writing it, and empties it again. A document that names others than its row says is written only
while no transaction that has emptied anything is under way: it might not have found the row.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import cache
from itertools import batched
from typing import Any, NamedTuple

import orjson
from django.apps import apps
from django.db import OperationalError, connection, models, transaction
from django.tasks import task
from django.utils import timezone

from clusters.database import PreparedStatement
from clusters.models import FacetCount, PublicDocument, Root
from clusters.models.base import root_model
from clusters.models.roles import Visitor
from clusters.published.serializers import declared_shape, serializer_for, with_links
from clusters.records.schema import record_schema

# Raise it when what documents or their facts say changes while their declared shape does not.
FORMAT = 1
# How many are read and written at a time.
BATCH = 100
TRY_AGAIN = timedelta(seconds=30)
# The kind of the one tally that says which code all documents are by.
WRITER = "writer"


class Answer(NamedTuple):
    """A root as JSON: its own fields, and its parts by the name of their list.

    `tag` begins with the record's version and changes whenever the answer does; `depends_on`
    says whom it names, `written` since when it is so, in seconds since 1970, and `facts` what it is
    counted by, where these are known.
    """

    record: bytes
    parts: bytes
    tag: str = ""
    depends_on: Sequence[str] = ()
    written: float | None = None
    facts: Sequence[str] = ()

    @property
    def whole(self) -> bytes:
        """The root and its parts as one JSON object."""
        if self.parts == b"{}":
            return self.record
        return self.record[:-1] + b"," + self.parts[1:]


class Facts(NamedTuple):
    """What a record is counted by, as country:PK, and on whom else that depends."""

    facts: Sequence[str]
    depends_on: Collection[str] = ()


_facts: dict[type[Root], Callable[[Sequence[Any]], dict[int, Facts]]] = {}


def count_by(model: type[Root], function: Callable[[Sequence[Any]], dict[int, Facts]]) -> None:
    """Have records of a model counted by what `function` returns of many, by their numbers.

    It is given them with all that their serializer shows, and makes a fixed number of queries.
    """
    _facts[model] = function


@cache
def writer_version() -> str:
    """Return a short name of the code that makes documents; those of another are written anew.

    It is that of `FORMAT` and of the serializers' fields, types and labels; a changed comment makes
    no document stale.
    """
    shapes = [declared_shape(serializer_for(model, has_parts=True)()) for model in roots()]
    return hashlib.sha256(orjson.dumps([FORMAT, shapes])).hexdigest()[:12]


def build(
    model: type[Root], ids: Collection[int], *, reader: Visitor | None = None
) -> dict[int, Answer]:
    """Return the answers of some roots, made from the tables in a fixed number of queries.

    Of public ones only, or for a `reader` who may see these: other drafts that they name are then
    named by their slugs alone where this reader may not see them.
    """
    shape = record_schema(model)
    manager: Any = model._default_manager
    seen = manager.published() if reader is None else manager.all()
    # One serializer for all: to declare its fields takes longer than to fill them.
    context: dict[str, Any] = {"reader": reader}
    serializer = serializer_for(model, has_parts=True)(context=context)
    found = {}
    records = list(with_links(seen.filter(pk__in=ids), has_parts=True))
    facts = _facts[model](records) if model in _facts else {}
    for record in records:
        context["depends_on"] = set()
        whole = serializer.to_representation(record)
        parts = {name: whole.pop(name) for name in shape.children}
        texts = orjson.dumps(whole), orjson.dumps(parts)
        digest = hashlib.sha256(b"".join(texts)).hexdigest()[:16]
        tag = f"{record.version}-{digest}"
        counted = facts.get(record.pk, Facts(()))
        depends_on = sorted(context["depends_on"].union(counted.depends_on))
        found[record.pk] = Answer(*texts, tag, depends_on, facts=counted.facts)
    return found


def read(model: type[Root], ids: Collection[int], *, parts: bool = True) -> dict[int, Answer]:
    """Return the answers of some roots; those that are not written yet are made.

    Without `parts` those that are written come without theirs, which are most of what is stored.
    """
    asked = [model._meta.model_name or "", f"{{{','.join(map(str, ids))}}}", writer_version()]
    rows = (WHOLES if parts else RECORDS).rows(asked)
    found = {
        int(number or 0): Answer((record or "").encode(), rest[0].encode() if rest else b"{}")  # type: ignore[union-attr]
        for number, record, *rest in rows
    }
    missing = [number for number in ids if number not in found]
    return found | build(model, missing) if missing else found


WRITTEN = PreparedStatement(
    """
    SELECT CASE WHEN tag = %s THEN '' ELSE record END, CASE WHEN tag = %s THEN '' ELSE parts END,
        tag, extract(epoch FROM written)::text
    FROM clusters_publicdocument WHERE kind = %s AND slug = %s AND code = %s AND record <> ''
    """
)


SOME = """
    SELECT root_id::text, {columns} FROM clusters_publicdocument
    WHERE kind = %s AND root_id = ANY(%s::bigint[]) AND code = %s AND record <> ''
"""
RECORDS = PreparedStatement(SOME.format(columns="record"))
WHOLES = PreparedStatement(SOME.format(columns="record, parts"))


def find(kind: str, slug: str, *, known: str = "") -> Answer | None:
    """Return the written answer of a root, or None; without its texts if its tag is `known`."""
    row = WRITTEN.row([known, known, kind, slug, writer_version()])
    if row is None:
        return None
    record, parts, tag, written = row
    return Answer(
        (record or "").encode(), (parts or "").encode(), tag or "", (), float(written or 0) or None
    )


def stream(model: type[Root], numbers: Iterable[int], *, parts: bool = True) -> Iterator[Answer]:
    """Yield the answers of many roots, in the order of their numbers, a batch at a time."""
    for some in batched(numbers, BATCH):
        found = read(model, some, parts=parts)
        yield from (found[number] for number in some if number in found)


def named_parts(model: type[models.Model], rows: Sequence[tuple[Any, ...]]) -> Iterator[bytes]:
    """Yield parts as JSON, without the parts below them, in the order of `rows`.

    A row is the number of the root, then what names the part; what is gone is left out.
    """
    below = record_schema(model).children
    answers = read(root_model(model), {row[0] for row in rows})
    by_id = {part["id"]: part for part in parts_of(model, answers.values())}
    for name in ("/".join(row[1:]) for row in rows):
        if name in by_id:
            yield orjson.dumps({k: v for k, v in by_id[name].items() if k not in below})


def parts_of(model: type[models.Model], answers: Iterable[Answer]) -> Iterator[dict[str, Any]]:
    """Yield the records of a model that is no root, out of the answers of their roots."""
    path = path_to(model)
    for answer in answers:
        found = [orjson.loads(answer.parts)]
        for name in path:
            found = [part for above in found for part in above[name]]
        yield from found


@cache
def path_to(model: Any) -> tuple[str, ...]:
    """Return the names of the lists that lead from a root to this kind of its parts."""
    parent = model._meta.get_field(model.parent_field).related_model
    (name,) = (
        name for name, shape in record_schema(parent).children.items() if shape.model is model
    )
    return (*path_to(parent), name) if hasattr(parent, "parent_field") else (name,)


def roots() -> list[type[Root]]:
    return [model for model in apps.get_models() if issubclass(model, Root)]


def rebuild_all() -> int:
    """Write every document that is empty or was written by other code; return how many.

    Documents that a transaction under way has emptied are left to it.
    """
    make_rows()
    PublicDocument.objects.exclude(code=writer_version()).exclude(record="").update(record="")
    written = refresh_stale(waits=True)
    note_writer()
    return written


def note_writer() -> None:
    """Note that every document is by this code: until then tallies are of two codes."""
    with transaction.atomic():
        FacetCount.objects.filter(kind=WRITER).delete()
        FacetCount.objects.create(kind=WRITER, facet="code", value=writer_version(), number=1)


def refresh_stale(*, waits: bool = False) -> int:
    """Write the empty documents of the rows that there are; return how many.

    What cannot be written at the moment is left, unless this `waits`, and others with it.
    """
    return sum(_write_all(BATCH, waits=waits))


def enqueue_writing(**_: Any) -> None:
    """Have the worker write what a change has emptied; whoever made it need not wait."""
    if _due():
        write_rest.enqueue()


@task()
def write_rest() -> None:
    """Write the empty documents beside the server; what cannot be written yet, a moment later."""
    refresh_stale()
    if _due():
        write_rest.using(run_after=timezone.now() + TRY_AGAIN).enqueue()


def _due() -> list[type[Root]]:
    """Return the models of which some documents are empty."""
    empty = PublicDocument.objects.filter(record="")
    kinds = set(empty.order_by().values_list("kind", flat=True).distinct())
    return [model for model in roots() if model._meta.model_name in kinds]


def make_rows() -> None:
    """Give a row to each published root that has none, as after a load without triggers."""
    with connection.cursor() as cursor:
        for model in roots():
            cursor.execute(
                "INSERT INTO clusters_publicdocument "
                "(kind, root_id, slug, record, parts, depends_on, code, tag, facts) "
                f"SELECT %s, id, slug, '', '', '{{}}', '', '', '{{}}' FROM {model._meta.db_table} "
                "WHERE state = 'published' ON CONFLICT DO NOTHING",
                [model._meta.model_name],
            )


def _write_all(most: int, *, waits: bool = False) -> Iterator[int]:
    """Write empty documents, some in each transaction; yield how many each time."""
    for model in _due():
        last = 0
        while rows := _write_some(model, last, most, waits=waits):
            yield sum(bool(row.record) for row in rows)
            last = rows[-1].pk


def _write_some(model: type[Root], after: int, most: int, *, waits: bool) -> list[PublicDocument]:
    """Write some empty documents beyond a row; return them, empty where they cannot be written."""
    with transaction.atomic():
        is_alone = waits and _is_alone(waits=True)
        rows = list(
            PublicDocument.objects.filter(kind=model._meta.model_name, record="", pk__gt=after)
            .select_for_update(skip_locked=True)
            .order_by("pk")[:most]
        )
        _fill(model, [row for row in rows if is_alone or row.depends_on], is_alone=is_alone)
        rest = [row for row in rows if not row.record]
        if rest and not is_alone and _is_alone():
            _fill(model, rest, is_alone=True)
        _store([row for row in rows if row.record])
    return rows


def _is_alone(*, waits: bool = False) -> bool:
    """Keep others from emptying documents; return whether that is so.

    It is not where somebody is at it, unless this `waits` for all of them.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            how = "" if waits else "NOWAIT"
            cursor.execute(f"LOCK clusters_publicdocument IN SHARE ROW EXCLUSIVE MODE {how}")
    except OperationalError:
        if waits:
            raise
        return False
    return True


def _fill(model: type[Root], rows: list[PublicDocument], *, is_alone: bool) -> None:
    """Put their documents into rows, in memory; if not alone, only those that name nobody new."""
    answers = build(model, [row.root_id for row in rows]) if rows else {}
    for row in rows:
        answer = answers[row.root_id]
        if is_alone or set(answer.depends_on) <= set(row.depends_on):
            row.record, row.parts = answer.record.decode(), answer.parts.decode()
            row.depends_on, row.code = list(answer.depends_on), writer_version()
            row.tag, row.written = answer.tag, timezone.now()
            row.facts = list(answer.facts)


def _store(rows: list[PublicDocument]) -> None:
    """Write documents in one statement (`bulk_update` makes one of a case for each value)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE clusters_publicdocument SET record = one.record, parts = one.parts,
                depends_on = ARRAY(SELECT jsonb_array_elements_text(one.depends_on)),
                code = one.code, tag = one.tag, written = one.written,
                facts = ARRAY(SELECT jsonb_array_elements_text(one.facts))
            FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::jsonb[], %s::text[], %s::text[],
                %s::timestamptz[], %s::jsonb[])
                one (id, record, parts, depends_on, code, tag, written, facts)
            WHERE clusters_publicdocument.id = one.id
            """,
            [
                [row.pk for row in rows],
                [row.record for row in rows],
                [row.parts for row in rows],
                [orjson.dumps(row.depends_on).decode() for row in rows],
                [row.code for row in rows],
                [row.tag for row in rows],
                [row.written for row in rows],
                [orjson.dumps(row.facts).decode() for row in rows],
            ],
        )
