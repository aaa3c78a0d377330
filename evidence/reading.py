"""From verified records to what verdicts are computed from.

A control run gives the summary that was recorded. A statement by a person is a run of the control `attestation` with one subject:
it passes until it expires, and a withdrawal is a later run that fails. The latest complete run counts, so a new statement mends a
withdrawn one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from evidence.records import Record
from evidence.statements import Attestation, ControlRun, Job, Listed
from promises.observations import Figure, Observation, Outcome, RunSummary, Surface, digest

ATTESTATION = "attestation"


@dataclass(frozen=True)
class JobRun:
    """One run of a job: its start and, once it has one, its end, with the numbers of the two records."""

    job: str
    run: str
    started: datetime | None
    finished: datetime | None
    result: str | None
    start_record: int | None
    end_record: int | None


def summaries(records: Iterable[Record]) -> tuple[RunSummary, ...]:
    """Every run that the log holds, in its order."""
    found = []
    for record in records:
        predicate = record.statement.predicate
        if isinstance(predicate, ControlRun):
            found.append(_run(record.number, predicate))
        elif isinstance(predicate, Attestation):
            found.append(_statement(record.number, predicate))
    return tuple(found)


def statements(records: Iterable[Record]) -> tuple[tuple[int, Attestation], ...]:
    """The latest statement about each promise, with its record's number."""
    latest: dict[str, tuple[int, Attestation]] = {}
    for record in records:
        predicate = record.statement.predicate
        if isinstance(predicate, Attestation):
            latest[predicate.promise] = (record.number, predicate)
    return tuple(latest[promise] for promise in sorted(latest))


def job_runs(records: Iterable[Record]) -> tuple[JobRun, ...]:
    """Every run of a job, in the order of their first records."""
    starts: dict[str, tuple[int, Job]] = {}
    ends: dict[str, tuple[int, Job]] = {}
    for record in records:
        predicate = record.statement.predicate
        if isinstance(predicate, Job):
            (starts if predicate.event == "start" else ends).setdefault(predicate.run, (record.number, predicate))
    return tuple(_joined(run, starts.get(run), ends.get(run)) for run in dict.fromkeys([*starts, *ends]))


def _run(number: int, run: ControlRun) -> RunSummary:
    return RunSummary(
        promise=run.promise,
        control=run.control,
        surface=run.surface,
        finished=run.finished,
        complete=run.complete,
        population=run.population.count,
        counts=run.counts,
        listed=tuple(_observation(each) for each in run.observed),
        digest=run.digest,
        record=number,
        state_digest=run.state_digest,
    )


def _statement(number: int, said: Attestation) -> RunSummary:
    holds = said.status == "holds"
    outcome = Outcome.PASS if holds else Outcome.FAIL
    until = f"until {said.valid_until.date().isoformat()}" if said.valid_until else "without an end"
    observed = f"stated by {said.role} {until}" if holds else f"withdrawn by {said.role}"
    mend = "" if holds else f"when it holds again: kept attest add {said.promise}"
    seen = (Observation(f"statement/{said.promise}", outcome, "a statement that holds", observed, mend),)
    return RunSummary(
        promise=said.promise,
        control=ATTESTATION,
        surface=Surface.ATTEST,
        finished=said.valid_from,
        complete=True,
        population=1,
        counts={each: int(each is outcome) for each in Outcome},
        listed=seen,
        digest=digest(seen),
        record=number,
        expires=said.valid_until,
        document=said.document_sha256,
    )


def _observation(seen: Listed) -> Observation:
    figure = seen.figure
    measured = Figure(figure.name, figure.value, figure.unit, figure.limit, figure.warn) if figure else None
    return Observation(seen.subject, seen.outcome, seen.expected, seen.observed, seen.mend, measured)


def _joined(run: str, start: tuple[int, Job] | None, end: tuple[int, Job] | None) -> JobRun:
    return JobRun(
        job=(start or end or (0, None))[1].job,  # type: ignore[union-attr]  # one of the two is there
        run=run,
        started=start[1].started if start else None,
        finished=end[1].finished if end else None,
        result=end[1].result if end else None,
        start_record=start[0] if start else None,
        end_record=end[0] if end else None,
    )
