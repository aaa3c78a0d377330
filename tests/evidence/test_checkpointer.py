"""The checkpointer: the same end from every crash, nothing foreign in the log, nothing signed over a log that was changed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from evidence import composing
from evidence.checkpointer import checkpoint
from evidence.composing import Stamp
from evidence.errors import Exists, Inconsistent
from evidence.notes import Checkpoint, sign_checkpoint
from evidence.reading import summaries
from evidence.statements import LogEvent, to_bytes
from evidence.stores import MemoryStore
from evidence.writer import seal
from promises.observations import Outcome
from services.errors import Unreachable
from tests.evidence.faulty import Died, Down, Dying
from tests.evidence.log_world import ATTACKER, ORIGIN, RECORD, START, World, context, control_run, signer


def envelope(counter: int, writer: str = "w-1", key: object = RECORD, at: timedelta = timedelta(0)) -> bytes:
    """A signed record of a writer, made without one."""
    stamp = Stamp(context(writer), counter, START + at)
    return seal(to_bytes(composing.control_run(stamp, control_run(START, Outcome.PASS), {}, None, None)), key)  # type: ignore[arg-type]


def drop(world: World, data: bytes) -> str:
    digest = composing.sha256(data)
    world.store.put(f"inbox/{digest}", data)
    return digest


def events(world: World) -> list[LogEvent]:
    return [each.predicate for each in world.verify().records if isinstance(each.predicate, LogEvent)]


def test_an_empty_log_begins_with_a_heartbeat(world: World) -> None:
    report = world.checkpoint()
    assert (report.size, report.added) == (1, 1)
    assert [each.event for each in events(world)] == ["heartbeat"]
    assert world.problems() == []


def test_records_are_numbered_signed_and_copied_and_the_inbox_is_empty(world: World) -> None:
    world.write(3)
    report = world.checkpoint()
    assert list(world.store.list("records/")) == [f"records/{number:012}" for number in range(4)]
    assert world.objects("inbox/") == {}
    assert world.store.get("checkpoints/000000000004") == report.note == world.anchor.get("checkpoints/000000000004")
    assert report.note.decode().splitlines()[:2] == [ORIGIN, "4"]
    assert len(list(world.store.list("keys/"))) == 1
    assert world.problems(report.note) == []


def test_a_run_without_news_changes_nothing(world: World) -> None:
    world.write()
    first = world.checkpoint()
    before = world.everything()
    second = world.checkpoint()
    assert (second.added, second.note) == (0, first.note)
    assert world.everything() == before


def test_a_day_later_the_log_says_that_it_is_alive(world: World) -> None:
    world.checkpoint()
    world.now += timedelta(hours=23)
    assert world.checkpoint().added == 0
    world.now += timedelta(hours=1)
    assert world.checkpoint().added == 1
    assert [each.event for each in events(world)] == ["heartbeat", "heartbeat"]


def test_the_order_depends_on_the_objects_alone(world: World) -> None:
    """By time, each writer's records by their counter even if its clock jumped back."""
    clock = {("a", 1): 50, ("a", 2): 10, ("b", 1): 20, ("b", 2): 60}
    for (writer, counter), seconds in clock.items():
        drop(world, envelope(counter, writer, at=timedelta(seconds=seconds)))
    world.now += timedelta(minutes=2)
    world.checkpoint()
    seen = [each.predicate.writer for each in world.verify().records][:4]
    assert [(mark.id, mark.counter) for mark in seen] == [("b", 1), ("a", 1), ("a", 2), ("b", 2)]


FOREIGN: dict[str, tuple[Callable[[], bytes], str]] = {
    "bytes that are no envelope": (lambda: b"\x00\xff", "not-an-envelope"),
    "nothing": (lambda: b"", "not-an-envelope"),
    "an envelope signed by somebody else": (lambda: envelope(1, key=ATTACKER), "not-signed"),
    "a signed text that is no statement": (lambda: seal(b"{}", RECORD), "not-a-statement"),
    "another record under a number that was used": (lambda: envelope(1, at=timedelta(minutes=1)), "repeated"),
}


@pytest.mark.parametrize(("make", "reason"), FOREIGN.values(), ids=FOREIGN.keys())
def test_what_is_foreign_is_moved_aside_and_named_in_the_log(world: World, make: Callable[[], bytes], reason: str) -> None:
    world.write(2)
    world.checkpoint()
    digest = drop(world, make())
    world.write()
    report = world.checkpoint()
    assert [(each.sha256, each.reason) for each in report.rejected] == [(digest, reason)]
    assert world.objects("rejected/") == {f"rejected/{digest}": make()}
    assert world.objects("inbox/") == {}
    assert [(each.sha256, each.reason) for event in events(world) for each in event.rejected] == [(digest, reason)]
    assert world.problems() == [], "a foreign object cannot make the log fail"


def test_the_same_foreign_object_again_is_not_named_again(world: World) -> None:
    for _ in range(2):
        drop(world, b"foreign")
        world.checkpoint()
    assert len([event for event in events(world) if event.rejected]) == 1
    assert world.objects("inbox/") == {}


def test_many_foreign_objects_take_few_records(world: World) -> None:
    for number in range(250):
        drop(world, b"foreign %d" % number)
    assert world.checkpoint().added == 4, "three records of at most 100 names, and the heartbeat"
    assert world.problems() == []


def test_a_replayed_record_changes_nothing(world: World) -> None:
    world.write(2)
    world.checkpoint()
    replayed = world.store.get("records/000000000000")
    drop(world, replayed)
    report = world.checkpoint()
    assert (report.added, report.rejected) == (0, ())
    assert world.objects("inbox/") == {}
    assert world.problems() == []


def test_a_gap_is_announced_before_the_record_that_reveals_it(world: World) -> None:
    drop(world, envelope(1))
    drop(world, envelope(4, at=timedelta(seconds=9)))
    world.checkpoint()
    assert [(event.gap.first, event.gap.last) for event in events(world) if event.gap] == [(2, 3)]
    assert world.problems() == ["writer w-1: its records 2 to 3 are missing"]


def test_a_gap_that_is_filled_later_is_no_problem_any_more(world: World) -> None:
    drop(world, envelope(1))
    drop(world, envelope(4))
    world.checkpoint()
    drop(world, envelope(3))
    world.checkpoint()
    assert world.problems() == ["writer w-1: its records 2 to 2 are missing"]
    drop(world, envelope(2))
    world.checkpoint()
    assert world.problems() == []


def test_an_object_laid_at_the_next_number_does_not_block_the_log(world: World) -> None:
    world.write()
    world.checkpoint()
    world.store.put("records/000000000002", b"foreign")
    world.store.put("records/000000000003", envelope(2, at=timedelta(seconds=2)))
    world.store.put("records/readme", b"foreign, too")
    world.store.put("checkpoints/999999999999", sign_checkpoint(Checkpoint(ORIGIN, 999_999_999_999, b"\x00" * 32), ATTACKER))
    world.checkpoint()
    assert world.problems() == []
    assert {each.reason for event in events(world) for each in event.rejected} == {"not-an-envelope"}
    assert len(world.objects("rejected/")) == 3
    assert [each.predicate.writer.counter for each in world.verify().records if each.predicate.writer.id == "w-1"] == [1, 2]


def prepared(world: World) -> None:
    """A log with one checkpoint and an inbox with everything in it: records, a gap, foreign and repeated objects."""
    world.write(2)
    world.checkpoint()
    world.write(2)
    world.write(2, "w-2")
    drop(world, envelope(9, "w-2", at=timedelta(minutes=1)))
    drop(world, b"foreign")
    drop(world, envelope(1, at=timedelta(minutes=1)))
    world.now += timedelta(days=1)


def test_a_crash_at_any_step_comes_to_the_same_end(world: World) -> None:
    """Before or after every change of store and anchor. Two runs later nothing is lost, doubled, or left lying."""
    prepared(world)
    start, anchored, now = world.everything(), world.anchor.get("checkpoints/000000000003"), world.now
    expected = finished(world)
    steps = count_steps(world, start, anchored, now)
    assert steps > 15
    for step in range(1, steps + 1):
        for after in (False, True):
            restore(world, start, anchored)
            world.now = now
            with pytest.raises(Died):
                world.checkpoint(Dying(world.store, step, after=after))
            assert world.problems(max_age=None) in ([], ["writer w-2: its records 3 to 8 are missing"]), (step, after)
            world.now = now
            assert finished(world) == expected, (step, after)


def test_a_crash_before_the_anchor_is_mended_by_the_next_run(world: World) -> None:
    prepared(world)
    anchor = world.anchor
    world.anchor = Dying(anchor, 1, after=False)
    with pytest.raises(Died):
        world.checkpoint()
    world.anchor = anchor
    report = world.checkpoint()
    assert anchor.get(f"checkpoints/{report.size:012}") == report.note
    assert world.objects("inbox/") == {}


def finished(world: World) -> dict[str, bytes]:
    world.checkpoint()
    assert world.problems() == ["writer w-2: its records 3 to 8 are missing"]
    assert world.objects("inbox/") == {}
    left = world.everything()
    newest = max(world.objects("checkpoints/"))
    assert world.anchor.get(newest) == world.store.get(newest)
    return left


def count_steps(world: World, start: dict[str, bytes], anchored: bytes, now: object) -> int:
    restore(world, start, anchored)
    world.now = now  # type: ignore[assignment]
    counting = Dying(world.store, 0, after=False)
    world.checkpoint(counting)
    return counting.changes


def restore(world: World, objects: dict[str, bytes], anchored: bytes) -> None:
    world.store, world.anchor = MemoryStore(), MemoryStore()
    for key, data in objects.items():
        world.store.put(key, data)
    world.anchor.put("checkpoints/000000000003", anchored)


def tampered_first(world: World) -> None:
    world.store.put("records/000000000000", envelope(1, at=timedelta(seconds=9)))


def tampered_last(world: World) -> None:
    world.store.put("records/000000000004", envelope(5, "w-9"))


def unsigned(world: World) -> None:
    world.store.put("records/000000000001", b"{}")


def swapped(world: World) -> None:
    first, second = world.store.get("records/000000000000"), world.store.get("records/000000000001")
    world.store.put("records/000000000000", second)
    world.store.put("records/000000000001", first)


def deleted(world: World) -> None:
    world.store.delete("records/000000000001")


def cut(world: World) -> None:
    """Tail and newest checkpoint: only the anchor can tell."""
    for key in ("records/000000000003", "records/000000000004", "checkpoints/000000000005"):
        world.store.delete(key)


def cut_to_nothing(world: World) -> None:
    for folder in ("records/", "checkpoints/"):
        for key in list(world.store.list(folder)):
            world.store.delete(key)


TAMPERED = {
    "the first record is another one": tampered_first,
    "the last record is another one": tampered_last,
    "a record is no envelope": unsigned,
    "two records are swapped": swapped,
    "a record is gone": deleted,
    "tail and newest checkpoint are gone, the anchor remembers": cut,
    "everything is gone, the anchor remembers": cut_to_nothing,
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED.keys())
def test_nothing_is_signed_over_a_log_that_was_changed(world: World, tamper: Callable[[World], None]) -> None:
    world.write(2)
    world.checkpoint()
    world.write(2)
    world.checkpoint()
    tamper(world)
    world.write()
    before = world.everything()
    anchored = {key: world.anchor.get(key) for key in world.anchor.list("checkpoints/")}
    with pytest.raises(Inconsistent, match="nothing was signed"):
        world.checkpoint()
    assert world.everything() == before
    assert {key: world.anchor.get(key) for key in world.anchor.list("checkpoints/")} == anchored


def test_a_log_key_that_is_not_trusted_signs_nothing(world: World) -> None:
    """It is another Vault's: none of its versions is the key the log names."""
    world.write()
    parts = world.parts()
    with pytest.raises(Inconsistent, match="no version of key-9"):
        checkpoint(type(parts)(**{**vars(parts), "log_signer": signer(9)}), contextlib.nullcontext(), world.clock())
    assert world.objects("checkpoints/") == {}


def test_two_checkpointers_at_once_do_not_overwrite_each_other(world: World) -> None:
    """The lock is broken: what the other has numbered meanwhile stays, and this run ends with an error."""
    world.write()

    class Overtaken(MemoryStore):
        """Another checkpointer works between this one's reading and its first writing."""

        def put(self, key: str, data: bytes, *, create_only: bool = False) -> None:
            if key.startswith("records/"):
                super().put("records/000000000000", envelope(1, "w-7"), create_only=False)
            super().put(key, data, create_only=create_only)

    other = Overtaken()
    for key, data in world.everything().items():
        other.put(key, data)
    with pytest.raises(Exists, match="never overwritten"):
        world.checkpoint(other)
    assert list(other.list("checkpoints/")) == []
    assert len(list(other.list("inbox/"))) == 1


def test_an_anchor_that_is_down_is_told_after_the_log_was_signed(world: World) -> None:
    world.write()
    anchor = Down(world.anchor)
    anchor.down = False
    down = Down(MemoryStore())
    parts = world.parts()
    parts = type(parts)(**{**vars(parts), "anchors": (anchor, LateDown(down))})
    with pytest.raises(Unreachable):
        checkpoint(parts, contextlib.nullcontext(), world.clock())
    assert world.problems() == []
    assert list(anchor.list("checkpoints/")) == ["checkpoints/000000000002"]
    assert world.objects("inbox/") == {}


class LateDown:
    """An anchor that can be read, but no longer written."""

    def __init__(self, store: Down) -> None:
        self._store = store

    def list(self, folder: str, after: str = "") -> object:
        return iter(())

    def put(self, key: str, data: bytes, *, create_only: bool = False) -> None:
        self._store.put(key, data, create_only=create_only)


def test_the_lock_is_held_while_it_works(world: World) -> None:
    held = []

    @contextlib.contextmanager
    def lock() -> object:  # type: ignore[misc]
        held.append(list(world.store.list("checkpoints/")))
        yield
        held.append(list(world.store.list("checkpoints/")))

    checkpoint(world.parts(), lock(), world.clock())  # type: ignore[arg-type]
    assert held == [[], ["checkpoints/000000000001"]]


def test_an_object_laid_among_the_numbers_does_not_block_the_log(world: World) -> None:
    world.write(3)
    world.checkpoint()
    world.store.put("records/000000000001-copy", b"foreign")
    world.write()
    report = world.checkpoint()
    assert report.size == 6
    assert world.problems() == []


def test_a_checkpoint_that_waited_long_is_not_dated_before_what_was_written_meanwhile(world: World) -> None:
    world.checkpoint()
    asked = world.now + timedelta(days=1)
    world.now = asked + timedelta(hours=2)
    world.write()
    checkpoint(world.parts(), contextlib.nullcontext(), asked)
    assert world.problems() == []


def test_a_subject_the_log_cannot_spell_keeps_its_finding(world: World) -> None:
    run = control_run(world.now, Outcome.FAIL)
    odd = replace(run, observations=tuple(replace(each, subject="größe of o'neill") for each in run.observations))
    world.writer().control_run(odd)
    world.checkpoint()
    (found,) = [each for each in summaries(world.verify().records) if each.count(Outcome.FAIL)]
    assert found.listed[0].subject.startswith("renamed gr**e of o*neill ")
