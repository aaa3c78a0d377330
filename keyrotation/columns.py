"""The register of encrypted columns, as the data map declares them, and how a row's key is bound.

Sweeps and searches go by this register and never by an application's models: hand-written lists forget tables. A table's place in
the database is its merchant's schema and its name; the column id in a ciphertext is the data map's number, which survives renames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from keyrotation.format import bigint_key, text_key, uuid_key
from promises.model import Column, DataMap
from services.errors import UsageError

MERCHANT = "merchant"
"""The scope of the tables that every merchant has in a schema of its own."""

PrimaryKey = UUID | int | str
"""The types of a primary key that can be bound to a value (`keyrotation.format`)."""


@dataclass(frozen=True)
class SealedTable:
    """A table with encrypted columns: its name, its primary key's column, and those columns with their ids."""

    name: str
    primary_key: str
    columns: tuple[Column, ...]


def sealed_tables(data_map: DataMap) -> Iterator[SealedTable]:
    """Every table of a merchant's schema that has an encrypted column."""
    for table in data_map.tables:
        if table.scope == MERCHANT and table.encrypted():
            yield SealedTable(table.name, table.primary_key, table.encrypted())


def row_key(value: object) -> bytes:
    """A primary key as bound into its row's values, by its type; `UsageError` for a type that has no fixed encoding."""
    match value:
        case UUID():
            return uuid_key(value)
        case bool():
            pass
        case int():
            return bigint_key(value)
        case str():
            return text_key(value)
    raise UsageError(
        f"a primary key of type {type(value).__name__} cannot be bound to a value",
        "encrypted rows have a uuid, bigint or text as primary key, known before the row is written",
    )
