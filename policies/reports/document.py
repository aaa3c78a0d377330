"""The report as JSON: the same facts as the page, for programs. Also embedded in the page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from policies.hygiene.document import rows
from policies.reports.model import Entry, Proof, Report
from policies.reports.period import Period
from promises.kinds import Standards
from promises.observations import Observation

SCHEMA_VERSION = 1


def document(report: Report) -> dict[str, Any]:
    """A JSON-ready object; times are ISO 8601 in UTC, durations whole seconds."""
    return {
        "schema_version": SCHEMA_VERSION,
        "platform": report.platform,
        "at": _time(report.at),
        "environment": report.making.environment,
        "clock_override": report.making.clock_override,
        "made": {"by": report.making.by, "tool": report.making.tool, "commit": report.making.commit},
        "policy": {"in_force": report.policy.in_force.isoformat(), "sha256": report.policy.sha256},
        "catalog_sha256": report.catalog_sha256,
        "answer": report.answer,
        "counts": {status.value: count for status, count in report.counts.items()},
        "log": _log(report),
        "period": report.period and _period(report.period),
        "promises": [_promise(entry) for entry in report.entries],
        "observations": [row for entry in report.entries for proof in entry.proofs for row in _observations(entry, proof)],
        "hygiene": rows(report.hygiene),
    }


def _log(report: Report) -> dict[str, Any]:
    trust = report.trust
    return {
        "verified": trust.verified,
        "problems": list(trust.problems),
        "records": trust.records,
        "origin": trust.origin,
        "newest": _time(trust.newest),
        "checkpoint": trust.checkpoint,
        "keys": [{"name": key.name, "purpose": key.purpose, "fingerprint": key.fingerprint} for key in trust.keys],
    }


def _period(period: Period) -> dict[str, Any]:
    """Days are UTC dates; `breaks` are the days a promise was not kept, null where there was no evidence yet."""
    return {
        "from": period.first.isoformat(),
        "to": period.last.isoformat(),
        "days_ahead": period.ahead,
        "answer": period.answer,
        "promises": [
            {
                "id": each.promise.id,
                "kept": each.kept,
                "days_lost": each.days_lost,
                "breaks": [
                    {"from": span.first.isoformat(), "to": span.last.isoformat(), "status": span.status and span.status.value}
                    for span in each.breaks
                ],
            }
            for each in period.promises
        ],
    }


def _promise(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.promise.id,
        "title": entry.promise.title,
        "section": entry.promise.section,
        "severity": entry.promise.severity.value,
        "status": entry.words,
        "attested": entry.verdict.attested,
        "reasons": list(entry.verdict.reasons),
        "excepted_until": _time(entry.verdict.excepted_until),
        "holds_until": _time(entry.holds_until),
        "parameters": {each.name: list(each.values) or each.value for each in entry.parameters},
        "clauses": list(entry.promise.clauses),
        "standards": entry.standards and _standards(entry.standards),
        "proofs": [_proof(proof) for proof in entry.proofs],
    }


def _standards(standards: Standards) -> dict[str, Any]:
    return {
        **{name: list(ids) for name, ids in standards.requirements.items()},
        "unconfirmed": list(standards.unconfirmed),
        "reviewed_by": standards.reviewed_by or None,
        "reviewed_on": standards.reviewed_on and standards.reviewed_on.isoformat(),
    }


def _proof(proof: Proof) -> dict[str, Any]:
    needs, run = proof.verdict.proof, proof.run
    return {
        "surface": proof.surface,
        "control": needs.control,
        "planned": needs.planned,
        "max_age_seconds": int(needs.max_age.total_seconds()),
        "status": proof.status.value,
        "reasons": list(proof.verdict.reasons),
        "method": proof.method,
        "holds_until": _time(proof.good_until),
        "run": run
        and {
            "record": run.record,
            "finished": _time(run.finished),
            "complete": run.complete,
            "population": run.population,
            "counts": {outcome.value: count for outcome, count in run.counts.items()},
            "digest": run.digest,
        },
    }


def _observations(entry: Entry, proof: Proof) -> list[dict[str, Any]]:
    return [
        {
            "promise": entry.promise.id,
            "control": proof.name,
            "surface": proof.surface,
            "at": _time(proof.run.finished) if proof.run else None,
            "record": proof.run.record if proof.run else None,
            **_observation(row.seen),
        }
        for row in proof.rows
    ]


def _observation(seen: Observation) -> dict[str, Any]:
    figure = seen.figure
    return {
        "subject": seen.subject,
        "outcome": seen.outcome.value,
        "expected": seen.expected,
        "observed": seen.observed,
        "mend": seen.mend,
        "figure": figure and {"name": figure.name, "value": figure.value, "unit": figure.unit, "limit": figure.limit, "warn": figure.warn},
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
