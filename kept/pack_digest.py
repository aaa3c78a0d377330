"""What the policy pack is, as one digest: every file that decides what it says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from kept.locations import PROJECT

FOLDERS = ("policies", "promises")
"""The pack itself, and the catalogs and kinds that it judges by."""

SUFFIXES = (".py", ".yaml")


def pack_sha256(project: Path = PROJECT) -> str:
    """SHA-256 (hex) over one line a file, sorted: its own SHA-256 and its path below the project."""
    lines = sorted(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(project).as_posix()}\n" for path in _files(project))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _files(project: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        yield from (path for path in (project / folder).rglob("*") if path.suffix in SUFFIXES and path.is_file())
