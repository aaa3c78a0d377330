"""Where the local cloud keeps its resources: one SQLite file, one row a resource.

A resource is a JSON document, known by its collection (the API's own path, `/v2/vpcs`) and its id; its place in a listing is the
order of creation. Everything a call does happens in one transaction (`transaction`), which is undone when the call is refused.
Documents are read as copies: a change counts only once it is `put`.

One connection behind one lock: calls run on worker threads, one after another.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from localcloud.api.errors import LocalCloudError

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS resource (
    number INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT NOT NULL, id TEXT NOT NULL, document TEXT NOT NULL,
    UNIQUE (collection, id));
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class Store:
    """Resources by collection and id.

    >>> with store.transaction():
    ...     store.put("/v2/vpcs", "5a4981aa", {"name": "app"})
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)  # databases' passwords are among the resources
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise LocalCloudError(
                f"cannot keep state in {path}: {error}", "check that the folder is there, writable and not full"
            ) from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing does."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def find(self, collection: str, key: object) -> Document | None:
        """The resource, or None."""
        rows = self._run("SELECT document FROM resource WHERE collection = ? AND id = ?", collection, str(key))
        return json.loads(rows[0][0]) if rows else None

    def rows(self, collection: str) -> list[Document]:
        """Every resource of one collection, oldest first."""
        return [document for _, document in self.items(collection)]

    def items(self, collection: str) -> list[tuple[str, Document]]:
        """Id and document of every resource of one collection, oldest first."""
        rows = self._run("SELECT id, document FROM resource WHERE collection = ? ORDER BY number", collection)
        return [(key, json.loads(text)) for key, text in rows]

    def everything(self) -> list[tuple[str, str, Document]]:
        """Collection, id and document of every resource, oldest first."""
        rows = self._run("SELECT collection, id, document FROM resource ORDER BY number")
        return [(collection, key, json.loads(text)) for collection, key, text in rows]

    def put(self, collection: str, key: object, document: Document) -> Document:
        """Keep a resource, new or changed; a changed one keeps its place."""
        text = json.dumps(document, ensure_ascii=False)
        statement = (
            "INSERT INTO resource (collection, id, document) VALUES (?, ?, ?) ON CONFLICT (collection, id) DO UPDATE SET document = ?"
        )
        self._run(statement, collection, str(key), text, text)
        return document

    def remove(self, collection: str, key: object) -> None:
        """Forget a resource and all that lies below it."""
        self._run("DELETE FROM resource WHERE collection = ? AND id = ?", collection, str(key))
        below = f"{collection}/{key}"
        self._run("DELETE FROM resource WHERE collection = ?1 OR substr(collection, 1, length(?1) + 1) = ?1 || '/'", below)

    def clear(self) -> None:
        """Forget everything, the counters too."""
        self._run("DELETE FROM resource")
        self._run("DELETE FROM counter")

    def next_number(self, counter: str, first: int) -> int:
        """The next number of a counter, never given twice."""
        statement = "INSERT INTO counter VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
        return int(self._run(statement, counter, first)[0][0])

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()
