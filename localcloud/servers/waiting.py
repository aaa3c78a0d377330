"""Waiting for something with a bound, by asking again and again."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE_SECONDS = 0.05


def holds(question: Callable[[], bool], seconds: float) -> bool:
    """Ask until the answer is yes (true) or the time is over (false); asked at least once."""
    end = time.monotonic() + seconds
    while not question():
        if time.monotonic() >= end:
            return False
        time.sleep(PAUSE_SECONDS)
    return True
