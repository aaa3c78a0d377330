"""What one record must have in common with those before it: world, time, and its writer's counter. Pure.

* One environment and one platform; in production no record made under a moved clock.
* Times do not run backwards beyond a tolerance, unless the record says that it is late; none lies in the future; no run finished
  after its record was made (else a run dated ahead would keep its promise fresh). Records under a moved clock are exempt.
* A writer's counter is the next one, or fills a gap, or leaves one that a log event before it has announced.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.counting import Arrival, Counters
from evidence.statements import ControlRun, Gap, LogEvent, Predicate

TOLERANCE = timedelta(minutes=5)
"""How far the clocks of two writers may differ."""

MAX_AGE = timedelta(hours=26)
"""A heartbeat is written each day; two hours of grace."""


@dataclass(frozen=True)
class Demands:
    """What is asked of a log beyond its integrity. `environment` and `platform` of None: those of its first record."""

    now: datetime
    max_age: timedelta | None = MAX_AGE
    environment: str | None = None
    platform: str | None = None


@dataclass
class World:
    """What one record must have in common with those before it."""

    demands: Demands
    latest: datetime | None = None
    environment: str | None = None
    platform: str | None = None

    def __post_init__(self) -> None:
        self._future = self.demands.now + TOLERANCE
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
        if at > self._future:
            found.append(f"is dated {at.isoformat()}, which is in the future")
        if isinstance(predicate, ControlRun) and predicate.finished > at and predicate.finished > at + TOLERANCE:
            found.append("tells of a run that finished after the record was made")
        if not predicate.late:
            if self.latest is None or at >= self.latest:
                self.latest = at
            elif at < self.latest - TOLERANCE:
                found.append(f"is dated {at.isoformat()}, before its neighbours ({self.latest.isoformat()})")
        return found


class Arrivals:
    """The writers' counters, and the gaps that log events have announced."""

    def __init__(self) -> None:
        self._counters = Counters()
        self._gaps: set[Gap] = set()

    def objection(self, predicate: Predicate) -> str:
        mark = predicate.writer
        if self._counters.follows(mark):
            if isinstance(predicate, LogEvent):
                self._note(predicate)
            return ""
        arrival = self._counters.judge(mark)
        if arrival is Arrival.REPEATED:
            return f"repeats record {mark.counter} of the writer {mark.id}"
        gap = self._counters.gap_before(mark) if arrival is Arrival.LEAVES else None
        self._counters.take(mark)
        if isinstance(predicate, LogEvent):
            self._note(predicate)
        if gap and gap not in self._gaps:
            return f"is record {mark.counter} of the writer {mark.id}, whose records {gap.first} to {gap.last} are not before it"
        return ""

    def missing(self) -> Iterable[Gap]:
        return self._counters.missing()

    def _note(self, event: LogEvent) -> None:
        """A gap that was announced; records that were refused with their counters, which are accounted for."""
        if event.gap:
            self._gaps.add(event.gap)
        for each in event.rejected:
            if each.writer and self._counters.judge(each.writer) is not Arrival.REPEATED:
                self._counters.take(each.writer)
