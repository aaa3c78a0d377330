"""A writer's own folder: its counter, and the records that the store has not taken yet.

    lock                      held (flock) while one record is written, so that many processes share one counter and lose nothing
    counter                   the number given last
    <12 digits>.json          the payload of a record that is under way or waits for the store

A payload is saved here *before* it is signed and sent, and its number is used up from then on. A process that dies leaves it
behind, and the next writer sends it, marked late. So a number is never used twice and none is skipped. Losing the folder makes a
new writer, not a gap: the writer's name lies in it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from evidence.stores import sync_folder, write_durably
from services.errors import Unreachable

_DIGITS = 12


class Spool:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder's lock; a process that dies frees it."""
        with _told(self._folder):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def reserve(self) -> int:
        """The next number. It counts as used once `save` has been called with it."""
        path = self._folder / "counter"
        with _told(self._folder):
            given = int(path.read_text()) if path.exists() else 0
            return max([given, *self.waiting()]) + 1

    def save(self, counter: int, payload: bytes) -> None:
        """Keep a payload under its number, then count the number as given."""
        with _told(self._folder):
            self._replace(f"{counter:0{_DIGITS}}.json", payload)
            self._replace("counter", str(max(counter, self._given())).encode())

    def load(self, counter: int) -> bytes:
        with _told(self._folder):
            return (self._folder / f"{counter:0{_DIGITS}}.json").read_bytes()

    def remove(self, counter: int) -> None:
        """The store has the record. Its number counts as given first: a process that died in `save` may not have said so."""
        with _told(self._folder):
            if counter > self._given():
                self._replace("counter", str(counter).encode())
            (self._folder / f"{counter:0{_DIGITS}}.json").unlink(missing_ok=True)

    def waiting(self) -> tuple[int, ...]:
        """The numbers of the records that are here, in order."""
        with _told(self._folder):
            return tuple(sorted(int(path.stem) for path in self._folder.glob("*.json") if path.stem.isdigit()))

    def _given(self) -> int:
        path = self._folder / "counter"
        return int(path.read_text()) if path.exists() else 0

    def _replace(self, name: str, data: bytes) -> None:
        scratch = self._folder / f".{name}.new"
        write_durably(scratch, data)
        scratch.replace(self._folder / name)
        sync_folder(self._folder)


def writer_name(folder: Path) -> str:
    """The name of the writer whose spool this folder is: random, made once, and no name of a host or a person."""
    path = folder / "writer"
    with _told(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            scratch = folder / f".{uuid4().hex}"
            write_durably(scratch, f"w-{uuid4().hex[:12]}".encode())
            try:
                os.link(scratch, path)
            except FileExistsError:
                pass
            finally:
                scratch.unlink()
        return path.read_text()


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its counter is not a number"
        raise Unreachable(f"the spool folder {folder} failed: {reason}", "check its disk and who may use it") from error
