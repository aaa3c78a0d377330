"""Re-encryption of a table on a real server: values stay readable, writers win, what does not open is told, a stop loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import sql

from keyrotation.cipher import FieldCipher
from keyrotation.columns import SealedTable, row_key
from keyrotation.data_keys import create_data_key
from keyrotation.format import kid_of
from keyrotation.key_cache import KeyCache
from keyrotation.ring import Ring
from keyrotation.sweep import Sweep, Swept
from promises.model import Column
from services.clients import Clients
from services.vault import Vault

NAME, CITY = (Column(name, number, "user.name", personal=True, encrypted=True) for name, number in (("name", 201), ("city", 202)))
TABLE = SealedTable("people", "id", (NAME, CITY))
ROWS = 25


@pytest.fixture
def connection(clients: Clients) -> Iterator[psycopg.Connection[Any]]:
    with clients.database(autocommit=True) as connection:
        yield connection


@pytest.fixture
def schema(connection: psycopg.Connection[Any]) -> str:
    name = f"sweep_{uuid4().hex[:12]}"
    connection.execute(f"CREATE SCHEMA {name}; CREATE TABLE {name}.people (id uuid PRIMARY KEY, name bytea, city bytea)")
    return name


@pytest.fixture
def cipher(ring: Ring, app: Vault) -> FieldCipher:
    return FieldCipher(KeyCache(ring, app, ttl_seconds=0))


@pytest.fixture
def sweep(clients: Clients, connection: psycopg.Connection[Any], cipher: FieldCipher, merchant: UUID, schema: str) -> Iterator[Sweep]:
    """The sweep of a table of 25 rows under the merchant's first key; every fifth row has no city."""
    with clients.database(autocommit=True) as reader:
        sweep = Sweep(connection, reader, cipher, merchant, schema, TABLE, batch_rows=10)
        for number in range(ROWS):
            put(sweep, uuid4(), f"name {number}", None if number % 5 == 0 else f"city {number}")
        yield sweep


def put(sweep: Sweep, key: UUID, name: str, city: str | None) -> None:
    values = [sealed(sweep, key, column, value) for column, value in ((NAME, name), (CITY, city))]
    insert = sql.SQL("INSERT INTO {} VALUES (%s, %s, %s)").format(sql.Identifier(sweep.schema, "people"))
    sweep.connection.execute(insert, (key, *values))


def sealed(sweep: Sweep, key: UUID, column: Column, value: str | None) -> bytes | None:
    return None if value is None else sweep.cipher.encrypt(sweep.merchant, column.id, row_key(key), value.encode())


def stored(sweep: Sweep) -> dict[UUID, tuple[bytes | None, bytes | None]]:
    rows = sweep.connection.execute(sql.SQL("SELECT id, name, city FROM {}").format(sql.Identifier(sweep.schema, "people")))
    return {row[0]: row[1:] for row in rows}


def read(sweep: Sweep) -> dict[UUID, tuple[str | None, ...]]:
    """Every value in plain, by row."""
    return {
        key: tuple(
            None if value is None else sweep.cipher.decrypt(sweep.merchant, column.id, row_key(key), value).decode()
            for column, value in zip(TABLE.columns, values, strict=True)
        )
        for key, values in stored(sweep).items()
    }


def kids(sweep: Sweep) -> set[int]:
    return {kid_of(value) for values in stored(sweep).values() for value in values if value is not None}


def renewed(ring: Ring, app: Vault, merchant: UUID) -> int:
    return create_data_key(ring, app, merchant, replacing=ring.active(merchant))


def test_every_value_stands_under_the_new_key_afterwards_and_says_the_same(sweep: Sweep, ring: Ring, app: Vault) -> None:
    before = read(sweep)
    kid = renewed(ring, app, sweep.merchant)
    assert (sweep.left(kid), sweep.under(1)) == (ROWS, ROWS)
    assert sweep.run(lambda: kid) == Swept(read=ROWS, changed=ROWS)
    assert (kids(sweep), sweep.left(kid), sweep.under(1)) == ({kid}, 0, 0)
    assert read(sweep) == before


def test_a_second_run_reads_nothing(sweep: Sweep, ring: Ring, app: Vault) -> None:
    kid = renewed(ring, app, sweep.merchant)
    sweep.run(lambda: kid)
    before = stored(sweep)
    assert sweep.run(lambda: kid) == Swept()
    assert stored(sweep) == before


def test_a_value_under_the_active_key_is_not_written_again(sweep: Sweep, ring: Ring, app: Vault) -> None:
    """A row of which one value was written since keeps that value, byte for byte."""
    kid = renewed(ring, app, sweep.merchant)
    key = next(iter(stored(sweep)))
    fresh = sealed(sweep, key, NAME, "written since")
    sweep.connection.execute(sql.SQL("UPDATE {} SET name = %s WHERE id = %s").format(sql.Identifier(sweep.schema, "people")), (fresh, key))
    sweep.run(lambda: kid)
    assert stored(sweep)[key][0] == fresh


def test_a_write_between_reading_and_writing_wins(sweep: Sweep, ring: Ring, app: Vault) -> None:
    """The application writes rows of the batch that was just read, some under the old key still, one to NULL: nothing of it is lost."""
    kid = renewed(ring, app, sweep.merchant)
    keys = sorted(stored(sweep))[:3]
    table = sql.Identifier(sweep.schema, "people")
    written: dict[UUID, bytes | None] = {}

    class Overtaking(FieldCipher):
        """A cipher that lets the application write after the first batch was read."""

        def decrypt_many(self, *arguments: Any) -> list[bytes | None]:
            if not written:
                written.update({key: sealed(sweep, key, NAME, "newer") for key in keys[:2]} | {keys[2]: None})
                for key, value in written.items():
                    sweep.connection.execute(sql.SQL("UPDATE {} SET name = %s WHERE id = %s").format(table), (value, key))
            return super().decrypt_many(*arguments)

    overtaken = replace(sweep, cipher=Overtaking(KeyCache(ring, app))).run(lambda: kid)
    assert overtaken.overtaken == 3
    after = read(sweep)
    assert [after[key][0] for key in keys] == ["newer", "newer", None]
    assert sweep.left(kid) == 0


@pytest.mark.parametrize(
    ("spoil", "why"),
    {
        "a flipped bit": (lambda value: value[:-1] + bytes([value[-1] ^ 1]), "the tag does not fit"),
        "a plaintext": (lambda _value: b"12 Elm Street, a plaintext longer than the overhead", "no header of ours"),
        "a key the ring does not have": (lambda value: value[:1] + (999).to_bytes(4, "big") + value[5:], "no such kid"),
        "a stump": (lambda value: value[:20], "shorter than any value of ours"),
    }.values(),
)
def test_a_value_that_does_not_open_is_told_and_hides_no_other(
    sweep: Sweep, ring: Ring, app: Vault, spoil: Callable[[bytes], bytes], why: str
) -> None:
    kid = renewed(ring, app, sweep.merchant)
    key, (name, city) = next((key, values) for key, values in stored(sweep).items() if values[1] is not None)
    assert name is not None
    bad = spoil(name)
    sweep.connection.execute(sql.SQL("UPDATE {} SET name = %s WHERE id = %s").format(sql.Identifier(sweep.schema, "people")), (bad, key))
    swept = sweep.run(lambda: kid)
    assert swept.failed == 1, why
    assert sweep.left(kid) == 1
    after = stored(sweep)[key]
    assert after[0] == bad
    assert after[1] is not None
    assert kid_of(after[1]) == kid
    assert city != after[1]


def test_a_stop_between_two_batches_loses_nothing_and_the_next_run_goes_on(sweep: Sweep, ring: Ring, app: Vault) -> None:
    before = read(sweep)
    kid = renewed(ring, app, sweep.merchant)

    def stop(_rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replace(sweep, paced=stop).run(lambda: kid)
    assert sweep.left(kid) == ROWS - 10
    assert read(sweep) == before
    assert sweep.run(lambda: kid).read == ROWS - 10
    assert sweep.left(kid) == 0


def test_pace_is_told_of_every_batch(sweep: Sweep, ring: Ring, app: Vault) -> None:
    told: list[int] = []
    kid = renewed(ring, app, sweep.merchant)
    replace(sweep, paced=told.append).run(lambda: kid)
    assert told == [10, 10, 5]
