"""Eight writers and two checkpointers at once on one log, each a process, some killed: what was lost, and what is there twice.

The parent kills (SIGKILL) a process of a seeded choice each time the writers have got so many records further, whatever it is just
doing, and starts it again. A record counts as written once the writer's call returned; one whose process died before may be there or
not, but never twice. In the end the spools are flushed, the log is checkpointed and verified, and every run id is counted.

    python -m benchmarks.race writer STORE FOLDER NAME COUNT        (what the parent starts)
    python -m benchmarks.race checkpointer STORE FOLDER
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from evidence.checkpointer import Parts, checkpoint
from evidence.notes import VerifierKey
from evidence.signing import LocalSigner
from evidence.statements import Context, Job
from evidence.stores import DirectoryStore, S3Store, Store
from evidence.trust import Trust
from evidence.verifying import Demands, Verification, verify
from evidence.writer import Writer
from kept.evidence_log import file_lock
from kept.locations import PROJECT

WRITERS, CHECKPOINTERS = 8, 2
START = datetime(2026, 1, 1, tzinfo=UTC)
_ORIGIN = "kept.bench/race"
RECORD, LOG = (LocalSigner(Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32), f"key-{seed}") for seed in (1, 2))
TRUST = Trust(RECORD.public_key(), VerifierKey(_ORIGIN, LOG.public_key()))


@dataclass(frozen=True)
class Raced:
    """What came of a race: records written, those lost, those there more than once, processes killed, and what a verifier says."""

    written: int
    lost: int
    twice: int
    killed: int
    verification: Verification


def race(folder: Path, spec: str, *, records: int = 25, kills: int = 12, seed: int = 1) -> Raced:
    """Run the race in `folder` over the store that `spec` names (`folder:PATH` or `s3:SETTINGS:BUCKET`)."""
    chance, killed = random.Random(seed), 0
    writers = [f"w-{number}" for number in range(WRITERS)]

    def begin(name: str) -> subprocess.Popen[bytes]:
        return _start("writer", spec, folder, name, records) if name in writers else _start("checkpointer", spec, folder)

    running = {name: begin(name) for name in (*writers, *(f"c-{number}" for number in range(CHECKPOINTERS)))}
    try:
        moments = sorted(chance.sample(range(1, WRITERS * records), kills))
        while any(running[name].poll() is None for name in writers):
            if moments and _written(folder) >= moments[0]:
                moments.pop(0)
                name = chance.choice(sorted(each for each in running if running[each].poll() is None))
                _kill(running[name])
                killed += 1
                running[name] = begin(name)
            time.sleep(0.002)
        failed = [name for name in writers if running[name].returncode]
        assert not failed, f"ended with an error: {failed}"
    finally:
        for each in running.values():
            _kill(each)
    return _counted(folder, spec, killed)


def lost_or_twice() -> float:
    """The benchmark's figure: records lost or there twice, of a race over a folder."""
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:
        raced = race(Path(folder), f"folder:{folder}/log")
        assert raced.written == WRITERS * 25, raced.written
        assert raced.verification.ok, raced.verification.problems[:3]
        return raced.lost + raced.twice


def _counted(folder: Path, spec: str, killed: int) -> Raced:
    for number in range(WRITERS):
        assert writer_of(_store(spec), folder, f"w-{number}").flush() == 0
    _checkpoint(_store(spec), folder)
    found = verify(_store(spec), TRUST, Demands(datetime.now(UTC)))
    seen = Counter(each.predicate.run for each in found.records if isinstance(each.predicate, Job))
    said = [line for path in folder.glob("*.acks") for line in path.read_text().splitlines()]
    return Raced(len(said), sum(each not in seen for each in said), sum(count > 1 for count in seen.values()), killed, found)


def _written(folder: Path) -> int:
    return sum(path.read_bytes().count(b"\n") for path in folder.glob("*.acks"))


def _start(*arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "benchmarks.race", *map(str, arguments)], cwd=PROJECT)


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _write(spec: str, folder: Path, name: str, count: int) -> None:
    """Write until `count` records are written, telling each in a file once the call returned."""
    acks = folder / f"{name}.acks"
    done = len(acks.read_text().splitlines()) if acks.exists() else 0
    store = _store(spec)
    with acks.open("a") as told:
        for number in range(done, count):
            run = f"{name}-{os.getpid()}-{number}"
            writer_of(store, folder, name).job_started("race", run, datetime.now(UTC), destructive=False)
            told.write(run + "\n")
            told.flush()


def _checkpoint(store: Store, folder: Path) -> None:
    parts = Parts(store, LOG, RECORD, TRUST, context_of("none"), (DirectoryStore(folder / "anchor"),), folder / "checkpointer.json")
    checkpoint(parts, file_lock(folder / "checkpoint.lock"), datetime.now(UTC))


def writer_of(store: Store, folder: Path, name: str, at: datetime | None = None) -> Writer:
    """A writer with a spool of its own below the folder, by the clock or at one moment."""
    return Writer(store, RECORD, context_of(name), folder / f"{name}.spool", lambda: at or datetime.now(UTC))


def context_of(writer: str) -> Context:
    """A world of the benchmarks' own."""
    return Context(
        environment="local",
        clock_override=False,
        platform="bench",
        catalog_sha256="a" * 64,
        policy_sha256="b" * 64,
        tool_version="0",
        commit="unknown",
        writer_id=writer,
    )


def _store(spec: str) -> Store:
    kind, _, rest = spec.partition(":")
    if kind == "folder":
        return DirectoryStore(Path(rest))
    from services import objects, settings

    path, _, bucket = rest.rpartition(":")
    return S3Store(objects.client(settings.load(Path(path), {}).objects, "admin"), bucket)


def main(role: str, spec: str, folder: str, *rest: str) -> None:
    if role == "writer":
        _write(spec, Path(folder), rest[0], int(rest[1]))
    while role == "checkpointer":
        _checkpoint(_store(spec), Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
