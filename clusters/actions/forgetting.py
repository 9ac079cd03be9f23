"""Take a text out of everything that is kept beside the records: books, queues, what was typed.

What is public and what is entered is not touched here: a text that still stands there is no secret,
and stays wherever else somebody wrote it.
"""

import contextlib
import html
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from functools import reduce
from io import BytesIO
from operator import or_
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import pgtrigger
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

from clusters.actions.publishing import notify_public_changed
from clusters.encryption import Unreadable, decrypt, encrypt
from clusters.formats.zip_files import LARGEST_UNPACKED, UNREADABLE
from clusters.models import (
    ApiToken,
    Child,
    Citation,
    Contributor,
    FacetCount,
    FormDraft,
    Invitation,
    Mail,
    PublicDocument,
    Redaction,
    Root,
    SearchEntry,
    SearchWord,
    Upload,
    UploadState,
    User,
)
from clusters.published import search
from clusters.records.schema import record_schemas
from clusters.records.serialization import document_of

REDACTED = "[redacted]"
# Whose tables keep what people wrote; those of sessions and passwords are no books of ours.
APPS = ("clusters", "interventions", "admin", "pghistory", "django_tasks_database")
# People and what lets them in; and what is made anew of the records, each in its own way.
ACCOUNTS = (User, Contributor, Invitation, ApiToken, Redaction)
MADE_ANEW = (PublicDocument, SearchEntry, SearchWord, FacetCount)
# Columns with words of the machine's own.
CODES = {
    *("kind", "root_kind", "table", "status", "task_path", "worker_ids", "queue_name"),
    *("backend_name", "exception_class_path", "db_role", "db_program"),
}
# Of how many letters the titles are that logs, search and autosaved forms keep: the longest first.
TITLES = (400, 300)
# How files write texts that people send.
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "cp1252")


def redact_everywhere(text: str, replacement: str) -> int:
    """Replace a text wherever it is kept, unless a record still says it; return in how many rows.

    Call it in a transaction.
    """
    wanted = Wanted(text, replacement)
    if any(_rows_with(wanted, model) for model in apps.get_models() if _is_record(model)):
        return 0
    return (
        _make_anew(wanted)
        + _empty_files(wanted)
        + _rewrite_mails(wanted)
        + sum(_rewrite(wanted, model) for model in apps.get_models() if _is_book(model))
    )


def _words(text: str) -> str:
    """Return a pattern of a text; a browser sends other line breaks than it was given."""
    return r"\s+".join(map(re.escape, text.split()))


class Wanted:
    """A text that is looked for, whole words of it, in the spellings in which it may be kept."""

    def __init__(self, text: str, replacement: str) -> None:
        self.text, self.replacement = text, replacement
        begins = r"(?<![\w-])" if re.match(r"\s*\w", text) else ""
        ends = r"(?![\w-])" if re.search(r"\w\s*\Z", text) else ""
        cuts = [_words(text[:length]) for length in TITLES if length < len(text)]
        self.pattern = re.compile(f"{begins}(?:{'|'.join([_words(text) + ends, *cuts])})")
        # In any spelling and length the same: what the database looks for.
        self.clue = max(re.findall("[A-Za-z0-9]+", text[: TITLES[-1]])[:-1], key=len, default="")
        if len(text) <= TITLES[-1] or not self.clue:
            self.clue = max(re.findall("[A-Za-z0-9]+", text), key=len, default="")

    def out_of(self, value: Any) -> Any:
        """Return a value, of whatever is in it, without the text."""
        if isinstance(value, dict):
            return {
                # Names of fields stay; those of records, such as clusters/kasur, are texts.
                self.out_of(name) if "/" in name else name: self.out_of(part)
                for name, part in value.items()
            }
        if isinstance(value, list):
            return [self.out_of(part) for part in value]
        if not isinstance(value, str):
            return value
        if value[:1] in ("{", "["):
            try:
                read = json.loads(value)
            except (ValueError, RecursionError):
                pass
            else:
                written = self.out_of(read)
                return value if written == read else json.dumps(written, ensure_ascii=False)
        value = self.pattern.sub(lambda _found: self.replacement, value)
        for spell in (quote_plus, quote):  # in an address
            if (spelt := spell(self.text)) != self.text:
                value = value.replace(spelt, spell(self.replacement))
        return value

    def out_of_form(self, data: str) -> str:
        """Return what a browser sent without the text."""
        pairs = parse_qsl(data, keep_blank_values=True)
        written = [(name, self.out_of(value)) for name, value in pairs]
        return data if written == pairs else urlencode(written)

    def may_be_in_file(self, content: bytes) -> bool:
        """Return whether a file may hold the text, packed or not; true of one that cannot be read.

        Case files break their lines where they like: a text may stand in several of them.
        """
        try:
            return any(map(self.is_in_part, parts_of(content)))
        except UNREADABLE:
            return True

    def is_in_part(self, part: bytes) -> bool:
        for encoding in ENCODINGS:
            text = html.unescape(part.decode(encoding, "ignore"))
            # YAML breaks a line of a quoted text with a backslash.
            if self.pattern.search(text) or self.pattern.search(text.replace("\\", " ")):
                return True
        return False


def parts_of(content: bytes) -> Iterator[bytes]:
    """Yield a file, or one by one what is packed in it. Raises what `UNREADABLE` lists."""
    if not zipfile.is_zipfile(BytesIO(content)):
        yield content
        return
    left = LARGEST_UNPACKED
    with zipfile.ZipFile(BytesIO(content)) as package:
        for name in package.namelist():
            yield name.encode()
            part = package.open(name).read(left + 1)
            left -= len(part)
            if left < 0:
                raise ValueError("Unpacked it is too large.")
            yield part


def _is_record(model: type[models.Model]) -> bool:
    return issubclass(model, Root | Child | Citation)


def _is_book(model: type[models.Model]) -> bool:
    """Return whether a table keeps what was, or what somebody said; those of accounts are left."""
    of = getattr(model, "pgh_tracked_model", model)
    is_out = of in ACCOUNTS or model in MADE_ANEW or _is_record(model)
    is_table = model._meta.managed and not model._meta.proxy
    return is_table and model._meta.app_label in APPS and not is_out


def _columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """Return the columns of a table that may hold a text."""
    return [
        column
        for column in model._meta.concrete_fields
        if isinstance(column, (models.CharField, models.TextField, models.JSONField, ArrayField))
        and column.name not in CODES
        and not column.name.startswith("pgh_")
        and (_is_record(model) or not getattr(column, "choices", None))
    ]


def _found(
    wanted: Wanted, model: type[models.Model], clean: Callable[[Any, Any], Any]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield the numbers of rows that hold the text, and what stands in them without it."""
    columns = _columns(model)
    if not columns:
        return
    as_text = {
        f"{column.name}_as_text": Cast(column.name, models.TextField()) for column in columns
    }
    has_clue = reduce(or_, (Q(**{f"{name}__contains": wanted.clue}) for name in as_text))
    rows = model._base_manager.annotate(**as_text).filter(has_clue)
    for row in rows.values("pk", *(column.name for column in columns)):
        changed = {}
        for column in columns:
            value = row[column.name]
            cleaned = clean(column, value)
            if cleaned != value:
                longest = getattr(column, "max_length", None)
                is_cut = isinstance(cleaned, str) and longest
                changed[column.name] = cleaned[:longest] if is_cut else cleaned
        if changed:
            yield row["pk"], changed


def _rows_with(wanted: Wanted, model: type[models.Model]) -> bool:
    return any(_found(wanted, model, _cleaner(wanted)))


def _rewrite(wanted: Wanted, model: type[models.Model]) -> int:
    def clean(column: models.Field[Any, Any], value: Any) -> Any:
        is_form = model is FormDraft and column.name == "data"
        return wanted.out_of_form(value) if is_form else wanted.out_of(value)

    rows = 0
    with unprotected(model):
        for number, changed in list(_found(wanted, model, clean)):
            rows += model._base_manager.filter(pk=number).update(**changed)
    return rows


def _make_anew(wanted: Wanted) -> int:
    """Have search and the API's answers written anew where they hold the text; return how many."""
    rows = 0
    stale = [number for number, _changed in _found(wanted, SearchEntry, _cleaner(wanted))]
    entries = SearchEntry.objects.filter(pk__in=stale)
    for kind, number in set(entries.values_list("root_kind", "root_id")):
        model: Any = record_schemas()[kind].model
        record = model.objects.published().filter(pk=number).first()
        document = None if record is None else document_of(record, public=True)
        search.index(record or model(pk=number), document)
        rows += 1
    stale = [number for number, _changed in _found(wanted, PublicDocument, _cleaner(wanted))]
    # Of facts as well: a slug may be one, and is counted.
    rows += PublicDocument.objects.filter(pk__in=stale).update(record="", parts="", facts=[])
    for number, _changed in list(_found(wanted, FacetCount, _cleaner(wanted))):
        rows += FacetCount.objects.filter(pk=number, number=0).delete()[0]
    notify_public_changed()
    return rows


def _cleaner(wanted: Wanted) -> Callable[[Any, Any], Any]:
    return lambda _column, value: wanted.out_of(value)


def _empty_files(wanted: Wanted) -> int:
    """Throw away uploaded files that hold the text, and say so there; return how many."""
    rows = 0
    for upload in Upload.objects.exclude(content=b"").iterator(chunk_size=1):
        if wanted.may_be_in_file(bytes(upload.content)):
            words = (
                "The file holds, or may hold, something that was redacted since. Correct it, and "
                "send it anew."
            )
            rows += Upload.objects.filter(pk=upload.pk).update(
                content=b"", state=UploadState.REFUSED, wrong=[["", "", "", words]]
            )
    return rows


def _rewrite_mails(wanted: Wanted) -> int:
    rows = 0
    for mail in Mail.objects.select_for_update():
        try:
            text = decrypt(mail.encrypted_text)
        except Unreadable:
            continue
        if (cleaned := wanted.out_of(text)) != text:
            hidden = encrypt(cleaned)
            rows += Mail.objects.filter(pk=mail.pk).update(encrypted_text=hidden)
    return rows


def unprotected(model: Any) -> Any:
    """Return a context in which this connection, and only it, may change an append-only table."""
    names = [
        f"{owner._meta.label}:{trigger.name}"
        for owner, trigger in pgtrigger.registered()
        if owner is model and isinstance(trigger, pgtrigger.Protect)
    ]
    return pgtrigger.ignore(*names) if names else contextlib.nullcontext()
