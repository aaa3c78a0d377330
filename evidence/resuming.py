"""What a checkpointer remembers between two runs, so that the next one reads what is new and not the whole log.

The memory is a convenience and never a proof. It counts only while its tree is that of the newest checkpoint, which the log key
signed and every anchor holds too, and while the last record is the one it remembers; else, and once a day, the whole log is read.
What was changed in older records in between, a verifier finds at once and the checkpointer at its next whole reading; it cannot
make anything else be signed, because the tree grows from what was signed before.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, ValidationError

from evidence.statements import Count, Gap, Ordinal, Sha256, Strict, Word
from evidence.stores import write_durably

FILE = "checkpointer.json"


class Seen(Strict):
    """One writer: the highest counter that arrived, and the ranges below it that did not."""

    last: Ordinal
    missing: tuple[tuple[Ordinal, Ordinal], ...] = ()


class Memory(Strict):
    """The log up to its newest checkpoint, summed up: the tree's full subtrees, the last leaf, counters, what was announced.

    `announcements` are the envelopes that announced keys, `key_time` the log's own time by which a replaced key's overlap ends.
    """

    format: Literal["kept-checkpointer/1"] = "kept-checkpointer/1"
    size: Count
    subtrees: tuple[Sha256, ...]
    last_leaf: Sha256
    writers: dict[Word, Seen]
    announced: tuple[Gap, ...]
    rejected: tuple[Sha256, ...]
    heartbeat: AwareDatetime | None
    latest: AwareDatetime | None
    announcements: tuple[str, ...] = ()
    key_time: AwareDatetime | None = None


def load(path: Path) -> Memory | None:
    """What was remembered; None when there is nothing, or nothing that can be used."""
    try:
        found = Memory.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
    return found if len(found.subtrees) == found.size.bit_count() else None


def save(path: Path, memory: Memory) -> None:
    """Remember, whole or not at all. A disk that is full costs the next run its time and nothing else."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(beside, memory.model_dump_json().encode())
        beside.replace(path)
    with contextlib.suppress(OSError):
        beside.unlink()
