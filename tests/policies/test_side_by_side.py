"""Waiting for many answers: in order, a few at a time, and never longer than allowed."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from policies import judging
from policies.controls.base import Control
from policies.judging import Task, run_live
from policies.side_by_side import side_by_side
from promises.loading import load_catalog
from promises.observations import Observation, Outcome, Surface, Vantage

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CATALOG = load_catalog("illumacom", None)
PROMISE = CATALOG.promise("region.us-only")
SEEN = Observation("a", Outcome.PASS, "x", "x")


def test_answers_come_in_the_order_of_the_pieces() -> None:
    assert side_by_side([lambda number=number: number for number in range(20)], parallel=3, seconds=60) == list(range(20))
    assert side_by_side([], parallel=3, seconds=60) == []


def test_what_never_answers_costs_itself_alone() -> None:
    never = threading.Event()
    assert side_by_side([never.wait, lambda: True], parallel=2, seconds=0.3, heartbeat=0.1) == [None, True]
    never.set()


def test_what_was_not_begun_in_time_is_not_begun_later() -> None:
    never, begun = threading.Event(), threading.Event()

    def late() -> bool:
        begun.set()
        return True

    assert side_by_side([never.wait, late], parallel=1, seconds=0.1) == [None, None]
    never.set()
    assert not begun.wait(0.2)


def test_what_is_awaited_is_told() -> None:
    go, heard = threading.Event(), []

    def told(places: Sequence[int]) -> None:
        heard.append(list(places))
        go.set()

    assert side_by_side([lambda: go.wait(60), lambda: True], parallel=2, seconds=60, told=told, heartbeat=0.1) == [True, True]
    assert [0] in heard


def test_an_error_reaches_the_caller() -> None:
    def bad() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side([bad], parallel=1, seconds=60)


def control(name: str, vantage: Vantage, check: Any = lambda *_: [SEEN]) -> Task:
    return Task(PROMISE, Control(name, Surface.LIVE, vantage, "looks", check))


@pytest.mark.parametrize("vantage", [None, *Vantage])
def test_one_vantage_runs_its_own_controls_alone(monkeypatch: pytest.MonkeyPatch, vantage: Vantage | None) -> None:
    found = tuple(control(each.value, each) for each in Vantage)
    monkeypatch.setattr(judging, "tasks", lambda *_: found)
    runs = run_live(None, CATALOG, NOW, lambda: NOW, vantage=vantage)  # type: ignore[arg-type]
    assert [each.vantage for each in runs] == ([vantage] if vantage else list(Vantage))


def test_a_control_that_does_not_answer_in_time_has_not_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its run is incomplete, so an older pass is not replaced and the verification ends with 5."""
    never = threading.Event()

    def deaf(*_: Any) -> list[Observation]:
        never.wait()
        return [SEEN]

    monkeypatch.setattr(judging, "tasks", lambda *_: (control("deaf", Vantage.INSIDE, deaf), control("quick", Vantage.INSIDE)))
    runs = run_live(None, CATALOG, NOW, lambda: NOW, deadline=timedelta(seconds=1))  # type: ignore[arg-type]
    never.set()
    assert [(each.control, each.complete) for each in runs] == [("deaf", False), ("quick", True)]
    assert [(each.outcome, each.observed) for each in runs[0].observations] == [(Outcome.UNKNOWN, "no answer within 1 second")]
