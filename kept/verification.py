"""`kept verify`: run every control, store one record each, number the log, judge the promises from the log alone.

1. The plan controls judge the stack's state as it is now (`kept.current_state`); the live controls ask the clouds, the database, the
   buckets and Vault, all before a deadline. A run from one vantage (`inside` the network, `outside`, `operator`) runs the controls of that
   vantage alone, the plan's being the operator's; verdicts combine the latest run of each, wherever it was made.
2. Each run becomes a signed record; the checkpointer numbers them.
3. The whole log is verified, offline rules and all. A log that does not verify proves nothing.
4. Verdicts are computed from what the verified log holds, never from what was just seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from evidence.deployments import deployed_states
from evidence.verifying import Verification
from kept import hygiene
from kept.current_state import Current, current, current_or_none
from kept.environment import Environment
from kept.jobs import JobContext, run_job, store_run
from policies.judging import DEADLINE, judge_plan, run_live
from policies.readers.state import Stack
from promises.hygiene import GROUP
from promises.observations import ControlRun, RunSummary, Surface, Vantage
from promises.verdicts import GrantedException, Verdict, exit_code, judge

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
    state: Current | None = None
    """The stack that plan proofs were held against; None where nothing has been provisioned."""

    @property
    def latest(self) -> tuple[RunSummary, ...]:
        """The latest complete run of each control for each promise."""
        newest: dict[tuple[str, str, str], RunSummary] = {}
        for summary in sorted((each for each in self.summaries if each.complete and each.promise != GROUP), key=lambda each: each.finished):
            newest[summary.promise, summary.control, summary.surface.value] = summary
        return tuple(newest.values())

    def exit_code(self, *, fail_on_at_risk: bool = False) -> int:
        """3 when the log does not verify; else by the verdicts; never 0 or 4 when a control could not look."""
        if self.verification.problems:
            return 3
        code = exit_code(self.verdicts, fail_on_at_risk=fail_on_at_risk)
        return 5 if self.not_looked and code != 3 else code


@dataclass(frozen=True)
class Asked:
    """What is asked of a verification: from where, and by when all live controls must have answered. No vantage: all of them."""

    vantage: Vantage | None = None
    deadline: timedelta = DEADLINE


def vantage_of(environment: Environment, given: Vantage | None) -> Vantage | None:
    """Locally one machine is everywhere; elsewhere an operator's unless another is named."""
    return given or (None if environment.settings.environment == "local" else Vantage.OPERATOR)


def control_runs(environment: Environment, judged: Stack | None, asked: Asked, progress: Progress) -> tuple[ControlRun, ...]:
    """The live controls of the vantage and, with a stack, the plan controls, each over its whole population, now."""
    now, plan = environment.clock(), tuple[ControlRun, ...]()
    if judged is not None:
        progress("judging the stack's state")
        plan = judge_plan(judged, environment.catalog, now)
    progress(
        "asking the clouds, the database, the buckets and Vault" + (f", from the {asked.vantage.value} vantage" if asked.vantage else "")
    )
    live = run_live(
        environment.clients,
        environment.catalog,
        now,
        environment.clock,
        vantage=asked.vantage,
        deadline=asked.deadline,
        told=progress,
    )
    return (*plan, *live)


def record(environment: Environment, runs: tuple[ControlRun, ...], digest: str | None, progress: Progress) -> None:
    """Store the runs; `digest` is that of the state that the plan controls judged. The job's end numbers them."""
    for run in runs:
        store_run(environment, run, state_digest=digest if run.surface is Surface.PLAN else None)
    progress(f"{len(runs)} control runs recorded")


def judge_log(environment: Environment, state: Current | None = None) -> Verified:
    """Verdicts from the log and nothing else, on the stack as it is now (`state`, where it was read already).

    Who has no state (a jobs host, an auditor) has the log's word for it: the newest plan run must be of the state deployed last.
    """
    now = environment.clock()
    verification = environment.log.verify()
    summaries = environment.log.summaries(verification)
    exceptions, refused = environment.log.exceptions(verification), environment.log.refused(verification)
    state = state or current_or_none(environment)
    digest = state.stack.digest if state else None
    deployed = deployed_states(verification.records)
    verdicts = tuple(
        judge(
            promise,
            summaries,
            now,
            log_verified=not verification.problems,
            state_digest=digest,
            deployed=deployed,
            exceptions=exceptions,
            refused=refused,
        )
        for promise in environment.catalog.promises
    )
    return Verified(now, verdicts, summaries, verification, exceptions, digest, state=state)


def verify(environment: Environment, progress: Progress, asked: Asked | None = None) -> Verified:
    """Run, record and judge, as the job `verify`: it has a lock, a start and an end record like every other."""
    asked = asked or Asked(vantage_of(environment, None))
    plan = asked.vantage in (None, Vantage.OPERATOR)
    state = current(environment) if plan else current_or_none(environment)
    if state:
        progress(f"the stack's state: from {state.source}")

    def work(_context: JobContext) -> tuple[ControlRun, ...]:
        judged, digest = state.stack if state and plan else None, state.stack.digest if state else None
        runs = control_runs(environment, judged, asked, progress)
        record(environment, runs, digest, progress)
        progress("looking at the hygiene of the clouds, beside the promises")
        hygiene.record(environment, hygiene.run(environment, judged, asked.vantage), digest)
        return runs

    runs = run_job(environment, "verify", work, progress)
    not_looked = tuple(f"{run.promise}: {run.control} could not look" for run in runs if not run.complete)
    return replace(judge_log(environment, state), not_looked=not_looked)
