"""The inputs of an entry as its page shows them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils.html import strip_tags
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from clusters.admin.record_form import LAST, ONE_OF, WHOLE, Entry, Labels, Place
from clusters.admin.widgets import (
    ReferenceSelect,
    date_widgets,
    one_of,
    one_of_widget,
    widget_for,
    without_empty,
)
from clusters.models import LocatorType, Publication, Stance
from clusters.records.schema import FieldSpec


@dataclass
class Cell:
    """One input as the page shows it."""

    name: str
    label: str
    help: str
    html: str
    id: str
    path: str
    kind: str
    required: bool = False
    problems: list[str] = field(default_factory=list)
    # An uncertain date has a second one, for the words of the source.
    beside: "Cell | None" = None
    choices: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_group(self) -> bool:
        """Whether it is a group of buttons, which needs a legend in place of a label."""
        return self.kind in ("buttons", "boxes")


def cells_of(entry: Entry, names: Iterable[str], labels: Labels) -> list[Cell]:
    """Return the inputs of some fields; fields of which one is chosen have one, at the first."""
    together = one_of(entry.shape)
    found = []
    for name in names:
        spec = entry.shape.field(name)
        if spec is None:
            continue
        if name in together:
            if name == together[0]:
                found.append(_one_of_cell(entry))
        elif spec.kind == "date":
            found.append(_date_cell(entry, spec))
        else:
            found.append(_cell(entry, spec, widget_for(spec, labels), entry.values.get(name)))
    return found


def _cell(entry: Entry, spec: FieldSpec, widget: forms.Widget, value: Any) -> Cell:
    column = spec.field
    help_text = strip_tags(str(getattr(column, "help_text", "") or ""))
    kind = "input"
    if isinstance(widget, forms.RadioSelect):
        kind, value = "buttons", "" if value is None else value
    elif isinstance(widget, forms.CheckboxSelectMultiple):
        kind = "boxes"
    elif isinstance(widget, forms.CheckboxInput):
        kind = "box"
    elif isinstance(widget, forms.Textarea):
        kind = "text"
    if spec.kind == "list" and kind == "text":
        help_text = _("%(help)s One on each line.") % {"help": help_text}
    if spec.kind == "json":
        help_text = _("One on each line: “Khan, F. R.”; an organisation without a comma: “ILRF”.")
    if column.__class__.__name__ == "SlugField" and not value:
        help_text = _("%(help)s Made of the title if left empty.") % {"help": help_text}
    if spec.name == "cited_as" and not value:
        help_text = _("%(help)s Made of both if left empty.") % {"help": help_text}
    return _rendered(
        entry,
        spec.name,
        widget,
        value,
        label=capfirst(str(column.verbose_name)),
        help=help_text.strip(),
        kind=kind,
        required=spec.required and spec.name not in ("slug", "key"),
        choices=[
            (str(code), str(words))
            for code, words in without_empty(getattr(column, "flatchoices", None) or ())
        ]
        if kind == "buttons"
        else [],
    )


def _rendered(entry: Entry, name: str, widget: forms.Widget, value: Any, **about: Any) -> Cell:
    html_name = entry.name(name)
    element = f"id_{html_name}"
    problems = entry.problems.get(name, [])
    attrs: dict[str, Any] = {"id": element, "data-path": f"{entry.path}{name}"}
    described = [f"{element}-help"] if about.get("help") else []
    if problems:
        attrs["aria-invalid"] = "true"
        described.append(f"{element}-problem")
    if described:
        attrs["aria-describedby"] = " ".join(described)
    html = widget.render(html_name, value, attrs)
    path = f"{entry.path}{name}"
    return Cell(name, html=html, id=element, path=path, problems=problems, **about)


def _date_cell(entry: Entry, spec: FieldSpec) -> Cell:
    widgets = date_widgets()
    label = capfirst(str(spec.field.verbose_name))
    first, second = (f"{spec.name}-{part}" for part in widgets)
    entry.problems.setdefault(first, entry.problems.get(spec.name, []))
    cell = _rendered(
        entry,
        first,
        widgets["edtf"],
        entry.values.get(first),
        label=label,
        help=" ".join(
            [str(spec.field.help_text), _("2008, 2008-03, or words: late 2006, about 1994.")]
        ),
        kind="date",
        required=spec.required,
    )
    cell.path = f"{entry.path}{spec.name}"
    cell.beside = _rendered(
        entry,
        second,
        widgets["printed"],
        entry.values.get(second),
        label=_("As the source prints it"),
        help="",
        kind="input",
    )
    return cell


def _one_of_cell(entry: Entry) -> Cell:
    names = one_of(entry.shape)
    value = next((f"{name}:{entry.values[name]}" for name in names if entry.values.get(name)), "")
    specs = [spec for spec in entry.shape.fields if spec.name in names]
    problems = [problem for name in names for problem in entry.problems.get(name, [])]
    entry.problems.setdefault(ONE_OF, problems)
    return _rendered(
        entry,
        ONE_OF,
        one_of_widget(entry.shape),
        value,
        label=capfirst(_(" or ").join(str(spec.field.verbose_name) for spec in specs)),
        help=" ".join(str(spec.field.help_text) for spec in specs),
        kind="buttons",
        required=True,
    )


def place_cells(entry: Entry, place: Place, labels: Labels) -> dict[str, str]:
    """Return the inputs of one citation."""
    fields = [
        (spec.name, str(spec.field.verbose_name))
        for spec in entry.shape.fields
        if spec.name not in LAST
    ]
    widgets: dict[str, forms.Widget] = {
        "publication": ReferenceSelect(Publication, labels=labels),
        "locator_type": forms.Select(choices=[("", _("Kind of place")), *LocatorType.choices]),
        "locator": forms.TextInput(),
        "for_field": forms.Select(choices=[("", _("Choose")), *fields, (WHOLE, _("all of it"))]),
        "stance": forms.Select(choices=Stance.choices),
    }
    said = {
        "publication": _("Publication"),
        "locator_type": _("Kind of place"),
        "locator": _("Place"),
        "for_field": _("For"),
        "stance": _("Stance"),
    }
    return {
        name: widget.render(
            f"{place.prefix}-{name}",
            getattr(place, name),
            {"id": f"id_{place.prefix}-{name}", "aria-label": said[name]},
        )
        for name, widget in widgets.items()
    }
