"""Exact digests of a database's content, taken by SQL where the rows are.

A table's digest is the sum of a 64-bit hash of each row, modulo 2^64, with the row count beside it: row order does not matter, and a
row that is there twice counts twice. Columns go in name order; `FROM ONLY`, so that inherited rows are not counted twice.
`hash_record_extended` is the quick one. It does not serve every table: some types (json, xml, tsvector, money, bit, point ...) have no
hash, and those that stand for an object of the catalog (enums, regclass and its like, and whatever is built of them) are hashed by an
OID, which a restore gives anew. Such tables are hashed as text, with every setting that shapes the text pinned. Hashes are comparable
within one major version of Postgres only.

This tells accident and omission, not forgery: rows could be chosen to collide. Forgery is what the container's tags are against.
"""

from __future__ import annotations

import hashlib
from typing import Any

import psycopg
from psycopg import sql

from backups.manifest import Content, Definition, Method, SequenceRange, TableDigest

MODULUS = 1 << 64

PINNED = (
    "DateStyle = 'ISO, YMD'",
    "IntervalStyle = 'postgres'",
    "TimeZone = 'UTC'",
    "extra_float_digits = 3",
    "bytea_output = 'hex'",
    "xmloption = 'content'",
    "search_path = pg_catalog",
)

# Extension members are the extension's business: pg_dump leaves them out.
_OURS = """
    n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""

# Types whose hash is that of an OID, and the arrays, domains, ranges and composites built of them.
_TABLES = f"""
    WITH RECURSIVE by_oid(oid) AS (
        SELECT oid FROM pg_type
        WHERE typtype = 'e' OR (typtype = 'b' AND typname LIKE 'reg%%' AND typnamespace = 'pg_catalog'::regnamespace)
        UNION
        SELECT t.oid FROM pg_type t JOIN by_oid o ON t.typelem = o.oid OR t.typbasetype = o.oid
            OR EXISTS (SELECT FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid) AND r.rngsubtype = o.oid)
            OR t.typtype = 'c'
               AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND a.atttypid = o.oid)
    )
    SELECT n.nspname, c.relname,
           EXISTS (SELECT FROM pg_attribute a JOIN by_oid o ON o.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0),
           ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
                 ORDER BY a.attname COLLATE "C")
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND {_OURS}
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
"""  # noqa: S608 - put together from constants

_SEQUENCES = f"""
    SELECT n.nspname, c.relname, coalesce(pg_sequence_last_value(c.oid), s.seqstart - s.seqincrement)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_sequence s ON s.seqrelid = c.oid
    WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND {_OURS}
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
"""  # noqa: S608

_VIEWS = f"""
    SELECT n.nspname, c.relname, pg_get_viewdef(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'm' AND {_OURS}
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
"""  # noqa: S608

_LARGE_OBJECTS = """
    SELECT count(*), coalesce(sum(hash_record_extended(ROW(oid, lo_get(oid)), 0)), 0) FROM pg_largeobject_metadata
"""

_HASHES = {"record": "hash_record_extended({row}, 0)", "text": "hashtextextended(({row})::text, 0)", "count": "0"}

Connection = psycopg.Connection[Any]


def table_names(connection: Connection) -> tuple[str, ...]:
    """Every table a dump holds, as `schema.table`."""
    return tuple(f"{schema}.{table}" for schema, table, *_rest in connection.execute(_TABLES))


def content(connection: Connection, like: Content | None = None) -> Content:
    """Digests of everything, in the connection's transaction. `like`: use the methods that those digests were made with."""
    for setting in PINNED:
        connection.execute(f"SET LOCAL {setting}")
    methods: dict[str, Method] = {each.name: each.method for each in like.tables} if like else {}
    tables = [
        _table(connection, schema, table, columns, methods.get(f"{schema}.{table}") or ("text" if by_oid else None))
        for schema, table, by_oid, columns in connection.execute(_TABLES).fetchall()
    ]
    return Content(
        tables=tuple(tables),
        large_objects=_large_objects(connection),
        sequences=sequences(connection),
        materialized_views=tuple(
            Definition(schema_name=schema, view_name=view, sha256=hashlib.sha256(definition.encode()).hexdigest())
            for schema, view, definition in connection.execute(_VIEWS)
        ),
    )


def sequences(connection: Connection) -> tuple[SequenceRange, ...]:
    """The values right now: sequences do not follow the snapshot."""
    return tuple(
        SequenceRange(schema_name=schema, sequence_name=name, before=value, after=value)
        for schema, name, value in connection.execute(_SEQUENCES)
    )


def widened(before: Content, after: tuple[SequenceRange, ...]) -> Content:
    """The content with each sequence's value after the dump."""
    later = {each.name: each.after for each in after}
    ranges = tuple(each.model_copy(update={"after": later.get(each.name, each.after)}) for each in before.sequences)
    return before.model_copy(update={"sequences": ranges})


def differences(expected: Content, restored: Content) -> tuple[str, ...]:
    """What a restored database differs in, one phrase each; none when it equals."""
    found = [*_tables_differ(expected, restored)]
    if expected.large_objects != restored.large_objects:
        found.append("large objects: the digests differ")
    values = {each.name: each.before for each in restored.sequences}
    for each in expected.sequences:
        low, high = sorted((each.before, each.after))
        if each.name not in values:
            found.append(f"{each.name}: the sequence is missing")
        elif not low <= values[each.name] <= high:
            found.append(f"{each.name}: the sequence stands at another value")
    if expected.materialized_views != restored.materialized_views:
        found.append("materialised views: the definitions differ")
    return tuple(found)


def _tables_differ(expected: Content, restored: Content) -> list[str]:
    there = {each.name: each for each in restored.tables}
    wanted = {each.name: each for each in expected.tables}
    found = [f"{name}: the table is missing" for name in wanted if name not in there]
    found += [f"{name}: the table is in no manifest" for name in there if name not in wanted]
    for name in wanted.keys() & there.keys():
        if wanted[name].rows != there[name].rows:
            found.append(f"{name}: {there[name].rows} rows, expected {wanted[name].rows}")
        elif wanted[name] != there[name]:
            found.append(f"{name}: the digest differs")
    return sorted(found)


def _table(connection: Connection, schema: str, table: str, columns: list[str], method: Method | None) -> TableDigest:
    """With the method given, or the first that the table's types allow."""
    if not columns:
        return _digest(connection, schema, table, columns, "count")
    if method is not None:
        return _digest(connection, schema, table, columns, method)
    try:
        with connection.transaction():
            return _digest(connection, schema, table, columns, "record")
    except psycopg.errors.UndefinedFunction:
        return _digest(connection, schema, table, columns, "text")


def _digest(connection: Connection, schema: str, table: str, columns: list[str], method: Method) -> TableDigest:
    row = sql.SQL("ROW({})").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
    query = sql.SQL("SELECT count(*), coalesce(sum({}), 0) FROM ONLY {}").format(
        sql.SQL(_HASHES[method]).format(row=row), sql.Identifier(schema, table)
    )
    found = connection.execute(query).fetchone()
    assert found is not None
    return TableDigest(schema_name=schema, table_name=table, rows=found[0], digest=_hex(found[1]), method=method)


def _large_objects(connection: Connection) -> TableDigest:
    found = connection.execute(_LARGE_OBJECTS).fetchone()
    assert found is not None
    return TableDigest(schema_name="pg_catalog", table_name="pg_largeobject", rows=found[0], digest=_hex(found[1]), method="record")


def _hex(total: Any) -> str:
    """The sum of signed hashes, which Postgres gives as a numeric of any size, as 16 hexadecimal digits."""
    return f"{int(total) % MODULUS:016x}"
