"""What goes wrong in the local cloud, as a tree.

LocalCloudError     the local cloud cannot start or cannot do its work: told to the person who runs it
ApiError            a call is refused: becomes the HTTP answer of the API that was called
MalformedError      a body has not the shape it must have (a list where an object belongs): becomes the API's own 400
"""

from __future__ import annotations

from typing import Any


class LocalCloudError(Exception):
    """Base of errors told to a person; `hint` is the next step."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ApiError(Exception):
    """A refusal in the form of the API that was called: an HTTP status and a JSON document."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        super().__init__(f"{status}: {document}")
        self.status = status
        self.document = document


class MalformedError(ValueError):
    """The message says which field must be what."""
