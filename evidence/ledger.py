"""The log as the checkpointer holds it in mind: tree, counters, what was announced, what was said twice. Pure; it reads no store.

Records are `judge`d and then `take`n one by one. A record follows if its writer's counter is the next one, or fills a gap, or
leaves a gap that an earlier log event has announced. A record that was refused with its writer's counter is accounted for.

A ledger that began from a memory (`evidence.resuming`) does not know what the older records said: of a counter that was used
before its beginning it cannot tell the same record from another, and is `UNDECIDED`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from evidence.counting import Arrival, Counters
from evidence.merkle import Frontier, leaf_hash
from evidence.records import content
from evidence.resuming import Memory, Seen
from evidence.statements import EvidenceKey, Gap, LogEvent, Statement
from evidence.succession import Succession
from evidence.trust import Trust


@dataclass(frozen=True)
class Candidate:
    """A signed envelope that asks for a number: where it lies, its bytes, their SHA-256 (hex), what it says."""

    key: str
    raw: bytes
    sha256: str
    statement: Statement


class Judgement(Enum):
    FOLLOWS = "follows"
    LEAVES_GAP = "leaves a gap nobody has announced"
    KNOWN = "is in the log already"
    REPEATED = "repeats the number of another record"
    UNTRUSTED = "is signed by a key that is over, or announces one without right"
    UNDECIDED = "repeats a number, and only the whole log can tell whose"


class Ledger:
    def __init__(self, trust: Trust) -> None:
        self.keys = Succession(trust)
        self.tree = Frontier()
        self.counters = Counters()
        self.rejected: set[str] = set()
        self.heartbeat: datetime | None = None
        self.latest: datetime | None = None
        self.whole = True
        self._announced: set[tuple[str, int, int]] = set()
        self._contents: dict[tuple[str, int], bytes] = {}
        self._last_leaf = b""
        self._announcements: list[str] = []

    @classmethod
    def recall(cls, memory: Memory, trust: Trust) -> Ledger:
        """The ledger as it was remembered; `BadSignature` or `Malformed` when it remembers a key that was not rightly announced."""
        found = cls(trust)
        for each in memory.announcements:
            found.keys.walk(each.encode())
        found.keys.resume(memory.key_time)
        found._announcements = list(memory.announcements)
        found.whole = False
        found.tree = Frontier.of(memory.size, [bytes.fromhex(each) for each in memory.subtrees])
        found.counters = Counters.of({writer: (seen.last, seen.missing) for writer, seen in memory.writers.items()})
        found.rejected = set(memory.rejected)
        found.heartbeat, found.latest = memory.heartbeat, memory.latest
        found._announced = {(each.writer, each.first, each.last) for each in memory.announced}
        found._last_leaf = bytes.fromhex(memory.last_leaf)
        return found

    def remember(self) -> Memory:
        """What the next run needs to go on from here (at least one record)."""
        return Memory(
            size=self.size,
            subtrees=tuple(each.hex() for each in self.tree.subtrees),
            last_leaf=self._last_leaf.hex(),
            writers={writer: Seen(last=last, missing=missing) for writer, last, missing in self.counters.seen()},
            announced=tuple(Gap(writer=writer, first=first, last=last) for writer, first, last in sorted(self._announced)),
            rejected=tuple(sorted(self.rejected)),
            heartbeat=self.heartbeat,
            latest=self.latest,
            announcements=tuple(self._announcements),
            key_time=self.keys.latest,
        )

    @property
    def size(self) -> int:
        return self.tree.size

    def judge(self, candidate: Candidate) -> Judgement:
        mark = candidate.statement.predicate.writer
        arrival = self.counters.judge(mark)
        if arrival is Arrival.REPEATED:
            return self._repeated((mark.id, mark.counter), candidate)
        if self.objection(candidate):
            return Judgement.UNTRUSTED
        if arrival is Arrival.LEAVES and not self.announced(self.counters.gap_before(mark)):
            return Judgement.LEAVES_GAP
        return Judgement.FOLLOWS

    def objection(self, candidate: Candidate) -> str:
        """Why the key that signed the record, or the one it announces, has no place here; empty when it has."""
        predicate = candidate.statement.predicate
        if not self.keys.concerns(predicate):
            return ""
        return self.keys.objection(self.size, candidate.raw, predicate, self.tree.root())

    def announced(self, gap: Gap) -> bool:
        return (gap.writer, gap.first, gap.last) in self._announced

    def take(self, candidate: Candidate) -> int:
        """Give the record its number, which is its leaf's."""
        predicate = candidate.statement.predicate
        self.keys.take(predicate)
        self._last_leaf = leaf_hash(candidate.raw)
        self.tree.append(self._last_leaf)
        self.counters.take(predicate.writer)
        self._contents[predicate.writer.id, predicate.writer.counter] = content(candidate.statement)
        if not predicate.late and not predicate.clock_override:
            self.latest = max(self.latest or predicate.time_created, predicate.time_created)
        if isinstance(predicate, LogEvent):
            self._note(predicate)
        if isinstance(predicate, EvidenceKey):
            self._announcements.append(candidate.raw.decode())
        return self.tree.size - 1

    def _repeated(self, mark: tuple[str, int], candidate: Candidate) -> Judgement:
        if mark not in self._contents:
            refused = candidate.sha256 in self.rejected
            return Judgement.REPEATED if self.whole or refused else Judgement.UNDECIDED
        return Judgement.KNOWN if self._contents[mark] == content(candidate.statement) else Judgement.REPEATED

    def _note(self, event: LogEvent) -> None:
        self.rejected.update(each.sha256 for each in event.rejected)
        for each in event.rejected:
            if each.writer and self.counters.judge(each.writer) is not Arrival.REPEATED:
                self.counters.take(each.writer)
        if event.gap:
            self._announced.add((event.gap.writer, event.gap.first, event.gap.last))
        if event.event == "heartbeat":
            self.heartbeat = event.time_created
