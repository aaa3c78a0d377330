"""Offline verification: from the log's objects and two trusted keys to a list of problems, the first bad record by name.

1. Trusted keys come from the caller only. Records are numbered 0..n-1; anything else under `records/` is a problem.
2. Every envelope's signature, every statement, every writer's counter; one environment and one platform, and in production no
   record made under a moved clock; times that do not run backwards beyond a tolerance (a late record says so itself), none in
   the future, no run that finished after its record was made.
3. Every stored and every pinned checkpoint: signature, origin, and the root over its size. A pinned size above n is a cut tail.
4. The newest checkpoint is stale when the newest record it covers is older than `max_age`: a checkpoint has no time of its own.

What it cannot see: a tail cut down to a size not below the newest pinned checkpoint; records that a job never wrote; a clock that
was wrong by less than the tolerance when the record was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from evidence import merkle
from evidence.composing import sha256
from evidence.counting import Arrival, Counters
from evidence.errors import BadSignature, Malformed
from evidence.notes import Checkpoint, open_checkpoint
from evidence.records import CHECKPOINTS, RECORDS, NotARecord, Record, checkpoint_key, open_envelope, record_key
from evidence.statements import ControlRun, Gap, LogEvent, Predicate
from evidence.stores import Store
from evidence.trust import Trust

TOLERANCE = timedelta(minutes=5)
"""How far the clocks of two writers may differ."""

MAX_AGE = timedelta(hours=26)
"""A heartbeat is written each day; two hours of grace."""


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: an object's key, or a pinned checkpoint's name."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True)
class Pinned:
    """A checkpoint that was held elsewhere: the name it is told by, and its note."""

    name: str
    note: bytes


@dataclass(frozen=True)
class Verification:
    """What was found. `records` are the verified ones that the newest checkpoint covers; `note` is that checkpoint.

    `uncovered` counts records that no checkpoint covers yet; `late` lists the numbers of records that waited in a spool.
    """

    problems: tuple[Problem, ...]
    size: int
    root: str
    records: tuple[Record, ...]
    note: bytes
    uncovered: int
    late: tuple[int, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class Demands:
    """What is asked of a log beyond its integrity. `environment` and `platform` of None: those of its first record."""

    now: datetime
    max_age: timedelta | None = MAX_AGE
    environment: str | None = None
    platform: str | None = None


def verify(store: Store, trust: Trust, demands: Demands, pinned: Iterable[Pinned] = ()) -> Verification:
    """Verify a log; never raises for what it finds, only for a store that cannot be read."""
    return _Pass(store, trust, demands).run(tuple(pinned))


@dataclass
class _Claim:
    """A checkpoint to be checked against the records: where it comes from, and what it says."""

    where: str
    says: Checkpoint
    note: bytes
    pinned: bool


@dataclass
class _World:
    """What one record must have in common with those before it."""

    demands: Demands
    latest: datetime | None = None
    environment: str | None = None
    platform: str | None = None

    def __post_init__(self) -> None:
        self.environment = self.demands.environment
        self.platform = self.demands.platform

    def objections(self, predicate: Predicate) -> list[str]:
        found = self._place(predicate)
        if not predicate.clock_override:
            found += self._time(predicate)
        return found

    def _place(self, predicate: Predicate) -> list[str]:
        found = []
        self.environment = self.environment or predicate.environment
        self.platform = self.platform or predicate.platform
        if predicate.environment != self.environment:
            found.append(f"is of the environment {predicate.environment}, this log is of {self.environment}")
        if predicate.platform != self.platform:
            found.append(f"is of the platform {predicate.platform}, this log is of {self.platform}")
        if predicate.clock_override and self.environment == "production":
            found.append("was made under a moved clock, which production never accepts")
        return found

    def _time(self, predicate: Predicate) -> list[str]:
        at, found = predicate.time_created, []
        if at > self.demands.now + TOLERANCE:
            found.append(f"is dated {at.isoformat()}, which is in the future")
        if isinstance(predicate, ControlRun) and predicate.finished > at + TOLERANCE:
            found.append("tells of a run that finished after the record was made")
        if not predicate.late:
            if self.latest is not None and at < self.latest - TOLERANCE:
                found.append(f"is dated {at.isoformat()}, before its neighbours ({self.latest.isoformat()})")
            self.latest = at if self.latest is None else max(self.latest, at)
        return found


@dataclass
class _Pass:
    """One pass over the records."""

    store: Store
    trust: Trust
    demands: Demands
    problems: list[Problem] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    late: list[int] = field(default_factory=list)
    newest: datetime | None = None

    def run(self, pinned: Sequence[Pinned]) -> Verification:
        claims = [*self._stored(), *self._given(pinned)]
        unread, self.problems = self.problems, []
        covered = max((claim.says.size for claim in claims if not claim.pinned), default=0)
        keys, later = self._names()
        tree = self._walk(keys, claims)
        self.problems += [*later, *unread]
        newest = max((each for each in claims if not each.pinned), key=lambda each: each.says.size, default=None)
        if newest is None:
            self._say(CHECKPOINTS, "there is no checkpoint that the log key has signed")
        for claim in claims:
            if claim.says.size > len(keys):
                self._say(claim.where, _cut(claim, len(keys)))
        self._stale()
        return Verification(
            tuple(self.problems),
            min(covered, len(keys)),
            tree.hex(),
            tuple(self.records),
            newest.note if newest else b"",
            max(len(keys) - covered, 0),
            tuple(self.late),
        )

    def _stored(self) -> list[_Claim]:
        keys = list(self.store.list(CHECKPOINTS))
        found = []
        for key, note in zip(keys, self.store.get_many(keys), strict=True):
            claim = self._claim(key, note, pinned=False)
            if claim and key != checkpoint_key(claim.says.size):
                self._say(key, f"holds the checkpoint of {claim.says.size} records")
            elif claim:
                found.append(claim)
        return found

    def _given(self, pinned: Sequence[Pinned]) -> list[_Claim]:
        return [claim for each in pinned if (claim := self._claim(each.name, each.note, pinned=True))]

    def _claim(self, where: str, note: bytes, *, pinned: bool) -> _Claim | None:
        try:
            return _Claim(where, open_checkpoint(note, self.trust.log_keys), note, pinned)
        except (Malformed, BadSignature) as error:
            self._say(where, error.message)
            return None

    def _names(self) -> tuple[list[str], list[Problem]]:
        """The keys of the records 0..n-1, and what stands beyond them."""
        keys = list(self.store.list(RECORDS))
        whole = 0
        while whole < len(keys) and keys[whole] == record_key(whole):
            whole += 1
        problems = []
        if whole < len(keys):
            problems.append(Problem(record_key(whole), "is missing, but there are objects beyond it"))
            foreign = [key for key in keys[whole:] if not key.removeprefix(RECORDS).isdigit()]
            problems += [Problem(key, "is no record's name") for key in foreign]
        return keys[:whole], problems

    def _walk(self, keys: Sequence[str], claims: Sequence[_Claim]) -> bytes:
        """Check every record and, where one ends, every checkpoint; returns the root over what the newest covers."""
        by_size: dict[int, list[_Claim]] = {}
        for claim in claims:
            by_size.setdefault(claim.says.size, []).append(claim)
        covered = max((claim.says.size for claim in claims if not claim.pinned), default=0)
        tree, counters, world, matched = merkle.Frontier(), _Announced(), _World(self.demands), 0
        root, trusted, check = tree.root(), self.trust.records, self._check
        for number, raw in enumerate(self.store.get_many(keys)):
            tree.append(merkle.leaf_hash(raw))
            try:
                payload, statement = open_envelope(raw, trusted)
            except NotARecord as error:
                self._say(keys[number], str(error))
            else:
                if check(keys[number], statement.predicate, counters, world):
                    self._keep(Record(number, sha256(raw), payload), statement.predicate, covered)
            if number + 1 in by_size:
                root = tree.root()
                matched = self._compare(by_size[number + 1], root, matched)
        for claim in by_size.get(0, ()):
            self._compare([claim], merkle.EMPTY_ROOT, 0)
        for gap in counters.missing():
            self._say(f"writer {gap.writer}", f"its records {gap.first} to {gap.last} are missing")
        return root if covered <= len(keys) else tree.root()

    def _check(self, key: str, predicate: Predicate, counters: _Announced, world: _World) -> bool:
        objection = counters.objection(predicate)
        found = world.objections(predicate)
        for each in [objection, *found] if objection else found:
            self._say(key, each)
        return not objection and not found

    def _keep(self, record: Record, predicate: Predicate, covered: int) -> None:
        if record.number < covered:
            self.records.append(record)
            self.newest = predicate.time_created if self.newest is None else max(self.newest, predicate.time_created)
            if predicate.late:
                self.late.append(record.number)

    def _compare(self, claims: Iterable[_Claim], root: bytes, matched: int) -> int:
        """Check claims of one size; returns the largest size up to which the records are proven."""
        for claim in claims:
            if claim.says.root == root:
                matched = claim.says.size
            else:
                bound = f"records {matched} to {claim.says.size - 1}" if matched else f"the first {claim.says.size} records"
                self._say(claim.where, f"{bound} are not those it was signed over")
        return matched

    def _stale(self) -> None:
        if self.demands.max_age is None or self.newest is None:
            return
        age, allowed = self.demands.now - self.newest, self.demands.max_age
        if age > allowed:
            self._say(CHECKPOINTS, f"the log is stale: its newest record is {_hours(age)} old, at most {_hours(allowed)} is allowed")

    def _say(self, where: str, what: str) -> None:
        self.problems.append(Problem(where, what))


class _Announced:
    """The writers' counters, and the gaps that log events have announced."""

    def __init__(self) -> None:
        self._counters = Counters()
        self._gaps: set[Gap] = set()

    def objection(self, predicate: Predicate) -> str:
        mark = predicate.writer
        arrival = self._counters.judge(mark)
        if arrival is Arrival.REPEATED:
            return f"repeats record {mark.counter} of the writer {mark.id}"
        gap = self._counters.gap_before(mark) if arrival is Arrival.LEAVES else None
        self._counters.take(mark)
        if isinstance(predicate, LogEvent) and predicate.gap:
            self._gaps.add(predicate.gap)
        if gap and gap not in self._gaps:
            return f"is record {mark.counter} of the writer {mark.id}, whose records {gap.first} to {gap.last} are not before it"
        return ""

    def missing(self) -> Iterable[Gap]:
        return self._counters.missing()


def _cut(claim: _Claim, size: int) -> str:
    if claim.pinned:
        return f"covers {claim.says.size} records, the log holds {size}: its tail was cut"
    return f"covers {claim.says.size} records, only {size} are here without a gap"


def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:.1f} h"
