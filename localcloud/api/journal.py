"""The calls made so far, for the side door: what was asked and how it was answered, without a secret. In memory, the last ten thousand."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

LENGTH = 10_000
SECRET_FIELDS = frozenset({"password", "private_key", "secret", "secret_key", "client_secret", "user_data", "token", "key"})
_IN_ADDRESS = re.compile(r"(secret[-_]access[-_]key|password|token|sas)=[^&\s]+", re.IGNORECASE)
"""Secrets in the query of an address, as in a destination of Logpush."""


@dataclass(frozen=True)
class Entry:
    number: int
    method: str
    path: str
    query: str
    status: int
    body: Any
    at: str


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Journal:
    def __init__(self, clock: Callable[[], datetime] = _utc_now) -> None:
        self._clock = clock
        self._entries: deque[Entry] = deque(maxlen=LENGTH)
        self._made = 0

    def add(self, method: str, path: str, query: str, status: int, body: Any) -> None:
        self._made += 1
        self._entries.append(
            Entry(self._made, method, path, query, status, without_secrets(body), self._clock().strftime("%Y-%m-%dT%H:%M:%SZ"))
        )

    def entries(self, method: str = "", below: str = "") -> list[dict[str, Any]]:
        """The calls with this method (any when empty) whose path begins with `below`, oldest first."""
        return [asdict(each) for each in self.made(below) if method in ("", each.method)]

    def made(self, below: str = "") -> tuple[Entry, ...]:
        return tuple(each for each in self._entries if each.path.startswith(below))

    def clear(self) -> None:
        self._entries.clear()


def without_secrets(value: Any) -> Any:
    """The same document with the values of secret fields left out."""
    if isinstance(value, dict):
        return {name: "[secret]" if name in SECRET_FIELDS and each else without_secrets(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_secrets(each) for each in value]
    return _IN_ADDRESS.sub(r"\1=[secret]", value) if isinstance(value, str) else value
