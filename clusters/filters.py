"""Filters that page, API and export share. Every filter has a twin that negates it."""

import copy
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from clusters.casefiles.shape import shape_of
from clusters.models import Cluster, Publication, Review, Stakeholder, StakeholderGroup
from clusters.models.literature import PublicationQuerySet
from clusters.search import roots_matching

# Parameters of lists that are not filters: of pages, and of the API.
PAGE_PARAMETERS = frozenset({"page", "page_size", "ordering"})
API_PARAMETERS = frozenset({"page", "page_size", "cursor", "ordering", "format", "fields"})
LONGEST_QUERY = 200


class StrictForm(forms.Form):
    """Refuses parameters that nothing reads, and a second value for one that takes one."""

    other_parameters: frozenset[str] = frozenset()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.data:
            if name not in self.fields and name not in self.other_parameters:
                message = _("There is no filter “%(name)s”. Known: %(known)s.")
                self.add_error(None, message % {"name": name, "known": ", ".join(self.fields)})
            elif isinstance(self.data, QueryDict) and len(self.data.getlist(name)) > 1:
                message = _("“%(name)s” stands here twice; it takes one value.")
                self.add_error(None, message % {"name": name})
        return cleaned


class StrictFilterSet(django_filters.FilterSet):
    """A filterset in which `country__not=PK` leaves out what `country=PK` finds."""

    # Parameters of its page that are not filters.
    page_parameters = PAGE_PARAMETERS

    class Meta:
        form = StrictForm

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
        return filters

    @classmethod
    def _negate(cls, method: str) -> str:
        """Give the class a method that leaves out what another one finds."""

        def leave_out(self: Any, queryset: Any, name: str, value: Any) -> Any:
            found = getattr(self, method)(queryset, name, value)
            return queryset.exclude(pk__in=found.order_by().values("pk"))

        setattr(cls, f"{method}__not", leave_out)
        return f"{method}__not"

    def get_form_class(self) -> type[forms.Form]:
        fields = {name: found.field for name, found in self.filters.items()}
        # Only the API's backend hands the request on.
        others = self.page_parameters if self.request is None else API_PARAMETERS
        return type(
            f"{type(self).__name__}Form", (StrictForm,), {**fields, "other_parameters": others}
        )


class CountryField(django_filters.fields.ChoiceField):
    """Two letters of ISO 3166, in any case; anything else is refused."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(value).upper()


class CountryFilter(django_filters.ChoiceFilter):
    """Keeps records of one country; a list of 249 countries is longer to use than two letters."""

    field_class = CountryField

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"maxlength": 2, "size": 4, "autocapitalize": "characters"})
        found = {
            "choices": list(countries),
            "label": _("Country (ISO 3166 code)"),
            "widget": widget,
        }
        super().__init__(**{**found, **options})


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
        kind = shape_of(model).folder
        return qs.filter(pk__in=roots_matching(kind, value))


def yes_no(**options: Any) -> django_filters.TypedChoiceFilter:
    """A filter by true or false, which refuses anything else."""
    return django_filters.TypedChoiceFilter(
        choices=[("", _("any")), ("true", _("yes")), ("false", _("no"))],
        coerce=lambda value: value == "true",
        **options,
    )


class ClusterFilter(StrictFilterSet):
    q = WordsFilter()
    country = CountryFilter()
    isic = django_filters.CharFilter(label=_("ISIC class"))

    class Meta(StrictFilterSet.Meta):
        model = Cluster
        fields: list[str] = []


class StakeholderFilter(StrictFilterSet):
    q = WordsFilter()
    group = django_filters.ModelChoiceFilter(
        to_field_name="slug",
        queryset=lambda request: StakeholderGroup.objects.published(),
        label=_("Group"),
        empty_label=_("any"),
    )
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
    cluster = django_filters.ModelChoiceFilter(
        field_name="clusters",
        to_field_name="slug",
        queryset=lambda request: Cluster.objects.published(),
        label=_("About the cluster"),
        empty_label=_("any"),
        distinct=True,
    )
    method = django_filters.CharFilter(
        lookup_expr="icontains", label=_("Word in its method"), max_length=LONGEST_QUERY
    )
    speaks_of_donors = yes_no(
        method="filter_speaks_of_donors", label=_("A review says what it finds on donors")
    )
    reviewed = yes_no(method="filter_reviewed", label=_("Is reviewed here"))

    class Meta(StrictFilterSet.Meta):
        model = Publication
        fields: list[str] = []

    def filter_author(
        self, queryset: PublicationQuerySet, name: str, value: str
    ) -> PublicationQuerySet:
        return queryset.by_author(value)

    def filter_reviewed(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        reviewed = Review.objects.published().values("works")
        return queryset.filter(pk__in=reviewed) if value else queryset.exclude(pk__in=reviewed)

    def filter_speaks_of_donors(
        self, queryset: QuerySet[Any], name: str, value: bool
    ) -> QuerySet[Any]:
        speaking = Review.objects.published().exclude(donor_role="").values("works")
        return queryset.filter(pk__in=speaking) if value else queryset.exclude(pk__in=speaking)
