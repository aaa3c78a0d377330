"""The index of a folder of reports: one page that says what each file is, for whom, how big, and its SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.reports import page

if TYPE_CHECKING:
    from policies.reports.model import Report


@dataclass(frozen=True)
class Row:
    """One file beside the index."""

    path: str
    reader: str
    size_bytes: int
    sha256: str

    @classmethod
    def of(cls, path: str, reader: str, text: str) -> Row:
        content = text.encode()
        return cls(path, reader, len(content), hashlib.sha256(content).hexdigest())


def render(report: Report, rows: Sequence[Row]) -> str:
    """The page: the same style as the report's, no script at all."""
    return page.fill("index.html.j2", script="", report=report, rows=rows)
