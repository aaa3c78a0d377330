"""What is looked at before the first byte of a dump, and what forbids one.

A dump that would leave something out in silence must not begin: rows hidden by row-level security, large objects of another owner.
A dump that would fail late should fail now: a pg_dump older than the server, too many tables for the server's lock table.
Foreign tables are named, for their data is not dumped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from backups.errors import DumpFailed
from backups.manifest import DatabaseFacts, Extension
from services import postgres_tools

LOCKS_WARN = 0.7
"""Share of the server's lock table from which a dump's locks are an alarm."""

_SERVER = """
    SELECT current_setting('server_version'), pg_database_size(current_database()), pg_encoding_to_char(encoding), datcollate, datctype,
           current_setting('max_locks_per_transaction')::bigint
               * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint)
    FROM pg_database WHERE datname = current_database()
"""
_TABLES = "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'S', 'v', 'm', 'f')"
_HIDDEN = """
    SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.rolname = current_user
    WHERE c.relrowsecurity AND NOT r.rolsuper AND NOT r.rolbypassrls
      AND (c.relforcerowsecurity OR NOT pg_has_role(c.relowner, 'USAGE'))
"""
_FOREIGN_OWNED = """
    SELECT count(*) FROM pg_largeobject_metadata l JOIN pg_roles r ON r.rolname = current_user
    WHERE NOT r.rolsuper AND NOT pg_has_role(l.lomowner, 'USAGE')
"""
_FOREIGN = """
    SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'f' ORDER BY 1
"""
_EXTENSIONS = "SELECT extname, extversion FROM pg_extension ORDER BY extname"


@dataclass(frozen=True)
class Preflight:
    server_version: str
    dump_version: str
    database_bytes: int
    encoding: str
    collation: str
    character_type: str
    lockable: int
    lock_table: int
    tables_hidden_by_row_security: int
    large_objects_of_others: int
    foreign_tables: tuple[str, ...]
    extensions: tuple[Extension, ...]

    def facts(self, dump_arguments: tuple[str, ...], archive_format: str) -> DatabaseFacts:
        return DatabaseFacts(
            dump_arguments=dump_arguments,
            archive_format=archive_format,
            size_bytes=self.database_bytes,
            encoding=self.encoding,
            collation=self.collation,
            character_type=self.character_type,
            extensions=self.extensions,
            not_dumped=self.foreign_tables,
        )


def look(connection: psycopg.Connection[Any]) -> Preflight:
    """Ask the server, and the local pg_dump for its version."""
    server = _row(connection, _SERVER)
    return Preflight(
        server_version=server[0].split(" ")[0],
        dump_version=postgres_tools.version("pg_dump"),
        database_bytes=server[1],
        encoding=server[2],
        collation=server[3],
        character_type=server[4],
        lockable=_row(connection, _TABLES)[0],
        lock_table=server[5],
        tables_hidden_by_row_security=_row(connection, _HIDDEN)[0],
        large_objects_of_others=_row(connection, _FOREIGN_OWNED)[0],
        foreign_tables=tuple(name for (name,) in connection.execute(_FOREIGN)),
        extensions=tuple(Extension(name=name, version=version) for name, version in connection.execute(_EXTENSIONS)),
    )


def problems(seen: Preflight) -> tuple[str, ...]:
    """Why this dump must not begin; none when it may."""
    found = []
    if postgres_tools.major(seen.dump_version) < postgres_tools.major(seen.server_version):
        found.append(f"pg_dump {seen.dump_version} is older than the server ({seen.server_version})")
    if seen.tables_hidden_by_row_security:
        found.append(f"row security would hide rows of {seen.tables_hidden_by_row_security} tables from this role: grant it BYPASSRLS")
    if seen.large_objects_of_others:
        found.append(f"{seen.large_objects_of_others} large objects belong to others: grant SELECT on them, or their owner's role")
    if seen.lockable > seen.lock_table:
        found.append(f"{seen.lockable} tables do not fit the server's lock table of {seen.lock_table}: raise max_locks_per_transaction")
    return tuple(found)


def warnings(seen: Preflight) -> tuple[str, ...]:
    """What the report says of a dump that may begin."""
    found = [f"foreign table {name}: its data is not dumped" for name in seen.foreign_tables]
    if seen.lockable > seen.lock_table * LOCKS_WARN:
        found.append(f"the dump locks {seen.lockable} tables of at most {seen.lock_table}: raise max_locks_per_transaction soon")
    return tuple(found)


def require(seen: Preflight) -> None:
    if found := problems(seen):
        raise DumpFailed("the dump was not begun: " + "; ".join(found), "mend what is named, then run it again")


def _row(connection: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    found = connection.execute(query).fetchone()
    assert found is not None
    return tuple(found)
