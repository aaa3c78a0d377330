"""Which records of which writer have been seen: the rule by which a repeated record and a missing one are told.

A writer numbers its records 1, 2, 3 and so on. The next number is right; a number beyond it leaves a gap; a number inside a gap
fills it (a record that came late); any other number has been seen before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from evidence.statements import Gap, WriterMark


class Arrival(Enum):
    NEXT = "next"
    FILLS = "fills a gap"
    LEAVES = "leaves a gap"
    REPEATED = "repeated"


@dataclass
class _Seen:
    last: int = 0
    missing: list[tuple[int, int]] = field(default_factory=list)


class Counters:
    """The counters of all writers. `judge` looks, `take` remembers."""

    def __init__(self) -> None:
        self._seen: dict[str, _Seen] = {}

    @classmethod
    def of(cls, seen: Mapping[str, tuple[int, Iterable[tuple[int, int]]]]) -> Counters:
        """Counters as they were: of each writer the last number, and the ranges that are missing below it."""
        found = cls()
        found._seen = {writer: _Seen(last, list(missing)) for writer, (last, missing) in seen.items()}
        return found

    def seen(self) -> Iterator[tuple[str, int, tuple[tuple[int, int], ...]]]:
        """What `of` takes, writer by writer."""
        for writer, seen in sorted(self._seen.items()):
            yield writer, seen.last, tuple(seen.missing)

    def judge(self, mark: WriterMark) -> Arrival:
        seen = self._seen.get(mark.id)
        last = seen.last if seen else 0
        if mark.counter == last + 1:
            return Arrival.NEXT
        if mark.counter > last:
            return Arrival.LEAVES
        filled = seen is not None and any(first <= mark.counter <= end for first, end in seen.missing)
        return Arrival.FILLS if filled else Arrival.REPEATED

    def follows(self, mark: WriterMark) -> bool:
        """Take the record that is next, which nearly every one is; any other is not taken, and to be judged."""
        seen = self._seen.get(mark.id)
        if seen is None or mark.counter != seen.last + 1:
            return False
        seen.last = mark.counter
        return True

    def gap_before(self, mark: WriterMark) -> Gap:
        """The records that are missing when this one arrives (it `LEAVES` a gap)."""
        return Gap(writer=mark.id, first=self.last(mark.id) + 1, last=mark.counter - 1)

    def take(self, mark: WriterMark) -> None:
        """Remember a record that is not repeated."""
        seen = self._seen.get(mark.id)
        if seen is None:
            seen = self._seen[mark.id] = _Seen()
        if mark.counter > seen.last:
            if mark.counter > seen.last + 1:
                seen.missing.append((seen.last + 1, mark.counter - 1))
            seen.last = mark.counter
            return
        for position, (first, last) in enumerate(seen.missing):
            if first <= mark.counter <= last:
                seen.missing[position : position + 1] = _without(first, last, mark.counter)
                return

    def last(self, writer: str) -> int:
        seen = self._seen.get(writer)
        return seen.last if seen else 0

    def missing(self) -> Iterator[Gap]:
        """Every gap that has not been filled."""
        for writer, seen in sorted(self._seen.items()):
            for first, last in seen.missing:
                yield Gap(writer=writer, first=first, last=last)


def _without(first: int, last: int, filled: int) -> list[tuple[int, int]]:
    return [part for part in ((first, filled - 1), (filled + 1, last)) if part[0] <= part[1]]
