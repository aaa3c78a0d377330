"""One call as a handler sees it, what it answers, and how handlers are listed.

A handler is a plain function `handle(call) -> Answer`; it raises `ApiError` to refuse. A `Route` ties a method and a path template
(`/v2/vpcs/{id}`) to a handler; the first route that fits answers. Handlers do no HTTP and never wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from localcloud.api.cloud import Cloud
from localcloud.api.errors import ApiError, MalformedError
from localcloud.api.store import Document


@dataclass(frozen=True)
class Call:
    """`path` is the path as called, `parameters` the template's values, `base` scheme and host for links, `body` the JSON object sent."""

    cloud: Cloud
    method: str
    path: str
    base: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Document = field(default_factory=dict)

    @property
    def collection(self) -> str:
        """The collection of the resource this path names: the path without its last part."""
        return self.path.rsplit("/", 1)[0]

    def __getitem__(self, name: str) -> str:
        return self.parameters[name]


class Answer(NamedTuple):
    """A status and its JSON document (None: no body, as with 204)."""

    status: int
    document: Document | None = None


Handler: TypeAlias = Callable[[Call], Answer]


class Route(NamedTuple):
    method: str
    template: str
    handler: Handler


@dataclass(frozen=True)
class Family:
    """How one API says what every API must: who are you, no such path, malformed body, a failure made to order."""

    prefix: str
    routes: tuple[Route, ...]
    unauthorised: Callable[[], ApiError]
    no_route: Callable[[str, str], ApiError]
    malformed: Callable[[str], ApiError]
    failure: Callable[[int, str], ApiError]
    open_paths: frozenset[str] = frozenset()
    """Paths that answer without a token."""


def listed(body: Mapping[str, Any], name: str) -> list[Any]:
    """A field that is a list, or was not sent."""
    value = body.get(name)
    if not isinstance(value, list | None):
        raise MalformedError(f"{name} must be a list")
    return value or []


def objects(body: Mapping[str, Any], name: str) -> list[Document]:
    """A field that is a list of objects, or was not sent."""
    if not all(isinstance(each, dict) for each in listed(body, name)):
        raise MalformedError(f"{name} must be a list of objects")
    return listed(body, name)


def fields(body: Mapping[str, Any], name: str) -> Document:
    """A field that is an object, or was not sent."""
    value = body.get(name)
    if not isinstance(value, dict | None):
        raise MalformedError(f"{name} must be an object")
    return value or {}


def whole(value: Any) -> int | None:
    """A JSON integer (true and 1.5 are none)."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
