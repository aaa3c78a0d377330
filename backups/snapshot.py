"""One moment of the database, held open: the transaction whose snapshot the dump and the digests share.

The snapshot's time is the start of its transaction by the server's clock: never later than the snapshot itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from services.clients import Clients

SETTINGS = ("statement_timeout = 0", "lock_timeout = 0", "idle_in_transaction_session_timeout = 0")


@dataclass(frozen=True)
class Snapshot:
    """`connection` stays in its REPEATABLE READ, READ ONLY transaction; `id` is what `pg_dump --snapshot` is given."""

    connection: psycopg.Connection[Any]
    id: str
    time: datetime


@contextmanager
def exported_snapshot(clients: Clients) -> Iterator[Snapshot]:
    """Open the transaction, export its snapshot, and end it with the block."""
    with clients.database() as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        for setting in SETTINGS:
            connection.execute(f"SET LOCAL {setting}")
        row = connection.execute("SELECT pg_export_snapshot(), transaction_timestamp()").fetchone()
        assert row is not None
        yield Snapshot(connection, row[0], row[1])
        connection.rollback()
