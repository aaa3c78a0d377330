"""A small world for the log's tests: two keys, a store, writers, a checkpointer, an anchor, and a clock that is moved by hand."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.checkpointer import CheckpointReport, Parts, checkpoint
from evidence.notes import VerifierKey
from evidence.signing import LocalSigner
from evidence.statements import Context
from evidence.stores import MemoryStore, Store
from evidence.trust import Trust
from evidence.verifying import Demands, Pinned, Verification, verify
from evidence.writer import Writer
from promises.observations import ControlRun, Observation, Outcome, Surface, Vantage

ORIGIN = "kept.test/illumacom"
START = datetime(2026, 11, 20, 8, tzinfo=UTC)


def signer(seed: int) -> LocalSigner:
    return LocalSigner(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), f"key-{seed}")


RECORD, LOG, ATTACKER = signer(1), signer(2), signer(3)


def context(writer: str = "w-1", **changes: object) -> Context:
    fields = {
        "environment": "local",
        "clock_override": False,
        "platform": "illumacom",
        "catalog_sha256": "a" * 64,
        "policy_sha256": "b" * 64,
        "tool_version": "0.1.0",
        "commit": "unknown",
        "writer_id": writer,
    }
    return Context(**{**fields, **changes})


def control_run(at: datetime, *outcomes: Outcome, promise: str = "keys.rotation") -> ControlRun:
    seen = tuple(Observation(f"key-{number}", outcome, "at most 90 days", "12 days") for number, outcome in enumerate(outcomes))
    return ControlRun(promise, "keys.ages", Surface.LIVE, Vantage.INSIDE, "LIST pii/keys", at, at, seen)


@dataclass
class World:
    """Everything a log needs; `now` moves a second with each record."""

    folder: Path
    store: Store = field(default_factory=MemoryStore)
    anchor: Store = field(default_factory=MemoryStore)
    now: datetime = START
    trust: Trust = field(default_factory=lambda: Trust(RECORD.public_key(), VerifierKey(ORIGIN, LOG.public_key())))

    def clock(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def writer(self, name: str = "w-1", key: LocalSigner = RECORD, store: Store | None = None, **changes: object) -> Writer:
        return Writer(store or self.store, key, context(name, **changes), self.folder / name, self.clock)

    def write(self, count: int = 1, name: str = "w-1") -> None:
        for _ in range(count):
            self.writer(name).control_run(control_run(self.now, Outcome.PASS))

    def parts(self, store: Store | None = None, **changes: object) -> Parts:
        return Parts(store or self.store, LOG, RECORD, self.trust, context("none", **changes), (self.anchor,))

    def checkpoint(self, store: Store | None = None, **changes: object) -> CheckpointReport:
        return checkpoint(self.parts(store, **changes), contextlib.nullcontext(), self.clock())

    def verify(self, *pinned: bytes, **demands: object) -> Verification:
        asked = Demands(**{"now": self.now, **demands})
        return verify(self.store, self.trust, asked, [Pinned(f"pinned {number}", note) for number, note in enumerate(pinned)])

    def problems(self, *pinned: bytes, **demands: object) -> list[str]:
        return [str(each) for each in self.verify(*pinned, **demands).problems]

    def objects(self, folder: str) -> dict[str, bytes]:
        return {key: self.store.get(key) for key in self.store.list(folder)}

    def everything(self) -> dict[str, bytes]:
        folders = ("inbox/", "records/", "checkpoints/", "rejected/", "keys/")
        return {key: data for folder in folders for key, data in self.objects(folder).items()}
