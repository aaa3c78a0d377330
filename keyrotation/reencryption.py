"""The job `keys.reencrypt`: steps 7 and 8 of a rotation. What stands under an earlier data key is written again under the active
one; a data key that nothing stands under any more is retired.

    0  lock        one re-encryption at a time; the merchants that are not erased, from the platform's register
    7  sweep       every table of the column register (`keyrotation.sweep`), merchant by merchant
    8  retire      an earlier data key, when a query over every encrypted column finds no value under it, and the active key has been
                   active for longer than an application may go on writing under the one before it (`SETTLED`)

A retired key's wrap stays in the ring: a restored backup holds values under it. A merchant that fails does not stop the others; it
fails the report. Each merchant may be done by another process: what goes to it is the merchant's id and schema, never a key or a value.

>>> reencrypt(clients, catalog.data_map, progress, apply=True, pace=Pace(rows_per_second=10_000))
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from keyrotation.cipher import FieldCipher
from keyrotation.columns import SealedTable, sealed_tables
from keyrotation.errors import UnknownKey
from keyrotation.key_cache import TTL_SECONDS, KeyCache
from keyrotation.opening import open_ring
from keyrotation.register import merchant_schemas
from keyrotation.ring import KeyEvent, KeyState, Ring
from keyrotation.sweep import Sweep, Swept
from promises.model import DataMap
from services.clients import Clients
from services.errors import KeptError, Unreachable

SETTLED = timedelta(seconds=2 * TTL_SECONDS)
"""For how long a key must have been the active one before those before it may retire: a process holds what it believes to be the
active key for `TTL_SECONDS`, and a transaction begun then may commit later."""

PROGRESS_EVERY = 50


@dataclass
class Pace:
    """At most so many rows a second (0: as fast as it goes), kept by waiting after each batch."""

    rows_per_second: float = 0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _due: float = field(default=0, init=False)

    def __call__(self, rows: int) -> None:
        if self.rows_per_second <= 0:
            return
        now = self.clock()
        self._due = max(self._due, now) + rows / self.rows_per_second
        self.sleep(self._due - now)


@dataclass(frozen=True)
class MerchantResult:
    """One merchant: its active kid, what each table's sweep met, values left under earlier keys, kids retired and still in use."""

    merchant: UUID
    kid: int = 0
    tables: Mapping[str, Swept] = field(default_factory=dict)
    left: int = 0
    retired: tuple[int, ...] = ()
    in_use: tuple[int, ...] = ()
    problem: str = ""

    @property
    def swept(self) -> Swept:
        return sum(self.tables.values(), Swept())

    @property
    def failed(self) -> bool:
        return bool(self.problem) or self.swept.failed > 0


@dataclass(frozen=True)
class ReencryptionReport:
    """One run. Without `applied` nothing was changed, and `left` says what would be written again."""

    run: UUID
    applied: bool
    results: tuple[MerchantResult, ...]

    @property
    def failures(self) -> tuple[MerchantResult, ...]:
        return tuple(result for result in self.results if result.failed)

    def summary(self) -> str:
        """One line for a person."""
        left = sum(result.left for result in self.results)
        if not self.applied:
            behind = sum(result.left > 0 for result in self.results)
            return f"{left} values of {behind} merchants stand under earlier data keys; nothing was changed"
        changed = sum(result.swept.changed for result in self.results)
        retired = sum(len(result.retired) for result in self.results)
        return f"{changed} rows re-encrypted, {left} values left, {retired} data keys retired, {len(self.failures)} merchants failed"


def reencrypt(
    clients: Clients, data_map: DataMap, progress: Callable[[str], None], *, apply: bool = False, pace: Pace | None = None
) -> ReencryptionReport:
    """Every merchant, one after the other; `LockTaken` when another run works."""
    tables = tuple(sealed_tables(data_map))
    run = uuid4()
    with open_ring(clients) as ring, ring.reencryption_lock():
        merchants = merchant_schemas(ring)
        results = []
        with _worker(clients, tables, run, pace or Pace()) as worker:
            for number, (schema, merchant) in enumerate(merchants.items(), start=1):
                results.append(worker.one(merchant, schema, apply=apply))
                if number % PROGRESS_EVERY == 0 or number == len(merchants):
                    progress(f"re-encryption: {number} of {len(merchants)} merchants done")
    return ReencryptionReport(run, apply, tuple(results))


@dataclass(frozen=True)
class Worker:
    """What one process re-encrypts with: its ring, its cipher and the cache behind it, and the tables."""

    clients: Clients
    ring: Ring
    cache: KeyCache
    tables: tuple[SealedTable, ...]
    run: UUID
    pace: Pace
    settled: timedelta = SETTLED

    def one(self, merchant: UUID, schema: str, *, apply: bool) -> MerchantResult:
        """One merchant. An error of its own is told in its result; an unreachable server ends the run."""
        try:
            return self._one(merchant, schema, apply=apply)
        except Unreachable:
            raise
        except KeptError as error:
            return MerchantResult(merchant, problem=error.code)
        finally:
            self.cache.forget(merchant)

    def _one(self, merchant: UUID, schema: str, *, apply: bool) -> MerchantResult:
        kid = self._active(merchant)
        with self.clients.database(autocommit=True) as writer, self.clients.database(autocommit=True) as reader:
            cipher = FieldCipher(self.cache)
            sweeps = [Sweep(writer, reader, cipher, merchant, schema, table, paced=self.pace) for table in self.tables]
            swept = {sweep.table.name: sweep.run(lambda: self._active(merchant)) for sweep in sweeps} if apply else {}
            retired, in_use = self._retire(merchant, sweeps, apply=apply)
            return MerchantResult(merchant, kid, swept, sum(sweep.left(kid) for sweep in sweeps), retired, in_use)

    def _active(self, merchant: UUID) -> int:
        """The active kid as the ring has it now; the cache asks anew, so that the sweep writes under that very key."""
        self.cache.look_again(merchant)
        kid = self.ring.active(merchant)
        if kid is None:
            raise UnknownKey(f"merchant {merchant} has no data key", "create its keys before writing its data")
        return kid

    def _retire(self, merchant: UUID, sweeps: list[Sweep], *, apply: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Step 8: the kids retired now, and the earlier ones that stay in use."""
        active = self._active(merchant)
        earlier = [key.kid for key in self.ring.keys(merchant) if key.state is KeyState.ACTIVE and key.kid != active]
        settled = self.ring.settled(merchant, active, self.settled)
        retired = [kid for kid in earlier if apply and settled and self._retired(merchant, kid, sweeps)]
        return tuple(retired), tuple(kid for kid in earlier if kid not in retired)

    def _retired(self, merchant: UUID, kid: int, sweeps: list[Sweep]) -> bool:
        found = sum(sweep.under(kid) for sweep in sweeps)
        return not found and self.ring.retire(merchant, kid, KeyEvent(self.run, merchant, kid, "retire", "active", "0 values"))


@contextmanager
def _worker(clients: Clients, tables: tuple[SealedTable, ...], run: UUID, pace: Pace) -> Iterator[Worker]:
    """The cache reserves nonces over a connection of its own: the ring's holds the lock."""
    with open_ring(clients) as own:
        yield Worker(clients, own, KeyCache(own, clients.vault("app")), tables, run, pace)
