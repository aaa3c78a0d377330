"""The auditor's page and its JSON, built from what the verified log holds."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path
from typing import TYPE_CHECKING

from evidence.signing import fingerprint
from kept.evidence_log import commit
from policies.controls import all_controls

if TYPE_CHECKING:
    from kept.environment import Environment
    from kept.verification import Verified
    from policies.reports.model import Report, Trust

COMMAND = "kept evidence verify evidence --record-key evidence/keys/evidence-record.pem --log-key evidence/keys/evidence-log.vkey"


def write_report(environment: Environment, verified: Verified, output: str, file: Path | None = None) -> Path:
    """Write the report and return where it lies; it replaces an older one at once or not at all."""
    from policies.reports import document, page

    report = report_of(environment, verified)
    text = page.render(report) if output == "html" else json.dumps(document.document(report), indent=2, ensure_ascii=False)
    path = file or environment.settings.data / f"report.{output}"
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
    return path


def report_of(environment: Environment, verified: Verified) -> Report:
    """Verdicts and runs, with how the log was checked and by what the report was made."""
    from policies.reports.model import Judged, Making, build

    judged = Judged(verified.at, verified.verdicts, verified.summaries)
    tool = f"kept {importlib.metadata.version('kept')}"
    making = Making(environment.settings.environment, tool, commit(), "kept report")
    methods = {name: control.method for name, control in all_controls().items()}
    return build(environment.catalog, judged, _trust(environment, verified), making, methods=methods)


def _trust(environment: Environment, verified: Verified) -> Trust:
    from policies.reports.model import Key, Trust

    found, trusted = verified.verification, environment.log.trust()
    keys = [Key(f"evidence-record v{number}", "signs records", fingerprint(key)) for number, key in enumerate(trusted.record_publics, 1)]
    keys += [Key(f"evidence-log v{number}", "signs checkpoints", fingerprint(key.public)) for number, key in enumerate(trusted.log_keys, 1)]
    return Trust(
        verified=found.ok,
        problems=tuple(str(each) for each in found.problems),
        records=found.size,
        origin=environment.log.origin,
        checkpoint=found.note.decode() or None,
        newest=max((each.finished for each in verified.summaries), default=None),
        keys=tuple(keys),
        command=COMMAND,
    )
