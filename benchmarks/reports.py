"""How long a big report takes and how big it is: 50 promises x 400 observations, with a year of daily runs behind them.

The log lists what failed, what is near its limit and a few that passed (`promises.observations.summarise`), so a run over 400 subjects
is a summary with a bound; the calendar of a year is recomputed for the page's strips.
"""

from __future__ import annotations

import functools
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from policies.reports import page
from policies.reports.model import Judged, Making, Report, Trust, build
from promises.kinds import Kinds, kinds
from promises.model import Catalog, DataMap, Policy, Promise, Proof
from promises.observations import ControlRun, Figure, Observation, Outcome, RunSummary, Surface, Vantage, summarise
from promises.verdicts import judge

if TYPE_CHECKING:
    from collections.abc import Iterator

PROMISES, OBSERVATIONS, DAYS = 50, 400, 365
NOW = datetime(2031, 5, 2, 12, tzinfo=UTC)
PROOF = Proof(Surface.LIVE, "keys.ages", None, max_age=timedelta(days=2))


def sample(promises: int = PROMISES, observations: int = OBSERVATIONS, days: int = DAYS, *, failing: float = 0.05) -> Report:
    """A report of so many promises; each of their controls looks at so many subjects once a day.

    The share `failing` of them fails in every tenth promise; when it is all, in every promise.
    """
    kind = next(iter(kinds().by_id.values()))
    ids = [f"promise.p{number:04}" for number in range(promises)]
    table = Kinds(kinds().jobs, {name: replace(kind, id=name, parameters=()) for name in ids})
    made = tuple(Promise(name, f"The promise {name}", "1", kind.severity, {}, ("0" * 64,), (PROOF,)) for name in ids)
    catalog = Catalog("benchmark", Policy(date(2031, 1, 1), "0" * 64), made, DataMap(()), {}, "0" * 64)
    runs = [run for name in ids for run in _runs(name, observations, days, failing)]
    verdicts = [judge(promise, [run for run in runs if run.promise == promise.id], NOW) for promise in made]
    trust = Trust(True, (), len(runs), "benchmark", None, NOW, (), "kept evidence verify")
    return build(catalog, Judged(NOW, verdicts, runs), trust, Making("production", "kept 0", None, "benchmark"), table=table)


def _runs(promise: str, observations: int, days: int, failing: float) -> Iterator[RunSummary]:
    """The same subjects every day."""
    bad = int(observations * failing) if promise.endswith("0") or failing == 1 else 0
    seen = tuple(
        Observation(
            f"subject {number}",
            Outcome.FAIL if number < bad else Outcome.PASS,
            "at most 90 days",
            f"{number % 80} days",
            figure=Figure("age", number % 80, "days", 90, 80),
        )
        for number in range(observations)
    )
    run = summarise(ControlRun(promise, "keys.ages", Surface.LIVE, Vantage.INSIDE, "asked", NOW, NOW, seen))
    return (replace(run, finished=NOW - timedelta(days=back, hours=1), record=back) for back in range(days))


@functools.cache
def _measured() -> tuple[float, float]:
    """Seconds (the best of three) and megabytes of the page."""
    report = sample()
    best, text = float("inf"), ""
    for _ in range(3):
        begun = time.perf_counter()
        text = page.render(report)
        best = min(best, time.perf_counter() - begun)
    return best, len(text.encode()) / 1e6


def page_seconds() -> float:
    return _measured()[0]


def page_megabytes() -> float:
    return _measured()[1]
