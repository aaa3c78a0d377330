"""What a control sees, and how one run of it is summed up for the evidence log.

A control looks at its whole population once and yields one `Observation` a subject; all of them together, with the time, the
vantage and the method, are a `ControlRun`. The log keeps a `RunSummary`: the population, a count per outcome, every subject that
did not pass (up to a bound), a few that did, and a digest of the full list. Verdicts are computed from summaries alone.

Nothing here holds personal data: a subject names a resource, a table column or a key, never a person or a row's value.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_LISTED = 100
"""How many subjects that did not pass a summary lists by name; the counts and the digest always cover all."""

MAX_EXAMPLES = 5
"""How many passing subjects a summary lists, so that a report can show expected against observed."""


class Surface(StrEnum):
    """Where a proof comes from."""

    PLAN = "plan"
    LIVE = "live"
    JOB = "job"
    ATTEST = "attest"


class Outcome(StrEnum):
    """What a control says of one subject. "Could not check" is `UNKNOWN`, never `PASS`."""

    PASS = "pass"  # noqa: S105 - an outcome, no secret
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


class Vantage(StrEnum):
    """From where a control looked."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Figure:
    """A measured figure beside its warning margin: `value`, `warn` and `limit` share `unit`; bigger is worse."""

    name: str
    value: float
    unit: str
    limit: float
    warn: float

    @property
    def near_limit(self) -> bool:
        return self.value >= self.warn


@dataclass(frozen=True)
class Observation:
    """One subject, as one control saw it.

    `expected` and `observed` are short phrases for a reader ("min_tls_version 1.2 or 1.3", "min_tls_version 1.0"); `mend` says
    what to do about a failure. `not-applicable` needs a reason in `observed` and counts as absent from the population.
    """

    subject: str
    outcome: Outcome
    expected: str
    observed: str
    mend: str = ""
    figure: Figure | None = None

    @property
    def near_limit(self) -> bool:
        return self.outcome is Outcome.PASS and self.figure is not None and self.figure.near_limit


@dataclass(frozen=True)
class ControlRun:
    """One control over its whole population at one moment. `complete` is false when it could not look at everything."""

    promise: str
    control: str
    surface: Surface
    vantage: Vantage
    method: str
    started: datetime
    finished: datetime
    observations: tuple[Observation, ...]
    complete: bool = True

    @property
    def population(self) -> int:
        return sum(each.outcome is not Outcome.NOT_APPLICABLE for each in self.observations)


@dataclass(frozen=True)
class RunSummary:
    """What the log keeps of a run, and what verdicts are computed from.

    `record` is the number in the evidence log (None while it has none). `expires` is set for attestations
    only, and so is `document` (SHA-256, hex, of what the statement rests on); `state_digest` (SHA-256, hex, of the stack's canonical
    state) for plan runs only.
    """

    promise: str
    control: str
    surface: Surface
    finished: datetime
    complete: bool
    population: int
    counts: Mapping[Outcome, int]
    listed: tuple[Observation, ...]
    digest: str
    record: int | None = None
    expires: datetime | None = None
    state_digest: str | None = None
    document: str | None = None

    def count(self, outcome: Outcome) -> int:
        return self.counts.get(outcome, 0)

    @property
    def near_limit(self) -> tuple[Observation, ...]:
        return tuple(each for each in self.listed if each.near_limit)


def digest(observations: Iterable[Observation]) -> str:
    """SHA-256 (hex) of the full list of observations, in subject order."""
    rows = sorted(json.dumps(_plain(each), sort_keys=True, ensure_ascii=False) for each in observations)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _plain(observation: Observation) -> dict[str, object]:
    """What `asdict` answers; that copies every value once more, and there are ten thousands of them."""
    return {**vars(observation), "figure": None if observation.figure is None else vars(observation.figure)}


def summarise(run: ControlRun) -> RunSummary:
    """Sum a run up: what did not pass first, then what is near its limit, then a few that passed."""
    counts = Counter(each.outcome for each in run.observations)
    failing = [each for each in run.observations if each.outcome in (Outcome.FAIL, Outcome.UNKNOWN)]
    near = [each for each in run.observations if each.near_limit]
    passing = [each for each in run.observations if each.outcome is Outcome.PASS and not each.near_limit]
    listed = failing[:MAX_LISTED] + near[:MAX_LISTED] + passing[:MAX_EXAMPLES]
    return RunSummary(
        promise=run.promise,
        control=run.control,
        surface=run.surface,
        finished=run.finished,
        complete=run.complete,
        population=run.population,
        counts={outcome: counts[outcome] for outcome in Outcome},
        listed=tuple(listed),
        digest=digest(run.observations),
    )
