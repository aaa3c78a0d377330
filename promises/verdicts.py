"""The verdict rules: a promise's status at a moment, from what the log holds and nothing else. Pure and total.

A proof counts by its latest complete run (a plan proof: the latest for the state asked about, and only if that state came about by a
recorded deployment; with no state at hand, only if the newest plan run and the newest deployment are of one state; a newer incomplete
run counts for the failures it found). Then, for the promise:

1. `broken` if any proof failed: a failure does not expire, only a newer run replaces it;
2. else `not proven` if any proof is planned, missing, incomplete, stale, expired, dated in the future, unknown for some subject,
   or has an empty population where it may not be; or if the log did not verify, whatever else it says;
3. else `at risk` if a figure is within its warning margin, or a run or statement close to the end of its life;
4. else `kept`; `attested` says that statements by people are all there is.

`excepted` replaces `broken` only while an exception names every subject that failed and nothing else is wrong with the proof's count.
Could-not-check is never a pass. Every reason names the control and the figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from promises.model import Promise, Proof
from promises.observations import Observation, Outcome, RunSummary, Surface
from promises.wording import duration, plural

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a run may be ahead of the judge's clock before it counts as dated in the future."""

NAMED = 3
"""How many subjects a reason names; the rest are counted."""

UNDEPLOYED = "the stack's state has no deployment record: it was changed past `kept deploy`"

OVERTAKEN = "its last run is not of the state that was deployed last: verify where the stack's state is at hand"

UNVERIFIED = "the evidence log did not verify, so it proves nothing"


class Status(StrEnum):
    """From best to worst: `max` of several is the worst."""

    KEPT = "kept"
    AT_RISK = "at risk"
    NOT_PROVEN = "not proven"
    EXCEPTED = "excepted"
    BROKEN = "broken"

    @property
    def rank(self) -> int:
        return list(Status).index(self)


@dataclass(frozen=True)
class GrantedException:
    """A signed, expiring exception: it covers exactly the subjects it names, from `since` (None: from ever) until `until`."""

    promise: str
    subjects: frozenset[str]
    owner: str
    reason: str
    until: datetime
    since: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        return (self.since is None or self.since <= now) and now < self.until


@dataclass(frozen=True)
class RefusedStatement:
    """A statement or an exception that is in the log and does not count, for it is not credible: whose, where, and why."""

    promise: str
    kind: Literal["statement", "exception"]
    record: int
    role: str
    why: str

    def __str__(self) -> str:
        return f"the {self.kind} of record {self.record} by the role {self.role} does not count: {self.why}"


@dataclass(frozen=True)
class ProofVerdict:
    """What one proof says, and the run it was read from (None where there is none that counts)."""

    proof: Proof
    status: Status
    reasons: tuple[str, ...] = ()
    run: RunSummary | None = None


@dataclass(frozen=True)
class Verdict:
    """A promise's status (`promise` is its id) with the reasons for anything but `kept`, proof by proof."""

    promise: str
    status: Status
    reasons: tuple[str, ...]
    proofs: tuple[ProofVerdict, ...]
    attested: bool = False
    excepted_until: datetime | None = None


def judge(  # noqa: PLR0913 - three things are judged; the others narrow what counts and have defaults
    promise: Promise,
    runs: Sequence[RunSummary],
    now: datetime,
    *,
    log_verified: bool = True,
    state_digest: str | None = None,
    deployed: Sequence[str] | None = None,
    exceptions: Iterable[GrantedException] = (),
    refused: Iterable[RefusedStatement] = (),
) -> Verdict:
    """The verdict on a promise at `now` (aware, UTC).

    `runs` may hold every run of the log, those of other promises too. With a `state_digest`, a plan run counts only if it judged
    that state, and with `deployed` (the digests that deployment records name, the newest last) it proves something only if the state is
    among them: a failure in such a state is one, but nothing in it is kept. Who has no state at hand holds the states that the plan runs
    judged against `deployed` instead. `log_verified=False` makes everything not proven. `refused` decides
    nothing: reasons tell of it, where it could have.
    """
    proofs = tuple(_judge_proof(promise.id, proof, runs, now, state_digest) for proof in promise.proofs)
    if deployed is not None:
        judged = _newest_plan_run(runs) if state_digest is None else None
        proofs = tuple(_as_deployed(each, state_digest, judged, deployed) for each in proofs)
    if not log_verified:
        return Verdict(promise.id, Status.NOT_PROVEN, (UNVERIFIED,), proofs)
    status = max((each.status for each in proofs), key=lambda each: each.rank, default=Status.NOT_PROVEN)
    reasons = tuple(reason for each in proofs if each.status is not Status.KEPT for reason in each.reasons)
    if not proofs:
        reasons = (f"{promise.id} names no proof",)
    reasons += _told(promise.id, proofs, status, refused)
    attested = bool(proofs) and all(each.proof.surface is Surface.ATTEST for each in proofs)
    if status is Status.BROKEN:
        covering = _covering(promise.id, proofs, now, exceptions)
        if covering:
            said = f"excepted until {covering.until:%Y-%m-%d} by {covering.owner}: {covering.reason}"
            return Verdict(promise.id, Status.EXCEPTED, (said, *reasons), proofs, excepted_until=covering.until)
    proven = status in (Status.KEPT, Status.AT_RISK)
    return Verdict(promise.id, status, reasons, proofs, attested=attested and proven)


def exit_code(verdicts: Iterable[Verdict], *, fail_on_at_risk: bool = False) -> int:
    """3 if any is broken or excepted, else 5 if any is not proven (or there is none), else 4 for at risk when asked, else 0."""
    found = {verdict.status for verdict in verdicts}
    if found & {Status.BROKEN, Status.EXCEPTED}:
        return 3
    if Status.NOT_PROVEN in found or not found:
        return 5
    return 4 if fail_on_at_risk and Status.AT_RISK in found else 0


def _judge_proof(promise: str, proof: Proof, runs: Sequence[RunSummary], now: datetime, state_digest: str | None) -> ProofVerdict:
    if proof.control is None:
        return ProofVerdict(proof, Status.NOT_PROVEN, (f"{proof.surface.value} proof is planned: {proof.planned}",))
    own = [run for run in runs if (run.promise, run.control, run.surface) == (promise, proof.control, proof.surface)]
    name = f"{proof.control} ({proof.surface.value})"
    if proof.surface is Surface.PLAN and state_digest is not None:
        current = [run for run in own if run.state_digest == state_digest]
        if own and not current:
            return ProofVerdict(proof, Status.NOT_PROVEN, (f"{name}: the stack has changed since its last run",))
        own = current
    run = _counting(own)
    if run is None:
        said = f"{name}: {plural(len(own), 'run')} in the log, none complete" if own else f"{name}: no run in the log"
        return ProofVerdict(proof, Status.NOT_PROVEN, (said,))
    return _judge_run(proof, run, name, now)


def _newest_plan_run(runs: Iterable[RunSummary]) -> RunSummary | None:
    """The stack is one: whichever promise the run is of, its state is what the stack was last seen to be."""
    return max(
        (run for run in runs if run.surface is Surface.PLAN),
        key=lambda run: (run.finished, -1 if run.record is None else run.record),
        default=None,
    )


def _as_deployed(seen: ProofVerdict, state_digest: str | None, newest: RunSummary | None, deployed: Sequence[str]) -> ProofVerdict:
    """A plan proof in a state that nobody deployed, or not last: what is broken stays broken, nothing is proven.

    Without a state at hand both count: the state of the proof's own run, and that of the newest plan run of all.
    """
    if seen.proof.surface is not Surface.PLAN or seen.proof.control is None or seen.status is Status.BROKEN:
        return seen
    if state_digest is not None:
        judged: list[str | None] = [state_digest]
    else:
        judged = [run.state_digest for run in (newest, seen.run) if run is not None]
    if any(each not in deployed for each in judged):
        doubt = UNDEPLOYED
    elif state_digest is None and any(each != deployed[-1] for each in judged):
        doubt = OVERTAKEN
    else:
        return seen
    said = f"{seen.proof.control} ({seen.proof.surface.value}): {doubt}"
    reasons = () if seen.status in (Status.KEPT, Status.AT_RISK) else seen.reasons
    return replace(seen, status=Status.NOT_PROVEN, reasons=(said, *reasons))


def _counting(runs: Sequence[RunSummary]) -> RunSummary | None:
    """The latest complete run, or a newer incomplete one that found a failure; of two at one time the worse, then the later record."""

    def order(run: RunSummary) -> tuple[datetime, int, int, int]:
        return run.finished, run.count(Outcome.FAIL), run.count(Outcome.UNKNOWN), -1 if run.record is None else run.record

    complete = max((run for run in runs if run.complete), key=order, default=None)
    failed = max((run for run in runs if not run.complete and run.count(Outcome.FAIL)), key=order, default=None)
    if failed and (complete is None or failed.finished >= complete.finished):
        return failed
    return complete


def _judge_run(proof: Proof, run: RunSummary, name: str, now: datetime) -> ProofVerdict:
    failed = run.count(Outcome.FAIL)
    if failed:
        said = f"{name}: {failed} of {plural(run.population, 'subject')} failed{_named(run, Outcome.FAIL)}"
        return ProofVerdict(proof, Status.BROKEN, (said,), run)
    doubts = tuple(f"{name}: {each}" for each in _doubts(proof, run, now))
    if doubts:
        return ProofVerdict(proof, Status.NOT_PROVEN, doubts, run)
    warnings = tuple(f"{name}: {each}" for each in _warnings(proof, run, now))
    return ProofVerdict(proof, Status.AT_RISK if warnings else Status.KEPT, warnings, run)


def _doubts(proof: Proof, run: RunSummary, now: datetime) -> list[str]:
    """Why a run without failures proves nothing, if so."""
    found = []
    age = now - run.finished
    if age < -CLOCK_TOLERANCE:
        found.append(f"its last run is dated {duration(-age)} in the future; check the clocks")
    if age > proof.max_age:
        found.append(f"its last run is {duration(age)} old, {duration(proof.max_age)} are allowed")
    if run.expires is not None and now >= run.expires:
        found.append(f"the statement expired on {run.expires:%Y-%m-%d}")
    if proof.document and run.document is None:
        found.append("the statement rests on no document, and this promise asks for one")
    unknown = run.count(Outcome.UNKNOWN)
    if unknown:
        found.append(f"{unknown} of {plural(run.population, 'subject')} could not be checked{_named(run, Outcome.UNKNOWN)}")
    if run.population == 0 and not proof.may_be_empty:
        found.append("it found no subject at all, and an empty population proves nothing")
    if run.count(Outcome.PASS) + unknown != run.population:
        found.append(f"its counts do not add up to its population of {run.population}")
    return found


def _warnings(proof: Proof, run: RunSummary, now: datetime) -> list[str]:
    """What passes, but not for long."""
    found = [_margin(each) for each in run.near_limit[:NAMED]]
    if len(run.near_limit) > NAMED:
        found.append(f"and {len(run.near_limit) - NAMED} more near their limit")
    if proof.warn_age is None:
        return found
    age, left = now - run.finished, proof.max_age - (now - run.finished)
    if run.expires is not None:
        left = min(left, run.expires - now)
    if age >= proof.warn_age or left <= proof.max_age - proof.warn_age:
        found.append(f"its last run is {duration(max(age, timedelta(0)))} old and holds for {duration(left)} more")
    return found


def _told(promise: str, proofs: Sequence[ProofVerdict], status: Status, refused: Iterable[RefusedStatement]) -> tuple[str, ...]:
    """The refused statements where a proof by statement is not there, the refused exceptions where something is broken; the newest ones."""
    missing = any(each.proof.surface is Surface.ATTEST and each.status.rank >= Status.NOT_PROVEN.rank for each in proofs)
    wanted = [kind for kind, tells in (("statement", missing), ("exception", status is Status.BROKEN)) if tells]
    own = sorted((each for each in refused if each.promise == promise and each.kind in wanted), key=lambda each: each.record)
    return tuple(map(str, own[-NAMED:]))


def _margin(seen: Observation) -> str:
    figure = seen.figure
    assert figure is not None
    return f"{seen.subject}: {figure.name} {figure.value:g} of {figure.limit:g} {figure.unit} (at risk from {figure.warn:g})"


def _named(run: RunSummary, outcome: Outcome) -> str:
    """`: subject (observed, expected)` for the first few subjects with that outcome."""
    listed = [each for each in run.listed if each.outcome is outcome]
    if not listed:
        return ""
    shown = "; ".join(f"{each.subject}: {each.observed}, expected {each.expected}" for each in listed[:NAMED])
    more = run.count(outcome) - min(len(listed), NAMED)
    return f": {shown}" + (f"; and {more} more" if more > 0 else "")


def _covering(
    promise: str, proofs: Sequence[ProofVerdict], now: datetime, exceptions: Iterable[GrantedException]
) -> GrantedException | None:
    """The exception that names every subject that failed, if one is in force; failures that are not listed are not covered."""
    broken = [each.run for each in proofs if each.status is Status.BROKEN and each.run]
    failing = {seen.subject for run in broken for seen in run.listed if seen.outcome is Outcome.FAIL}
    unlisted = any(run.count(Outcome.FAIL) > sum(seen.outcome is Outcome.FAIL for seen in run.listed) for run in broken)
    in_force = (each for each in exceptions if each.promise == promise and each.in_force(now))
    return next((each for each in in_force if not unlisted and failing <= each.subjects), None)
