"""The report as JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.reports.document import document
from tests.policies.reports.sample import HOSTILE, PLAN, report


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return json.loads(json.dumps(document(report())))


def promise(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in found["promises"] if each["id"] == name)


def test_head(found: dict[str, Any]) -> None:
    assert found["schema_version"] == 1
    assert (found["platform"], found["at"], found["environment"]) == ("illumacom", "2031-05-02T12:00:00Z", "production")
    assert found["counts"] == {"kept": 4, "at risk": 2, "not proven": 4, "excepted": 1, "broken": 1}
    assert found["log"]["verified"]
    assert found["log"]["records"] == 27


def test_a_promise_with_its_proofs(found: dict[str, Any]) -> None:
    drill = promise(found, "backup.restore-tested")
    assert drill["status"] == "at risk"
    assert drill["parameters"] == {"interval": "92 days", "warn age": "80 days"}
    assert drill["holds_until"] == "2031-05-04T11:00:00Z"
    job = drill["proofs"][0]
    assert (job["surface"], job["control"], job["status"], job["max_age_seconds"]) == ("job", "backups.restored", "at risk", 92 * 86400)
    assert job["run"]["counts"] == {"pass": 1, "fail": 0, "unknown": 0, "not-applicable": 0}


def test_a_planned_proof_has_no_run(found: dict[str, Any]) -> None:
    planned = promise(found, "transport.tls")["proofs"][-1]
    assert planned["control"] is None
    assert planned["planned"] == PLAN
    assert planned["run"] is None


def test_an_exception_says_until_when(found: dict[str, Any]) -> None:
    assert promise(found, "firewall.https-only")["excepted_until"] == "2031-05-11T12:00:00Z"


def test_observations_name_promise_control_and_record(found: dict[str, Any]) -> None:
    (failed,) = [each for each in found["observations"] if each["outcome"] == "fail" and each["promise"] == "database.no-public-access"]
    assert failed["subject"] == "database <main>"
    assert (failed["control"], failed["surface"], failed["expected"], failed["observed"]) == (
        "database.trusted-sources",
        "live",
        "trusted sources only",
        "0.0.0.0/0",
    )
    assert isinstance(failed["record"], int)
    assert any(each["subject"] == HOSTILE for each in found["observations"])
    assert any(each["figure"] == {"name": "age", "value": 84, "unit": "days", "limit": 90, "warn": 80} for each in found["observations"])
