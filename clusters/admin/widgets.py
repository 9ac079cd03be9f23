"""Which input each kind of field has, and how its text becomes a value of a document and back."""

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.db import models
from django.db.models import Model
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clusters.records.schema import FieldSpec, RecordSchema
from clusters.records.serialization import plain
from clusters.values.cleaning import read_json
from clusters.values.codelists import codelist_of

# More choices than this are a list to choose from, fewer are buttons side by side.
MOST_BUTTONS = 6
LINES = {"rows": 2}


class ReferenceSelect(AutocompleteSelect):
    """Chooses a record by its name; what is sent is its slug, or root slug and key of a part."""

    def __init__(self, model: type[Model], *, labels: dict[tuple[type[Model], str], str]) -> None:
        forms.Select.__init__(self)
        self.model, self.labels = model, labels
        self.i18n_name = "en"

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        attrs = forms.Select.build_attrs(self, base_attrs, extra_attrs)
        return attrs | {
            "data-ajax--url": reverse("admin:desk-references"),
            "data-ajax--delay": 200,
            "data-app-label": self.model._meta.app_label,
            "data-model-name": self.model._meta.model_name,
            "data-theme": "admin-autocomplete",
            "data-allow-clear": "true",
            "data-placeholder": "",
            "class": "admin-autocomplete",
        }

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        """Return options for what is chosen only; the rest is looked up as one types."""
        chosen = [slug for slug in value if slug]
        found = [] if self.allow_multiple_selected else [("", "")]
        found += [(slug, self.labels.get((self.model, slug), slug)) for slug in chosen]
        options = [
            self.create_option(name, slug, label, slug in chosen, number)
            for number, (slug, label) in enumerate(found)
        ]
        return [(None, options, 0)]


class ReferencesSelect(ReferenceSelect, AutocompleteSelectMultiple):
    """Chooses several records by their names."""

    allow_multiple_selected = True

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        # Each has a button to take it away; one for all would stand inside the list of them.
        return super().build_attrs(base_attrs, extra_attrs) | {"data-allow-clear": "false"}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return forms.SelectMultiple.value_from_datadict(self, data, files, name)


def widget_for(spec: FieldSpec, labels: dict[tuple[type[Model], str], str]) -> forms.Widget:
    """Return the input of one field; dates have two, see `date_widgets`."""
    field = spec.field
    if spec.kind == "reference":
        return ReferenceSelect(field.related_model, labels=labels)
    if spec.kind == "references":
        return ReferencesSelect(field.related_model, labels=labels)
    if spec.kind == "list":
        if choices := getattr(field.base_field, "flatchoices", None):
            return forms.CheckboxSelectMultiple(choices=without_empty(choices))
        return forms.Textarea(LINES)
    if spec.kind == "json":
        return forms.Textarea({"rows": 4})
    if isinstance(field, models.BooleanField):
        return forms.CheckboxInput()
    if (codelist := codelist_of(field)) is not None:
        # Offered by name while one types; the whole list stands once on the page.
        return forms.TextInput({"list": f"codelist-{codelist.name}", "autocomplete": "off"})
    if field.choices:
        choices = without_empty(field.flatchoices)
        if len(choices) <= MOST_BUTTONS:
            empty = [] if spec.required or field.has_default() else [("", _("Not stated"))]
            return forms.RadioSelect(choices=[*choices, *empty])
        return forms.Select(choices=[("", "—"), *choices])
    if isinstance(field, models.TextField):
        return forms.Textarea({"rows": 3})
    if isinstance(field, models.IntegerField | models.DecimalField | models.FloatField):
        return forms.TextInput({"inputmode": "decimal", "class": "short"})
    # No maxlength: a browser would cut what is pasted, without a word.
    return forms.TextInput()


def date_widgets() -> dict[str, forms.Widget]:
    """Return the two inputs of an uncertain date: EDTF, and the words of the source."""
    return {
        "edtf": forms.TextInput({"class": "edtf", "autocomplete": "off"}),
        "printed": forms.TextInput(),
    }


def without_empty(choices: Iterable[tuple[Any, Any]]) -> list[tuple[str, str | Promise]]:
    """Return choices with their codes as documents write them, without the one for none."""
    return [(str(plain(code)), label) for code, label in choices if code not in ("", None)]


def to_input(spec: FieldSpec, value: Any) -> Any:
    """Return a value of a document as its input shows it."""
    if value is None:
        default = spec.field.get_default() if spec.field.has_default() else None
        value = default if isinstance(default, str | bool | int) else None
        if not value or codelist_of(spec.field) is None:
            return value
    if spec.kind == "json":
        return names_as_lines(value)
    if spec.kind == "list" and not getattr(spec.field.base_field, "flatchoices", None):
        return "\n".join(map(str, value))
    if (codelist := codelist_of(spec.field)) is not None:
        return codelist.label(value)
    if spec.kind in ("scalar", "reference"):
        return value if isinstance(value, bool) else str(value)
    return value


def from_input(spec: FieldSpec, value: Any) -> Any:
    """Return what an input holds as a document has it; empty is None, mistakes are left in."""
    if isinstance(value, str):
        value = value.replace("\r\n", "\n").strip()
    if value in (None, "", [], ()):
        return None
    if spec.kind == "json":
        return names_from_lines(value)
    if spec.kind == "list" and isinstance(value, str):
        return [line.strip() for line in value.split("\n") if line.strip()]
    return value


def names_as_lines(names: Any) -> str:
    """Return CSL names as lines: `Khan, F. R.`, `Khan,` without more, or an organisation alone."""
    if not all(isinstance(name, dict) and name.keys() <= KNOWN_PARTS for name in names):
        return json.dumps(names, ensure_ascii=False)
    return "\n".join(
        name["literal"]
        if "literal" in name
        else f"{name.get('family', '')}, {name.get('given', '')}".strip()
        for name in names
    )


KNOWN_PARTS = {"family", "given", "literal"}


def names_from_lines(text: str) -> Any:
    """Return the CSL names of lines as `names_as_lines` writes them."""
    if text.startswith("["):
        try:
            return read_json(text)
        except ValueError:
            return text
    found = []
    for line in filter(None, map(str.strip, text.split("\n"))):
        family, comma, given = line.partition(",")
        person = {"family": family.strip(), "given": given.strip()}
        person = {name: part for name, part in person.items() if part}
        found.append(person if comma else {"literal": line})
    return found


def one_of(shape: RecordSchema) -> tuple[str, ...]:
    """Return the fields of which a record has one, shown as one choice (see `Coding.one_of`)."""
    return getattr(shape.model, "one_of", ())


def one_of_widget(shape: RecordSchema) -> forms.Widget:
    """Return the buttons of such fields, each value as `field:code`."""
    choices: list[tuple[str, Any]] = []
    for name in one_of(shape):
        spec = shape.field(name)
        assert spec is not None  # noqa: S101 - names a field of the model
        for code, label in without_empty(spec.field.flatchoices):
            choices.append((f"{name}:{code}", label))
    return forms.RadioSelect(choices=choices)
