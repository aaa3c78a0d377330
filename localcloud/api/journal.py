"""The calls made so far, for the side door: what was asked and how it was answered, without a secret. In memory, the last ten thousand."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

LENGTH = 10_000
SECRET_FIELDS = frozenset({"password", "private_key", "secret", "secret_key", "client_secret", "user_data", "token", "key"})


@dataclass(frozen=True)
class Entry:
    number: int
    method: str
    path: str
    query: str
    status: int
    body: Any


class Journal:
    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=LENGTH)
        self._made = 0

    def add(self, method: str, path: str, query: str, status: int, body: Any) -> None:
        self._made += 1
        self._entries.append(Entry(self._made, method, path, query, status, without_secrets(body)))

    def entries(self, method: str = "", below: str = "") -> list[dict[str, Any]]:
        """The calls with this method (any when empty) whose path begins with `below`, oldest first."""
        return [asdict(each) for each in self._entries if each.path.startswith(below) and method in ("", each.method)]

    def clear(self) -> None:
        self._entries.clear()


def without_secrets(value: Any) -> Any:
    """The same document with the values of secret fields left out."""
    if isinstance(value, dict):
        return {name: "[secret]" if name in SECRET_FIELDS and each else without_secrets(each) for name, each in value.items()}
    if isinstance(value, list):
        return [without_secrets(each) for each in value]
    return value
