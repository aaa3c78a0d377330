"""A store that fails where it is told to: a process that dies at every step, and a server that is down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.stores import Store
from services.errors import Unreachable


class Died(BaseException):
    """The process is gone: nothing catches it."""


class Dying:
    """Counts the calls that change something; dies before or after the chosen one has taken effect."""

    def __init__(self, store: Store, step: int, *, after: bool) -> None:
        self._store = store
        self._left = step
        self._after = after
        self.changes = 0

    def get(self, key: str) -> bytes:
        return self._store.get(key)

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes]:
        return self._store.get_many(keys)

    def list(self, folder: str, after: str = "") -> Iterator[str]:
        return self._store.list(folder, after)

    def put(self, key: str, data: bytes, *, create_only: bool = False) -> None:
        self._step(lambda: self._store.put(key, data, create_only=create_only))

    def delete(self, key: str) -> None:
        self._step(lambda: self._store.delete(key))

    def _step(self, change: object) -> None:
        self.changes += 1
        dies = self.changes == self._left
        if dies and not self._after:
            raise Died
        change()  # type: ignore[operator]
        if dies:
            raise Died


class Down:
    """A server that is down while `down` is true. With `swallow` it takes a put, and its answer is lost."""

    def __init__(self, store: Store, *, swallow: bool = False) -> None:
        self._store = store
        self._swallow = swallow
        self.down = True

    def get(self, key: str) -> bytes:
        self._check()
        return self._store.get(key)

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes]:
        self._check()
        return self._store.get_many(keys)

    def list(self, folder: str, after: str = "") -> Iterator[str]:
        self._check()
        return self._store.list(folder, after)

    def put(self, key: str, data: bytes, *, create_only: bool = False) -> None:
        if self._swallow and self.down:
            self._store.put(key, data, create_only=create_only)
        self._check()
        self._store.put(key, data, create_only=create_only)

    def delete(self, key: str) -> None:
        self._check()
        self._store.delete(key)

    def _check(self) -> None:
        if self.down:
            raise Unreachable("the store is down")
