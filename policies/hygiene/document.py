"""Findings of hygiene as JSON-ready rows, the same on the command line and in reports."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from policies.hygiene.standing import Finding


def rows(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Every rule with its standing, what did not pass, and how to mend it; times are ISO 8601 in UTC."""
    return [_row(each) for each in findings]


def _row(finding: Finding) -> dict[str, Any]:
    rule, run = finding.choice.rule, finding.run
    mend = rule.remediation
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity.value,
        "surface": finding.surface.value,
        "status": finding.standing.value,
        "reasons": list(finding.reasons),
        "why": rule.why,
        "remediation": {"console": mend.console, "cli": mend.cli, "pulumi": mend.pulumi},
        "population": run.population if run else 0,
        "at": run.finished.isoformat().replace("+00:00", "Z") if run else None,
        "record": run.record if run else None,
    }
