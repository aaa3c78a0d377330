"""In which order the inbox is numbered: it depends on the objects alone, so that an interrupted run is repeated alike."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime

from evidence.ledger import Candidate


def in_order(candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """Each writer's records by counter, writers merged by time; a writer whose clock jumped back keeps its order."""
    by_writer: dict[str, list[Candidate]] = {}
    for each in sorted(candidates, key=lambda each: (each.statement.predicate.writer.counter, each.sha256)):
        by_writer.setdefault(each.statement.predicate.writer.id, []).append(each)
    return (candidate for _, candidate in heapq.merge(*map(_keyed, by_writer.values()), key=lambda pair: pair[0]))


def _keyed(candidates: Iterable[Candidate]) -> Iterator[tuple[tuple[datetime, str, int, str], Candidate]]:
    latest: datetime | None = None
    for each in candidates:
        predicate = each.statement.predicate
        latest = predicate.time_created if latest is None else max(latest, predicate.time_created)
        yield (latest, predicate.writer.id, predicate.writer.counter, each.sha256), each
