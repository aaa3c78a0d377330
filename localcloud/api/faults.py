"""Failures and delays made to order by the side door: the next calls that fit are refused, or answered late."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Fault:
    """Meets the next `times` calls of `method` ("" = any) whose path begins with `path`. `status` None only delays."""

    method: str
    path: str
    status: int | None
    message: str
    seconds: float
    times: int

    def meets(self, method: str, path: str) -> bool:
        return self.times > 0 and self.method in ("", method) and path.startswith(self.path)


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that meets this call, spent once."""
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.meets(method, path):
                    self._waiting[place] = replace(fault, times=fault.times - 1)
                    self._waiting = [each for each in self._waiting if each.times]
                    return fault
        return None

    def waiting(self) -> tuple[Fault, ...]:
        with self._lock:
            return tuple(self._waiting)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
