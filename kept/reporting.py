"""The auditor's page and its JSON, built from what the log holds."""

from __future__ import annotations

import json
from pathlib import Path

from kept.environment import Environment
from kept.verification import Verified


def write_report(environment: Environment, verified: Verified, output: str, file: Path | None = None) -> Path:
    """Write the report and return where it lies; it replaces an older one at once or not at all."""
    from policies.reports import document, page
    from policies.reports.model import build

    report = build(environment.catalog, verified)
    text = page.render(report) if output == "html" else json.dumps(document.document(report), indent=2, ensure_ascii=False)
    path = file or environment.settings.data / f"report.{output}"
    beside = path.with_name(path.name + ".new")
    beside.write_text(text)
    beside.replace(path)
    return path
