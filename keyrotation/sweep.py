"""Step 7 of a rotation: write every value of one table again that does not stand under the active data key.

    1  read a batch of rows, by primary key, in which a value begins with another header than the active key's
    2  open each value with the key its own header names, seal it under the active key with a fresh nonce
    3  UPDATE ... FROM unnest, only where every value is still the one that was read (compare and set); commit
    4  what the comparison left out was written meanwhile: a later pass reads it again, until a pass finds nothing it can change

Plain SQL over the column register, never through an application's models, so that nothing fires. A crash loses at most an
uncommitted batch; which rows are left is read from the values themselves, so a new run goes on where the last one stopped.
A value that does not open (changed, moved, its key destroyed) is counted and left as it is; it hides no other.

Rates and reasons: `docs/keys.md`. Tables with room for HOT updates (fillfactor 50) are rewritten in half the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, LiteralString
from uuid import UUID

from keyrotation import arrays
from keyrotation.cipher import FieldCipher
from keyrotation.columns import PrimaryKey, SealedTable, row_key
from keyrotation.format import HEADER_BYTES, header
from services.errors import KeptError, Unreachable

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

BATCH_ROWS = 5_000

MAX_PASSES = 20
"""Passes after which a table that is written faster than it is swept is left for the next run."""

Stored = tuple[bytes | None, ...]

Row = tuple[Any, ...]
"""A primary key, then the stored values of the table's encrypted columns, in order."""


Renewal = tuple[Row, Stored]
"""A row as it was read, and its columns' values as they shall be."""


@dataclass(frozen=True)
class Swept:
    """What a sweep met, in rows: read, changed, left out because they were written meanwhile, and values that did not open."""

    read: int = 0
    changed: int = 0
    overtaken: int = 0
    failed: int = 0

    def __add__(self, other: Swept) -> Swept:
        return Swept(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True)
class Sweep:
    """One table of one merchant, over two connections in autocommit mode: the next batch is read, opened and sealed while the
    server still writes the one before. `paced` is told the rows of each batch and may wait."""

    connection: psycopg.Connection[Any]
    reader: psycopg.Connection[Any]
    cipher: FieldCipher
    merchant: UUID
    schema: str
    table: SealedTable
    batch_rows: int = BATCH_ROWS
    paced: Callable[[int], None] = lambda _rows: None

    def run(self, active: Callable[[], int]) -> Swept:
        """Passes until one changes nothing and is overtaken by nobody; `active` tells the active kid before each."""
        total = Swept()
        arrays.register(self.connection)
        for _ in range(MAX_PASSES):
            found = self._pass(active())
            total = replace(total + found, failed=found.failed)  # a value that does not open is met again in every pass
            if not found.changed and not found.overtaken:
                break
        return total

    def left(self, kid: int) -> int:
        """Values that stand under another key than `kid`, or are not in our format."""
        return self._count(self._behind(), header(kid))

    def under(self, kid: int) -> int:
        """Values that stand under `kid`."""
        return self._count(self._where("{} = %(head)s", " OR "), header(kid))

    def _pass(self, kid: int) -> Swept:
        """One pass over what is behind. The batch that is being written when a pass is stopped is written to its end."""
        total, head = Swept(), header(kid)
        with ThreadPoolExecutor(1, "sweep") as pool:
            writing: Future[Swept] | None = None
            for rows in self._batches(head):
                renewals, failed = self._renewals(rows, head)
                if writing is not None:
                    total += writing.result()
                writing = pool.submit(self._written, renewals)
                total += Swept(read=len(rows), failed=failed)
                self.paced(len(rows))
            return total if writing is None else total + writing.result()

    def _batches(self, head: bytes) -> Iterator[list[Row]]:
        """Rows that are behind, in the order of their keys."""
        after: PrimaryKey | None = None
        while rows := self._read(head, after):
            after = rows[-1][0]
            yield rows

    def _read(self, head: bytes, after: PrimaryKey | None) -> list[Row]:
        from psycopg import sql

        beyond = sql.SQL("") if after is None else sql.SQL("AND {} > %(after)s").format(self._key)
        query = sql.SQL("SELECT {key}, {columns} FROM {table} WHERE ({behind}) {beyond} ORDER BY {key} LIMIT %(rows)s").format(
            key=self._key, columns=sql.SQL(", ").join(self._columns), table=self._name, behind=self._behind(), beyond=beyond
        )
        with self.reader.cursor(binary=True) as cursor:
            return cursor.execute(query, {"head": head, "after": after, "rows": self.batch_rows}).fetchall()

    def _renewals(self, rows: Sequence[Row], head: bytes) -> tuple[list[Renewal], int]:
        """What is to be written of a batch, and how many of its values did not open."""
        keys = [row_key(row[0]) for row in rows]
        columns, failed = [], 0
        for at, column in enumerate(self.table.columns, start=1):
            renewed, shut = self._renew(column.id, keys, [row[at] for row in rows], head)
            columns.append(renewed)
            failed += shut
        return [(row, new) for row, new in zip(rows, zip(*columns, strict=True), strict=True) if row[1:] != new], failed

    def _written(self, renewals: Sequence[Renewal]) -> Swept:
        changed = self._write(renewals) if renewals else 0
        return Swept(changed=changed, overtaken=len(renewals) - changed)

    def _renew(self, column: int, keys: Sequence[bytes], stored: Sequence[bytes | None], head: bytes) -> tuple[list[bytes | None], int]:
        """A column's values under the active key; those that stand there already, or do not open, stay. How many did not open."""
        behind = [None if value is None or value.startswith(head) else value for value in stored]
        plain, shut = self._open(column, keys, behind)
        sealed = self.cipher.encrypt_many(self.merchant, column, keys, plain)
        return [old if new is None else new for old, new in zip(stored, sealed, strict=True)], shut

    def _open(self, column: int, keys: Sequence[bytes], stored: Sequence[bytes | None]) -> tuple[list[bytes | None], int]:
        """The values, None for those that do not open, and their number. One bad value fails a batch: then each is tried alone."""
        try:
            return self.cipher.decrypt_many(self.merchant, column, keys, stored), 0
        except Unreachable:
            raise
        except KeptError:
            pass
        plain: list[bytes | None] = []
        shut = 0
        for key, value in zip(keys, stored, strict=True):
            try:
                plain += self.cipher.decrypt_many(self.merchant, column, [key], [value])
            except Unreachable:
                raise
            except KeptError:
                plain.append(None)
                shut += 1
        return plain, shut

    def _write(self, renewals: Sequence[Renewal]) -> int:
        """One statement: every row whose values are all still the ones that were read. How many those were."""
        from psycopg import sql

        width = len(self.table.columns)
        keys = [row[0] for row, _ in renewals]
        values: list[Any] = [keys]
        for at in range(width):
            values += [arrays.ByteaArray([row[at + 1] for row, _ in renewals]), arrays.ByteaArray([new[at] for _, new in renewals])]
        names = [sql.Identifier(f"{side}{at}") for at in range(width) for side in ("old", "new")]
        query = sql.SQL(
            "UPDATE {table} AS t SET {sets} FROM unnest(%b, {arrays}) AS n (key, {names}) WHERE t.{key} = n.key"
            " AND t.{key} BETWEEN %s AND %s AND {same}"
        ).format(
            table=self._name,
            sets=sql.SQL(", ").join(sql.SQL("{} = n.{}").format(each, sql.Identifier(f"new{at}")) for at, each in enumerate(self._columns)),
            arrays=sql.SQL(", ").join([sql.SQL("%b::bytea[]")] * (2 * width)),
            names=sql.SQL(", ").join(names),
            key=self._key,
            same=sql.SQL(" AND ").join(
                sql.SQL("t.{} IS NOT DISTINCT FROM n.{}").format(each, sql.Identifier(f"old{at}")) for at, each in enumerate(self._columns)
            ),
        )
        return self.connection.execute(query, [*values, keys[0], keys[-1]]).rowcount

    def _count(self, condition: sql.Composed, head: bytes) -> int:
        from psycopg import sql

        query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(self._name, condition)
        row = self.connection.execute(query, {"head": head}).fetchone()
        assert row is not None
        return int(row[0])

    def _behind(self) -> sql.Composed:
        """Where a value does not begin with the active key's header; NULL has no header and is no value."""
        return self._where("{} <> %(head)s", " OR ")

    def _where(self, comparison: LiteralString, joined: LiteralString) -> sql.Composed:
        from psycopg import sql

        heads = [sql.SQL("substring({} from 1 for {})").format(each, HEADER_BYTES) for each in self._columns]
        return sql.SQL(joined).join(sql.SQL(comparison).format(each) for each in heads)

    @property
    def _columns(self) -> list[sql.Identifier]:
        from psycopg import sql

        return [sql.Identifier(column.name) for column in self.table.columns]

    @property
    def _key(self) -> sql.Identifier:
        from psycopg import sql

        return sql.Identifier(self.table.primary_key)

    @property
    def _name(self) -> sql.Identifier:
        from psycopg import sql

        return sql.Identifier(self.schema, self.table.name)
