"""Model fields of our own."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from clusters.values import edtf
from clusters.values.codelists import Codelist
from clusters.values.doi import bare_doi


class EDTF(str):
    """EDTF text that can say itself in words and knows its bounds."""

    __slots__ = ()

    @property
    def words(self) -> str:
        return edtf.in_words(self)

    @property
    def bounds(self) -> edtf.Bounds:
        return edtf.bounds(self) if self else edtf.Bounds(None, None)


class CodeField(models.CharField):
    """A code of an international standard, such as USD; whatever else is refused."""

    def __init__(self, *args: Any, codelist: Codelist | None = None, **kwargs: Any) -> None:
        self.codelist = codelist
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        # A migration makes a column, which knows nothing of the standard.
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        if value and self.codelist is not None:
            self.codelist.validate(value)

    def read(self, text: str) -> str:
        """Return the code for a code or name. Raises ValueError."""
        return text if self.codelist is None else self.codelist.find(text)


class DOIField(models.CharField):
    """A DOI from “10.” on, in small letters; addresses of resolvers are read, nothing else is."""

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        try:
            wanted = bare_doi(value)
        except ValueError as error:
            raise ValidationError(str(error), code="doi") from None
        if wanted != value:
            raise ValidationError(f"Write the DOI as {wanted}.", code="doi")

    def read(self, text: str) -> str:
        """Return the DOI alone. Raises ValueError."""
        return bare_doi(text)


class UncertainDateField(models.CharField):
    """A date that may be vague: EDTF text, and beside it three columns that go with it.

    A field called `start` brings `start_printed` (the words of the source), `start_earliest` and
    `start_latest` (days, null where the date is open), the last two computed on every save.
    """

    description = "Uncertain date (EDTF, ISO 8601-2)"

    def __init__(self, *args: Any, companions: bool = True, **kwargs: Any) -> None:
        self.companions = companions
        kwargs.setdefault("max_length", 60)
        kwargs.setdefault("blank", True)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        # A migration lists the companions as fields of their own.
        return name, path, args, {**kwargs, "companions": False}

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if self.companions:
            label = self.verbose_name or name.replace("_", " ")
            companions: dict[str, models.Field[Any, Any]] = {
                "printed": models.CharField(
                    f"{label}, as printed",
                    max_length=120,
                    blank=True,
                    help_text="The words of the source, where they say more than the date.",
                ),
                "earliest": models.DateField(
                    f"{label}, first day", null=True, editable=False, db_index=True
                ),
                "latest": models.DateField(
                    f"{label}, last day", null=True, editable=False, db_index=True
                ),
            }
            for suffix, field in companions.items():
                field.creation_counter = self.creation_counter  # beside its main column
                cls.add_to_class(f"{name}_{suffix}", field)

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> EDTF | None:
        return None if value is None else EDTF(value)

    def to_python(self, value: Any) -> EDTF | None:
        return None if value is None else EDTF(str(value).strip())

    def validate(self, value: Any, model_instance: Any) -> None:
        super().validate(value, model_instance)
        if value:
            try:
                edtf.bounds(value)
            except ValueError as error:
                raise ValidationError(str(error), code="edtf") from None

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = EDTF(super().pre_save(model_instance, add) or "")
        limits = value.bounds
        setattr(model_instance, self.attname, value)
        setattr(model_instance, f"{self.name}_earliest", limits.earliest)
        setattr(model_instance, f"{self.name}_latest", limits.latest)
        return value


def companion_names(model: type[models.Model]) -> dict[str, UncertainDateField]:
    """Return the names of the columns that uncertain dates bring along, with their field."""
    return {
        f"{field.name}_{suffix}": field
        for field in model._meta.concrete_fields
        if isinstance(field, UncertainDateField)
        for suffix in ("printed", "earliest", "latest")
    }
