"""Field encryption through the public API against the bare cipher, and bulk re-encryption against a plain UPDATE; ratios in one run.

The bare cipher is `cryptography`'s AESGCM over the same values, with nonces and associated data laid out before the clock starts: what
the API adds (header, nonces, associated data, the choice of the key) is what is measured. By process CPU time, best of several rounds.

The re-encryption sweeps a table of three columns with room for HOT updates (fillfactor 50), compare and set included, against an UPDATE of
the same rows to constants of the same size on a copy of the same table: wall time, for the server does most of it.
"""

from __future__ import annotations

import functools
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keyrotation.cipher import FieldCipher
from keyrotation.columns import SealedTable
from keyrotation.format import associated_data, header, uuid_key
from keyrotation.sweep import BATCH_ROWS, Sweep
from promises.model import Column

if TYPE_CHECKING:
    import psycopg

VALUES, ROUNDS = 100_000, 5
VALUE = b"12 Elm Street, 60614 Springfield, apt. 7"
ROWS = 100_000
MERCHANT = UUID(int=7)
COLUMNS = tuple(Column(name, number, "user.name", personal=True, encrypted=True) for number, name in enumerate(("a", "b", "c"), start=1))
SCHEMA = "bench"


class OneKey:
    """Two opened keys in memory, the second of them active: what a warm cache answers."""

    def __init__(self) -> None:
        self.keys = {kid: AESGCM(AESGCM.generate_key(256)) for kid in (1, 2)}
        self.active = 1

    def for_writing(self, _merchant: UUID, _count: int) -> tuple[int, AESGCM]:
        return self.active, self.keys[self.active]

    def for_reading(self, _merchant: UUID, kid: int) -> AESGCM:
        return self.keys[kid]


def _best(work: Callable[[], object]) -> float:
    """CPU seconds of the quickest round."""
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return best


@functools.cache
def _cipher_ratios() -> tuple[float, float]:
    """Encryption's and decryption's rate as shares of the bare cipher's."""
    keys = OneKey()
    cipher, bare = FieldCipher(keys), keys.keys[1]
    rows = [uuid_key(UUID(int=number)) for number in range(VALUES)]
    values = [VALUE] * VALUES
    places = [associated_data(header(1), MERCHANT, 1, row) for row in rows]
    nonces = [os.urandom(12) for _ in range(VALUES)]
    sealed = [bare.encrypt(nonce, value, place) for nonce, value, place in zip(nonces, values, places, strict=True)]
    stored = cipher.encrypt_many(MERCHANT, 1, rows, values)
    bare_encrypt = _best(lambda: [bare.encrypt(nonce, value, place) for nonce, value, place in zip(nonces, values, places, strict=True)])
    encrypt = _best(lambda: cipher.encrypt_many(MERCHANT, 1, rows, values))
    bare_decrypt = _best(lambda: [bare.decrypt(nonce, value, place) for nonce, value, place in zip(nonces, sealed, places, strict=True)])
    decrypt = _best(lambda: cipher.decrypt_many(MERCHANT, 1, rows, stored))
    return bare_encrypt / encrypt, bare_decrypt / decrypt


def encrypt_ratio() -> float:
    return _cipher_ratios()[0]


def decrypt_ratio() -> float:
    return _cipher_ratios()[1]


def reencrypt_ratio() -> float:
    """The sweep's rows a second as a share of the plain UPDATE's; best of three pairs, in turn."""
    with tempfile.TemporaryDirectory(prefix="kept-") as folder, _database(Path(folder)) as (connection, reader):
        keys = OneKey()
        sweep = Sweep(connection, reader, FieldCipher(keys), MERCHANT, SCHEMA, SealedTable("rows", "id", COLUMNS))
        ours = plain = float("inf")
        for _ in range(3):
            _fill(sweep, keys)
            plain = min(plain, _seconds(lambda: _plain_update(connection)))
            _fill(sweep, keys)
            keys.active = 2
            ours = min(ours, _seconds(lambda: sweep.run(lambda: 2)))
        return plain / ours


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _fill(sweep: Sweep, keys: OneKey) -> None:
    """The table anew, all of its values under the first key."""
    keys.active = 1
    run = sweep.connection.execute
    run(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
    run(f"CREATE TABLE {SCHEMA}.rows (id uuid PRIMARY KEY, other uuid, a bytea, b bytea, c bytea) WITH (fillfactor = 50)")
    ids = [UUID(int=number << 64) for number in range(ROWS)]
    columns = [sweep.cipher.encrypt_many(MERCHANT, column.id, [uuid_key(each) for each in ids], [VALUE] * ROWS) for column in COLUMNS]
    with sweep.connection.cursor() as cursor, cursor.copy(f"COPY {SCHEMA}.rows FROM STDIN") as copy:
        for row in zip(ids, ids, *columns, strict=True):
            copy.write_row(row)
    run(f"CREATE INDEX ON {SCHEMA}.rows (other)")
    run(f"VACUUM (ANALYZE, FREEZE) {SCHEMA}.rows")
    run("CHECKPOINT")


def _plain_update(connection: psycopg.Connection[Any]) -> None:
    """The same rows to constants of the same size, in statements of as many rows."""
    constant = bytes(len(VALUE) + 33)
    update = f"UPDATE {SCHEMA}.rows SET a = %s, b = %s, c = %s WHERE id >= %s AND id < %s"
    for start in range(0, ROWS, BATCH_ROWS):
        connection.execute(update, (constant, constant, constant, UUID(int=start << 64), UUID(int=(start + BATCH_ROWS) << 64)))


@contextmanager
def _database(folder: Path) -> Iterator[tuple[psycopg.Connection[Any], psycopg.Connection[Any]]]:
    """Two connections to the local servers' Postgres, in a folder of its own."""
    from kept import local
    from services import database
    from services.settings import load

    try:
        settings = load(local.up(folder / "home", "illumacom", lambda _line: None), {})
        connect = functools.partial(database.connect, settings.database, "defaultdb", autocommit=True)
        with connect() as connection, connect() as reader:
            yield connection, reader
    finally:
        local.down(folder / "home", lambda _line: None, wipe=True)
