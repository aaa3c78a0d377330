"""The merchants' schemas and their personal columns, and the rule's queries over them with names quoted.

Every schema that holds a table of the rule is looked at, registered or not: data outside the register is data too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from promises.model import Catalog
from retention.rules import DATES, TABLES, Rule

Connection = psycopg.Connection[Any]

_ALIAS = {"buyers": "b", "shipments": "s"}
_SCHEMAS = r"""
    SELECT n.nspname FROM pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
    WHERE n.nspname LIKE 'm\_%%' AND c.relname = ANY(%s) AND c.relkind IN ('r', 'p')
    GROUP BY n.nspname HAVING count(*) = %s ORDER BY n.nspname
"""
_PARTIAL = _SCHEMAS.replace("count(*) = %s", "count(*) < %s")
_REGISTERED = "SELECT schema_name FROM platform.merchant WHERE status <> 'erased' ORDER BY schema_name"


@dataclass(frozen=True)
class Subject:
    """One table of one merchant, and its personal columns."""

    schema: str
    table: str
    columns: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.table)

    def dates(self) -> sql.Composed:
        """The rule's query: id and date of every row that still holds personal data."""
        alias = sql.Identifier(_ALIAS[self.table])
        present = sql.SQL(" OR ").join(sql.SQL("{}.{} IS NOT NULL").format(alias, sql.Identifier(column)) for column in self.columns)
        names = {name: sql.Identifier(self.schema, name) for name in ("buyers", "orders", "shipments")}
        return sql.SQL(DATES[self.table]).format(present=sql.SQL("({})").format(present), **names)


@dataclass(frozen=True)
class Due:
    """How many rows hold personal data, how many of them are due at a moment, and the earliest date of all."""

    rows: int
    due: int
    earliest: datetime | None


def subjects(connection: Connection, catalog: Catalog) -> tuple[Subject, ...]:
    """Every table of the rule in every merchant's schema."""
    columns = {table: tuple(column.name for column in catalog.data_map.table(table).personal()) for table in TABLES}
    wanted = [*TABLES, "orders"]
    schemas = [name for (name,) in connection.execute(_SCHEMAS, (wanted, len(wanted)))]
    return tuple(Subject(schema, table, columns[table]) for schema in schemas for table in TABLES)


def unreachable(connection: Connection, found: tuple[Subject, ...]) -> tuple[str, ...]:
    """Schemas that cannot be looked at: merchants of the register without their tables, and schemas that hold only some of them."""
    wanted = [*TABLES, "orders"]
    partial = [name for (name,) in connection.execute(_PARTIAL, (wanted, len(wanted)))]
    row = connection.execute("SELECT to_regclass('platform.merchant') IS NOT NULL").fetchone()
    if not row or not row[0]:
        return tuple(partial)
    there = {subject.schema for subject in found}
    absent = [name for (name,) in connection.execute(_REGISTERED) if name not in there]
    return tuple(sorted({*partial, *absent}))


def due(connection: Connection, subject: Subject, rule: Rule, at: datetime) -> Due:
    """Count what is due at `at`."""
    query = sql.SQL("SELECT count(*), count(*) FILTER (WHERE due <= %(at)s), min(due) FROM ({}) dated").format(subject.dates())
    row = connection.execute(query, parameters(rule, at)).fetchone()
    assert row is not None
    return Due(row[0], row[1], row[2])


def parameters(rule: Rule, at: datetime) -> Mapping[str, Any]:
    return {**rule.parameters(), "at": at}
