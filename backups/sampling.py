"""A sample of encrypted fields opened in a restored database: the restored key ring and Vault must give the plaintext back.

Equal digests say that the bytes came back; this says that they can still be used. The values are opened and forgotten: only their
number is told. A database without merchants or without a key ring has no sample, which is no failure of the backup.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from keyrotation.cipher import FieldCipher
from keyrotation.errors import UnknownKey
from keyrotation.format import uuid_key
from keyrotation.key_cache import KeyCache
from keyrotation.ring import Ring
from promises.model import Catalog, Table
from services.clients import Clients
from services.errors import BadData

MERCHANTS = 3
ROWS = 2
"""Of each encrypted column, of each sampled merchant."""

_MERCHANTS = "SELECT id, schema_name FROM platform.merchant WHERE status = 'active' ORDER BY id LIMIT %s"


@dataclass(frozen=True)
class Sample:
    """How many fields were opened, and what could not be."""

    fields: int
    problems: tuple[str, ...]


def sample(clients: Clients, database: str, catalog: Catalog) -> Sample:
    """Open a few fields of every encrypted column, of a few merchants, in the database of that name."""
    with clients.database(database, autocommit=True) as connection:
        if not _is_there(connection, "platform.merchant") or not _is_there(connection, "kept.data_key"):
            return Sample(0, ())
        cipher = FieldCipher(KeyCache(Ring(connection), clients.vault("app")))
        merchants = connection.execute(_MERCHANTS, (MERCHANTS,)).fetchall()
        taken = [
            _of_table(connection, cipher, merchant, schema, table)
            for merchant, schema in merchants
            for table in catalog.data_map.tables
            if table.scope == "merchant"
        ]
    return Sample(sum(each.fields for each in taken), tuple(problem for each in taken for problem in each.problems))


def _of_table(connection: psycopg.Connection[Any], cipher: FieldCipher, merchant: UUID, schema: str, table: Table) -> Sample:
    fields, problems = 0, []
    for column in table.encrypted():
        name, key = sql.Identifier(column.name), sql.Identifier(table.primary_key)
        query = sql.SQL("SELECT {}, {} FROM {} WHERE {} IS NOT NULL LIMIT {}").format(
            key, name, sql.Identifier(schema, table.name), name, ROWS
        )
        for row, stored in connection.execute(query).fetchall():
            try:
                cipher.decrypt(merchant, column.id, uuid_key(row), bytes(stored))
                fields += 1
            except (BadData, UnknownKey) as error:
                problems.append(f"{schema}.{table.name}.{column.name}: a restored value does not open ({error.code})")
    return Sample(fields, tuple(problems))


def _is_there(connection: psycopg.Connection[Any], table: str) -> bool:
    found = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone()
    return bool(found and found[0])
