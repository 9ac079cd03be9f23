"""Search over everything public: full text with weights, then names a letter or two away.

`index` keeps the index; only the actions that publish, change and withdraw call it, so that it
holds what the public change log says is public and nothing else.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from functools import cache
from typing import Any, NamedTuple

from django.contrib.postgres.search import (
    SearchHeadline,
    SearchQuery,
    SearchRank,
    TrigramSimilarity,
)
from django.db import connection, models
from django.db.models import Count, F, Q, Window
from django.db.models.functions import RowNumber

from clusters.models import Root, SearchEntry, SearchWord
from clusters.models.search import CONFIGURATION
from clusters.records.schema import RecordSchema, record_schema, record_schemas
from clusters.records.serialization import Document, document_of

# Marks of a hit that no text contains; the page makes <mark> of them after escaping.
START, STOP = "\ue000", "\ue001"
NOT_TEXT = frozenset({"slug", "key", "language", "citations", "edtf", "url", "doi", "country"})
# How like a known word a mistyped one must be, from 0 to 1 of shared runs of three letters.
LIKENESS = 0.15
MOST_LIKE = 50
# How much of two words must be the same letters in the same order.
SAME_ORDER = 0.7
SHORTEST_WORD = 4
PER_KIND = 5
# How long a passage is that shows a hit.
PASSAGE = 'MaxWords=28, MinWords=12, MaxFragments=2, FragmentDelimiter=" … "'
# To rank a million entries would take longer than anybody waits, and nobody reads so far.
MOST_RANKED = 1_000
# American and British spellings of words that this field uses: pattern, and the other spelling.
SPELLINGS = (
    ("^(lab|behavi|fav|neighb)or", r"\1our"),
    ("^(lab|behavi|fav|neighb)our", r"\1or"),
    ("^center", "centre"),
    ("^centre", "center"),
    ("^program(s?)$", r"programme\1"),
    ("^programme(s?)$", r"program\1"),
    ("(?<=[a-z]{3})iz(?=[aei])", "is"),
    ("(?<=[a-z]{3})is(?=[aei])", "iz"),
)


def kinds() -> list[str]:
    """Return the kinds of records that can be found, by their folders."""
    found: list[str] = []
    for shape in record_schemas().values():
        if hasattr(shape.model, "get_absolute_url") and issubclass(shape.model, Root):
            found.append(shape.folder)
        below: list[Any] = list(shape.children.values())
        found += [child.folder for child in below if child.model.searched]
    return found


def index(record: Root, document: Document | None) -> None:
    """Index one root anew from its public document, or take it out where that is None."""
    kind = record_schema(type(record)).folder
    known = SearchEntry.objects.filter(root_kind=kind, root_id=record.pk)
    before = _words(known)
    known.delete()
    entries = [] if document is None else list(_entries(record, kind, document))
    SearchEntry.objects.bulk_create(entries)
    _count_words(_words(entries), before)


def rebuild() -> int:
    """Make the whole index anew; return how many entries it has."""
    SearchEntry.objects.all().delete()
    SearchWord.objects.all().delete()
    for shape in record_schemas().values():
        if issubclass(shape.model, Root):
            for record in shape.model.objects.published():
                index(record, document_of(record, public=True))
    return SearchEntry.objects.count()


def _entries(record: Root, kind: str, document: Document) -> Iterator[SearchEntry]:
    shape = record_schema(type(record))
    address = getattr(record, "get_absolute_url", None)
    texts = []
    for name, child_shape in shape.children.items():
        children = document.get(name, [])
        model: Any = child_shape.model
        if not model.searched:
            texts += [_text(child) for child in children]
            continue
        rows = {row.key: row for row in getattr(record, name).all()}
        for child in children:
            row = rows[child["key"]]
            setattr(row, row.parent_field, record)  # known: no query for each
            yield SearchEntry(
                root_kind=kind,
                root_id=record.pk,
                kind=child_shape.folder,
                title=row.heading[:400],
                context=str(record)[:300],
                url=row.get_absolute_url(),
                text=_text(child),
            )
    title = str(record)
    own = {
        name: value
        for name, value in document.items()
        if name not in shape.children and name != "aliases" and value != title
    }
    if address is not None:
        yield SearchEntry(
            root_kind=kind,
            root_id=record.pk,
            kind=kind,
            title=title[:400],
            url=address(),
            names=" · ".join([*document.get("aliases", []), *_named(record, shape)]),
            text=" · ".join(filter(None, [_text(own), *texts])),
        )


def _named(record: Root, shape: RecordSchema) -> list[str]:
    """Return the names of what a record lists, such as the clusters of a project."""
    lists = [field.name for field in shape.fields if field.kind == "references"]
    return [str(target) for name in lists for target in getattr(record, name).published()]


def _text(document: Document) -> str:
    return " · ".join(_strings(document))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in value.items():
            # Names of other records and codes are not words; texts have a space or a capital.
            if name not in NOT_TEXT:
                yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, str) and re.search(r"\s|[A-Z]", value):
        yield value


def _words(entries: Iterable[SearchEntry]) -> set[str]:
    """Return the distinct words of some entries, folded as mistyped ones are to be compared."""
    texts = [f"{entry.title} {entry.names} {entry.text}" for entry in entries]
    with connection.cursor() as cursor:
        cursor.execute("SELECT lower(unaccent(%s))", [" ".join(texts)])
        folded = cursor.fetchone()[0]
    found = re.findall(rf"[^\W\d_]{{{SHORTEST_WORD},60}}", folded)
    return set(found)


def _count_words(now: set[str], before: set[str]) -> None:
    gone, new = before - now, now - before
    SearchWord.objects.filter(word__in=gone).update(records=F("records") - 1)
    SearchWord.objects.filter(records=0).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO clusters_searchword (word, records) SELECT word, 1 "
            "FROM unnest(%s::text[]) word "
            "ON CONFLICT (word) DO UPDATE SET records = clusters_searchword.records + 1",
            [sorted(new)],
        )


@dataclass
class Group:
    """What was found of one kind: the best few, and how many there are."""

    kind: str
    count: int
    entries: list[SearchEntry] = field(default_factory=list)


@dataclass
class Found:
    """The answer to a search. `corrected` says what was searched in place of mistyped words."""

    groups: list[Group]
    corrected: str = ""

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)


def parts_of(words: str) -> list[tuple[str, bool]]:
    """Return the parts of a query, each as (text, is a quoted phrase).

    >>> parts_of('lahore "child labour"')
    [('lahore', False), ('child labour', True)]
    """
    parts = []
    straight = re.sub("[“”„«»]", '"', words)
    for phrase, word in re.findall(r'"([^"]*)"?|([^\s"]+)', straight):
        text = phrase or word
        if re.search(r"\w", text):
            parts.append((text, bool(phrase)))
    return parts


def spellings(word: str) -> list[str]:
    """Return a word as it is written on either side of the Atlantic.

    >>> spellings("labor"), spellings("organisation"), spellings("ball")
    (['labor', 'labour'], ['organisation', 'organization'], ['ball'])
    """
    small = word.lower()
    return sorted({small, *(re.sub(pattern, other, small) for pattern, other in SPELLINGS)})


def query_of(parts: list[tuple[str, bool]]) -> SearchQuery | None:
    """Return the query in which every part must occur; None without parts.

    Phrases must occur as they stand, words also as beginnings of longer ones.
    """
    query: Any = None
    for text, is_phrase in parts:
        if is_phrase:
            wanted = SearchQuery(text, search_type="phrase", config=CONFIGURATION)
        else:
            # Letters and digits only: nothing of the query language gets through.
            pieces = re.findall(r"\w+", text)
            raw = " & ".join(
                "(" + " | ".join(f"{form}:*" for form in spellings(piece)) + ")" for piece in pieces
            )
            wanted = SearchQuery(raw, search_type="raw", config=CONFIGURATION)
        query = wanted if query is None else query & wanted
    return query  # type: ignore[no-any-return]


@cache
def model_called(kind: str) -> Any:
    """Return the model of a kind of record or part."""
    found = [
        *record_schemas().values(),
        *(part for shape in record_schemas().values() for part in shape.children.values()),
    ]
    return next(shape.model for shape in found if shape.folder == kind)


class Hit(NamedTuple):
    """One entry that a search finds, with the passage in which it stands."""

    kind: str
    title: str
    context: str
    url: str
    snippet: str

    @property
    def name(self) -> str:
        """What names it in the API: its slug, or that of its root and its key.

        >>> Hit("events", "", "", "/clusters/sialkot/#event-first-order", "").name
        'sialkot/first-order'
        >>> Hit("factors", "", "", "/factors/frame/early-exit/", "").name
        'frame/early-exit'
        """
        path, _, fragment = self.url.partition("#")
        steps = re.split("[/=]", path.strip("/"))
        if fragment:
            return f"{steps[-1]}/{fragment.partition('-')[2]}"
        is_part = not issubclass(model_called(self.kind), Root)
        return "/".join(steps[-2:] if is_part else steps[-1:])


@dataclass
class Page:
    """Some of what a search finds, best first, and how much there is of it.

    Of more than `MOST_RANKED` that are called so, and as many whose text alone says so, only these
    are ranked. Of more than that in all `count` says so many, and `is_exact` is false.
    """

    hits: list[Hit]
    count: int
    is_exact: bool
    corrected: str = ""


# Ranks first and reads texts after: a passage is cut out of the few that are shown only.
PAGE = """
    WITH asked AS MATERIALIZED (SELECT {query} AS words),
    found AS MATERIALIZED (
        SELECT id, title, ts_rank(vector, words, 2) AS rank,
            lower(unaccent(title)) = lower(unaccent(%s)) AS is_exact FROM asked, (
            (SELECT id, title, vector FROM clusters_searchentry, asked
            WHERE heading @@ words AND (%s = '' OR kind = %s) LIMIT %s)
            UNION ALL
            (SELECT id, title, vector FROM clusters_searchentry, asked
            WHERE vector @@ words AND NOT heading @@ words AND (%s = '' OR kind = %s) LIMIT %s)
        ) likely
    ),
    best AS (
        SELECT id, row_number() OVER (ORDER BY is_exact DESC, rank DESC, title, id) AS place
        FROM found ORDER BY place LIMIT %s OFFSET %s
    )
    SELECT (SELECT count(*) FROM found), entry.kind, entry.title, entry.context, entry.url,
        ts_headline('{configuration}', entry.text, words, %s)
    FROM asked LEFT JOIN best ON true LEFT JOIN clusters_searchentry entry USING (id)
    ORDER BY place
"""


def page_of(words: str, *, kind: str = "", skip: int = 0, size: int) -> Page:
    """Return some of what a search finds, in one query where every word is known."""
    query = query_of(parts_of(words))
    if query is None:
        return Page([], 0, is_exact=True)
    page = _page(words, query, kind, skip, size)
    if page.count:
        return page
    corrected = matching(words)[1]
    query = query_of(parts_of(corrected))
    if query is None:
        return page
    return replace(_page(corrected, query, kind, skip, size), corrected=corrected)


def _page(words: str, query: SearchQuery, kind: str, skip: int, size: int) -> Page:
    compiler = SearchEntry.objects.all().query.get_compiler(connection=connection)
    sql, values = compiler.compile(query.resolve_expression(compiler.query))
    passage = f"StartSel={START}, StopSel={STOP}, {PASSAGE}"
    with connection.cursor() as cursor:
        cursor.execute(
            PAGE.format(query=sql, configuration=CONFIGURATION),
            [*values, title_of(words), *(kind, kind, MOST_RANKED + 1) * 2, size, skip, passage],
        )
        rows = cursor.fetchall()
    count = rows[0][0]
    hits = [Hit(*row[1:]) for row in rows if row[1] is not None]
    return Page(hits, min(count, MOST_RANKED), is_exact=count <= MOST_RANKED)


def title_of(words: str) -> str:
    """Return the title that these words may be."""
    return " ".join(text for text, _is_phrase in parts_of(words))


def matching(words: str) -> tuple[models.QuerySet[SearchEntry], str]:
    """Return the entries that hold every word, and the query that was corrected for it, if any."""
    parts = parts_of(words)
    query = query_of(parts)
    if query is None:
        return SearchEntry.objects.none().order_by("pk"), ""
    found = SearchEntry.objects.filter(vector=query)
    if found.exists():
        return with_marked_titles(_ranked(found, query, words), query), ""
    corrected = [(part if is_phrase else _known_word(part), is_phrase) for part, is_phrase in parts]
    if corrected == parts:
        return with_marked_titles(_ranked(found, query, words), query), ""
    query = query_of(corrected)
    found = SearchEntry.objects.filter(vector=query)
    if not found.exists():
        return with_marked_titles(_ranked(found, query, words), query), ""
    said = " ".join(f'"{text}"' if is_phrase else text for text, is_phrase in corrected)
    return with_marked_titles(_ranked(found, query, said), query), said


def _ranked(
    found: models.QuerySet[SearchEntry], query: Any, words: str
) -> models.QuerySet[SearchEntry]:
    """Return entries by rank, those first whose title is just these words."""
    return found.annotate(
        is_exact=Q(title__iexact=title_of(words)),
        rank=SearchRank(F("vector"), query, normalization=2),
        snippet=SearchHeadline(
            "text",
            query,
            config=CONFIGURATION,
            start_sel=START,
            stop_sel=STOP,
            max_words=28,
            min_words=12,
            max_fragments=2,
            fragment_delimiter=" … ",
        ),
    ).order_by("-is_exact", "-rank", "title", "pk")


def with_marked_titles(
    found: models.QuerySet[SearchEntry], query: Any
) -> models.QuerySet[SearchEntry]:
    """Return entries with titles in which what was found is marked, as pages show them."""
    return found.annotate(
        marked_title=SearchHeadline(
            "title",
            query,
            config=CONFIGURATION,
            start_sel=START,
            stop_sel=STOP,
            highlight_all=True,
        ),
    )


def _known_word(word: str) -> str:
    """Return the public word that is most like this one, or the word itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lower(unaccent(%s))", [word])
        folded = cursor.fetchone()[0]
        cursor.execute(
            "SELECT set_config('pg_trgm.similarity_threshold', %s, false)", [str(LIKENESS)]
        )
    known = (
        SearchWord.objects.filter(word__trigram_similar=folded)
        .annotate(likeness=TrigramSimilarity("word", folded))
        .order_by("-likeness", "-records", "word")
        .values_list("word", flat=True)[:MOST_LIKE]
    )
    # Two letters that changed places leave few runs of three; the order of letters tells then.
    likely = [
        (SequenceMatcher(None, folded, candidate).ratio(), candidate)
        for candidate in known
        if abs(len(candidate) - len(folded)) <= max(1, len(folded) // 4)
    ]
    best = max(likely, key=lambda found: found[0], default=(0.0, word))
    return best[1] if best[0] >= SAME_ORDER else word


def roots_matching(kind: str, words: str) -> Any:
    """Return the numbers of the roots of one kind that hold these words, in any of their parts."""
    query = query_of(parts_of(words))
    found = SearchEntry.objects.filter(root_kind=kind)
    return (found.none() if query is None else found.filter(vector=query)).values("root_id")


def grouped(words: str, order: list[str]) -> Found:
    """Return the best few of each kind that a search finds, in this order of kinds, others last."""
    found, corrected = matching(words)
    per_kind = found.order_by().values("kind").annotate(number=Count("pk"))
    counts = {row["kind"]: row["number"] for row in per_kind.values("kind", "number")}
    place = {kind: number for number, kind in enumerate(order)}
    groups = {
        kind: Group(kind, counts[kind])
        for kind in sorted(counts, key=lambda kind: (place.get(kind, len(place)), kind))
    }
    if groups:
        best = found.annotate(
            place=Window(
                RowNumber(), partition_by="kind", order_by=["-is_exact", "-rank", "title", "pk"]
            )
        ).filter(place__lte=PER_KIND)
        for entry in best:
            groups[entry.kind].entries.append(entry)
    return Found(list(groups.values()), corrected)


def suggestions(words: str, limit: int = 8) -> list[SearchEntry]:
    """Return the titles that begin to hold these words, best first, for whoever still types."""
    query = query_of(parts_of(words))
    if query is None:
        return []
    found = SearchEntry.objects.filter(vector=query)
    return list(
        found.annotate(rank=SearchRank(F("vector"), query, weights=[0.0, 0.0, 0.5, 1.0]))
        .filter(rank__gt=0)
        .order_by("-rank", "title", "pk")[:limit]
    )
