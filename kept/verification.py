"""`kept verify`: run every control, store one record each, number the log, judge the promises from the log alone.

1. The plan controls judge the stack's stored state; the live controls ask the clouds, the database, the buckets and Vault.
2. Each run becomes a signed record; the checkpointer numbers them.
3. The whole log is verified, offline rules and all. A log that does not verify proves nothing.
4. Verdicts are computed from what the verified log holds, never from what was just seen.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from evidence.verifying import Verification
from kept.environment import Environment
from kept.jobs import JobContext, run_job, store_run
from policies.judging import judge_plan, run_live
from policies.readers import state
from policies.readers.state import Stack
from promises.observations import ControlRun, RunSummary, Surface
from promises.verdicts import GrantedException, Verdict, exit_code, judge
from services.errors import UsageError

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Verified:
    """Verdicts at a moment, with what they were computed from."""

    at: datetime
    verdicts: tuple[Verdict, ...]
    summaries: tuple[RunSummary, ...]
    verification: Verification
    exceptions: tuple[GrantedException, ...] = ()
    state_digest: str | None = None
    not_looked: tuple[str, ...] = ()
    """Controls that did not come to their end just now. Their earlier runs still count, but this run is not complete."""

    @property
    def latest(self) -> tuple[RunSummary, ...]:
        """The latest complete run of each control for each promise."""
        newest: dict[tuple[str, str, str], RunSummary] = {}
        for summary in sorted((each for each in self.summaries if each.complete), key=lambda each: each.finished):
            newest[summary.promise, summary.control, summary.surface.value] = summary
        return tuple(newest.values())

    def exit_code(self, *, fail_on_at_risk: bool = False) -> int:
        """3 when the log does not verify; else by the verdicts; never 0 or 4 when a control could not look."""
        if self.verification.problems:
            return 3
        code = exit_code(self.verdicts, fail_on_at_risk=fail_on_at_risk)
        return 5 if self.not_looked and code != 3 else code


def state_file(environment: Environment) -> Path:
    return environment.settings.data / "state.json"


def stack(environment: Environment) -> Stack:
    """The stack's stored state (`pulumi stack export`, or the rehearsal's document in the same shape)."""
    path = state_file(environment)
    try:
        document: dict[str, Any] = json.loads(path.read_text())
    except FileNotFoundError:
        raise UsageError(f"no state at {path}: nothing has been provisioned here", "run `kept demo`, or export the stack to it") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"{path} is not JSON: {error}", "export it again: pulumi stack export --file") from error
    return state.read(document)


def control_runs(environment: Environment, judged: Stack, progress: Progress) -> tuple[ControlRun, ...]:
    """Every plan and live control, over its whole population, now."""
    now = environment.clock()
    progress("judging the stack's state")
    runs = judge_plan(judged, environment.catalog, now)
    progress("asking the clouds, the database, the buckets and Vault")
    return (*runs, *run_live(environment.clients, environment.catalog, now, environment.clock))


def record(environment: Environment, runs: tuple[ControlRun, ...], digest: str, progress: Progress) -> None:
    """Store the runs; `digest` is that of the state that the plan controls judged. The job's end numbers them."""
    for run in runs:
        store_run(environment, run, state_digest=digest if run.surface is Surface.PLAN else None)
    progress(f"{len(runs)} control runs recorded")


def judge_log(environment: Environment) -> Verified:
    """Verdicts from the log and nothing else."""
    now = environment.clock()
    verification = environment.log.verify()
    summaries = environment.log.summaries(verification)
    exceptions, refused = environment.log.exceptions(verification), environment.log.refused(verification)
    digest = stack(environment).digest if state_file(environment).exists() else None
    verdicts = tuple(
        judge(promise, summaries, now, log_verified=not verification.problems, state_digest=digest, exceptions=exceptions, refused=refused)
        for promise in environment.catalog.promises
    )
    return Verified(now, verdicts, summaries, verification, exceptions, digest)


def verify(environment: Environment, progress: Progress) -> Verified:
    """Run, record and judge, as the job `verify`: it has a lock, a start and an end record like every other."""

    def work(_context: JobContext) -> tuple[ControlRun, ...]:
        judged = stack(environment)
        runs = control_runs(environment, judged, progress)
        record(environment, runs, judged.digest, progress)
        return runs

    runs = run_job(environment, "verify", work, progress)
    not_looked = tuple(f"{run.promise}: {run.control} could not look" for run in runs if not run.complete)
    return replace(judge_log(environment), not_looked=not_looked)
