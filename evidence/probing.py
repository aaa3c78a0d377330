"""Does a store keep `create_only` under a race? Asked by trying: many creates of one key at once, of which exactly one may succeed.

The log's correctness does not rest on it (the checkpointer's lock decides), so a store that fails the probe is used all the same;
but whoever reads the evidence should know whether the second line of defence is there. The key lies beside the log, under `probe/`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from evidence.errors import Exists
from evidence.stores import Store
from promises.observations import ControlRun, Observation, Outcome, Surface, Vantage

CREATES = 32
PROMISE, CONTROL = "evidence.log", "evidence.create-only"
METHOD = f"{CREATES} parallel creates of one key with If-None-Match, then one read"


@dataclass(frozen=True)
class Probe:
    """How many creates the store accepted and refused, and whether what it holds afterwards is the one it accepted."""

    accepted: int
    refused: int
    whole: bool

    @property
    def holds(self) -> bool:
        return self.accepted == 1 and self.refused == CREATES - 1 and self.whole


def probe(store: Store) -> Probe:
    """Try it, and delete what was made. Errors: those of the store, other than `Exists`."""
    key, start = f"probe/{uuid4().hex}", threading.Barrier(CREATES)
    bodies = [b"%d" % number for number in range(CREATES)]

    def create(body: bytes) -> bytes | None:
        start.wait()
        try:
            store.put(key, body, create_only=True)
        except Exists:
            return None
        return body

    try:
        with ThreadPoolExecutor(CREATES) as pool:
            answers: Sequence[bytes | None] = list(pool.map(create, bodies))
        stored = store.get(key)
    finally:
        store.delete(key)
    accepted = [each for each in answers if each is not None]
    return Probe(len(accepted), len(answers) - len(accepted), stored in accepted)


def control_run(found: Probe, started: datetime, finished: datetime) -> ControlRun:
    """The probe as a control run for the log."""
    outcome = Outcome.PASS if found.holds else Outcome.FAIL
    observed = f"{found.accepted} accepted, {found.refused} refused, {'one' if found.whole else 'none'} of the accepted is stored"
    mend = "" if found.holds else "correctness rests on the checkpointer's lock alone here: keep one checkpointer"
    seen = Observation("evidence-store", outcome, f"1 accepted, {CREATES - 1} refused, the accepted one is stored", observed, mend)
    return ControlRun(PROMISE, CONTROL, Surface.LIVE, Vantage.INSIDE, METHOD, started, finished, (seen,))
