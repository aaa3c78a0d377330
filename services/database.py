"""Connections to the platform's Postgres: TLS checked against the declared authority, never a password in argv or a message."""

from __future__ import annotations

from typing import Any

import psycopg

from services.errors import Unreachable
from services.settings import Database, secret

CONNECT_TIMEOUT_SECONDS = 10


def parameters(database: Database, name: str | None = None) -> dict[str, Any]:
    """Keyword arguments for `psycopg.connect`; `name` replaces the database's name (a scratch database)."""
    return {
        "host": database.host,
        "port": database.port,
        "dbname": name or database.name,
        "user": database.user,
        "password": secret(database.password_file),
        "sslmode": "verify-full",
        "sslrootcert": str(database.ca_file),
        "sslcertmode": "disable",  # no client certificates: else libpq looks for one in a home folder that may be another account's
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "application_name": "kept",
    }


def environment(database: Database, name: str | None = None) -> dict[str, str]:
    """The same as libpq environment variables, for pg_dump and pg_restore (a password never stands in argv)."""
    return {
        "PGHOST": database.host,
        "PGPORT": str(database.port),
        "PGDATABASE": name or database.name,
        "PGUSER": database.user,
        "PGPASSWORD": secret(database.password_file),
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(database.ca_file),
        "PGSSLCERTMODE": "disable",
        "PGCONNECT_TIMEOUT": str(CONNECT_TIMEOUT_SECONDS),
    }


def connect(database: Database, name: str | None = None, *, autocommit: bool = False) -> psycopg.Connection[Any]:
    """A direct connection; `Unreachable` names host, port and database."""
    try:
        return psycopg.connect(**parameters(database, name), autocommit=autocommit)
    except psycopg.OperationalError as error:
        where = f"{database.host}:{database.port}/{name or database.name}"
        raise Unreachable(f"cannot connect to Postgres at {where}: {error}", "is it running? `kept local status` tells") from error
