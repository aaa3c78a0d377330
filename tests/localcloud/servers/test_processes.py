"""A process is known by its id and its start, and ends by rising signals."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from localcloud.servers import processes
from localcloud.servers.errors import ServerError
from localcloud.servers.processes import Process
from localcloud.servers.waiting import holds

STUBBORN = "trap '' TERM; echo deaf; while :; do sleep 1; done"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def sleeping(log: Path) -> Iterator[Process]:
    process = processes.start(("/bin/sleep", "600"), {}, log)
    yield process
    processes.stop(process, ((signal.SIGKILL, 10),))


def test_a_process_lives_in_a_session_of_its_own(sleeping: Process):
    assert sleeping.alive()
    assert os.getsid(sleeping.pid) == sleeping.pid != os.getsid(0)


def test_a_process_that_differs_in_start_or_boot_is_a_stranger(sleeping: Process):
    for stranger in (replace(sleeping, started=sleeping.started + 1), replace(sleeping, boot="another")):
        assert not stranger.alive()
        assert processes.stop(stranger, ((signal.SIGKILL, 1),))
    assert sleeping.alive()


def test_a_dead_child_counts_as_gone_even_before_it_is_buried(sleeping: Process):
    os.kill(sleeping.pid, signal.SIGKILL)
    assert holds(lambda: not sleeping.alive(), 10)


def test_one_that_does_not_heed_the_first_signal_gets_the_next(log: Path):
    process = processes.start(("/bin/sh", "-c", STUBBORN), {}, log)
    assert holds(lambda: "deaf" in processes.tail(log), 10)
    assert not processes.stop(process, ((signal.SIGTERM, 0.2),))
    assert processes.stop(process, ((signal.SIGTERM, 0.2), (signal.SIGKILL, 10)))


def test_what_is_remembered_is_recalled(sleeping: Process, tmp_path: Path):
    processes.remember(tmp_path / "process", sleeping)
    assert processes.recall(tmp_path / "process") == sleeping


@pytest.mark.parametrize("content", ["", "nonsense", "[]", '{"pid": 1}', '{"pid": 1, "started": 1, "boot": "", "more": 1}'])
def test_a_damaged_memory_remembers_nobody(content: str, tmp_path: Path):
    (tmp_path / "process").write_text(content)
    assert processes.recall(tmp_path / "process") is None
    assert processes.recall(tmp_path / "missing") is None


def test_a_program_that_cannot_be_started_is_named(log: Path):
    with pytest.raises(ServerError, match="/nowhere/server"):
        processes.start(("/nowhere/server",), {}, log)


def test_the_tail_is_the_last_lines_and_a_missing_log_has_none(log: Path):
    log.write_text("\n".join(str(number) for number in range(10000)))
    assert processes.tail(log, 2) == "9998\n9999"
    processes.put_aside(log)
    assert processes.tail(log) == ""
    assert processes.tail(log.with_name("log.before"), 1) == "9999"
