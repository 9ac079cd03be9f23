"""What views and parsers raise to refuse."""

from typing import Any

from rest_framework.exceptions import APIException


class Problem(APIException):
    """A refusal: a status of `problems.TYPES`, a sentence, and what else the document says."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status_code = status
        self.more = more
