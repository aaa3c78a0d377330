"""A run that remembers reads what is new, comes to the same log as one that reads all, and trusts its memory only where it fits."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evidence import resuming
from evidence.checkpointer import CheckpointReport, checkpoint
from evidence.errors import Inconsistent
from evidence.stores import MemoryStore
from tests.evidence.faulty import Died, Dying
from tests.evidence.log_world import World


class Counting(MemoryStore):
    """Counts the records that are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0

    def get(self, key: str) -> bytes:
        self.read += key.startswith("records/")
        return super().get(key)

    def get_many(self, keys: Iterable[str]) -> Iterator[bytes]:
        return map(self.get, keys)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, store=Counting())


def run(world: World, store: object = None) -> CheckpointReport:
    parts = replace(world.parts(store), memory=world.folder / resuming.FILE)  # type: ignore[arg-type]
    return checkpoint(parts, contextlib.nullcontext(), world.clock())


def reads(world: World) -> int:
    before, world.store.read = world.store.read, 0  # type: ignore[attr-defined]
    return before


def test_only_the_last_record_is_read_again(world: World) -> None:
    world.write(50)
    assert run(world).whole
    reads(world)
    for _ in range(3):
        world.write(2)
        report = run(world)
        assert not report.whole
        assert report.added == 2
    assert reads(world) == 3
    assert world.problems(report.note) == []


def test_a_run_that_remembers_comes_to_the_same_log(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other")
    for each, make in ((world, run), (other, lambda it: it.checkpoint())):
        for count in (3, 1, 4):
            each.write(count)
            each.write(1, "w-2")
            each.store.put("inbox/" + "f" * 64, b"foreign")
            make(each)
    assert world.everything() == other.everything()
    assert len(world.everything()) > 10


def test_once_a_day_the_whole_log_is_read(world: World) -> None:
    run(world)
    assert not run(world).whole
    world.now += timedelta(days=1)
    assert run(world).whole


def edited(world: World) -> None:
    world.store.put("records/000000000004", world.store.get("records/000000000004") + b" ")


def cut(world: World) -> None:
    for key in [*world.objects("records/")][3:]:
        world.store.delete(key)
    for key in world.objects("checkpoints/"):
        world.store.delete(key)


def anchored_elsewhere(world: World) -> None:
    """The anchor holds a checkpoint that the log's own store lost."""
    for key in world.objects("checkpoints/"):
        world.store.delete(key)


CHANGED: dict[str, Callable[[World], None]] = {"its last record edited": edited, "its tail cut": cut, "no checkpoint": anchored_elsewhere}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED.keys())
def test_a_log_that_is_not_the_one_remembered_is_read_whole_and_refused(world: World, change: Callable[[World], None]) -> None:
    world.write(4)
    run(world)
    change(world)
    world.write()
    with pytest.raises(Inconsistent):
        run(world)


def test_an_older_record_that_was_edited_is_found_at_the_next_whole_reading(world: World) -> None:
    world.write(4)
    run(world)
    world.store.put("records/000000000001", b"edited")
    world.write()
    assert not run(world).whole
    assert world.problems(), "a verifier sees it at once"
    world.now += timedelta(days=1)
    with pytest.raises(Inconsistent):
        run(world)


MEMORIES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no JSON": lambda _: b"\xff{",
    "cut": lambda data: data[: len(data) // 2],
    "of another format": lambda data: data.replace(b"checkpointer/1", b"checkpointer/2"),
    "a size that is not its tree's": lambda data: data.replace(b'"size":5', b'"size":6'),
    "another tree": lambda data: re.sub(rb'("subtrees":\[")[0-9a-f]{8}', rb"\g<1>00000000", data),
}


@pytest.mark.parametrize("change", MEMORIES.values(), ids=MEMORIES.keys())
def test_a_memory_that_does_not_fit_is_not_used(world: World, change: Callable[[bytes], bytes]) -> None:
    world.write(4)
    run(world)
    path = world.folder / resuming.FILE
    assert change(path.read_bytes()) != path.read_bytes()
    path.write_bytes(change(path.read_bytes()))
    world.write()
    assert run(world).whole
    assert not run(world).whole
    assert world.problems() == []


def test_a_memory_of_another_tree_of_the_same_size_is_not_used(world: World, tmp_path: Path) -> None:
    other = World(tmp_path / "other", store=Counting())
    other.write(4, "w-9")
    run(other)
    world.write(4)
    run(world)
    (world.folder / resuming.FILE).write_bytes((other.folder / resuming.FILE).read_bytes())
    assert run(world).whole
    assert world.problems() == []


def test_a_replayed_record_makes_the_run_read_all_and_changes_nothing(world: World) -> None:
    world.write(3)
    run(world)
    raw = world.store.get("records/000000000001")
    world.store.put("inbox/" + "e" * 64, raw)
    report = run(world)
    assert report.whole
    assert (report.added, report.rejected) == (0, ())
    assert world.objects("inbox/") == {}
    assert not run(world).whole


def marks(world: World) -> list[tuple[str, int]]:
    found = (each.predicate.writer for each in world.verify().records)
    return [(mark.id, mark.counter) for mark in found]


@pytest.mark.parametrize("after", [False, True])
def test_a_run_that_remembers_may_die_at_any_step(tmp_path: Path, after: bool) -> None:  # noqa: FBT001 - a table's column
    def lived(folder: Path, step: int) -> tuple[World, int]:
        world = World(folder)
        world.write(3)
        run(world)
        world.write(2)
        world.store.put("inbox/" + "f" * 64, b"foreign")
        dying = Dying(world.store, step, after=after)
        with contextlib.suppress(Died):
            run(world, dying)
        run(world)
        return world, dying.changes

    whole, changes = lived(tmp_path / "whole", 10_000)
    assert changes > 8
    for step in range(1, changes + 1):
        world, _ = lived(tmp_path / f"{after}-{step}", step)
        assert world.problems() == []
        assert marks(world) == marks(whole)


def test_a_full_disk_costs_time_alone(world: World) -> None:
    (world.folder / resuming.FILE).mkdir(parents=True)
    world.write()
    assert run(world).whole
    assert run(world).whole
    assert world.problems() == []
