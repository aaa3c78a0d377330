"""Was a promise kept on every day of a period? Days as `policies.reports.history` tells them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from policies.reports.history import HELD, NONE, ONE_DAY, Circumstances, Span, by_promise, daily, spans
from promises.model import Promise
from promises.observations import RunSummary
from promises.wording import plural


@dataclass(frozen=True)
class Held:
    """One promise over the period."""

    promise: Promise
    spans: tuple[Span, ...]

    @property
    def breaks(self) -> tuple[Span, ...]:
        """The days on which it was not kept."""
        return tuple(span for span in self.spans if span.status not in HELD)

    @property
    def days_lost(self) -> int:
        return sum(span.days for span in self.breaks)

    @property
    def kept(self) -> bool:
        return bool(self.spans) and not self.breaks


@dataclass(frozen=True)
class Period:
    """Both days included; `ahead` days of it have not come yet."""

    first: date
    last: date
    ahead: int
    promises: tuple[Held, ...]

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def answer(self) -> str:
        """The period in one sentence."""
        kept = sum(each.kept for each in self.promises)
        so_far = "so far " if self.ahead else ""
        total = plural(len(self.promises), "promise")
        open_end = f" {plural(self.ahead, 'day')} of the period {'is' if self.ahead == 1 else 'are'} still to come." if self.ahead else ""
        if self.ahead >= self.days:
            return "The period has not begun."
        if kept == len(self.promises):
            return f"Yes: each of {total} was kept on every day {so_far}.".replace(" .", ".") + open_end
        return f"No: {kept} of {total} {'was' if kept == 1 else 'were'} kept on every day {so_far}.".replace(" .", ".") + open_end


def over(  # noqa: PLR0913 - what is judged and which days; the last has a default
    promises: Sequence[Promise], runs: Sequence[RunSummary], first: date, last: date, now: datetime, *, given: Circumstances = NONE
) -> Period:
    """The days from `first` to `last`; ValueError when they are the wrong way round."""
    if last < first:
        raise ValueError(f"the period ends on {last}, before it begins on {first}")
    own = by_promise(runs)
    ahead = min(max((last - now.astimezone(UTC).date()) // ONE_DAY, 0), (last - first).days + 1)
    held = tuple(Held(promise, spans(daily(promise, own.get(promise.id, ()), first, now, last, given=given))) for promise in promises)
    return Period(first, last, ahead, held)
