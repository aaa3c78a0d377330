"""What becomes of a control that raises, and which controls are run at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

from policies import judging
from policies.controls.base import Control, Question
from policies.judging import Task, judge_plan, run, run_live, tasks
from policies.readers.state import Stack
from promises.loading import load_catalog
from promises.model import Catalog
from promises.observations import Observation, Outcome, Surface, Vantage
from services.errors import KeptError, Refused, Unreachable

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CATALOG = load_catalog("illumacom", None)
PROMISE = CATALOG.promise("region.us-only")
SEEN = Observation("a", Outcome.PASS, "x", "x")


def control(check: Callable[[Any, Question], Iterable[Observation]], surface: Surface = Surface.LIVE, name: str = "t") -> Control:
    return Control(name, surface, Vantage.OUTSIDE, "looks", check)


def after_one(error: Exception) -> Callable[[Any, Question], Iterator[Observation]]:
    def check(_: Any, __: Question) -> Iterator[Observation]:
        yield SEEN
        raise error

    return check


ERRORS: dict[str, tuple[Exception, str]] = {
    "an error of ours is told": (Refused("the cloud said no", "ask"), "could not look: the cloud said no"),
    "an outage is told": (Unreachable("nobody there"), "could not look: nobody there"),
    "any other error is told by its kind alone": (RuntimeError("jane@example.com, Main Street 1"), "stopped by an unexpected RuntimeError"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_a_control_that_raises_is_unknown_and_incomplete_and_keeps_what_it_saw(case: str, caplog: pytest.LogCaptureFixture) -> None:
    error, said = ERRORS[case]
    found = run(Task(PROMISE, control(after_one(error))), None, CATALOG, lambda: NOW)
    assert not found.complete
    assert found.observations[0] == SEEN
    assert [(each.outcome, each.observed) for each in found.observations[1:]] == [(Outcome.UNKNOWN, said)]
    assert "jane" not in caplog.text


def test_a_control_that_raises_at_once_is_unknown() -> None:
    def check(_: Any, __: Question) -> Iterable[Observation]:
        raise KeptError("no")

    found = run(Task(PROMISE, control(check)), None, CATALOG, lambda: NOW)
    assert [each.outcome for each in found.observations] == [Outcome.UNKNOWN]
    assert not found.complete


def test_a_run_says_who_looked_how_and_when() -> None:
    ticks = iter([NOW, NOW + timedelta(seconds=3)])
    asked: list[Question] = []

    def check(given: Any, question: Question) -> Iterable[Observation]:
        asked.append(question)
        return [SEEN] if given == "clients" else []

    found = run(Task(PROMISE, control(check)), "clients", CATALOG, lambda: next(ticks), NOW - timedelta(days=1))
    assert (found.promise, found.control, found.surface, found.vantage) == ("region.us-only", "t", Surface.LIVE, Vantage.OUTSIDE)
    assert (found.method, found.finished - found.started, found.complete) == ("looks", timedelta(seconds=3), True)
    assert asked == [Question(PROMISE, CATALOG, NOW - timedelta(days=1))]


def test_an_unknown_subject_does_not_make_a_run_incomplete() -> None:
    """It is this run's answer, and replaces an older pass."""
    found = run(Task(PROMISE, control(lambda *_: [Observation("a", Outcome.UNKNOWN, "x", "y")])), None, CATALOG, lambda: NOW)
    assert found.complete


def test_planned_proofs_are_not_run() -> None:
    named = {task.control.name for surface in (Surface.PLAN, Surface.LIVE) for task in tasks(CATALOG, surface)}
    expected = {
        proof.control
        for promise in CATALOG.promises
        for proof in promise.proofs
        if proof.surface in (Surface.PLAN, Surface.LIVE) and proof.control
    }
    assert named == expected


def test_the_plan_is_judged_at_one_moment() -> None:
    runs = judge_plan(Stack("illumacom", (), ""), CATALOG, NOW)
    assert {each.finished for each in runs} == {each.started for each in runs} == {NOW}
    assert all(each.observations for each in runs), "an empty stack is not passed over in silence"


def test_what_two_live_controls_ask_for_is_asked_once_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """And again by the next run: no answer outlives the one that asked."""
    reading = count(1)

    def asks(_: Any, question: Question) -> Iterable[Observation]:
        return [Observation(str(question.once("buckets", lambda: next(reading))), Outcome.PASS, "x", "x")]

    found = (Task(PROMISE, control(asks, name="one")), Task(CATALOG.promise("sharing.processors"), control(asks, name="two")))
    monkeypatch.setattr(judging, "tasks", lambda *_: found)
    subjects = [[each.observations[0].subject for each in run_live(None, CATALOG, NOW, lambda: NOW)] for _ in range(2)]  # type: ignore[arg-type]
    assert subjects == [["1", "1"], ["2", "2"]]
    assert [run(task, None, CATALOG, lambda: NOW).observations[0].subject for task in found] == ["3", "4"], "by itself, each asks"


def test_live_controls_run_side_by_side_and_come_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that wait for one another would hang if they ran in turn; one that raises harms none."""
    meeting = threading.Barrier(2, timeout=20)

    def meets(_: Any, __: Question) -> Iterable[Observation]:
        meeting.wait()
        return [SEEN]

    found = (
        Task(PROMISE, control(meets, name="one")),
        Task(PROMISE, control(meets, name="two")),
        Task(PROMISE, control(after_one(OSError()))),
    )

    def asked(_: Catalog, surface: Surface) -> tuple[Task, ...]:
        assert surface is Surface.LIVE
        return found

    monkeypatch.setattr(judging, "tasks", asked)
    runs = run_live(None, CATALOG, NOW, lambda: NOW, parallel=2)  # type: ignore[arg-type]
    assert [each.control for each in runs] == ["one", "two", "t"]
    assert [each.complete for each in runs] == [True, True, False]
