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
from evidence.errors import BadSignature, Malformed
from evidence.notes import Checkpoint, open_checkpoint
from evidence.records import CHECKPOINTS, RECORDS, NotARecord, Record, checkpoint_key, in_sequence, open_envelope, record_key
from evidence.rules import MAX_AGE, TOLERANCE, Arrivals, Demands, World
from evidence.statements import Predicate
from evidence.stores import Store
from evidence.trust import Trust

__all__ = ["MAX_AGE", "TOLERANCE", "Demands", "Pinned", "Problem", "Verification", "verify"]


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
        numbered, beyond = in_sequence(self.store.list(RECORDS))
        foreign = [key for key in beyond if not key.removeprefix(RECORDS).isdigit()]
        problems = []
        if len(foreign) < len(beyond):
            problems.append(Problem(record_key(len(numbered)), "is missing, but there are objects beyond it"))
        problems += [Problem(key, "is no record's name") for key in foreign]
        return numbered, problems

    def _walk(self, keys: Sequence[str], claims: Sequence[_Claim]) -> bytes:
        """Check every record and, where one ends, every checkpoint; returns the root over what the newest covers."""
        by_size: dict[int, list[_Claim]] = {}
        for claim in claims:
            by_size.setdefault(claim.says.size, []).append(claim)
        covered = max((claim.says.size for claim in claims if not claim.pinned), default=0)
        tree, counters, world, matched = merkle.Frontier(), Arrivals(), World(self.demands), 0
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

    def _check(self, key: str, predicate: Predicate, counters: Arrivals, world: World) -> bool:
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


def _cut(claim: _Claim, size: int) -> str:
    if claim.pinned:
        return f"covers {claim.says.size} records, the log holds {size}: its tail was cut"
    return f"covers {claim.says.size} records, only {size} are here without a gap"


def _hours(age: timedelta) -> str:
    return f"{age.total_seconds() / 3600:.1f} h"
