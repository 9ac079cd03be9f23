"""A migration operation for the first migration of an app whose models are nearly all related."""

from collections.abc import Sequence

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddField, CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import IndexOperation
from django.db.migrations.state import ProjectState


class CreateModels(Operation):
    """Create at once the models that many operations describe together.

    After each `CreateModel` Django renders anew every model that is related to it. With 150 models
    that is half a minute of every first start and of every test database. This renders them once.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations
        self.creating = [one for one in operations if isinstance(one, CreateModel)]
        for one in operations:
            if not isinstance(one, CreateModel | AddField | IndexOperation):
                raise TypeError(f"This cannot be a part of a new model: {one.describe()}.")

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        # What is not rendered is not rendered anew; `state.apps` renders when it is next asked.
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Create each model as all operations leave it: later fields and constraints included."""
        for operation in self.creating:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        for operation in reversed(self.creating):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Create {len(self.creating)} models"
