"""Rules that no constraint can hold, as database triggers, so that raw SQL keeps them too."""

from typing import Any

import pgtrigger
from django.apps import apps

EVERY_CHANGE = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete


def empty_naming(names: str) -> str:
    """Return SQL that empties the documents in which one of these records is named.

    Whoever is writing an empty one is waited for; from then on nobody writes it, until this ends.
    """
    named = f"depends_on && ({names})::varchar[]"
    return f"""
        PERFORM FROM clusters_publicdocument WHERE record = '' AND {named} FOR SHARE;
        UPDATE clusters_publicdocument SET record = '' WHERE record <> '' AND {named};"""


class KeepVersion(pgtrigger.Trigger):
    """Raise a root's version by one, once in every transaction that changes it.

    The state changes only where an action has said so (`clusters.actions.publishing`).
    """

    name = "keep_version"
    when = pgtrigger.Before
    operation = pgtrigger.Insert | pgtrigger.Update
    func = """
        IF TG_OP = 'UPDATE' THEN
            NEW.version := OLD.version;
            -- A stale copy that is saved whole must not undo a publication.
            IF NEW.state <> OLD.state
                AND coalesce(current_setting('casebook.sets_state', true), '') <> 'on' THEN
                NEW.state := OLD.state;
            END IF;
            -- A part of the record writes this transaction's number; a whole save, a stale one.
            IF NEW.version_transaction IS DISTINCT FROM txid_current() THEN
                NEW.version_transaction := OLD.version_transaction;
            END IF;
            IF NEW IS NOT DISTINCT FROM OLD THEN
                RETURN NEW;
            END IF;
            IF OLD.version_transaction IS DISTINCT FROM txid_current() THEN
                NEW.version := OLD.version + 1;
            END IF;
        END IF;
        NEW.version_transaction := txid_current();
        RETURN NEW;
    """


class RaiseRootVersion(pgtrigger.Trigger):
    """Tell the root that something below it changed; its own trigger raises the version."""

    name = "raise_root_version"
    when = pgtrigger.After
    operation = EVERY_CHANGE

    def get_func(self, model: Any) -> str:
        # Migrations compile triggers on stand-ins that lack our own attributes.
        real = apps.get_model(model._meta.app_label, model._meta.model_name)
        parent = real._meta.get_field(real.parent_field)
        ids = f"NEW.{parent.column}, OLD.{parent.column}"
        target = parent.related_model
        while hasattr(target, "parent_field"):
            above = target._meta.get_field(target.parent_field)
            ids = f"SELECT {above.column} FROM {target._meta.db_table} WHERE id IN ({ids})"
            target = above.related_model
        kind, table = target._meta.model_name, target._meta.db_table
        roots = f"ARRAY(SELECT '{kind}*:' || id FROM {table} WHERE id IN ({ids}))"
        return f"""
            IF TG_OP = 'UPDATE' AND NEW IS NOT DISTINCT FROM OLD THEN
                RETURN NULL;
            END IF;
            UPDATE {table} SET version_transaction = txid_current()
            WHERE id IN ({ids}) AND version_transaction IS DISTINCT FROM txid_current();
            -- Not left to the root's own trigger, which runs once in a transaction.
            UPDATE clusters_publicdocument SET record = ''
            WHERE kind = '{kind}' AND root_id IN ({ids}) AND record <> '';
            {empty_naming(roots)}
            RETURN NULL;
        """


class KeepDocuments(pgtrigger.Trigger):
    """Keep a row for the document of each published root, emptied by whatever makes it wrong.

    Documents of other records that show this one's name or slug are emptied with it; so are those
    that name what it has its name from: they are counted by donors, say, through stakeholders.
    """

    name = "keep_documents"
    when = pgtrigger.After
    operation = EVERY_CHANGE

    def get_func(self, model: Any) -> str:
        kind = model._meta.model_name
        real = apps.get_model(model._meta.app_label, kind)
        named_by = "".join(
            empty_naming(
                f"ARRAY['{column.related_model._meta.model_name}:' || OLD.{column.column}, "
                f"'{column.related_model._meta.model_name}:' || NEW.{column.column}]"
            )
            for column in map(real._meta.get_field, real.named_by)
        )
        return f"""
            IF TG_OP = 'DELETE' OR NEW.state <> 'published' THEN
                DELETE FROM clusters_publicdocument
                WHERE kind = '{kind}' AND root_id = coalesce(NEW.id, OLD.id);
            ELSE
                INSERT INTO clusters_publicdocument
                    (kind, root_id, slug, record, parts, depends_on, code, tag, facts)
                VALUES ('{kind}', NEW.id, NEW.slug, '', '', '{{}}', '', '', '{{}}')
                ON CONFLICT (kind, root_id) DO UPDATE SET record = '', slug = EXCLUDED.slug;
            END IF;
            {named_by}
            IF TG_OP = 'UPDATE' THEN
                {empty_naming(f"ARRAY['{kind}*:' || NEW.id]")}
                IF to_jsonb(NEW) - ARRAY['version', 'version_transaction']
                    IS DISTINCT FROM to_jsonb(OLD) - ARRAY['version', 'version_transaction'] THEN
                    {empty_naming(f"ARRAY['{kind}:' || NEW.id]")}
                END IF;
            END IF;
            RETURN NULL;
        """


class EmptyDocuments(pgtrigger.Trigger):
    """Empty the documents that show the name of a record which is no root."""

    name = "empty_documents"
    when = pgtrigger.After
    operation = pgtrigger.Update

    def get_func(self, model: Any) -> str:
        return f"""
            {empty_naming(f"ARRAY['{model._meta.model_name}:' || NEW.id]")}
            RETURN NULL;
        """


class KeepSlugs(pgtrigger.Trigger):
    """Keep every slug that was ever used as an alias of its record, and never give it away."""

    name = "keep_slugs"
    when = pgtrigger.After
    operation = EVERY_CHANGE

    def get_func(self, model: Any) -> str:
        kind = model._meta.model_name
        return f"""
            IF TG_OP = 'UPDATE' AND NEW.slug = OLD.slug THEN
                RETURN NULL;
            END IF;
            IF TG_OP <> 'DELETE' THEN
                DELETE FROM clusters_alias
                WHERE kind = '{kind}' AND lower(slug) = lower(NEW.slug) AND object_id = NEW.id;
                IF EXISTS (
                    SELECT FROM clusters_alias
                    WHERE kind = '{kind}' AND lower(slug) = lower(NEW.slug)
                ) THEN
                    RAISE EXCEPTION 'The slug "%" belonged to another {model._meta.verbose_name} '
                        'once and is never used again.', NEW.slug
                        USING ERRCODE = 'unique_violation', CONSTRAINT = '{kind}_slug_never_reused';
                END IF;
            END IF;
            IF TG_OP = 'DELETE' OR TG_OP = 'UPDATE' AND lower(NEW.slug) <> lower(OLD.slug) THEN
                INSERT INTO clusters_alias (kind, slug, object_id, since)
                VALUES ('{kind}', OLD.slug, OLD.id, now());
            END IF;
            RETURN NULL;
        """


class NumberChanges(pgtrigger.Trigger):
    """Number the public change log without gaps; writers queue for the number."""

    name = "number_changes"
    when = pgtrigger.Before
    operation = pgtrigger.Insert
    func = """
        PERFORM pg_advisory_xact_lock(hashtext('clusters_change'));
        SELECT coalesce(max(number), 0) + 1 INTO NEW.number FROM clusters_change;
        RETURN NEW;
    """


class Forbid(pgtrigger.Trigger):
    """Refuse a row for which a query finds something, with a message for people.

    `query` may use NEW and OLD; `message` is what the writer is told.
    """

    when = pgtrigger.After
    operation = pgtrigger.Insert | pgtrigger.Update

    def __init__(self, *, query: str, message: str, before: str = "", **kwargs: Any) -> None:
        self.query, self.message, self.before = query, message, before
        super().__init__(**kwargs)

    def get_func(self, model: Any) -> str:
        message = self.message.replace("'", "''")
        return f"""
            {self.before}
            IF EXISTS ({self.query}) THEN
                RAISE EXCEPTION '{message}'
                    USING ERRCODE = 'check_violation', CONSTRAINT = '{self.name}';
            END IF;
            RETURN NULL;
        """
