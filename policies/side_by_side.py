"""Work that waits for answers, a few pieces at a time, all of it before a deadline.

A piece that has not answered by then is given up: its thread is a daemon and its answer, should it still come, is dropped. So one deaf
server costs its own controls and nobody else's, and the process can end. A piece that raises ends the run with its error.

>>> side_by_side([lambda: 1, lambda: 2], parallel=2, seconds=10)
[1, 2]
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

HEARTBEAT_SECONDS = 5.0
"""How often `told` hears what is still awaited."""

Told = Callable[[Sequence[int]], None]
"""Is given the places of the pieces that have not answered yet."""


def side_by_side(
    pieces: Sequence[Callable[[], T]], *, parallel: int, seconds: float, told: Told | None = None, heartbeat: float = HEARTBEAT_SECONDS
) -> list[T | None]:
    """The answers in the order of the pieces; None for each that did not come in time (or was not begun)."""
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    answers: queue.SimpleQueue[tuple[int, T | None, BaseException | None]] = queue.SimpleQueue()
    over = threading.Event()
    for place in range(len(pieces)):
        waiting.put(place)

    def work() -> None:
        while not over.is_set():
            try:
                place = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                answers.put((place, pieces[place](), None))
            except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
                answers.put((place, None, error))

    for number in range(min(parallel, len(pieces))):
        threading.Thread(target=work, name=f"control-{number}", daemon=True).start()
    try:
        return _collected(len(pieces), answers, time.monotonic() + seconds, told, heartbeat)
    finally:
        over.set()


def _collected(
    count: int, answers: queue.SimpleQueue[tuple[int, T | None, BaseException | None]], end: float, told: Told | None, heartbeat: float
) -> list[T | None]:
    found: dict[int, T | None] = {}
    while len(found) < count:
        left = end - time.monotonic()
        try:
            place, answer, error = answers.get(timeout=max(0.0, min(left, heartbeat)))
        except queue.Empty:
            if left <= heartbeat:
                break
            if told:
                told([place for place in range(count) if place not in found])
            continue
        if error:
            raise error
        found[place] = answer
    return [found.get(place) for place in range(count)]
