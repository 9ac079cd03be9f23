"""Filters that page, API and export share. Every filter has a twin that negates it."""

import copy
from collections.abc import Iterable
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db import models
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from clusters.i18n import MOST_NAMED, known_words, not_known, short
from clusters.models import (
    Cluster,
    Event,
    Identifier,
    LiteratureSummary,
    Publication,
    Root,
    Stakeholder,
    StakeholderGroup,
    Statistic,
    StudySample,
)
from clusters.models.base import name_path, root_model, root_path
from clusters.models.literature import PublicationQuerySet
from clusters.published.search import roots_matching
from clusters.records.schema import record_schema
from clusters.records.serialization import reference
from clusters.values.codelists import COUNTRIES

# Parameters of lists that are not filters: of pages, and of the API.
PAGE_PARAMETERS = frozenset({"page", "page_size", "ordering"})
API_PARAMETERS = frozenset({"page", "page_size", "cursor", "ordering", "format", "fields"})
LONGEST_QUERY = 200
# Endings of the names of filters that bound the same thing from both sides.
RANGES = (("_from", "_to"), ("__gte", "__lte"))
# How many of the known values are looked through for the nearest.
MOST_NEAR = 100
# Parameters of the API that take several values and are no filters.
LISTS = frozenset({"ordering", "fields", "state"})


class StrictForm(forms.Form):
    """Refuses parameters that nothing reads, and a second value for one that takes one."""

    other_parameters: frozenset[str] = frozenset()
    known: Iterable[str] = ()
    # Forms of pages send what is left open; a program that does has lost a value.
    takes_empty = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.data:
            if name not in self.fields and name not in self.other_parameters:
                message = _("There is no filter “%(name)s”. %(known)s")
                self.refuse(message, name=short(name), known=known_words(name, self.known))
            elif isinstance(self.data, QueryDict) and len(self.data.getlist(name)) > 1:
                message = _("“%(name)s” stands here twice; it takes one value.")
                self.refuse(message, name=name)
            elif name in self.fields and not self.takes_empty and self._is_empty(name):
                message = _("“%(name)s” is empty: give it a value, or leave it out.")
                self.refuse(message, name=name)
        self._check_ranges(cleaned)
        return cleaned

    def _is_empty(self, name: str) -> bool:
        """Return whether a filter has no value, or one of its several has none."""
        value = self.data[name]
        several = isinstance(self.fields[name], SeveralField)
        return not all(part.strip() for part in (value.split(",") if several else [value]))

    def refuse(self, message: Any, **words: str) -> None:
        """Add an error; the words are put in where it is shown, since they may hold a “%”."""
        self.add_error(None, forms.ValidationError(message, params=words))

    def _check_ranges(self, cleaned: dict[str, Any]) -> None:
        """Add an error for each range that ends before it begins."""
        for first, last in RANGES:
            for name in cleaned:
                stem = name.removesuffix(first)
                start, end = cleaned[name], cleaned.get(f"{stem}{last}")
                if stem != name and start is not None and end is not None and start > end:
                    message = _("“%(first)s” is after “%(last)s”: nothing can be between them.")
                    self.refuse(message, first=name, last=f"{stem}{last}")


class KnownField:
    """Refuses a value that is not known, and says which are."""

    def refuse(self, value: Any, known: Iterable[Any]) -> None:
        raise forms.ValidationError("%(said)s", params={"said": not_known(value, known)})


class CodeField(KnownField, django_filters.fields.ChoiceField):
    """A code of a list, in the case of letters that the list has."""

    def validate(self, value: Any) -> None:
        forms.Field.validate(self, value)
        if value and not self.valid_value(value):
            codes = (code for code, _label in self.choices if code)
            self.refuse(value, (code for code in codes if isinstance(code, str | int)))


class SeveralField(django_filters.fields.BaseCSVField):
    """Values with commas between them; what is empty is left out."""

    def clean(self, value: Any) -> Any:
        given = [item for item in value or [] if item not in self.empty_values]
        for item in given:
            ProhibitNullCharactersValidator()(item)
        if isinstance(self, RecordField | PartField):
            self.found = self.fetch(given)
        return super().clean(given)


class SeveralFilter(django_filters.BaseInFilter):
    """Takes several values, any of which will do: `ending=completed,dissolved`."""

    base_field_class = SeveralField

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"help_text": "", **options})

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        """Return the records of which a value is true, by a subquery where rows would repeat."""
        if not self.distinct or value in django_filters.constants.EMPTY_VALUES:
            return super().filter(qs, value)
        owners = owners_of(qs.model, self.field_name, self.lookup_expr, value)
        return self.get_method(qs)(pk__in=owners)


def owners_of(model: type[models.Model], path: str, lookup: str, value: Any) -> QuerySet[Any]:
    """Return the numbers of the records of which one of several things is as asked.

    `path` begins with the name of the relation to these, as `clusters__country` does.
    """
    name, _, rest = path.partition("__")
    relation: Any = model._meta.get_field(name)
    if relation.many_to_many:
        rows, owner = relation.remote_field.through, relation.m2m_field_name()
        rest = "__".join(filter(None, (relation.m2m_reverse_field_name(), rest)))
    else:
        rows, owner = relation.related_model, relation.field.name
    found: QuerySet[Any] = rows._default_manager.filter(**{f"{rest}__{lookup}": value})
    return found.values(owner)


class CodeFilter(SeveralFilter, django_filters.ChoiceFilter):
    """Keeps records that have one of some codes."""

    field_class = CodeField

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"empty_label": _("any"), **options})


class CountryField(CodeField):
    """A country by its code or name, in any case; anything else is refused."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        try:
            return COUNTRIES.find(text) if text else text
        except ValueError as error:
            raise ValidationError(str(error), code="invalid_choice") from None


class CountryInput(forms.TextInput):
    """Two letters to write: a list of 249 countries is longer to use."""

    def __init__(self, attrs: Any = None) -> None:
        super().__init__({"size": 4, "autocapitalize": "characters", **(attrs or {})})


class Shared(list[Any]):
    """A long list of choices, which forms need not copy."""

    def __deepcopy__(self, memo: Any) -> "Shared":
        return self


class CountryFilter(CodeFilter):
    """Keeps records of some countries."""

    field_class = CountryField

    def __init__(self, **options: Any) -> None:
        found = {"choices": Shared(countries), "widget": CountryInput}
        super().__init__(**{"label": _("Country (ISO 3166 code)"), **found, **options})


class RecordField(KnownField, django_filters.fields.ModelChoiceField):
    """The slug of a published record; those of one parameter are fetched together."""

    found: dict[str, Any]

    def fetch(self, slugs: list[str]) -> dict[str, Any]:
        return {record.slug: record for record in self.queryset.filter(slug__in=slugs)}

    def to_python(self, value: Any) -> Any:
        if value not in self.found:
            slugs = self.queryset.order_by("slug").values_list("slug", flat=True)
            near = slugs.filter(slug__gte=value[:1].lower())
            self.refuse(value, dict.fromkeys([*slugs[: MOST_NAMED + 1], *near[:MOST_NEAR]]))
        return self.found[value]


class RecordFilter(SeveralFilter, django_filters.ModelChoiceFilter):
    """Keeps records that point to one of some others, named by slug: `cluster=sialkot,kasur`."""

    field_class = RecordField

    def __init__(self, model: Any, **options: Any) -> None:
        self.target = model
        super().__init__(
            **{
                "queryset": lambda request: model._default_manager.published(),
                "to_field_name": "slug",
                "empty_label": _("any"),
                **options,
            }
        )


class PartField(KnownField, forms.CharField):
    """What names a published part of a record: the slug of its root, then keys.

    Those of one parameter are fetched together.
    """

    found: dict[str, Any]

    def __init__(self, model: Any, **options: Any) -> None:
        self.model = model
        super().__init__(**options)

    def fetch(self, names: list[str]) -> dict[str, Any]:
        lookups = name_path(self.model)
        wanted = models.Q()
        for steps in (name.split("/") for name in names):
            if len(steps) == len(lookups):
                wanted |= models.Q(**dict(zip(lookups, steps, strict=True)))
        if not wanted:
            return {}
        above = root_path(self.model)
        rows = self.model._default_manager.published().filter(wanted).select_related(above)
        return {reference(row): row for row in rows}

    def clean(self, value: Any) -> Any:
        name = super().clean(value)
        if name not in self.found:
            lookups = name_path(self.model)
            known = self.model._default_manager.published().order_by(*lookups)
            near = known.filter(**{f"{lookups[0]}__gte": name[:1].lower()})
            names = [*known.values_list(*lookups)[: MOST_NAMED + 1]]
            names += near.values_list(*lookups)[:MOST_NEAR]
            self.refuse(name, dict.fromkeys("/".join(row) for row in names))
        return self.found[name]


class PartFilter(SeveralFilter):
    """Keeps records that point to one of some parts: `factor=framework/brief-funding`."""

    field_class = PartField


class StrictFilterSet(django_filters.FilterSet):
    """A filterset with a twin of each filter that negates it, and with ranges.

    `country__not=PK` leaves out what `country=PK` finds. Numbers and dates can be bounded by
    `stated_months__gte=12`, `actual_end__lte=2009-12-31`; a vague date is within a bound if it
    may be.
    """

    base_filters: Any
    # Parameters of its page that are not filters.
    page_parameters = PAGE_PARAMETERS

    class Meta:
        form = StrictForm

    def __init__(self, data: Any = None, queryset: Any = None, **options: Any) -> None:
        if options.get("request") is not None:
            # No form is shown to a program: only what it asks for is made.
            every = self.base_filters
            self.base_filters = {name: every[name] for name in data or () if name in every}
        several = LISTS if options.get("request") is not None else frozenset()
        super().__init__(self.joined(data, several), queryset, **options)

    def joined(self, data: Any, lists: frozenset[str]) -> Any:
        """Return what is asked, with the values of one filter in one text.

        Several values stand in one parameter, with commas between them; programs that are made from
        the API's description send the parameter repeatedly.
        """
        if not isinstance(data, QueryDict):
            return data
        repeated = [
            name
            for name, values in data.lists()
            if len(values) > 1
            and (name in lists or isinstance(self.base_filters.get(name), SeveralFilter))
        ]
        if not repeated:
            return data
        changed = data.copy()
        for name in repeated:
            changed[name] = ",".join(data.getlist(name))
        return changed

    @property
    def given(self) -> QueryDict:
        """What is asked, without what was left open in a form."""
        found = QueryDict(mutable=True)
        for name, values in self.data.lists():
            found.setlist(name, [value for value in values if value])
        return found

    @classmethod
    def get_filters(cls) -> Any:
        filters = super().get_filters()
        for name, declared in list(filters.items()):
            if name == "q":
                continue
            negated = copy.deepcopy(declared)
            if declared.method:
                negated.method = cls._negate(declared.method)
            else:
                negated.exclude = True
            filters[f"{name}__not"] = negated
        if cls._meta.model is not None:
            filters |= ranges_of(cls._meta.model)
        return filters

    @classmethod
    def _negate(cls, method: str) -> str:
        """Give the class a method that leaves out what the filter's own method finds."""

        def leave_out(self: Any, queryset: Any, name: str, value: Any) -> Any:
            # Of all records: a query that holds what it narrows twice would double at each filter.
            found = getattr(self, method)(queryset.model._default_manager.all(), name, value)
            return queryset.exclude(pk__in=found.order_by().values("pk"))

        setattr(cls, f"{method}__not", leave_out)
        return f"{method}__not"

    def get_form_class(self) -> type[forms.Form]:
        fields = {name: found.field for name, found in self.filters.items()}
        # Only the API's backend hands the request on.
        others = self.page_parameters if self.request is None else API_PARAMETERS
        if self.request is not None and issubclass(self._meta.model, Root):
            others = others | {"state"}
        known = type(self).base_filters
        return type(
            f"{type(self).__name__}Form",
            (StrictForm,),
            {
                **fields,
                "other_parameters": others,
                "known": known,
                "takes_empty": self.request is None,
            },
        )


def ranges_of(model: type[models.Model]) -> dict[str, django_filters.Filter]:
    """Return filters `__gte` and `__lte` for every number and date of a record."""
    found: dict[str, django_filters.Filter] = {}
    for spec in record_schema(model).fields:
        name = spec.name
        if spec.kind == "date":
            bounds = {"gte": f"{name}_latest", "lte": f"{name}_earliest"}
            kind = django_filters.DateFilter
        elif spec.kind == "scalar" and isinstance(
            spec.field, models.IntegerField | models.DecimalField
        ):
            bounds = {"gte": name, "lte": name}
            kind = django_filters.NumberFilter
        else:
            continue
        for lookup, column in bounds.items():
            words = _("{name}, at least") if lookup == "gte" else _("{name}, at most")
            label = format_lazy(words, name=spec.field.verbose_name)
            found[f"{name}__{lookup}"] = kind(column, lookup, label=label)
    return found


class WordsFilter(django_filters.CharFilter):
    """Keeps records of which every word, or a longer one that begins with it, stands somewhere.

    Reads the same index as the search page: stemmed, without accents, “quoted phrases” as they are.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"label": _("Words"), "max_length": LONGEST_QUERY, **options})

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        model: Any = qs.model
        kind = record_schema(model).folder
        return qs.filter(pk__in=roots_matching(kind, value))


def yes_no(**options: Any) -> django_filters.TypedChoiceFilter:
    """Return a filter by true or false, which refuses anything else."""
    return django_filters.TypedChoiceFilter(
        choices=[("", _("any")), ("true", _("yes")), ("false", _("no"))],
        coerce=lambda value: value == "true",
        **options,
    )


class RecordFilterSet(StrictFilterSet):
    """Filters by what a record points to and by its codes, read off its model."""

    @classmethod
    def get_filters(cls) -> dict[str, django_filters.Filter]:
        if cls._meta.model is not None:
            cls.declared_filters = {**filters_of(cls._meta.model), **cls.declared_filters}
        found: dict[str, django_filters.Filter] = super().get_filters()
        return found


def filters_of(model: type[models.Model]) -> dict[str, django_filters.Filter]:
    """Return filters by what a record points to and by its codes; of a part, by its root."""
    parent = getattr(model, "parent_field", None)
    filters: dict[str, Any] = {}
    for column in model._meta.concrete_fields:
        name = column.name
        if name != parent and not record_schema(model).field(name):
            continue
        if column.is_relation:
            filters[name] = _filter_by(column)
        elif isinstance(column, models.CharField) and column.choices:
            options = {"choices": column.flatchoices, "label": column.verbose_name}
            filters[name] = CodeFilter(field_name=name, **options)
    if parent is not None:
        root = root_model(model)
        filters.setdefault(
            root._meta.model_name,
            RecordFilter(root, field_name=root_path(model), label=root._meta.verbose_name),
        )
    return filters


def _filter_by(column: Any) -> Any:
    """Return a filter by what a foreign key points to."""
    target = column.related_model
    options = {"model": target, "field_name": column.name, "label": column.verbose_name}
    if hasattr(target, "parent_field"):
        return PartFilter(**options)
    if not issubclass(target, Root):  # is public only where something public points to it
        records = column.model._default_manager
        options["queryset"] = lambda request: target.objects.filter(
            pk__in=records.published().values(column.name)
        )
    return RecordFilter(**options)


class ClusterFilter(StrictFilterSet):
    q = WordsFilter()
    country = CountryFilter()
    isic = django_filters.CharFilter(label=_("ISIC class"))

    class Meta(StrictFilterSet.Meta):
        model = Cluster
        fields: list[str] = []


class StakeholderFilter(StrictFilterSet):
    q = WordsFilter()
    group = RecordFilter(StakeholderGroup, label=_("Group"))
    country = CountryFilter()
    is_pseudonym = yes_no(label=_("The name is a pseudonym"))

    class Meta(StrictFilterSet.Meta):
        model = Stakeholder
        fields: list[str] = []


class PublicationFilter(StrictFilterSet):
    q = WordsFilter()
    author = django_filters.CharFilter(
        method="filter_author", label=_("Author’s name"), max_length=LONGEST_QUERY
    )
    year_from = django_filters.NumberFilter(
        field_name="issued_latest__year",
        lookup_expr="gte",
        label=_("From year"),
        min_value=1,
        max_value=9999,
    )
    year_to = django_filters.NumberFilter(
        field_name="issued_earliest__year",
        lookup_expr="lte",
        label=_("To year"),
        min_value=1,
        max_value=9999,
    )
    cluster = RecordFilter(
        Cluster, field_name="clusters", label=_("About the cluster"), distinct=True
    )
    method = django_filters.CharFilter(
        lookup_expr="icontains", label=_("Word in its method"), max_length=LONGEST_QUERY
    )
    speaks_of_donors = yes_no(
        method="filter_speaks_of_donors", label=_("A review says what it finds on donors")
    )
    summarised = yes_no(method="filter_summarised", label=_("Is reviewed here"))

    class Meta(StrictFilterSet.Meta):
        model = Publication
        fields: list[str] = []

    def filter_author(
        self, queryset: PublicationQuerySet, name: str, value: str
    ) -> PublicationQuerySet:
        return queryset.by_author(value)

    def filter_summarised(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        reviewed = LiteratureSummary.objects.published().values("publications")
        return queryset.filter(pk__in=reviewed) if value else queryset.exclude(pk__in=reviewed)

    def filter_speaks_of_donors(
        self, queryset: QuerySet[Any], name: str, value: bool
    ) -> QuerySet[Any]:
        speaking = (
            LiteratureSummary.objects.published().exclude(donor_role="").values("publications")
        )
        return queryset.filter(pk__in=speaking) if value else queryset.exclude(pk__in=speaking)


class StatisticFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = Statistic
        fields: list[str] = []


class EventFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = Event
        fields: list[str] = []


class StakeholderGroupFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = StakeholderGroup
        fields: list[str] = []


class IdentifierFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = Identifier
        fields: list[str] = []


class LiteratureSummaryFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = LiteratureSummary
        fields: list[str] = []


class StudySampleFilter(RecordFilterSet):
    class Meta(StrictFilterSet.Meta):
        model = StudySample
        fields: list[str] = []
