"""The class by which drf-spectacular describes operations."""

from typing import Any

from drf_spectacular.openapi import AutoSchema


class CasebookSchema(AutoSchema):
    """An operation with all that it takes, and all that it may answer."""

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        # Knows the views, which need this class before they are made.
        from clusters.api.description import Description

        operation = super().get_operation(*args, **kwargs)
        if operation is not None:
            Description(self.view, self.method).complete(operation)
        return operation
