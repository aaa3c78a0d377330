"""The writer loses nothing and counts without a gap: when the store is down, when it dies, with many processes at once."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from evidence import composing
from evidence.composing import Stamp
from evidence.records import read
from evidence.signing import record_keys
from evidence.spool import Spool, writer_name
from evidence.statements import Job, to_bytes
from evidence.stores import DirectoryStore, Store
from promises.observations import ControlRun, Observation, Outcome, Surface, Vantage
from services.errors import Unreachable
from tests.evidence.faulty import Died, Down, Dying
from tests.evidence.log_world import RECORD, START, World, context, control_run

PROJECT = Path(__file__).resolve().parents[2]


def counters(store: Store) -> list[tuple[int, bool]]:
    """The counter of every record in the inbox, and whether it says that it is late."""
    keys = record_keys([RECORD.public_key()])
    predicates = [read(store.get(key), keys).predicate for key in store.list("inbox/")]
    return sorted((each.writer.counter, each.late) for each in predicates)


def waiting(world: World, name: str = "w-1") -> list[str]:
    return sorted(path.name for path in (world.folder / name).glob("*.json"))


def test_a_record_is_put_under_its_digest_and_nothing_waits(world: World) -> None:
    digest = world.writer().control_run(control_run(START, Outcome.PASS))
    assert list(world.store.list("inbox/")) == [f"inbox/{digest}"]
    assert counters(world.store) == [(1, False)]
    assert waiting(world) == []


def test_the_counter_goes_on_in_another_process_of_the_same_spool(world: World) -> None:
    world.write(3)
    world.write(2)
    assert counters(world.store) == [(number, False) for number in range(1, 6)]


def test_while_the_store_is_down_records_wait_and_come_late_in_order(world: World) -> None:
    store = Down(world.store)
    writer = world.writer(store=store)
    assert writer.control_run(control_run(START, Outcome.PASS)) == ""
    assert writer.job_ended("keys.rotate", "r1", START) == ""
    assert counters(world.store) == []
    assert waiting(world) == ["000000000001.json", "000000000002.json"]
    store.down = False
    assert writer.control_run(control_run(START, Outcome.PASS)) != ""
    assert counters(world.store) == [(1, True), (2, True), (3, False)]
    assert waiting(world) == []


def test_flush_sends_what_waits_and_says_what_still_does(world: World) -> None:
    store = Down(world.store)
    writer = world.writer(store=store)
    writer.control_run(control_run(START, Outcome.PASS))
    assert writer.flush() == 1
    store.down = False
    assert writer.flush() == 0
    assert counters(world.store) == [(1, True)]


def test_a_destructive_job_does_not_start_on_a_record_that_only_waits(world: World) -> None:
    """The log later says that it was asked for and not started."""
    store = Down(world.store)
    with pytest.raises(Unreachable, match="was not started"):
        world.writer(store=store).job_started("retention.purge", "r1", START, destructive=True)
    assert counters(world.store) == []
    store.down = False
    world.writer().flush()
    keys = record_keys([RECORD.public_key()])
    jobs = [read(world.store.get(key), keys).predicate for key in world.store.list("inbox/")]
    assert {(job.event, job.result) for job in jobs if isinstance(job, Job)} == {("start", None), ("end", "not-started")}


def test_a_job_that_destroys_nothing_starts_on_a_record_that_waits(world: World) -> None:
    assert world.writer(store=Down(world.store)).job_started("backup.run", "r1", START, destructive=False) == ""
    assert waiting(world) == ["000000000001.json"]


def test_a_start_record_that_was_stored_lets_a_destructive_job_start(world: World) -> None:
    assert world.writer().job_started("retention.purge", "r1", START, destructive=True)


@pytest.mark.parametrize("after", [False, True], ids=["before the put", "after the put"])
def test_a_writer_that_dies_leaves_its_record_to_the_next_one(world: World, *, after: bool) -> None:
    """Its number is neither lost nor used again; if the put had been done, the checkpointer knows the two for one."""
    with pytest.raises(Died):
        world.writer(store=Dying(world.store, 1, after=after)).control_run(control_run(START, Outcome.FAIL))
    assert waiting(world) == ["000000000001.json"]
    world.write()
    assert {number for number, _ in counters(world.store)} == {1, 2}
    world.checkpoint()
    assert world.problems() == []
    assert [record.predicate.writer.counter for record in world.verify().records if record.predicate.writer.id == "w-1"] == [1, 2]
    assert list(world.store.list("rejected/")) == []


def test_an_answer_that_was_lost_does_not_double_the_record(world: World) -> None:
    store = Down(world.store, swallow=True)
    world.writer(store=store).control_run(control_run(START, Outcome.PASS))
    store.down = False
    world.write()
    report = world.checkpoint()
    assert report.rejected == ()
    assert world.problems() == []
    assert report.added == 3, "two records and the first heartbeat"


def test_what_is_not_fit_for_the_log_uses_no_number(world: World) -> None:
    seen = (Observation("key-1", Outcome.FAIL, "a", "b"),)
    with pytest.raises(ValidationError):
        world.writer().control_run(ControlRun("no promise's name", "c", Surface.LIVE, Vantage.INSIDE, "m", START, START, seen))
    world.write()
    assert counters(world.store) == [(1, False)]


def test_a_spool_that_cannot_be_written_stops_the_record(world: World) -> None:
    (world.folder / "w-1").write_text("a file where the folder should be")
    with pytest.raises(Unreachable, match="spool"):
        world.writer().job_started("retention.purge", "r1", START)
    assert world.everything() == {}


def test_a_damaged_counter_stops_the_record(world: World) -> None:
    world.write()
    (world.folder / "w-1" / "counter").write_text("many")
    with pytest.raises(Unreachable, match="counter"):
        world.write()
    assert counters(world.store) == [(1, False)]


def test_a_number_that_was_saved_counts_as_used_though_the_counter_was_not_written(world: World) -> None:
    """A process died between the two files."""
    spool = Spool(world.folder / "w-1")
    with spool.locked():
        spool.save(1, b"{}")
        (world.folder / "w-1" / "counter").unlink()
        assert spool.reserve() == 2


def test_a_number_of_a_process_that_died_is_not_given_again_when_its_record_was_sent(world: World) -> None:
    """It died between the two files, and the next writer sends what it left."""
    world.write()
    (world.folder / "w-1" / "counter").write_text("1")
    spool, payload = Spool(world.folder / "w-1"), to_bytes(composing.job_started(Stamp(context(), 2, START), "purge", "r", START))
    with spool.locked():
        spool.save(2, payload)
        (world.folder / "w-1" / "counter").write_text("1")
    world.write()
    assert [counter for counter, _ in counters(world.store)] == [1, 2, 3]
    world.checkpoint()
    assert world.problems() == []


def test_the_writers_name_is_made_once(tmp_path: Path) -> None:
    name = writer_name(tmp_path / "spool")
    assert name == writer_name(tmp_path / "spool")
    assert name != writer_name(tmp_path / "other")
    assert name.startswith("w-")


WRITE_MANY = """
import sys
from pathlib import Path
from evidence.stores import DirectoryStore
from evidence.writer import Writer
from promises.observations import Outcome
from tests.evidence.log_world import RECORD, START, context, control_run

folder, name = Path(sys.argv[1]), sys.argv[2]
for _ in range(int(sys.argv[3])):
    writer = Writer(DirectoryStore(folder / "log"), RECORD, context(name), folder / name, lambda: START)
    print(writer.control_run(control_run(START, Outcome.PASS)), flush=True)
"""


def start(world: World, name: str, count: int) -> subprocess.Popen[str]:
    """A process that writes `count` records and prints the digest of each."""
    command = [sys.executable, "-c", WRITE_MANY, str(world.folder), name, str(count)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def writers_marks(world: World) -> list[tuple[str, int]]:
    seen = [record.predicate.writer for record in world.verify().records if record.predicate.writer.id != "checkpointer"]
    return sorted((mark.id, mark.counter) for mark in seen)


def test_many_processes_at_once_lose_nothing_and_double_nothing(world: World) -> None:
    """Eight processes, two on each of four spools, while the checkpointer works."""
    world.store = DirectoryStore(world.folder / "log")
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(start(world, f"w-{number % 4}", 10)) for number in range(8)]
        while any(each.poll() is None for each in running):
            world.checkpoint()
    assert [each.returncode for each in running] == [0] * 8
    world.checkpoint()
    assert world.problems() == []
    assert writers_marks(world) == [(f"w-{writer}", counter) for writer in range(4) for counter in range(1, 21)]
    assert world.objects("inbox/") == world.objects("rejected/") == {}


def test_a_killed_process_loses_no_record_that_it_had_begun(world: World) -> None:
    """Whatever it was doing: every digest it printed is in the log, and its numbers have no gap."""
    world.store = DirectoryStore(world.folder / "log")
    with start(world, "w-1", 100_000) as process:
        assert process.stdout is not None
        printed = [process.stdout.readline().strip() for _ in range(5)]
        process.kill()
        printed += [line.strip() for line in process.stdout if line.endswith("\n")]
    world.write()
    world.checkpoint()
    assert world.problems() == []
    assert set(printed) <= {record.sha256 for record in world.verify().records}
    assert [counter for _, counter in writers_marks(world)] == list(range(1, len(writers_marks(world)) + 1))
