"""One server process: started in a session of its own, known by its id and its start time, stopped by its own id.

A process id is reused by the system sooner or later. So the file that remembers a process also holds when it started (in clock
ticks since the machine's start) and which start of the machine that was; a process that differs in either is a stranger and
is never signalled.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from localcloud.servers import files
from localcloud.servers.errors import ServerError
from localcloud.servers.waiting import holds

PROC = Path("/proc")
START_TIME_FIELD = 19
"""Field 22 of `/proc/<pid>/stat`, counted from the state that follows the command's name (proc(5))."""

TAIL_BYTES = 16384
Steps = Sequence[tuple[signal.Signals, float]]


@dataclass(frozen=True)
class Process:
    """`started` is in clock ticks since `boot`, the id of one start of the machine."""

    pid: int
    started: int
    boot: str

    def alive(self) -> bool:
        """Whether exactly this process still runs; a dead child of ours is buried on the way."""
        with suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        return _start_time(self.pid) == self.started and boot() == self.boot

    def from_another_boot(self) -> bool:
        return self.boot != boot()


def start(argv: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
    """Start a program with its output appended to `log`; it outlives us and is not reached by our Ctrl-C."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    try:
        pid = os.posix_spawn(
            argv[0],
            list(argv),
            dict(environment),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), flags, files.PRIVATE_FILE),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
            setsigmask=[],
            setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGHUP],
        )
    except OSError as error:
        raise ServerError(f"cannot start {argv[0]} (log: {log}): {error.strerror}", "check that you may run that program") from error
    return Process(pid, _start_time(pid) or 0, boot())


def remember(path: Path, process: Process) -> None:
    files.write(path, json.dumps(asdict(process)) + "\n")


def recall(path: Path) -> Process | None:
    """The remembered process; none when there is no file or it says nothing sensible (then nothing is signalled)."""
    try:
        return Process(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def stop(process: Process, steps: Steps) -> bool:
    """Send each step's signal and wait its seconds until the process is gone; true when it is."""
    for number, seconds in steps:
        if not process.alive():
            return True
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)
        if holds(lambda: not process.alive(), seconds):
            return True
    return not process.alive()


def put_aside(log: Path) -> None:
    """Keep the log of the run before as `<name>.log.before`, so that a log holds one run and the folder two."""
    with suppress(FileNotFoundError):
        log.replace(log.with_name(f"{log.name}.before"))


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log; empty when there is none."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _start_time(pid: int) -> int | None:
    """When a process started, or none if there is no such process or it is dead and unburied."""
    try:
        after_name = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if after_name[0] in "ZX" else int(after_name[START_TIME_FIELD])


def boot() -> str:
    """The id of this start of the machine."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()
