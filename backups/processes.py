"""pg_dump and pg_restore as child processes: one process group each, stderr drained, killed as a group on every way out.

Rules:
* A tool ended well only when its exit code is 0 **and** its output was read to its end **and** its stderr too (`finished`).
* stderr is read all the while, or a full pipe would block the tool; the last lines are kept for the message.
* The child gets no environment but what it needs; the password stands there and never in its arguments.
* A deadline kills the group. SIGTERM to us becomes an exception (`stoppable`), so that the same way out is taken.

What a tool says may quote a row: only its own lines are told, without details and contexts, and without quoted input.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Self

from services.errors import KeptError

BLOCK_BYTES = 1 << 20
TURN_MILLISECONDS = 500
KEPT_LINES = 20
TOLD_LINES = 3
LONGEST_LINE = 300

_INPUT = re.compile(r"(invalid [^:]*|value too long[^:]*|malformed [^:]*):.*", re.IGNORECASE)


class Stopped(KeptError):  # noqa: N818 - the field's word
    code = "stopped"
    exit_code = 130


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` in the main thread on SIGTERM, so that uploads are aborted and scratch databases dropped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise Stopped("stopped by SIGTERM", "nothing was published; run it again")

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@dataclass(frozen=True)
class Command:
    """What to run: arguments (never a secret), environment (which may hold one, and is never shown), and its deadline."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    seconds: float

    def recorded(self) -> tuple[str, ...]:
        """The arguments as a manifest keeps them: the tool's name instead of its place."""
        return (Path(self.arguments[0]).name, *self.arguments[1:])


class Tool:
    """One running tool. Leaving the `with` block kills whatever is left of its group.

    `reads` says whether it is fed on stdin; otherwise its stdout is read.
    """

    def __init__(self, command: Command, *, reads: bool = False) -> None:
        self.name = Path(command.arguments[0]).name
        self._command = command.arguments
        self._environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", **command.environment}
        self._seconds = command.seconds
        self._reads = reads
        self._lines: deque[str] = deque(maxlen=KEPT_LINES)
        self.late = False

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE if self._reads else subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if self._reads else subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._drain = threading.Thread(target=self._read_stderr, name=f"{self.name} stderr", daemon=True)
        self._drain.start()
        self._timer = threading.Timer(self._seconds, self._too_late)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._timer.cancel()
        self._kill()
        self.process.wait()
        self._drain.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):
                    pipe.close()

    def blocks(self) -> Iterator[bytes]:
        """Its stdout to the end, in blocks; every one but the last is full."""
        assert self.process.stdout is not None
        gathered = bytearray()
        while chunk := _read(self.process.stdout.fileno(), BLOCK_BYTES - len(gathered)):
            gathered += chunk
            if len(gathered) == BLOCK_BYTES:
                yield bytes(gathered)
                gathered.clear()
        if gathered:
            yield bytes(gathered)

    def feed(self, block: bytes) -> bool:
        """Write to its stdin; false when it has closed it."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(block)
        except BrokenPipeError:
            return False
        return True

    def finished(self) -> int:
        """End its input, wait for it and for the end of its stderr; its exit code."""
        if self.process.stdin is not None:
            with suppress(BrokenPipeError):
                self.process.stdin.close()
        code = self.process.wait()
        self._drain.join()
        return code

    def said(self) -> str:
        """Its last errors, fit to be shown."""
        own = [line for line in self._lines if line.startswith(f"{self.name}: ")]
        told = [_INPUT.sub(r"\1", line)[:LONGEST_LINE] for line in own]
        return " | ".join(told[-TOLD_LINES:]) or "it said nothing"

    def ending(self, code: int) -> str:
        """How it ended, in words: exit code or signal, and what it said."""
        if self.late:
            return f"{self.name} was killed after {self._seconds:.0f} s: {self.said()}"
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"{self.name} {how}: {self.said()}"

    def _read_stderr(self) -> None:
        pipe: IO[bytes] | None = self.process.stderr
        assert pipe is not None
        for line in pipe:
            self._lines.append(line.decode(errors="replace").rstrip())

    def _too_late(self) -> None:
        self.late = True
        self._kill()

    def _kill(self) -> None:
        """The whole group, while its leader lives: after that its number may be another's."""
        if self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def _read(pipe: int, size: int) -> bytes:
    """What a pipe holds, up to `size`; b"" at its end.

    It is waited for in turns: a signal that comes between Python's last look and a blocking read would be seen only when the read
    ends, which for a tool that hangs is never.
    """
    ready = select.poll()
    ready.register(pipe, select.POLLIN)
    while not ready.poll(TURN_MILLISECONDS):
        pass
    return os.read(pipe, size)
