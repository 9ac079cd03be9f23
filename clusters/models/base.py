"""What every record shares: slugs, states, versions, keys, and being cited.

A *root* is what is drafted, reviewed, published and versioned as one. Everything else is a
*child* of one root (or of one of its children), is seen only with it, and has a key that is
unique within it.
"""

from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from clusters.models.fields import CodeField
from clusters.models.roles import Visitor, may_enter, may_review
from clusters.models.triggers import KeepDocuments, KeepSlugs, KeepVersion, RaiseRootVersion
from clusters.values.codelists import LANGUAGES

SLUG = RegexValidator(
    r"\A[a-z0-9]+(-[a-z0-9]+)*\Z",
    "Use small letters, digits and single hyphens, as in soccer-village.",
)


class State(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    RETURNED = "returned", _("Returned")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class SlugField(models.CharField):
    """A natural key that can stand in an address."""

    default_validators = [SLUG]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 100)
        super().__init__(*args, **kwargs)


# Addresses beside those of records, or that there may be one day: no record can be called so.
RESERVED = frozenset(
    [
        "add",
        "all",
        "api",
        "change",
        "changes",
        "charts",
        "compare",
        "count",
        "csv",
        "scores",
        "delete",
        "docs",
        "download",
        "edit",
        "export",
        "facets",
        "feed",
        "figures",
        "help",
        "history",
        "import",
        "latest",
        "map",
        "me",
        "random",
        "records",
        "root",
        "schema",
        "search",
        "suggestions",
        "versions",
    ]
)


def not_reserved(slug: str) -> None:
    """Raise ValidationError for a slug at which a page of another kind is, or may come to be."""
    if slug in RESERVED:
        raise ValidationError(f"“{slug}” is an address of the casebook: choose another slug.")


class RootSlugField(SlugField):
    """The slug of a record with an address of its own."""

    default_validators = [SLUG, not_reserved]

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "clusters.models.base.SlugField", args, kwargs


class RootQuerySet(models.QuerySet[Any]):
    """What can be asked of every kind of root."""

    def published(self) -> Self:
        """Return the records that the public may see."""
        return self.filter(state=State.PUBLISHED)

    def with_names(self) -> Self:
        """Return the records joined with what their names are read from."""
        named_by = self.model.named_by
        return self.select_related(*named_by) if named_by else self

    def visible_to(self, user: Visitor) -> Self:
        """Return what is public and one's own drafts; for editors, everything."""
        if may_review(user):
            return self.all()
        if may_enter(user):
            return self.filter(models.Q(state=State.PUBLISHED) | models.Q(entered_by=user))
        return self.published()


class ChildQuerySet(models.QuerySet[Any]):
    """What can be asked of every kind of child."""

    def published(self) -> Self:
        """Return the children whose root the public may see."""
        return self.filter(**{f"{root_path(self.model)}__state": State.PUBLISHED})


class Root(models.Model):
    """What is drafted, reviewed, published and versioned as one."""

    # Fields that say nothing about the world and need no citation.
    not_asserted: ClassVar[frozenset[str]] = frozenset()
    # Fields that the public never sees.
    private: ClassVar[frozenset[str]] = frozenset()
    # Foreign keys that its name is read from.
    named_by: ClassVar[tuple[str, ...]] = ()

    slug = RootSlugField(
        "slug", help_text="The record's name in addresses; never given to another."
    )
    state = models.CharField(
        max_length=10, choices=State, default=State.DRAFT, editable=False, db_index=True
    )
    language = CodeField(
        codelist=LANGUAGES,
        max_length=15,
        default="en",
        help_text="Language of the texts, as a BCP 47 tag.",
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    version_transaction = models.BigIntegerField(default=0, editable=False)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        help_text="Whose draft it is; empty for what came from case files.",
    )

    objects: ClassVar[Any] = RootQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                "slug",
                name="%(class)s_slug_unique",
                violation_error_code="slug",
                violation_error_message="Another record has this slug.",
            ),
            # So that none differs from another by its case alone.
            models.CheckConstraint(
                condition=models.Q(slug=Lower("slug")),
                name="%(class)s_slug_small",
                violation_error_code="slug",
                violation_error_message=SLUG.message,
            ),
        ]
        triggers: ClassVar[list[Any]] = [KeepVersion(), KeepSlugs(), KeepDocuments()]

    def __str__(self) -> str:
        return self.slug

    def may_be_seen_by(self, user: Visitor) -> bool:
        """Whether somebody may see this one, as `RootQuerySet.visible_to` has it."""
        is_own = self.entered_by_id is not None and self.entered_by_id == user.pk
        return self.is_published or may_review(user) or (is_own and may_enter(user))

    @property
    def is_published(self) -> bool:
        return self.state == State.PUBLISHED


class Child(models.Model):
    """Part of one root."""

    not_asserted: ClassVar[frozenset[str]] = frozenset()
    private: ClassVar[frozenset[str]] = frozenset()
    # The name of the foreign key to the record it is part of.
    parent_field: ClassVar[str]
    # Found by search on its own, under its heading and its own address.
    searched: ClassVar[bool] = False

    key = SlugField("key", help_text="Unique within its record, as in soccer-village/early-exit.")

    objects: ClassVar[Any] = ChildQuerySet.as_manager()

    class Meta:
        abstract = True
        triggers: ClassVar[list[Any]] = [RaiseRootVersion()]

    def __str__(self) -> str:
        return self.key

    @property
    def parent(self) -> Any:
        return getattr(self, self.parent_field)

    @property
    def heading(self) -> str:
        """What a list of different records calls it."""
        return str(self)


def unique_key(parent_field: str) -> models.UniqueConstraint:
    """Return the constraint that a child's key is unique in its parent, in any case of letters."""
    return models.UniqueConstraint(
        parent_field,
        Lower("key"),
        name="%(class)s_key_unique",
        violation_error_code="key",
        violation_error_message="Another one in this record has this key.",
    )


def exactly_one(name: str, message: str, *fields: str) -> models.CheckConstraint:
    """Return the constraint that one of these foreign keys is set; it is told at the first."""
    condition = models.Q()
    for chosen in fields:
        condition |= models.Q(**{f"{field}__isnull": field != chosen for field in fields})
    return models.CheckConstraint(
        condition=condition,
        name=name,
        violation_error_code=fields[0],
        violation_error_message=message,
    )


def root_path(model: type[models.Model]) -> str:
    """Return the lookup from a child to its root, such as `target__cluster`."""
    parts = []
    current: Any = model
    while (parent_field := getattr(current, "parent_field", None)) is not None:
        parts.append(parent_field)
        current = current._meta.get_field(parent_field).related_model
    return "__".join(parts)


def root_model(model: type[models.Model]) -> Any:
    """Return the kind of root that records of this model are part of, or are."""
    current: Any = model
    while (parent_field := getattr(current, "parent_field", None)) is not None:
        current = current._meta.get_field(parent_field).related_model
    return current


def name_path(model: type[models.Model]) -> list[str]:
    """Return the lookups whose values, joined by slashes, name a child: root slug, then keys."""
    path = root_path(model).split("__")
    keys = ["__".join([*path[:depth], "key"]) for depth in range(len(path) - 1, -1, -1)]
    return ["__".join([*path, "slug"]), *keys]
