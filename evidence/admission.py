"""What the checkpointer does not let into the log although the record key signed it: what every verifier would object to for ever.

A record is refused that is of another environment or platform, that production must not hold (a moved clock), that is dated ahead
of the checkpointer's own clock (or tells of a run that ended after it was made), or that is dated before its neighbours without
saying that it is late. Tolerance and rules are those of `evidence.rules`; records under a moved clock have no time to be judged by.
Pure.
"""

from __future__ import annotations

from datetime import datetime

from evidence.records import Reason
from evidence.rules import TOLERANCE
from evidence.statements import Context, ControlRun, Predicate


def misplaced(predicate: Predicate, context: Context) -> Reason | None:
    """Whether the record is of another world than the log, whose own records bear `context`."""
    if (predicate.environment, predicate.platform) != (context.environment, context.platform):
        return "another-world"
    return "moved-clock" if predicate.clock_override and context.environment == "production" else None


def ahead(predicate: Predicate, now: datetime) -> Reason | None:
    """Whether the record comes from a future that `now` does not know."""
    if predicate.clock_override:
        return None
    at = predicate.time_created
    ended = predicate.finished if isinstance(predicate, ControlRun) else at
    return "dated-ahead" if at > now + TOLERANCE or ended > at + TOLERANCE else None


def back_dated(predicate: Predicate, latest: datetime | None) -> Reason | None:
    """Whether the record is dated before the newest one in front of it, and does not say that it comes late."""
    if predicate.clock_override or predicate.late or latest is None:
        return None
    return "dated-back" if predicate.time_created < latest - TOLERANCE else None
