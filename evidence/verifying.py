"""Offline verification: from the log's objects and two trusted keys to a list of problems, the first bad record by name.

0. The caller gives the first record key and the first log key, for ever. Every later one is announced in the log by both keys in
   force before it, and is trusted for what comes after (`evidence.succession`).
1. Nothing else is trusted. Records are numbered 0..n-1; anything else under `records/` is a problem.
2. Every envelope's signature, every statement, every writer's counter; one environment and one platform, and in production no
   record made under a moved clock; times that do not run backwards beyond a tolerance (a late record says so itself), none in
   the future, no run that finished after its record was made.
3. Every stored and every pinned checkpoint: signature by the log key of its size, origin, and the root over its size. A pinned size
   above n is a cut tail.
4. The newest checkpoint is stale when the newest record it covers is older than `max_age`: a checkpoint has no time of its own.

What it cannot see: a tail cut down to a size not below the newest pinned checkpoint; records that a job never wrote; a clock that
was wrong by less than the tolerance when the record was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from evidence import merkle
from evidence.composing import sha256
from evidence.errors import BadSignature, Malformed
from evidence.notes import Checkpoint, claimed
from evidence.records import (
    CHECKPOINTS,
    RECORDS,
    NotARecord,
    Record,
    checkpoint_key,
    in_sequence,
    record_key,
    signed_payloads,
    statement_in,
)
from evidence.rules import MAX_AGE, TOLERANCE, Arrivals, Demands, World
from evidence.statements import Predicate
from evidence.stores import Store
from evidence.succession import KeyPeriod, Succession
from evidence.trust import Trust

__all__ = ["MAX_AGE", "TOLERANCE", "Demands", "Pinned", "Problem", "Verification", "verify"]

_AHEAD = 256
"""Signatures are checked so many at a time; a log's keys change rarely."""

_EXPLAINED = 1000
"""Of how many unsigned records it is looked into whose they are; the others are named like them."""


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

    `uncovered` counts records that no checkpoint covers yet; `late` lists the numbers of records that waited in a spool; `keys` are
    those of the log, from the two first on.
    """

    problems: tuple[Problem, ...]
    size: int
    root: str
    records: tuple[Record, ...]
    note: bytes
    uncovered: int
    late: tuple[int, ...]
    keys: tuple[KeyPeriod, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def verify(store: Store, trust: Trust, demands: Demands, pinned: Iterable[Pinned] = ()) -> Verification:
    """Verify a log; never raises for what it finds, only for a store that cannot be read."""
    return _Pass(store, trust, demands).run(tuple(pinned))


@dataclass(frozen=True)
class _Claim:
    """A checkpoint to be checked against the records: where it comes from, and what it says."""

    where: str
    says: Checkpoint
    note: bytes
    pinned: bool


@dataclass
class _Covered:
    """What the largest stored checkpoint covers: its size and note, and how much of what was found lies under it."""

    size: int = 0
    note: bytes = b""
    root: bytes = merkle.EMPTY_ROOT
    records: int = 0
    late: int = 0
    newest: datetime | None = None


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
    covered: _Covered = field(default_factory=_Covered)
    unsigned: list[tuple[int, int, bytes]] = field(default_factory=list)
    unproven: list[tuple[int, _Claim]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys = Succession(self.trust)
        self.tree = merkle.Frontier()
        self.proven = 0
        self.beyond: list[_Claim] = []

    def run(self, pinned: Sequence[Pinned]) -> Verification:
        claims = [*self._stored(), *self._given(pinned)]
        unread, self.problems = self.problems, []
        numbered, later = self._names()
        self._walk(numbered, claims)
        self.problems += [*later, *unread]
        self._judge(self.beyond)
        if not self.covered.note:
            self._say(CHECKPOINTS, "there is no checkpoint that the log key has signed")
        self._stale()
        size = min(self.covered.size, len(numbered))
        return Verification(
            tuple(self.problems),
            size,
            self.covered.root.hex(),
            tuple(self.records[: self.covered.records]),
            self.covered.note,
            len(numbered) - size,
            tuple(self.late[: self.covered.late]),
            self.keys.periods,
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
        """What a note says; who signed it is judged when the walk has come to its size, for then its key is known."""
        try:
            return _Claim(where, claimed(note), note, pinned)
        except Malformed as error:
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

    def _walk(self, numbered: Sequence[str], claims: Sequence[_Claim]) -> None:
        """Check every record and, where one ends, every checkpoint; those that claim more than there is are left over."""
        by_size: dict[int, list[_Claim]] = {}
        for claim in claims:
            by_size.setdefault(claim.says.size, []).append(claim)
        self._judge(by_size.pop(0, ()))
        counters, world = Arrivals(), World(self.demands)
        for number, (raw, payload) in enumerate(self._opened(self.store.get_many(numbered))):
            self._record(number, raw, payload, counters, world)
            self.tree.append(merkle.leaf_hash(raw))
            if number + 1 in by_size:
                self._judge(by_size.pop(number + 1))
        self._explain()
        for gap in counters.missing():
            self._say(f"writer {gap.writer}", f"its records {gap.first} to {gap.last} are missing")
        self.beyond = [claim for size in sorted(by_size) for claim in by_size[size]]

    def _opened(self, raws: Iterator[bytes]) -> Iterator[tuple[bytes, bytes | NotARecord]]:
        """Each record with its payload, signed by a key that may sign there: checked ahead, and again once the keys have changed."""
        while ahead := list(islice(raws, _AHEAD)):
            turns = self.keys.turns
            for raw, payload in zip(ahead, signed_payloads(ahead, self.keys.records), strict=True):
                yield raw, payload if turns == self.keys.turns else signed_payloads([raw], self.keys.records)[0]

    def _record(self, number: int, raw: bytes, payload: bytes | NotARecord, counters: Arrivals, world: World) -> None:
        try:
            if isinstance(payload, NotARecord):
                raise payload
            predicate = statement_in(payload).predicate
        except NotARecord as error:
            self._refuse(number, raw, error)
            return
        objection = self._placed(number, raw, predicate) if self.keys.concerns(predicate) else ""
        if self._check(number, predicate, counters, world) and not objection:
            self.records.append(Record(number, sha256(raw), payload))
            self.newest = predicate.time_created if self.newest is None else max(self.newest, predicate.time_created)
            if predicate.late:
                self.late.append(number)

    def _placed(self, number: int, raw: bytes, predicate: Predicate) -> str:
        """Why a record may not stand here by the key that signed it, or by the key it announces; empty when it may."""
        objection = self.keys.objection(number, raw, predicate, self.tree.root())
        if objection:
            self._say(record_key(number), objection)
        else:
            self.keys.take(predicate)
        return objection

    def _refuse(self, number: int, raw: bytes, error: NotARecord) -> None:
        if error.reason == "not-signed" and len(self.unsigned) < _EXPLAINED:
            self.unsigned.append((len(self.problems), number, raw))
        self._say(record_key(number), str(error))

    def _explain(self) -> None:
        """Say of records and checkpoints that no key in force has signed whether another key of this log has."""
        for position, number, raw in self.unsigned:
            told = self.keys.too_early(number, raw) or self.keys.explain(raw)
            if told:
                self.problems[position] = Problem(record_key(number), told)
        for position, claim in self.unproven:
            told = self.keys.foreign(claim.note)
            if told:
                self.problems[position] = Problem(claim.where, told)

    def _check(self, number: int, predicate: Predicate, counters: Arrivals, world: World) -> bool:
        objection = counters.objection(predicate)
        found = world.objections(predicate)
        for each in [objection, *found] if objection else found:
            self._say(record_key(number), each)
        return not objection and not found

    def _judge(self, claims: Iterable[_Claim]) -> None:
        """Check checkpoints of one size: the signature of that size's key, and the root over what was read so far."""
        for claim in claims:
            try:
                self.keys.open_checkpoint(claim.note)
            except BadSignature as error:
                beyond = claim.says.size > self.tree.size
                more = f"; it claims {claim.says.size} records, the log holds {self.tree.size}" if beyond else ""
                self.unproven.append((len(self.problems), claim))
                self._say(claim.where, error.message + more)
                continue
            self._compare(claim)
            if not claim.pinned:
                self._cover(claim)

    def _compare(self, claim: _Claim) -> None:
        if claim.says.size > self.tree.size:
            self._say(claim.where, _cut(claim, self.tree.size))
        elif claim.says.root == self.tree.root():
            self.proven = claim.says.size
        else:
            size = claim.says.size
            bound = f"records {self.proven} to {size - 1}" if self.proven else f"the first {size} records"
            self._say(claim.where, f"{bound} are not those it was signed over")

    def _cover(self, claim: _Claim) -> None:
        records, late = len(self.records), len(self.late)
        self.covered = _Covered(claim.says.size, claim.note, self.tree.root(), records, late, self.newest)

    def _stale(self) -> None:
        if self.demands.max_age is None or self.covered.newest is None:
            return
        age, allowed = self.demands.now - self.covered.newest, self.demands.max_age
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
