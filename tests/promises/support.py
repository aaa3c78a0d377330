"""Small parts that the tests of promises and reports are built from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from policies.controls import control_names
from promises.model import Promise, Proof, Severity
from promises.observations import Figure, Observation, Outcome, RunSummary, Surface

NOW = datetime(2031, 5, 2, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

CONTROLS = control_names()
"""The names that the kinds use: what the controls' own register holds once every family is there."""

LIVE = Proof(Surface.LIVE, "shelf.live", None, max_age=2 * DAY)
PLAN = Proof(Surface.PLAN, "shelf.plan", None, max_age=8 * DAY)
DRILL = Proof(Surface.JOB, "shelf.drilled", None, max_age=92 * DAY, warn_age=80 * DAY)
STATEMENT = Proof(Surface.ATTEST, "attestation", None, max_age=92 * DAY, warn_age=78 * DAY)
DOCUMENTED = Proof(Surface.ATTEST, "attestation", None, max_age=92 * DAY, document=True)
PLANNED = Proof(Surface.LIVE, None, "comes with the warehouse", max_age=2 * DAY)


def promise(*proofs: Proof) -> Promise:
    return Promise("shelf.locked", "Shelves are locked", "3", Severity.HIGH, {}, ("0" * 64,), proofs)


def seen(subject: str, outcome: Outcome = Outcome.PASS, figure: Figure | None = None) -> Observation:
    observed = {Outcome.PASS: "locked", Outcome.FAIL: "open", Outcome.UNKNOWN: "403"}.get(outcome, "sold")
    return Observation(subject, outcome, "locked", observed, figure=figure)


def run(
    proof: Proof = LIVE,
    *observations: Observation,
    age: timedelta = HOUR,
    complete: bool = True,
    record: int | None = 7,
    expires: datetime | None = None,
    state_digest: str | None = None,
    document: str | None = None,
) -> RunSummary:
    """A run of the proof's control; without observations one shelf that passed."""
    listed = observations or (seen("shelf 1"),)
    counts = {outcome: sum(each.outcome is outcome for each in listed) for outcome in Outcome}
    return RunSummary(
        promise="shelf.locked",
        control=proof.control or "",
        surface=proof.surface,
        finished=NOW - age,
        complete=complete,
        population=len(listed) - counts[Outcome.NOT_APPLICABLE],
        counts=counts,
        listed=listed,
        digest="d" * 64,
        record=record,
        expires=expires,
        state_digest=state_digest,
        document=document,
    )


def empty(proof: Proof = LIVE) -> RunSummary:
    """A run that found nobody to look at."""
    return run(proof, seen("shelf 1", Outcome.NOT_APPLICABLE))
