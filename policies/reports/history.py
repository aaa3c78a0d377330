"""What the verdicts were, day by day, recomputed from the runs of the log that were known by then. Pure.

1. A day is a UTC day; its status is the verdict at its end (for the day in progress: at the report's moment), by the rules of
   `promises.verdicts` over the runs finished by then.
2. A failure seen at any time of a day makes the day broken, mended by its end or not.
3. An exception counts from the moment it was granted until its end: a failure before it still breaks the day.
4. A plan proof counts only for the state that the stack was in: the one that the newest plan run known by then has judged, whatever
   promise it was for. A state that nobody judged is not known to the log; the day of the report knows the one that was asked about.
5. Before the promise's first run there was no evidence: the status is None, and counts as not proven.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from promises.model import Promise
from promises.observations import Outcome, RunSummary, Surface
from promises.verdicts import GrantedException, Status, judge

ONE_DAY = timedelta(days=1)

YEAR = 365
"""Days of a strip."""

HELD = frozenset({Status.KEPT, Status.AT_RISK})
"""A promise at risk is still kept: everything passed."""


@dataclass(frozen=True)
class Day:
    """One UTC day; `status` is None before there was any evidence."""

    day: date
    status: Status | None

    @property
    def held(self) -> bool:
        return self.status in HELD


@dataclass(frozen=True)
class Circumstances:
    """What else decides on a day: exceptions, and which state (its digest) the stack was in from which moment on, in order."""

    exceptions: tuple[GrantedException, ...] = ()
    states: tuple[tuple[datetime, str], ...] = ()

    def verdict(self, promise: Promise, known: Sequence[RunSummary], at: datetime) -> Status:
        place = bisect_right(self.states, at, key=lambda each: each[0])
        state = self.states[place - 1][1] if place else None
        return judge(promise, known, at, state_digest=state, exceptions=self.exceptions).status


NONE = Circumstances()


def circumstances(runs: Iterable[RunSummary], exceptions: Iterable[GrantedException], now: datetime, state: str | None) -> Circumstances:
    """Read from every run of the log; `state` is the stack's at `now`, where it is known."""
    judged = sorted((run.finished, run.state_digest) for run in runs if run.surface is Surface.PLAN and run.state_digest)
    return Circumstances(tuple(exceptions), (*judged, (now, state)) if state else tuple(judged))


@dataclass(frozen=True)
class Span:
    """Days on end with one status, both ends included."""

    first: date
    last: date
    status: Status | None

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def daily(  # noqa: PLR0913 - what is judged and which days; the last two have defaults
    promise: Promise, runs: Sequence[RunSummary], first: date, now: datetime, last: date | None = None, *, given: Circumstances = NONE
) -> tuple[Day, ...]:
    """The status of every day from `first` to `last` (default: the day of `now`); days after `now` are left out."""
    today = now.astimezone(UTC).date()
    last = min(last or today, today)
    waiting = sorted((run for run in runs if run.promise == promise.id), key=lambda run: run.finished)
    known = _Known()
    found, place, day = [], 0, first
    while day <= last:
        end = min(datetime.combine(day + ONE_DAY, time(), UTC), now)
        failed: list[Status] = []
        while place < len(waiting) and (waiting[place].finished < end or end == now >= waiting[place].finished):
            run = waiting[place]
            known.add(run)
            place += 1
            if run.count(Outcome.FAIL) and run.finished >= datetime.combine(day, time(), UTC):
                failed.append(given.verdict(promise, known.runs(), run.finished))
        found.append(Day(day, _status(promise, known, end, failed, given)))
        day += ONE_DAY
    return tuple(found)


def spans(days: Iterable[Day]) -> tuple[Span, ...]:
    """Days on end with one status, joined."""
    found = []
    for status, group in groupby(days, key=lambda each: each.status):
        members = list(group)
        found.append(Span(members[0].day, members[-1].day, status))
    return tuple(found)


def year(promise: Promise, runs: Sequence[RunSummary], now: datetime, given: Circumstances = NONE) -> tuple[Span, ...]:
    """The last 12 months, as spans."""
    return spans(daily(promise, runs, now.astimezone(UTC).date() - (YEAR - 1) * ONE_DAY, now, given=given))


def _status(promise: Promise, known: _Known, end: datetime, failed: Sequence[Status], given: Circumstances) -> Status | None:
    """The verdict at the end of the day, or the worse one that a failure of the day had at its own moment."""
    if not known:
        return None
    worse = (each for each in failed if each in (Status.BROKEN, Status.EXCEPTED))
    return max((given.verdict(promise, known.runs(), end), *worse), key=lambda each: each.rank)


class _Known:
    """The runs that can still count, so that a day costs the same however long the log is.

    Of each control, and each state it judged: the latest complete runs (all of one moment), the latest incomplete ones that failed,
    and one more, which is there for the reason's wording alone.
    """

    def __init__(self) -> None:
        self._latest: dict[tuple[str, str, str, str | None], tuple[RunSummary, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._latest)

    def add(self, run: RunSummary) -> None:
        kind = "complete" if run.complete else "failed" if run.count(Outcome.FAIL) else "other"
        key = (run.control, run.surface.value, kind, run.state_digest)
        before = self._latest.get(key, ())
        self._latest[key] = (*before, run) if before and before[0].finished == run.finished else (run,)

    def runs(self) -> Sequence[RunSummary]:
        return list(self._flat())

    def _flat(self) -> Iterator[RunSummary]:
        for each in self._latest.values():
            yield from each


def by_promise(runs: Iterable[RunSummary]) -> Mapping[str, Sequence[RunSummary]]:
    """The runs of each promise, so that none is looked at for another's sake."""
    found: dict[str, list[RunSummary]] = {}
    for run in runs:
        found.setdefault(run.promise, []).append(run)
    return found
