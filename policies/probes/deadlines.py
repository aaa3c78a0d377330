"""One end for a whole probe: a timeout a call would let a server that drips hold it for days."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from time import monotonic
from typing import TypeVar

Connection = TypeVar("Connection", bound=socket.socket)


@dataclass(frozen=True)
class Deadline:
    """`end` is on the monotonic clock."""

    end: float

    @classmethod
    def within(cls, seconds: float) -> Deadline:
        return cls(monotonic() + seconds)

    def left(self) -> float:
        """Seconds; `TimeoutError` when there are none."""
        left = self.end - monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def on(self, connection: Connection) -> Connection:
        """The connection, whose next call has what is left (a handshake in all, not a read of it)."""
        connection.settimeout(self.left())
        return connection
