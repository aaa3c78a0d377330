"""How old a key may be, and at which age the rotation acts; computed from the catalog, pure.

    due_age     = max_age - interval - slack      the rotation turns what is this old, so that a missed run breaks nothing
    auto_rotate = max_age - interval              Vault turns a key by itself, should our job not run at all
    evidence_due_age = due_age - interval         an evidence key's old version is closed by the run after the one that turned it;
                                                  never below half of due_age

`interval` is how often `keys.rotate` runs, `slack` the promise's own warning margin (`max_age - warn_age`): a healthy platform
never shows a key near its limit. With 90 days promised, a warning at 80 and a daily job, keys are turned at 79 days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from promises.model import Catalog
from services.errors import UsageError

PROMISE = "keys.rotation"
JOB = "keys.rotate"

SHORTEST_AUTO_ROTATE = timedelta(hours=1)
"""Vault refuses a shorter period, and looks once an hour."""


@dataclass(frozen=True)
class KeyLimits:
    max_age: timedelta
    warn_age: timedelta
    due_age: timedelta
    auto_rotate: timedelta
    evidence_due_age: timedelta

    @classmethod
    def of(cls, catalog: Catalog) -> KeyLimits:
        """The limits a catalog asks for; `UsageError` when its figures leave the job no room."""
        promise = catalog.promise(PROMISE)
        max_age, warn_age = promise.duration("max_age"), promise.duration("warn_age")
        interval = catalog.schedule[JOB]
        due_age = max_age - interval - (max_age - warn_age)
        if warn_age > max_age or due_age <= timedelta() or max_age - interval < SHORTEST_AUTO_ROTATE:
            raise UsageError(
                f"{PROMISE}: max_age {max_age}, warn_age {warn_age} and an interval of {interval} leave no age to rotate at",
                f"lengthen max_age, or run {JOB} more often",
            )
        return cls(max_age, warn_age, due_age, max_age - interval, max(due_age - interval, due_age / 2))
