"""The job `retention.purge`: clear buyers' personal columns before their date; a plan until told to act.

1. In every merchant's schema, count the rows that are past their date (overdue) and those that the job takes now (due within its lead).
2. When it acts: in batches, lock the ids (skipping what others hold), look again whether they are due, set every personal column to
   NULL and `purged_at`, commit. The second look closes the race with an order that arrives in between.
3. Count again, against the limit itself: 0 overdue is the evidence.

The rows stay, for orders refer to them. The report holds counts, cut-offs and the digest of the query; never an id or a value.
Not gone with it: dead tuples until VACUUM, write-ahead log, replicas, point-in-time recovery (7 days), backups until they age out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from promises.model import Catalog
from retention.rules import PROMISE, TABLES, Rule, digest, lead
from retention.tables import Connection, Subject, due, parameters, subjects, unreachable

Progress = Callable[[str], None]

BATCH = 5_000

_LOCK = "SELECT id FROM {table} WHERE id IN (SELECT id FROM ({dates}) dated WHERE due <= %(at)s LIMIT {batch}) FOR UPDATE SKIP LOCKED"
_CLEAR = """
    UPDATE {table} SET {cleared}, purged_at = %(now)s
    WHERE id = ANY(%(ids)s) AND id IN (SELECT id FROM ({dates}) dated WHERE due <= %(at)s)
"""


@dataclass(frozen=True)
class TablePurge:
    """One table over all merchants."""

    table: str
    merchants: int
    rows_with_personal_data: int
    overdue_before: int
    matched: int
    purged: int
    overdue_after: int
    left: int
    """Rows the job should have taken and could not (others held them): the next run does."""


@dataclass(frozen=True)
class PurgeReport:
    """Evidence of one run (or, with `applied` false, a plan). `cut_off`: rows whose date is reached by then were taken."""

    rule: str
    applied: bool
    at: datetime
    cut_off: datetime
    query_sha256: str
    tables: tuple[TablePurge, ...]
    merchants: int
    unreachable: tuple[str, ...]
    overdue_before: int
    purged: int
    overdue_after: int
    legal_holds: int | None
    """None: there is no register of holds yet, so nothing was held back."""


def purge(connection: Connection, catalog: Catalog, now: datetime, progress: Progress, *, apply: bool) -> PurgeReport:
    """Plan, or act. Each batch is a transaction of its own, so a run that is stopped has done what it said."""
    rule = Rule.of(catalog)
    cut_off = now + lead(catalog)
    found = subjects(connection, catalog)
    missing = unreachable(connection, found)
    connection.commit()
    tables = []
    for table in TABLES:
        of_table = tuple(subject for subject in found if subject.table == table)
        tables.append(_table(connection, table, of_table, _Moment(rule, now, cut_off), apply=apply))
        progress(f"{table}: {tables[-1].matched} due, {tables[-1].purged} purged, {tables[-1].overdue_after} overdue")
    return PurgeReport(
        rule=PROMISE,
        applied=apply,
        at=now,
        cut_off=cut_off,
        query_sha256=digest(),
        tables=tuple(tables),
        merchants=len({subject.schema for subject in found}),
        unreachable=missing,
        overdue_before=sum(each.overdue_before for each in tables),
        purged=sum(each.purged for each in tables),
        overdue_after=sum(each.overdue_after for each in tables),
        legal_holds=None,
    )


@dataclass(frozen=True)
class _Moment:
    rule: Rule
    now: datetime
    cut_off: datetime


@dataclass(frozen=True)
class _Counts:
    rows: int
    overdue: int
    matched: int


def _table(connection: Connection, table: str, found: tuple[Subject, ...], moment: _Moment, *, apply: bool) -> TablePurge:
    before = _count(connection, found, moment)
    purged = sum(_purge(connection, subject, moment) for subject in found) if apply and before.matched else 0
    after = _count(connection, found, moment)
    return TablePurge(
        table=table,
        merchants=len(found),
        rows_with_personal_data=before.rows,
        overdue_before=before.overdue,
        matched=before.matched,
        purged=purged,
        overdue_after=after.overdue,
        left=after.matched,
    )


def _count(connection: Connection, found: tuple[Subject, ...], moment: _Moment) -> _Counts:
    overdue = [due(connection, subject, moment.rule, moment.now) for subject in found]
    matched = [due(connection, subject, moment.rule, moment.cut_off) for subject in found]
    connection.commit()
    return _Counts(sum(each.rows for each in overdue), sum(each.due for each in overdue), sum(each.due for each in matched))


def _purge(connection: Connection, subject: Subject, moment: _Moment) -> int:
    """Batches until none is left that can be locked; how many rows were cleared."""
    total = 0
    while cleared := _batch(connection, subject, moment):
        total += cleared
    return total


def _batch(connection: Connection, subject: Subject, moment: _Moment) -> int:
    values = dict(parameters(moment.rule, moment.cut_off))
    lock = sql.SQL(_LOCK).format(table=subject.identifier, dates=subject.dates(), batch=BATCH)
    cleared = sql.SQL(", ").join(sql.SQL("{} = NULL").format(sql.Identifier(column)) for column in subject.columns)
    clear = sql.SQL(_CLEAR).format(table=subject.identifier, cleared=cleared, dates=subject.dates())
    with connection.transaction():
        ids = [row for (row,) in connection.execute(lock, values)]
        return connection.execute(clear, {**values, "ids": ids, "now": moment.now}).rowcount if ids else 0
