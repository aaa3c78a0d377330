"""The formats of a report by name: which files each is, and who reads it. A format is a pure function of the report.

A format with several files is written as a folder; all formats at once are one folder with an index.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.reports import document, junit, markdown, oscal, page, sarif, spreadsheet

if TYPE_CHECKING:
    from policies.reports.model import Report

Files = Mapping[str, str]
"""Texts by path relative to the folder they are written to."""


@dataclass(frozen=True)
class Format:
    """`name` is the file's or folder's name; `render` gives one text, or several by file name."""

    name: str
    reader: str
    render: Callable[[Report], str | Files]


def _json(report: Report) -> str:
    return json.dumps(document.document(report), indent=2, ensure_ascii=False) + "\n"


FORMATS: Mapping[str, Format] = {
    "html": Format("report.html", "auditors and everybody else", page.render),
    "json": Format("report.json", "programs", _json),
    "csv": Format("report.csv", "auditors' spreadsheets", spreadsheet.render),
    "junit": Format("report.junit.xml", "continuous integration", junit.render),
    "sarif": Format("report.sarif", "code scanning: what the plan controls found", sarif.render),
    "oscal": Format("report.oscal", "governments and their tools (NIST OSCAL)", oscal.render),
    "markdown": Format("report.md", "pull requests", markdown.render),
}


def everything(report: Report) -> Files:
    """Every format, by path relative to one folder, with `index.html` before them."""
    from policies.reports import index

    files: dict[str, str] = {}
    rows: list[index.Row] = []
    for each in FORMATS.values():
        made = each.render(report)
        found = {each.name: made} if isinstance(made, str) else {f"{each.name}/{name}": text for name, text in made.items()}
        rows += [index.Row.of(path, each.reader, text) for path, text in found.items()]
        files |= found
    return {"index.html": index.render(report, rows), **files}


def ours(path: str) -> bool:
    """Whether a folder of reports may hold a file of this path: what is no report's is never replaced."""
    folder, _, name = path.rpartition("/")
    if folder:
        return folder == FORMATS["oscal"].name and name in oscal.NAMES
    return path == "index.html" or path in oscal.NAMES or path in {each.name for each in FORMATS.values()}
