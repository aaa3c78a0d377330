"""What the fleet knows of a server: how it is prepared, started, brought to readiness and stopped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from localcloud.servers.authority import Certificates
from localcloud.servers.layout import Layout
from localcloud.servers.processes import Steps

ENVIRONMENT: Mapping[str, str] = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"}
"""All that a server gets to see of the caller's environment: nothing. Proxies and foreign configuration stay outside."""


@dataclass(frozen=True)
class Place:
    """One local run: its files, and the port of every name."""

    layout: Layout
    ports: Mapping[str, int]


@dataclass(frozen=True)
class Command:
    argv: tuple[str, ...]
    environment: Mapping[str, str]


class Server(Protocol):
    """`port_names` begins with the port that clients use; `needs` are servers that must be ready before this one starts."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def port_names(self) -> tuple[str, ...]: ...
    @property
    def certificates(self) -> Certificates: ...
    @property
    def needs(self) -> tuple[str, ...]: ...
    @property
    def ready_seconds(self) -> float: ...
    @property
    def stop_steps(self) -> Steps: ...

    def prepare(self, place: Place) -> Command:
        """Write what the server reads at its start (again and again: idempotent), and say how it is started."""
        ...

    def advance(self, place: Place) -> str:
        """One attempt to bring the started server to readiness; empty when it is ready, else what is still missing."""
        ...

    def healthy(self, place: Place) -> bool:
        """A quick question that changes nothing: whether the running server can be used."""
        ...

    def tidy(self, place: Place) -> None:
        """Remove what the stopped server left outside the folder of the local run."""
        ...
