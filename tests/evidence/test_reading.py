"""From the log to verdicts: the summary of a run survives, statements pass, expire and fail, jobs are joined."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from evidence.composing import Attested
from evidence.reading import job_runs, statements, summaries
from evidence.signing import fingerprint
from promises.observations import ControlRun, Figure, Observation, Outcome, RunSummary, Surface, Vantage, summarise
from tests.evidence.log_world import RECORD, START, World, control_run

SEEN = (
    Observation("key-1", Outcome.PASS, "at most 90 days", "85 days", "rotate it", Figure("age", 85.5, "days", 90, 80)),
    Observation("key-2", Outcome.FAIL, "at most 90 days", "120 days", "rotate it"),
    Observation("key-3", Outcome.UNKNOWN, "at most 90 days", "no answer"),
    Observation("key-4", Outcome.NOT_APPLICABLE, "at most 90 days", "destroyed"),
)


def logged(world: World) -> tuple[RunSummary, ...]:
    world.checkpoint()
    verification = world.verify()
    assert verification.problems == ()
    return summaries(verification.records)


def said(status: str = "holds", days: int = 92) -> Attested:
    until = START + timedelta(days=days) if status == "holds" else None
    return Attested("access.mfa", status, "privacy-officer", fingerprint(RECORD.public_key()), START, until)  # type: ignore[arg-type]


def test_a_run_comes_back_as_it_was_summed_up(world: World) -> None:
    run = ControlRun("keys.rotation", "keys.plan", Surface.PLAN, Vantage.OPERATOR, "the state", START, START, SEEN, complete=False)
    world.writer().control_run(run, state_digest="e" * 64, parameters={"max_age": timedelta(days=90)})
    assert logged(world) == (replace(summarise(run), record=0, state_digest="e" * 64),)


def test_runs_come_in_the_order_of_the_log_with_their_numbers(world: World) -> None:
    for promise in ("a", "b", "c"):
        world.writer().control_run(control_run(START, Outcome.PASS, promise=promise))
    assert [(each.promise, each.record) for each in logged(world)] == [("a", 0), ("b", 1), ("c", 2)]


def test_a_statement_passes_until_it_expires_and_its_withdrawal_fails(world: World) -> None:
    world.writer().attestation(said())
    world.writer().attestation(said("withdrawn"))
    held, withdrawn = logged(world)
    assert (held.surface, held.control, held.count(Outcome.PASS), held.expires) == (
        Surface.ATTEST,
        "attestation",
        1,
        START + timedelta(days=92),
    )
    assert (withdrawn.count(Outcome.FAIL), withdrawn.population, withdrawn.expires) == (1, 1, None)
    assert withdrawn.listed[0].observed == "withdrawn by privacy-officer"


def test_the_latest_statement_about_a_promise_counts(world: World) -> None:
    world.writer().attestation(said())
    world.writer().attestation(said("withdrawn"))
    world.checkpoint()
    ((number, latest),) = statements(world.verify().records)
    assert (number, latest.status) == (1, "withdrawn")


def test_a_jobs_start_and_end_are_joined(world: World) -> None:
    writer = world.writer()
    writer.job_started("keys.rotate", "r1", START)
    writer.job_started("backup.run", "r2", START)
    writer.job_ended("keys.rotate", "r1", START + timedelta(minutes=1), failure="DeadlineExceeded")
    logged(world)
    first, second = job_runs(world.verify().records)
    assert (first.job, first.result, first.start_record, first.end_record) == ("keys.rotate", "failed", 0, 2)
    assert first.finished == START + timedelta(minutes=1)
    assert (second.job, second.result, second.finished, second.end_record) == ("backup.run", None, None, None)
