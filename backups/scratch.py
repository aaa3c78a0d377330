"""A scratch database for a drill: made empty, and dropped on every way out, with the roles that were made for it.

It stands in the same server as the source (`scratch: local` in the report): that proves the backup, not the time a new cluster takes.
Its name begins with `kept_drill_`; leavings of a drill that was killed are dropped by the next one (one drill runs at a time).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from backups import globals as server_globals
from backups.manifest import DatabaseFacts
from services.clients import Clients

PREFIX = "kept_drill_"


class Scratch:
    """A context manager; `name` is the database. After it, `left` names what could not be removed."""

    def __init__(self, clients: Clients, random: Callable[[int], bytes] = os.urandom) -> None:
        self._clients = clients
        self.name = f"{PREFIX}{random(6).hex()}"
        self.roles: tuple[str, ...] = ()
        self.swept: tuple[str, ...] = ()
        self.left: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        with self._clients.database(autocommit=True) as connection:
            self.swept = leavings(connection)
            for name in self.swept:
                _drop(connection, name)
        return self

    def create(self, facts: DatabaseFacts, wanted: server_globals.Globals) -> None:
        """The empty database, with the source's encoding and collation, and the roles that the server lacks."""
        with self._clients.database(autocommit=True) as connection:
            self.roles = server_globals.create_missing_roles(connection, wanted)
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} LC_CTYPE {}").format(
                    sql.Identifier(self.name), facts.encoding, facts.collation, facts.character_type
                )
            )

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._clients.database(autocommit=True) as connection:
            _drop(connection, self.name)
            server_globals.drop_roles(connection, self.roles)
            self.left = leavings(connection)


def leavings(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Scratch databases that are there."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY datname"
    return tuple(name for (name,) in connection.execute(query, (PREFIX,)))


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
