"""What the plan controls found, as SARIF 2.1.0 (OASIS): for code scanning, beside the change that caused it.

Only the plan surface is about code; what the clouds answer is no finding in a file, and stays out. A rule is a promise's plan control,
or one of hygiene. A failure is `fail` at the level of its severity; what could not be judged is `open`, which the standard gives no
level (3.27.9).
A finding has no line of its own: it names the program, and the resource as a logical location.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from policies.hygiene.standing import Finding
from policies.reports.model import Entry, Proof, Report
from promises.hygiene import GROUP
from promises.model import Severity
from promises.observations import Observation, Outcome, Surface

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
PROGRAM = "infra/__main__.py"
LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}


def render(report: Report) -> str:
    plan = [(entry, proof) for entry in report.entries for proof in entry.proofs if _on_code(proof)]
    rules = {_rule_id(entry, proof): _rule(entry, proof) for entry, proof in plan}
    hygiene = [finding for finding in report.hygiene if finding.surface is Surface.PLAN and not finding.choice.off]
    rules |= {_hygiene_id(finding): _hygiene_rule(finding) for finding in hygiene}
    numbers = {name: number for number, name in enumerate(rules)}
    results = [result for entry, proof in plan for result in _results(entry, proof, numbers[_rule_id(entry, proof)])]
    results += [
        _found(_hygiene_id(each), numbers[_hygiene_id(each)], each.choice.rule.severity, seen) for each in hygiene for seen in each.bad
    ]
    name, _, version = report.making.tool.partition(" ")
    run = {
        "tool": {"driver": {"name": name, "version": version, "rules": list(rules.values())}},
        "results": results,
        "columnKind": "utf16CodeUnits",
        "properties": {"platform": report.platform, "at": report.at.isoformat(), "logVerified": report.trust.verified},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _on_code(proof: Proof) -> bool:
    return proof.verdict.proof.surface is Surface.PLAN and proof.verdict.proof.control is not None


def _rule_id(entry: Entry, proof: Proof) -> str:
    return f"{entry.promise.id}/{proof.name}"


def _rule(entry: Entry, proof: Proof) -> dict[str, Any]:
    return {
        "id": _rule_id(entry, proof),
        "shortDescription": {"text": entry.promise.title},
        "fullDescription": {"text": entry.meaning},
        "help": {"text": proof.method or entry.meaning},
        "defaultConfiguration": {"level": LEVELS[entry.promise.severity]},
        "properties": {"section": entry.promise.section, "severity": entry.promise.severity.value},
    }


def _results(entry: Entry, proof: Proof, rule: int) -> Iterator[dict[str, Any]]:
    for row in proof.rows:
        if row.seen.outcome in (Outcome.FAIL, Outcome.UNKNOWN):
            yield _result(entry, proof, rule, row.seen)


def _result(entry: Entry, proof: Proof, rule: int, seen: Observation) -> dict[str, Any]:
    return _found(_rule_id(entry, proof), rule, entry.promise.severity, seen)


def _hygiene_id(finding: Finding) -> str:
    return f"{GROUP}/{finding.choice.rule.id}"


def _hygiene_rule(finding: Finding) -> dict[str, Any]:
    rule = finding.choice.rule
    mend = rule.remediation
    return {
        "id": _hygiene_id(finding),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"In the program: {mend.pulumi}. On the console: {mend.console} By a command: {mend.cli}"},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"section": GROUP, "severity": rule.severity.value},
    }


def _found(rule_id: str, rule: int, severity: Severity, seen: Observation) -> dict[str, Any]:
    failed = seen.outcome is Outcome.FAIL
    mend = f" To mend it: {seen.mend}." if seen.mend else ""
    return {
        "ruleId": rule_id,
        "ruleIndex": rule,
        "kind": "fail" if failed else "open",
        "level": LEVELS[severity] if failed else "none",
        "message": {"text": f"{seen.subject}: {seen.observed}, expected {seen.expected}.{mend}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": PROGRAM}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": seen.subject, "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"subject/v1": hashlib.sha256(f"{rule_id}\n{seen.subject}".encode()).hexdigest()},
    }
