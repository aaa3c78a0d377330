"""`pii.field-encryption`: every value of every personal column, in every merchant's schema, is a ciphertext of ours.

All values are looked at by set-based SQL, one statement a table: long enough, our suite, under a key that the merchant's ring
holds. A few rows of each table, at a random place, are also opened with the app role, each in its own place: bytes that only look
like ciphertext, or stand in another row's place, do not open. What is in the schema and not in the data map is named, as
unknown: nobody has said whether it is personal.

Subjects are columns of schemas; no row is named and no value leaves this function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from policies.controls.base import Question, control
from policies.findings import failed, judged, passed, unknown
from promises.model import Column, DataMap, Table
from promises.observations import Observation, Surface

if TYPE_CHECKING:
    import psycopg

    from keyrotation.cipher import FieldCipher
    from keyrotation.ring import Ring
    from services.clients import Clients

SAMPLED_ROWS = 3
"""Rows opened in each table of each merchant, at every run."""

MERCHANT = "merchant"
"""The scope of the tables that every merchant has in a schema of its own."""

EXPECTED = "every value encrypted by the application, under a key of its merchant"

MEND = "find what wrote past the field cipher, encrypt the value (or put its ciphertext back), and change its keys if it leaked"

UNDECLARED = "declared in the data map"

Found = Mapping[tuple[str, str], Mapping[str, str]]
"""What the database has: (schema, table) -> column -> SQL type."""


@dataclass(frozen=True)
class Counts:
    """One column: its values, those not in our format, those under no live key, the rows sampled and those that did not open."""

    values: int
    malformed: int
    keyless: int
    sampled: int = 0
    shut: int = 0


@control(
    "encryption.columns",
    Surface.LIVE,
    "format and key of every value of every personal column by SQL; sampled rows opened with the app role",
)
def columns(clients: Clients, question: Question) -> Iterator[Observation]:
    from keyrotation.opening import open_cipher, open_ring
    from keyrotation.register import merchant_schemas

    with clients.database(autocommit=True) as connection, open_ring(clients) as ring, open_cipher(clients) as cipher:
        merchants = merchant_schemas(ring)
        found = _found(connection)
        yield from _undeclared(found, merchants, question.catalog.data_map)
        for schema, merchant in merchants.items():
            look = _Look(connection, cipher, merchant, schema, _headers(ring, merchant))
            for table in _personal_tables(question.catalog.data_map):
                yield from look.table(table, found.get((schema, table.name)))
        for table in question.catalog.data_map.tables:
            if table.scope != MERCHANT:
                yield from (
                    unknown(f"{table.name}.{column.name}", EXPECTED, "platform tables are not looked at yet") for column in table.personal()
                )


@dataclass(frozen=True)
class _Look:
    """One merchant's schema under the eye of the control; `headers` are the first bytes a value may begin with."""

    connection: psycopg.Connection[Any]
    cipher: FieldCipher
    merchant: UUID
    schema: str
    headers: list[bytes]

    def table(self, table: Table, found: Mapping[str, str] | None) -> Iterator[Observation]:
        """One observation for each personal column of a table."""
        present = {} if found is None else found
        sealed = [column for column in table.personal() if column.encrypted and present.get(column.name) == "bytea"]
        counts = self._counts(table, sealed) if sealed else {}
        for column in table.personal():
            subject = f"{self.schema}.{table.name}.{column.name}"
            if column.name in counts:
                yield _judged(subject, counts[column.name])
            elif not column.encrypted:
                yield failed(subject, EXPECTED, "personal, and not declared as encrypted", "declare it encrypted in the data map")
            elif column.name not in present:
                yield unknown(subject, EXPECTED, "the database has no such column")
            else:
                yield failed(subject, EXPECTED, f"a column of type {present[column.name]} holds no ciphertext", MEND)

    def _counts(self, table: Table, columns: list[Column]) -> dict[str, Counts]:
        from psycopg import sql

        parts = sql.SQL(", ").join(_aggregates(column.name) for column in columns)
        query = sql.SQL("SELECT {} FROM {}").format(parts, sql.Identifier(self.schema, table.name))
        row = self.connection.execute(query, {"headers": self.headers}).fetchone()
        assert row is not None
        samples = self._samples(table, columns)
        counts = {}
        for at, column in enumerate(columns):
            sampled, shut = self._opened(column, [(each[0], each[at + 1]) for each in samples])
            values, malformed, keyless = row[3 * at : 3 * at + 3]
            counts[column.name] = Counts(values, malformed, keyless, sampled, shut)
        return counts

    def _samples(self, table: Table, columns: list[Column]) -> list[tuple[Any, ...]]:
        """A few rows that hold values, from a random place in the order of the primary key; near its end, from its start."""
        from psycopg import sql

        names = [sql.Identifier(column.name) for column in columns]
        query = sql.SQL("SELECT {key}, {columns} FROM {table} WHERE ({held}) AND {key} >= {start} ORDER BY {key} LIMIT {limit}")
        rows: list[tuple[Any, ...]] = []
        starts = (sql.SQL("(SELECT gen_random_uuid())"), sql.SQL("'00000000-0000-0000-0000-000000000000'"))
        for start in starts:
            filled = query.format(
                key=sql.Identifier(table.primary_key),
                columns=sql.SQL(", ").join(names),
                table=sql.Identifier(self.schema, table.name),
                held=sql.SQL(" OR ").join(sql.SQL("{} IS NOT NULL").format(name) for name in names),
                start=start,
                limit=sql.Literal(SAMPLED_ROWS),
            )
            rows = self.connection.execute(filled).fetchall()
            if len(rows) == SAMPLED_ROWS:
                break
        return rows

    def _opened(self, column: Column, samples: Iterable[tuple[UUID, bytes | None]]) -> tuple[int, int]:
        """How many samples hold a value, and how many of those do not open in their place."""
        from keyrotation.errors import DecryptionFailed, MalformedValue, UnknownKey, WrongCommitment

        sampled = shut = 0
        for row, stored in samples:
            if stored is None:
                continue
            sampled += 1
            try:
                self.cipher.decrypt(self.merchant, column.id, row.bytes, stored)
            except (DecryptionFailed, MalformedValue, UnknownKey, WrongCommitment):
                shut += 1
        return sampled, shut


def _judged(subject: str, counts: Counts) -> Observation:
    faults = []
    if counts.malformed:
        faults.append(f"{counts.malformed} of {counts.values} values not in the cipher's format")
    if counts.keyless:
        faults.append(f"{counts.keyless} of {counts.values} values under no live key of the merchant")
    if counts.shut:
        faults.append(f"{counts.shut} of {counts.sampled} sampled values do not open")
    return judged(subject, EXPECTED, faults, f"{counts.values} values encrypted, {counts.sampled} sampled and opened", MEND)


def _aggregates(column: str) -> Any:
    """Three counts of a column: values; not in our format; in our format, but under a key that is not among the headers."""
    from psycopg import sql

    ours = "octet_length({name}) >= 33 AND substring({name} FROM 1 FOR 1) = '\\x01'::bytea"
    return sql.SQL(
        "count({name}),"
        f" count(*) FILTER (WHERE {{name}} IS NOT NULL AND NOT ({ours})),"
        f" count(*) FILTER (WHERE {ours} AND NOT substring({{name}} FROM 1 FOR 5) = ANY(%(headers)s::bytea[]))"
    ).format(name=sql.Identifier(column))


def _headers(ring: Ring, merchant: UUID) -> list[bytes]:
    """How a value of this merchant may begin: the suite and the number of a key that can be opened."""
    from keyrotation.format import header
    from keyrotation.ring import KeyState

    live = (KeyState.ACTIVE, KeyState.RETIRED)
    return [header(key.kid) for key in ring.keys(merchant) if key.state in live]


def _found(connection: psycopg.Connection[Any]) -> Found:
    """The columns of all relations in merchants' schemas."""
    query = """
        SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname ~ '^m_[0-9a-f]{16}$' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in connection.execute(query):
        found.setdefault((schema, table), {})[column] = kind
    return found


def _undeclared(found: Found, merchants: Mapping[str, UUID], data_map: DataMap) -> Iterator[Observation]:
    """Schemas, tables and columns that the database has and nobody declared; a pass of its own when there are none."""
    declared = {table.name: {column.name for column in table.columns} for table in data_map.tables if table.scope == "merchant"}
    names = {f"schema {schema}" for schema, _ in found if schema not in merchants}
    names |= {f"{schema}.{table}" for schema, table in found if schema in merchants and table not in declared}
    names |= {
        f"{schema}.{table}.{column}"
        for (schema, table), columns in found.items()
        if schema in merchants and table in declared
        for column in columns.keys() - declared[table]
    }
    if not names and merchants:
        yield passed("columns of merchant schemas", f"all {UNDECLARED}", f"{len(merchants)} schemas, nothing else in them")
    for name in sorted(names):
        yield unknown(name, UNDECLARED, "the data map does not know it, so nobody has said whether it is personal")


def _personal_tables(data_map: DataMap) -> tuple[Table, ...]:
    return tuple(table for table in data_map.tables if table.scope == MERCHANT and table.personal())
