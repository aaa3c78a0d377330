"""Rotation of the evidence keys, end to end: Vault adds a version, the log announces it, Vault closes the old one.

Run by the job `keys.rotate` before its other work, and by `kept evidence rotate-keys`. Under a lock of its own:

1. Verify the log; one that does not verify is not built upon.
2. Turn what is due (or asked for) and not ahead of the log already.
3. Announce what Vault has and the log has not; the checkpoint does it under its own lock and signs by what the log says.
4. Close versions that the log accepts no longer.

A run that dies between two steps leaves a state that `keyrotation.evidence_keys.plan` names, and the next run goes on from there.
Until the announcement has its number, everybody signs with the version before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from evidence.records import CHECKPOINTS
from evidence.succession import KeyPeriod
from kept import output as out
from kept.environment import Environment
from kept.jobs import JobContext, Progress, job_lock, run_job
from keyrotation import evidence_keys
from keyrotation.evidence_keys import EvidenceKeyState, EvidenceTurn
from keyrotation.limits import KeyLimits
from keyrotation.rotation_report import KeyResult
from keyrotation.vault_roles import PLATFORM_MOUNT
from services.errors import BadData, KeptError
from services.vault import Vault

JOB = "evidence.rotate-keys"


@dataclass(frozen=True)
class EvidenceKeysReport:
    """What was planned and, with `applied`, what the keys are afterwards."""

    at: datetime
    applied: bool
    plan: tuple[EvidenceTurn, ...]
    after: tuple[EvidenceKeyState, ...]

    @property
    def results(self) -> tuple[KeyResult, ...]:
        """As the rotation's report tells of every other key."""
        pairs = zip(self.plan, self.after, strict=True)
        return tuple(
            KeyResult(f"{PLATFORM_MOUNT}/{before.state.name}", "evidence", before.state.in_force, after.in_force) for before, after in pairs
        )


def rotate_evidence_keys(
    environment: Environment, asked: frozenset[str], *, apply: bool, progress: Progress = out.progress
) -> EvidenceKeysReport:
    """Plan, or do it; only a run that acts is a job with records."""

    def work(context: JobContext) -> EvidenceKeysReport:
        return _rotate(context, asked)

    if apply:
        return run_job(environment, JOB, work, progress, destructive=True)
    now = environment.clock()
    planned = _plan(environment, environment.clients.vault(evidence_keys.ROLE), _keys(environment), now, asked)
    return EvidenceKeysReport(now, applied=False, plan=planned, after=tuple(each.state for each in planned))


def evidence_key_results(context: JobContext) -> tuple[KeyResult, ...]:
    """The same as a part of `keys.rotate`: an error is the result of the two keys, and stops no other key's rotation."""
    try:
        with job_lock(context.environment, JOB):
            return _rotate(context, frozenset()).results
    except KeptError as error:
        context.progress(f"the evidence keys were not rotated: {error.message}")
        return tuple(KeyResult(f"{PLATFORM_MOUNT}/{name}", "evidence", 0, 0, problem=error.code) for name in evidence_keys.NAMES)


def show_evidence_keys(report: EvidenceKeysReport, output: str) -> None:
    """A line for each key: its version in force, its age, and what is (or was) to be done."""
    if output == "json":
        out.print_json(asdict(report))
        return
    rows = []
    for planned, after in zip(report.plan, report.after, strict=True):
        age = f"{planned.state.age(report.at).total_seconds() / 86400:.1f}"
        rows.append((after.name, str(planned.state.in_force), age, planned.reason, str(after.in_force), str(after.signs_from)))
    out.print_table(("KEY", "VERSION", "AGE (DAYS)", "TO DO", "VERSION NOW", "VAULT SIGNS FROM"), rows)
    if not report.applied and not all(each.idle for each in report.plan):
        out.progress("nothing was changed: add --apply")


def _rotate(context: JobContext, asked: frozenset[str]) -> EvidenceKeysReport:
    environment, vault = context.environment, context.clients.vault(evidence_keys.ROLE)
    planned = _plan(environment, vault, _keys(environment), context.now, asked)
    for each in planned:
        if each.turn:
            evidence_keys.turn(vault, each.state)
            context.progress(f"{each.state.name}: Vault has a new version, which signs once the log has announced it")
    announce = frozenset(each.state.name for each in planned if each.announce)
    keys = environment.log.checkpoint(announce).keys if announce else _keys(environment)
    for each in _plan(environment, vault, keys, context.now, frozenset()):
        if each.close:
            evidence_keys.close(vault, each.state)
            context.progress(f"{each.state.name}: Vault signs with version {each.state.in_force} and later ones only")
    return EvidenceKeysReport(context.now, applied=True, plan=planned, after=evidence_keys.read(vault, keys))


def _plan(
    environment: Environment, vault: Vault, keys: Sequence[KeyPeriod], now: datetime, asked: frozenset[str]
) -> tuple[EvidenceTurn, ...]:
    return evidence_keys.plan(evidence_keys.read(vault, keys), KeyLimits.of(environment.catalog), now, asked)


def _keys(environment: Environment) -> tuple[KeyPeriod, ...]:
    """The keys that the log has announced; `BadData` out of a log that does not verify."""
    verification = environment.log.verify(max_age=None)
    problems = [each for each in verification.problems if each.where != CHECKPOINTS or verification.size]
    if problems:
        raise BadData(f"the log does not verify: {problems[0]}", "`kept evidence verify` shows all problems; no key was rotated")
    return verification.keys
