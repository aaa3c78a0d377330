"""What a checkpoint of a few new records costs on a long log, beside reading that log whole: the same work twice in one run."""

from __future__ import annotations

import contextlib
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.race import LOG, RECORD, START, TRUST, context_of, writer_of
from evidence.checkpointer import Parts, checkpoint
from evidence.stores import DirectoryStore

RECORDS, NEW = 5_000, 10


def resumed_ratio(count: int = RECORDS) -> float:
    """Seconds of a run that remembers by seconds of one that reads all, each with the same few new records."""
    with tempfile.TemporaryDirectory(prefix="kept-") as folder:
        _write(Path(folder), count)
        _seconds(Path(folder), Path(folder) / "memory", whole=True)
        _write(Path(folder), NEW)
        resumed = _seconds(Path(folder), Path(folder) / "memory", whole=False)
        _write(Path(folder), NEW)
        return resumed / _seconds(Path(folder), None, whole=True)


def _write(folder: Path, count: int) -> None:
    writer = writer_of(DirectoryStore(folder / "log"), folder, "w-1", START)
    for number in range(count):
        writer.job_started("bench", f"run-{number}", START, destructive=False)


def _seconds(folder: Path, memory: Path | None, *, whole: bool) -> float:
    parts = Parts(DirectoryStore(folder / "log"), LOG, RECORD, TRUST, context_of("none"), memory=memory)
    begun = time.process_time()
    report = checkpoint(parts, contextlib.nullcontext(), START + timedelta(minutes=1))
    took = time.process_time() - begun
    assert report.whole is whole
    return took
