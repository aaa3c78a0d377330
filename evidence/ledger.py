"""The log as the checkpointer holds it in mind: tree, counters, what was seen, what was announced. Pure; it reads no store.

Records are `judge`d and then `take`n one by one. A record follows if its writer's counter is the next one, or fills a gap, or
leaves a gap that an earlier log event has announced.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from evidence.counting import Arrival, Counters
from evidence.merkle import Frontier, leaf_hash
from evidence.records import content
from evidence.statements import Gap, LogEvent, Statement


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


class Ledger:
    def __init__(self) -> None:
        self.tree = Frontier()
        self.counters = Counters()
        self.rejected: set[str] = set()
        self.heartbeat: datetime | None = None
        self.latest: datetime | None = None
        self._announced: set[tuple[str, int, int]] = set()
        self._contents: dict[tuple[str, int], bytes] = {}
        self._digests: set[str] = set()

    @property
    def size(self) -> int:
        return self.tree.size

    def judge(self, candidate: Candidate) -> Judgement:
        if candidate.sha256 in self._digests:
            return Judgement.KNOWN
        mark = candidate.statement.predicate.writer
        arrival = self.counters.judge(mark)
        if arrival is Arrival.REPEATED:
            same = self._contents.get((mark.id, mark.counter)) == content(candidate.statement)
            return Judgement.KNOWN if same else Judgement.REPEATED
        if arrival is Arrival.LEAVES and not self.announced(self.counters.gap_before(mark)):
            return Judgement.LEAVES_GAP
        return Judgement.FOLLOWS

    def announced(self, gap: Gap) -> bool:
        return (gap.writer, gap.first, gap.last) in self._announced

    def take(self, candidate: Candidate) -> int:
        """Give the record its number, which is its leaf's."""
        predicate = candidate.statement.predicate
        self.tree.append(leaf_hash(candidate.raw))
        self.counters.take(predicate.writer)
        self._digests.add(candidate.sha256)
        self._contents[predicate.writer.id, predicate.writer.counter] = content(candidate.statement)
        if not predicate.late and not predicate.clock_override:
            self.latest = max(self.latest or predicate.time_created, predicate.time_created)
        if isinstance(predicate, LogEvent):
            self._note(predicate)
        return self.tree.size - 1

    def _note(self, event: LogEvent) -> None:
        self.rejected.update(each.sha256 for each in event.rejected)
        if event.gap:
            self._announced.add((event.gap.writer, event.gap.first, event.gap.last))
        if event.event == "heartbeat":
            self.heartbeat = event.time_created
