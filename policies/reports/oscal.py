"""The report as OSCAL 1.2 (NIST): a catalog, a component-definition, assessment-results and a plan of action and milestones.

1. The catalog holds our own promises, so that every control-id resolves; parameters carry the promised figures.
2. A verdict is a finding. OSCAL knows two states: only *kept* is `satisfied`; our own status stands in the prop `status`.
3. A run that counts is an observation with its record number and the digest of its full list; a proof without a run has none.
4. What is broken or excepted is an item of the plan of action; without any there is no such document, for OSCAL demands an item.
5. Every UUID is version 5 of a stable name: the same report gives the same bytes.

A promise's identifier is a control-id as it stands (NCName with dots). Readers of SOC 2, ISO and marketplace audits do not ask for it;
governments do.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from policies.reports.model import Entry, Proof, Report
from promises.observations import Surface
from promises.verdicts import Status

VERSION = "1.2.2"
NAMESPACE = UUID("6a1ff5a0-7f0d-5f5c-9c7c-3f0b5f0b9d11")
"""The namespace of our names; any fixed UUID does (RFC 9562, section 5.5)."""
OWN = "https://kept.invalid/ns/oscal"
"""The namespace of our props: a name of ours that nobody can resolve or take."""

METHODS = {Surface.PLAN: "EXAMINE", Surface.LIVE: "TEST", Surface.JOB: "TEST", Surface.ATTEST: "INTERVIEW"}

CATALOG, COMPONENT, RESULTS, PLAN = "catalog.json", "component-definition.json", "assessment-results.json", "plan-of-action.json"
NAMES = frozenset({CATALOG, COMPONENT, RESULTS, PLAN})


def render(report: Report) -> Mapping[str, str]:
    """The documents by file name."""
    found = {
        CATALOG: {"catalog": _catalog(report)},
        COMPONENT: {"component-definition": _component(report)},
        RESULTS: {"assessment-results": _results(report)},
    }
    if any(_needs_action(entry) for entry in report.entries):
        found[PLAN] = {"plan-of-action-and-milestones": _plan(report)}
    return {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in found.items()}


def _uuid(report: Report, *names: str) -> str:
    return str(uuid5(NAMESPACE, "\n".join((report.platform, report.catalog_sha256, *names))))


def _moment_uuid(report: Report, *names: str) -> str:
    """For what belongs to this report and not to the catalog."""
    return _uuid(report, report.at.isoformat(), *names)


def _metadata(report: Report, title: str) -> dict[str, Any]:
    return {
        "title": f"{title} of {report.platform}",
        "last-modified": _time(report.at),
        "version": report.policy.in_force.isoformat(),
        "oscal-version": VERSION,
        "props": [
            _prop("environment", report.making.environment),
            _prop("binding", str(report.making.binding).lower()),
            _prop("tool", report.making.tool),
            _prop("catalog-sha256", report.catalog_sha256),
            _prop("policy-sha256", report.policy.sha256),
        ],
    }


def _prop(name: str, value: str) -> dict[str, str]:
    return {"name": name, "ns": OWN, "value": _line(value)}


def _line(value: str) -> str:
    """A string without the spaces at its ends that OSCAL's StringDatatype refuses; never empty."""
    return " ".join(value.split()) or "none"


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _catalog(report: Report) -> dict[str, Any]:
    controls = [
        {
            "id": entry.promise.id,
            "title": entry.promise.title,
            **({"params": [_param(entry, each.name, each.meaning) for each in entry.parameters]} if entry.parameters else {}),
            "props": [
                _prop("section", entry.promise.section),
                _prop("severity", entry.promise.severity.value),
                *(_prop("clause-sha256", clause) for clause in entry.promise.clauses),
            ],
            "parts": [{"id": _objective(entry), "name": "assessment-objective", "prose": entry.meaning}],
        }
        for entry in report.entries
    ]
    return {
        "uuid": _uuid(report, "catalog"),
        "metadata": _metadata(report, "Published promises"),
        **({"controls": controls} if controls else {}),
    }


def _param_id(entry: Entry, name: str) -> str:
    return f"{entry.promise.id}.{name.replace(' ', '_')}"


def _param(entry: Entry, name: str, meaning: str) -> dict[str, Any]:
    return {"id": _param_id(entry, name), "label": _line(meaning)}


def _objective(entry: Entry) -> str:
    return f"{entry.promise.id}.objective"


def _component(report: Report) -> dict[str, Any]:
    component = {
        "uuid": _uuid(report, "component"),
        "type": "service",
        "title": report.platform,
        "description": f"The service {report.platform}, as it is provisioned and run.",
    }
    if report.entries:
        component["control-implementations"] = [  # type: ignore[assignment]
            {
                "uuid": _uuid(report, "implementation"),
                "source": CATALOG,
                "description": "The promises of the published policy, with their figures.",
                "implemented-requirements": [_requirement(report, entry) for entry in report.entries],
            }
        ]
    return {"uuid": _uuid(report, "component-definition"), "metadata": _metadata(report, "Component definition"), "components": [component]}


def _requirement(report: Report, entry: Entry) -> dict[str, Any]:
    values = [
        {"param-id": _param_id(entry, each.name), "values": [_line(value) for value in each.values or (each.value,)]}
        for each in entry.parameters
    ]
    proofs = [_prop("proof", f"{proof.surface} {proof.name}") for proof in entry.proofs]
    return {
        "uuid": _uuid(report, "requirement", entry.promise.id),
        "control-id": entry.promise.id,
        "description": entry.meaning,
        "props": [_prop("promise-id", entry.promise.id), *proofs],
        **({"set-parameters": values} if values else {}),
    }


def _results(report: Report) -> dict[str, Any]:
    plan = _uuid(report, "assessment-plan")
    runs = [proof.run.finished for entry in report.entries for proof in entry.proofs if proof.run]
    observations = [_observation(report, entry, proof) for entry in report.entries for proof in entry.proofs if proof.run]
    result = {
        "uuid": _moment_uuid(report, "result"),
        "title": f"Verdicts at {_time(report.at)}",
        "description": report.answer,
        "start": _time(min(runs, default=report.at)),
        "end": _time(report.at),
        "props": [_prop("log-verified", str(report.trust.verified).lower()), _prop("log-records", str(report.trust.records))],
        "reviewed-controls": {"control-selections": [{"include-all": {}}]},
        **({"observations": observations} if observations else {}),
        **({"findings": [_finding(report, entry) for entry in report.entries]} if report.entries else {}),
    }
    return {
        "uuid": _moment_uuid(report, "assessment-results"),
        "metadata": _metadata(report, "Assessment results"),
        "import-ap": {"href": f"#{plan}"},
        "results": [result],
        "back-matter": {
            "resources": [
                {
                    "uuid": plan,
                    "title": "The plan of assessment",
                    "description": "Every proof a promise names is assessed on its schedule; the catalog of promises holds both.",
                    "rlinks": [{"href": CATALOG, "media-type": "application/oscal.catalog+json"}],
                }
            ]
        },
    }


def _observation_id(report: Report, entry: Entry, proof: Proof) -> str:
    run = proof.run
    assert run is not None
    return _uuid(report, "observation", entry.promise.id, proof.surface, proof.name, run.digest, run.finished.isoformat())


def _observation(report: Report, entry: Entry, proof: Proof) -> dict[str, Any]:
    run = proof.run
    assert run is not None
    counts = ", ".join(f"{count} {outcome.value}" for outcome, count in run.counts.items() if count) or "nobody was there"
    number = () if run.record is None else (_prop("log-index", str(run.record)),)
    href = CATALOG if run.record is None else f"records/{run.record:012d}"
    return {
        "uuid": _observation_id(report, entry, proof),
        "title": f"{proof.name} ({proof.surface})",
        "description": _line(f"{proof.method}: {counts}" if proof.method else counts),
        "props": [
            _prop("sha256", run.digest),
            *number,
            _prop("population", str(run.population)),
            _prop("proof-status", proof.status.value),
        ],
        "methods": [METHODS[run.surface]],
        "collected": _time(run.finished),
        **({"expires": _time(proof.good_until)} if proof.good_until else {}),
        "relevant-evidence": [{"href": href, "description": "The signed record of this run in the exported evidence log."}],
    }


def _finding_id(report: Report, entry: Entry) -> str:
    return _moment_uuid(report, "finding", entry.promise.id)


def _finding(report: Report, entry: Entry) -> dict[str, Any]:
    kept = entry.status is Status.KEPT
    related = [{"observation-uuid": _observation_id(report, entry, proof)} for proof in entry.proofs if proof.run]
    return {
        "uuid": _finding_id(report, entry),
        "title": entry.promise.title,
        "description": _line("; ".join(entry.verdict.reasons) or "every proof passed, recently enough, for every subject"),
        "props": [_prop("status", entry.words)],
        "target": {
            "type": "objective-id",
            "target-id": _objective(entry),
            "status": {"state": "satisfied" if kept else "not-satisfied", "reason": "pass" if kept else _reason(entry.status)},
        },
        **({"related-observations": related} if related else {}),
    }


def _reason(status: Status) -> str:
    """NIST's words for why: `fail` where a proof failed, `other` where it is ours (at risk, not proven)."""
    return "fail" if status in (Status.BROKEN, Status.EXCEPTED) else "other"


def _needs_action(entry: Entry) -> bool:
    return entry.status in (Status.BROKEN, Status.EXCEPTED)


def _plan(report: Report) -> dict[str, Any]:
    entries = [entry for entry in report.entries if _needs_action(entry)]
    observations = [_observation(report, entry, proof) for entry in entries for proof in entry.proofs if proof.run]
    return {
        "uuid": _moment_uuid(report, "plan-of-action"),
        "metadata": _metadata(report, "Plan of action and milestones"),
        "system-id": {"identifier-type": "https://ietf.org/rfc/rfc4122", "id": _uuid(report, "component")},
        **({"observations": observations} if observations else {}),
        "findings": [_finding(report, entry) for entry in entries],
        "poam-items": [_item(report, entry) for entry in entries],
    }


def _item(report: Report, entry: Entry) -> dict[str, Any]:
    until = entry.verdict.excepted_until
    return {
        "uuid": _moment_uuid(report, "item", entry.promise.id),
        "title": entry.promise.title,
        "description": _line("; ".join((*entry.verdict.reasons, *(f"to mend it: {mend}" for mend in entry.mends)))),
        "props": [_prop("status", entry.words), *([_prop("excepted-until", _time(until))] if until else [])],
        "related-findings": [{"finding-uuid": _finding_id(report, entry)}],
    }
