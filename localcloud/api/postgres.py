"""What makes a managed database real: databases, roles and trusted sources in the local Postgres.

`DatabaseServer` is what handlers ask; `LocalPostgres` does it, `NoServer` only invents an address (the APIs alone, without servers).
Everything is idempotent: a database or role that is there already is taken over, one that is gone counts as dropped.

Not imitated: nodes, replicas, connection pools (they answer the same address) and point-in-time recovery.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from localcloud.api import config
from localcloud.api.errors import LocalCloudError

CONNECT_TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Address:
    """Where a cluster is reached, and as whom."""

    host: str
    private_host: str
    port: int
    user: str
    password: str
    database: str


class DatabaseServer(Protocol):
    def address(self) -> Address: ...
    def authority(self) -> bytes:
        """The PEM certificate of the authority that signed the server's certificate."""
        ...

    def create_database(self, name: str) -> None: ...
    def drop_database(self, name: str) -> None: ...
    def create_user(self, name: str, password: str) -> None: ...
    def drop_user(self, name: str) -> None: ...
    def trust(self, addresses: Sequence[str] | None) -> None:
        """Let these addresses in and nobody else; None lets everybody in."""
        ...


class NoServer:
    """No Postgres behind the databases: an address that leads nowhere, and nothing is done."""

    def address(self) -> Address:
        return Address("db.local", "private-db.local", 25060, "doadmin", "pw", "defaultdb")

    def authority(self) -> bytes:
        return b"-----BEGIN CERTIFICATE-----\nMIIR\n-----END CERTIFICATE-----\n"

    def create_database(self, name: str) -> None: ...
    def drop_database(self, name: str) -> None: ...
    def create_user(self, name: str, password: str) -> None: ...
    def drop_user(self, name: str) -> None: ...
    def trust(self, addresses: Sequence[str] | None) -> None: ...


class LocalPostgres:
    """The Postgres of `kept local up`, as its administrator."""

    def __init__(self, settings: config.Postgres) -> None:
        self._settings = settings

    def address(self) -> Address:
        chosen = self._settings
        return Address(chosen.host, chosen.host, chosen.port, chosen.user, self._password(), chosen.database)

    def authority(self) -> bytes:
        return Path(self._settings.ca_file).read_bytes()

    def create_database(self, name: str) -> None:
        from psycopg import sql

        if not self._rows("SELECT 1 FROM pg_database WHERE datname = %s", name):
            self._rows(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def drop_database(self, name: str) -> None:
        from psycopg import sql

        self._rows(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def create_user(self, name: str, password: str) -> None:
        from psycopg import sql

        verb = "ALTER" if self._has_role(name) else "CREATE"
        statement = sql.SQL(verb + " ROLE {} WITH LOGIN PASSWORD {}").format(sql.Identifier(name), sql.Literal(password))
        self._rows(statement)

    def drop_user(self, name: str) -> None:
        """Drop a role; what it owns goes to the administrator, so that no data goes with it."""
        from psycopg import sql

        if not self._has_role(name):
            return
        role, admin = sql.Identifier(name), sql.Identifier(self._settings.user)
        for (database,) in self._rows("SELECT datname FROM pg_database WHERE datallowconn"):
            self._rows(sql.SQL("REASSIGN OWNED BY {} TO {}").format(role, admin), database=database)
            self._rows(sql.SQL("DROP OWNED BY {}").format(role), database=database)
        self._rows(sql.SQL("DROP ROLE {}").format(role))

    def trust(self, addresses: Sequence[str] | None) -> None:
        module = importlib.import_module("localcloud.servers.postgres")  # here: the API runs without the servers, too
        module.write_trusted_sources(Path(self._settings.data_folder), addresses)

    def _has_role(self, name: str) -> bool:
        return bool(self._rows("SELECT 1 FROM pg_roles WHERE rolname = %s", name))

    def _password(self) -> str:
        return Path(self._settings.password_file).read_text().strip()

    def _rows(self, statement: Any, *values: object, database: str | None = None) -> list[tuple[Any, ...]]:
        import psycopg

        chosen = self._settings
        try:
            with psycopg.connect(
                host=chosen.host,
                port=chosen.port,
                user=chosen.user,
                password=self._password(),
                dbname=database or chosen.database,
                sslmode="verify-ca",
                sslrootcert=chosen.ca_file,
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                autocommit=True,
            ) as connection:
                cursor = connection.execute(statement, values or None)
                return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            text = f"the local Postgres at {chosen.host}:{chosen.port} refused ({type(error).__name__}, SQLSTATE {error.sqlstate})"
            raise LocalCloudError(text, "is it running? look at its log") from None  # the text of an error may quote a password
