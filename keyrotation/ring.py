"""The key ring: a merchant's data keys in Postgres, wrapped, with their commitments and the explicit active one.

A thin shell over SQL. It opens no key and asks Vault nothing. Rules:

* Every change is committed when the call returns (the connection is in autocommit mode), for a key must be in the ring before the
  first value is written under it, and nonces must be counted before they are used.
* What changes a key and what is recorded of it commit together (`kept.key_event`; wraps and keys never stand there).
* A rewrapped wrap replaces the old one only if that is still the one that was read (compare and set), and only after its
  commitment was checked: `propose`, then `confirm`.
* Creating or activating a key happens under the merchant's lock, a rotation under one lock for all; both are session advisory
  locks, so the database frees them when the process dies.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import kwargs_row, tuple_row

from keyrotation.errors import LockTaken, UnknownKey
from services.errors import Refused, Unreachable, UsageError

NONCE_BLOCK = 2**20
"""Nonces a process reserves at a time (counted and committed before use)."""

NONCE_CAP = 2**31
"""Reserved nonces at which a new data key takes over; NIST SP 800-38D allows 2^32 random ones per key."""


class KeyState(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    RETIRED = "retired"
    DESTROYED = "destroyed"


@dataclass(frozen=True)
class DataKey:
    """One row of the ring. `wrapped` is None once destroyed; `candidate` is a rewrap that was not checked yet."""

    merchant: UUID
    kid: int
    wrapped: str | None
    candidate: str | None
    commitment: bytes
    state: KeyState
    nonces_reserved: int
    created_at: datetime


@dataclass(frozen=True)
class KeyEvent:
    """What is recorded of a change: the run it belongs to, the step, and versions or kids before and after."""

    run: UUID | None
    merchant: UUID | None
    kid: int | None
    step: str
    before: str = ""
    after: str = ""


_SELECT = "SELECT merchant, kid, wrapped, candidate, commitment, state, nonces_reserved, created_at FROM kept.data_key"
_RECORD = "INSERT INTO kept.key_event (run, merchant, kid, step, before, after) VALUES (%s, %s, %s, %s, %s, %s)"


class Ring:
    """The ring over one connection of its own, in autocommit mode (never the application's transaction)."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        if not connection.autocommit:
            raise UsageError("the key ring needs a connection of its own in autocommit mode", "open it with autocommit=True")
        self.connection = connection

    def keys(self, merchant: UUID) -> tuple[DataKey, ...]:
        """The keys of one merchant, by kid."""
        return self._keys("WHERE merchant = %s", (merchant,))

    def all_keys(self) -> tuple[DataKey, ...]:
        """The keys of all merchants, by merchant and kid."""
        return self._keys("", ())

    def key(self, merchant: UUID, kid: int) -> DataKey:
        """One key that can be opened; `UnknownKey` when it is missing or destroyed."""
        found = next(iter(self._keys("WHERE merchant = %s AND kid = %s", (merchant, kid))), None)
        if found is None or found.wrapped is None:
            state = "missing from the ring" if found is None else "destroyed"
            raise UnknownKey(f"data key {kid} of merchant {merchant} is {state}", "was the merchant erased, or the ring restored?")
        return found

    def active(self, merchant: UUID) -> int | None:
        """The kid new values are written under, or None when the merchant has none yet."""
        row = self._one("SELECT kid FROM kept.active_key WHERE merchant = %s", (merchant,))
        return None if row is None else int(row[0])

    def all_active(self) -> dict[UUID, int]:
        with _border(), self.connection.cursor(row_factory=tuple_row) as cursor:
            return {row[0]: int(row[1]) for row in cursor.execute("SELECT merchant, kid FROM kept.active_key")}

    def next_kid(self, merchant: UUID) -> int:
        """The number of the next key; destroyed rows count, so no number comes twice. Call under the merchant's lock."""
        row = self._one("SELECT coalesce(max(kid), 0) + 1 FROM kept.data_key WHERE merchant = %s", (merchant,))
        assert row is not None
        return int(row[0])

    def add(self, merchant: UUID, kid: int, wrapped: str, commitment: bytes, event: KeyEvent) -> None:
        """A new key, pending: committed before any value can be written under it."""
        insert = "INSERT INTO kept.data_key (merchant, kid, wrapped, commitment) VALUES (%s, %s, %s, %s)"
        with self._recorded(event):
            self.connection.execute(insert, (merchant, kid, wrapped, commitment))

    def activate(self, merchant: UUID, kid: int, event: KeyEvent) -> None:
        """New values go under `kid` from now on; values under earlier keys stay readable."""
        point = "INSERT INTO kept.active_key (merchant, kid) VALUES (%s, %s) ON CONFLICT (merchant) DO UPDATE SET kid = excluded.kid"
        state = "UPDATE kept.data_key SET state = 'active' WHERE merchant = %s AND kid = %s AND state = 'pending'"
        with self._recorded(event):
            self.connection.execute(state, (merchant, kid))
            self.connection.execute(point, (merchant, kid))

    def retire(self, merchant: UUID, kid: int, event: KeyEvent) -> bool:
        """No value stands under `kid` any more; its wrap stays, for a restored backup. False for the active key, or one not in use."""
        update = (
            "UPDATE kept.data_key AS k SET state = 'retired' WHERE merchant = %s AND kid = %s AND state = 'active'"
            " AND NOT EXISTS (SELECT FROM kept.active_key AS a WHERE a.merchant = k.merchant AND a.kid = k.kid) RETURNING kid"
        )
        return self._change(update, (merchant, kid), event)

    def settled(self, merchant: UUID, kid: int, time: timedelta) -> bool:
        """Whether `kid` has been the active key for at least that long, by the database's clock and the recorded activation."""
        query = (
            "SELECT max(at) <= clock_timestamp() - %s::interval FROM kept.key_event"
            " WHERE merchant = %s AND kid = %s AND step = 'activate' HAVING max(at) IS NOT NULL"
        )
        row = self._one(query, (time, merchant, kid))
        return row is not None and bool(row[0])

    def reserve(self, merchant: UUID, kid: int, count: int, cap: int = NONCE_CAP) -> bool:
        """Count `count` nonces as used, committed; False when the key's budget would be overspent."""
        update = (
            "UPDATE kept.data_key SET nonces_reserved = nonces_reserved + %s"
            " WHERE merchant = %s AND kid = %s AND state = 'active' AND nonces_reserved + %s <= %s RETURNING kid"
        )
        return self._one(update, (count, merchant, kid, count, cap)) is not None

    def propose(self, merchant: UUID, kid: int, wrapped: str, candidate: str, event: KeyEvent) -> bool:
        """Keep a rewrapped wrap beside the one it came from; False when that one is no longer there (compare and set)."""
        update = "UPDATE kept.data_key SET candidate = %s WHERE merchant = %s AND kid = %s AND wrapped = %s RETURNING kid"
        return self._change(update, (candidate, merchant, kid, wrapped), event)

    def confirm(self, merchant: UUID, kid: int, candidate: str, event: KeyEvent) -> bool:
        """The candidate's commitment holds: it takes the place of the old wrap; False when it is no longer there."""
        update = (
            "UPDATE kept.data_key SET wrapped = candidate, candidate = NULL"
            " WHERE merchant = %s AND kid = %s AND candidate = %s RETURNING kid"
        )
        return self._change(update, (merchant, kid, candidate), event)

    def reject(self, merchant: UUID, kid: int, candidate: str, event: KeyEvent) -> bool:
        """The candidate is not the committed key: it goes, the old wrap stays."""
        update = "UPDATE kept.data_key SET candidate = NULL WHERE merchant = %s AND kid = %s AND candidate = %s RETURNING kid"
        return self._change(update, (merchant, kid, candidate), event)

    def record(self, event: KeyEvent) -> None:
        """Record a change made elsewhere (a key rotated in Vault)."""
        with self._recorded(event):
            pass

    @contextmanager
    def merchant_lock(self, merchant: UUID) -> Iterator[None]:
        """Wait for the lock under which a merchant's keys are created and activated."""
        name = f"kept.keys.{merchant}"
        self._one("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (name,))
        try:
            yield
        finally:
            self._unlock(name)

    def rotation_lock(self) -> AbstractContextManager[None]:
        """Hold the lock of all rotations; `LockTaken` when another process has it."""
        return self._only("rotation")

    def reencryption_lock(self) -> AbstractContextManager[None]:
        """Hold the lock of all re-encryptions; `LockTaken` when another process has it."""
        return self._only("re-encryption")

    @contextmanager
    def _only(self, work: str) -> Iterator[None]:
        name = f"kept.keys.{work}"
        row = self._one("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (name,))
        if row is None or not row[0]:
            raise LockTaken(f"another {work} is running", "wait for it to end; its lock is freed when its process ends")
        try:
            yield
        finally:
            self._unlock(name)

    def _unlock(self, name: str) -> None:
        """A closed connection has freed its locks already."""
        if not self.connection.closed:
            self._one("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (name,))

    @contextmanager
    def _recorded(self, event: KeyEvent) -> Iterator[None]:
        with _border(), self.connection.transaction():
            yield
            self._record(event)

    def _change(self, update: str, values: tuple[object, ...], event: KeyEvent) -> bool:
        """An update that answers the row it changed; recorded only when it changed one."""
        with _border(), self.connection.transaction():
            changed = self._one(update, values) is not None
            if changed:
                self._record(event)
        return changed

    def _record(self, event: KeyEvent) -> None:
        self.connection.execute(_RECORD, (event.run, event.merchant, event.kid, event.step, event.before, event.after))

    def _keys(self, where: str, values: tuple[object, ...]) -> tuple[DataKey, ...]:
        with _border(), self.connection.cursor(row_factory=kwargs_row(_data_key)) as cursor:
            return tuple(cursor.execute(f"{_SELECT} {where} ORDER BY merchant, kid", values))

    def _one(self, query: str, values: tuple[object, ...]) -> tuple[Any, ...] | None:
        with _border(), self.connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(query, values).fetchone()


@contextmanager
def _border() -> Iterator[None]:
    """A lost database, or one without our tables, becomes an error of ours; its message names no value."""
    try:
        yield
    except psycopg.OperationalError as error:
        raise Unreachable(f"the key ring's database failed ({type(error).__name__})", "is Postgres running?") from error
    except psycopg.errors.UndefinedTable as error:
        raise Refused("the database has no key ring (schema kept)", "create the first merchant's keys: `kept demo` does") from error


def _data_key(**columns: Any) -> DataKey:
    return DataKey(**{**columns, "state": KeyState(columns["state"])})
