"""What every verifier would object to does not enter the log: moved aside, named in the log, accounted for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import admission, composing
from evidence.composing import Stamp
from evidence.errors import Inconsistent
from evidence.rules import TOLERANCE, Demands
from evidence.rules import World as Rules
from evidence.statements import LogEvent, Predicate, to_bytes
from evidence.writer import seal
from promises.observations import Outcome
from tests.evidence.log_world import RECORD, START, World, context, control_run

HOUR = timedelta(hours=1)


def envelope(counter: int, at: timedelta, *, late: bool = False, **changes: object) -> bytes:
    """A record of the writer w-1, signed with the record key."""
    stamp = Stamp(context(**changes), counter, START + at, late)
    return seal(to_bytes(composing.control_run(stamp, control_run(min(START, START + at), Outcome.PASS), {}, None, None)), RECORD)


def drop(world: World, *raws: bytes) -> list[str]:
    digests = [composing.sha256(raw) for raw in raws]
    for digest, raw in zip(digests, raws, strict=True):
        world.store.put(f"inbox/{digest}", raw)
    return digests


def events(world: World) -> list[LogEvent]:
    return [each.predicate for each in world.verify().records if isinstance(each.predicate, LogEvent)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    drop(world, envelope(1, timedelta(0)))
    world.checkpoint()
    return world


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "an hour ahead": (lambda: envelope(2, HOUR), "dated-ahead"),
    "an hour ahead, and said to be late": (lambda: envelope(2, HOUR, late=True), "dated-ahead"),
    "an hour before its neighbours": (lambda: envelope(2, -HOUR), "dated-back"),
}


@pytest.mark.parametrize(("make", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_a_record_of_the_wrong_time_is_refused_by_name_and_the_honest_ones_after_it_are_taken(
    world: World, make: Callable[[], bytes], reason: str
) -> None:
    (digest, _) = drop(world, make(), envelope(3, timedelta(seconds=2)))
    report = world.checkpoint()
    assert [(each.sha256, each.reason) for each in report.rejected] == [(digest, reason)]
    assert world.objects("rejected/") == {f"rejected/{digest}": make()}
    assert [each.counter for event in events(world) for refused in event.rejected if (each := refused.writer)] == [2]
    drop(world, envelope(4, timedelta(seconds=3)))
    world.checkpoint()
    assert world.problems() == []


def test_a_clock_that_was_mended_loses_no_record_made_before_the_next_checkpoint(world: World) -> None:
    """The refusal is dated so that what was made long before it, and waited, is not before its neighbours."""
    drop(world, envelope(2, 9 * HOUR), envelope(3, 1 * HOUR), envelope(4, 2 * HOUR))
    world.now = START + 5 * HOUR
    report = world.checkpoint()
    assert [each.reason for each in report.rejected] == ["dated-ahead"]
    assert [each.predicate.writer.counter for each in world.verify().records if each.predicate.writer.id == "w-1"] == [1, 3, 4]
    assert world.problems() == []


def test_a_refused_record_that_is_sent_again_is_not_taken_when_its_time_has_come(world: World) -> None:
    raw = envelope(2, HOUR)
    for _ in range(2):
        drop(world, raw)
        world.checkpoint()
        world.now = START + 2 * HOUR
    assert len([event for event in events(world) if event.rejected]) == 1
    assert world.problems() == []


def test_within_the_tolerance_clocks_may_differ(world: World) -> None:
    drop(world, envelope(2, TOLERANCE), envelope(3, timedelta(0)))
    assert world.checkpoint().rejected == ()
    assert world.problems() == []


FOREIGN: dict[str, tuple[dict[str, str], str]] = {
    "another environment": ({"environment": "staging"}, "another-world"),
    "another platform": ({"platform": "lumina"}, "another-world"),
}


@pytest.mark.parametrize(("changes", "reason"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_record_of_another_world_is_refused_and_its_counter_is_nobodys(world: World, changes: dict[str, str], reason: str) -> None:
    drop(world, envelope(70, timedelta(0), **changes))
    assert [each.reason for each in world.checkpoint().rejected] == [reason]
    assert world.problems() == [], "a foreign counter leaves no gap"


def test_production_takes_nothing_made_under_a_moved_clock(world: World) -> None:
    raw = envelope(1, timedelta(0), environment="production", clock_override=True)
    other = World(world.folder / "production")
    drop(other, raw)
    assert [each.reason for each in other.checkpoint(environment="production").rejected] == ["moved-clock"]
    assert other.problems() == []


def test_a_local_record_under_a_moved_clock_has_no_time_to_be_judged_by(world: World) -> None:
    drop(world, envelope(2, 900 * HOUR, clock_override=True))
    assert world.checkpoint().rejected == ()
    assert world.problems() == []


def test_what_an_interrupted_run_left_is_not_kept_when_it_is_dated_ahead(world: World) -> None:
    world.store.put("records/000000000002", envelope(2, HOUR))
    assert [each.reason for each in world.checkpoint().rejected] == ["dated-ahead"]
    assert world.problems() == []


def test_a_checkpointer_whose_clock_is_behind_the_log_signs_nothing_and_refuses_nobody(world: World) -> None:
    world.write()
    before = world.everything()
    world.now -= HOUR
    with pytest.raises(Inconsistent, match=r"dated 2026-11-20T08:.*, the clock of this host says 2026-11-20T07:") as refusal:
        world.checkpoint()
    assert "set the clock right" in refusal.value.hint
    assert world.everything() == before


@settings(max_examples=200, deadline=None)
@given(
    minutes=st.lists(st.integers(-20, 20), min_size=1, max_size=6),
    late=st.lists(st.booleans(), min_size=6, max_size=6),
    moved=st.lists(st.booleans(), min_size=6, max_size=6),
    environment=st.sampled_from(["local", "production"]),
)
def test_no_verifier_objects_to_what_was_let_in(minutes: list[int], late: list[bool], moved: list[bool], environment: str) -> None:
    """And what was refused, a verifier would have objected to."""
    log = context(environment=environment)
    rules, latest = Rules(Demands(START, environment=log.environment, platform=log.platform)), None
    for number, each in enumerate(minutes):
        predicate = _predicate(each, late=late[number], moved=moved[number], environment=environment)
        refused = admission.misplaced(predicate, log) or admission.ahead(predicate, START) or admission.back_dated(predicate, latest)
        if refused:
            continue
        assert rules.objections(predicate) == []
        if not predicate.late and not predicate.clock_override:
            latest = max(latest or predicate.time_created, predicate.time_created)


def _predicate(minutes: int, *, late: bool, moved: bool, environment: str) -> Predicate:
    stamp = Stamp(context(environment=environment, clock_override=moved), 1, START + timedelta(minutes=minutes), late)
    return composing.job_started(stamp, "verify", "run-1", START).predicate
