"""What several controls of one run ask for is asked once: the first who asks reads, and whoever asks meanwhile waits for its answer.

A memory lives as long as one run of the live controls: `policies.judging.run_live` makes it and hands it on in every `Question`, so no
answer outlives the verification that asked. A control that is run by itself has a memory of its own.
What could not be read is not asked again either: everybody who needs it is told the same reason. Threads may share a memory.

>>> once = Once()
>>> once("the answer", lambda: 42), once("the answer", lambda: 43)
(42, 42)
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

T = TypeVar("T")


class Once:
    """The answers of one run, by what was asked."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: dict[str, Future[Any]] = {}

    def __call__(self, what: str, read: Callable[[], T]) -> T:
        """The answer to `what`, read now if nobody asked yet; raises what the reading raised."""
        with self._lock:
            first = what not in self._answers
            answer: Future[T] = self._answers.setdefault(what, Future())
        if first:
            try:
                answer.set_result(read())
            except BaseException as error:  # noqa: BLE001 - whoever waits must hear of it; `result` raises it here, too
                answer.set_exception(error)
        return answer.result()
