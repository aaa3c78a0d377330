"""Load the sample shop: keys first, then rows, names and addresses encrypted before they leave this process.

1. Vault makes a key for each merchant, the ring a data key under it (each committed before its first use).
2. In one transaction: schemas and roles, the rows by COPY, the note of what was loaded.

Loading the same sample again keeps what is there; another one beside it is refused. A load that died left no rows, and its keys
are used by the next one.

>>> load_shop(clients, catalog, ShopSize(merchants=20, orders=20_000, seed=7), now, progress)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from keyrotation.cipher import FieldCipher
from keyrotation.format import uuid_key
from keyrotation.limits import KeyLimits
from keyrotation.opening import open_cipher, open_key_maker
from promises.model import Catalog, Table
from samples.schema import COLUMNS, create_indexes, create_merchant_tables, create_platform, schema_name
from samples.shop import MerchantShop, Row, ShopSize, shops
from services.clients import Clients
from services.errors import Refused

_LOCK = "kept.sample"

REPORTS = 5
"""How often a load says how far it is, whatever its size."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Loaded:
    """What is in the database now: whether this call put it there, and the rows by table over all merchants."""

    fresh: bool
    merchants: int
    rows: dict[str, int]


def load_shop(clients: Clients, catalog: Catalog, size: ShopSize, now: datetime, progress: Progress) -> Loaded:
    """Load the sample into the environment's database; `Refused` when another sample is there."""
    auto_rotate = KeyLimits.of(catalog).auto_rotate
    with clients.database() as connection, open_cipher(clients) as cipher, open_key_maker(clients, auto_rotate) as make_keys:
        return load(connection, Loader(cipher, make_keys, catalog, progress), size, now)


@dataclass(frozen=True)
class Loader:
    """What a load works with: the cipher, a function that gives a merchant its keys, and the data map's catalog."""

    cipher: FieldCipher
    make_keys: Callable[[UUID], int]
    catalog: Catalog
    progress: Progress


def load(connection: psycopg.Connection[Any], loader: Loader, size: ShopSize, now: datetime) -> Loaded:
    """Load over a given connection, in one transaction of its own."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (_LOCK,))
        create_platform(connection)
        if _present(connection, size):
            loader.progress(f"shop: the sample of seed {size.seed} is loaded already")
            return Loaded(False, size.merchants, _counts(connection))
        rows = dict.fromkeys(COLUMNS, 0)
        for number, shop in enumerate(shops(size, now), start=1):
            loader.make_keys(shop.id)
            _load_merchant(connection, loader, shop)
            for table, some in shop.tables.items():
                rows[table] += len(some)
            if number * REPORTS // size.merchants > (number - 1) * REPORTS // size.merchants:
                loader.progress(f"shop: {number} of {size.merchants} merchants, {rows['orders']} orders")
        note = "INSERT INTO platform.sample (seed, merchants, orders, loaded_at) VALUES (%s, %s, %s, %s)"
        connection.execute(note, (size.seed, size.merchants, size.orders, now))
    return Loaded(True, size.merchants, rows)


def encrypted_rows(cipher: FieldCipher, merchant: UUID, table: Table, names: Sequence[str], rows: Sequence[Row]) -> Iterable[Row]:
    """Rows with the table's encrypted columns sealed, column by column; `names` are the columns of the rows, in order."""
    sealed = {column.name: column.id for column in table.encrypted()}
    keys = [uuid_key(row[names.index(table.primary_key)]) for row in rows]
    columns = []
    for at, name in enumerate(names):
        values = [row[at] for row in rows]
        if name in sealed:
            plain = [None if value is None else str(value).encode() for value in values]
            columns.append(cipher.encrypt_many(merchant, sealed[name], keys, plain))
        else:
            columns.append(values)
    return zip(*columns, strict=True)


def _load_merchant(connection: psycopg.Connection[Any], loader: Loader, shop: MerchantShop) -> None:
    create_merchant_tables(connection, shop.id)
    for name, rows in shop.tables.items():
        columns = COLUMNS[name]
        table = loader.catalog.data_map.table(name)
        _copy(connection, shop.id, name, encrypted_rows(loader.cipher, shop.id, table, columns, rows))
    create_indexes(connection, shop.id)
    insert = "INSERT INTO platform.merchant (id, schema_name, status, created_at) VALUES (%s, %s, 'active', %s)"
    connection.execute(insert, (shop.id, schema_name(shop.id), shop.created_at))


def _copy(connection: psycopg.Connection[Any], merchant: UUID, table: str, rows: Iterable[Row]) -> None:
    statement = sql.SQL("COPY {}.{} ({}) FROM STDIN").format(
        sql.Identifier(schema_name(merchant)), sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, COLUMNS[table]))
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _present(connection: psycopg.Connection[Any], size: ShopSize) -> bool:
    """Whether this very sample is loaded; `Refused` when another one, or data of others, is."""
    found = connection.execute("SELECT seed, merchants, orders FROM platform.sample").fetchone()
    if found == (size.seed, size.merchants, size.orders):
        return True
    merchants = connection.execute("SELECT count(*) FROM platform.merchant").fetchone()
    if found is None and merchants == (0,):
        return False
    there = "merchants that are no sample" if found is None else f"the sample of seed {found[0]} ({found[1]} merchants, {found[2]} orders)"
    raise Refused(f"the database already holds {there}", "ask for the same sample, or begin anew: kept local down --wipe")


def _counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """Rows by table over all merchants, as they are now."""
    counts = dict.fromkeys(COLUMNS, 0)
    schemas = connection.execute("SELECT schema_name FROM platform.merchant").fetchall()
    for (schema,) in schemas:
        for table in counts:
            query = sql.SQL("SELECT count(*) FROM {}.{}").format(sql.Identifier(schema), sql.Identifier(table))
            found = connection.execute(query).fetchone()
            counts[table] += 0 if found is None else found[0]
    return counts
