"""The OSCAL documents: references resolve, only kept is satisfied, and NIST's schema accepts them where it is at hand.

Where the schema is looked for says `tests.policies.reports.schemas`. Without it, the structure is tested by our own reading of the
standard alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from policies.reports import oscal
from policies.reports.model import Report
from promises.observations import Outcome, RunSummary
from promises.verdicts import Status
from tests.policies.reports import schemas
from tests.policies.reports.sample import catalog as of
from tests.policies.reports.sample import report, runs

SCHEMA = schemas.oscal()


def documents(given: Report) -> dict[str, Any]:
    return {name: json.loads(text) for name, text in oscal.render(given).items()}


@pytest.fixture(scope="module")
def whole() -> Report:
    return report()


@pytest.fixture(scope="module")
def found(whole: Report) -> dict[str, Any]:
    return documents(whole)


def passing() -> list[RunSummary]:
    return [each for each in runs(of()) if not each.count(Outcome.FAIL)]


def values(node: Any, key: str) -> Iterator[Any]:
    """Every value under a key, anywhere in a document."""
    if isinstance(node, dict):
        yield from (value for name, value in node.items() if name == key)
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from values(each, key)


def test_there_are_four_documents(found: dict[str, Any]) -> None:
    assert {name: next(iter(each)) for name, each in found.items()} == {
        "catalog.json": "catalog",
        "component-definition.json": "component-definition",
        "assessment-results.json": "assessment-results",
        "plan-of-action.json": "plan-of-action-and-milestones",
    }


def test_without_anything_broken_there_is_no_plan_of_action() -> None:
    assert oscal.PLAN not in documents(report(log=passing()))


def test_nothing_is_empty(found: dict[str, Any]) -> None:
    """OSCAL allows no empty list, object or string."""

    def check(node: Any) -> None:
        if isinstance(node, dict | list):
            assert node or node == {}, "an empty list"
            for each in node.values() if isinstance(node, dict) else node:
                check(each)
        else:
            assert str(node).strip() == str(node) != ""

    check(found)


def test_only_kept_is_satisfied_and_the_own_status_stands_beside_it(found: dict[str, Any], whole: Report) -> None:
    findings = found[oscal.RESULTS]["assessment-results"]["results"][0]["findings"]
    for entry, finding in zip(whole.entries, findings, strict=True):
        assert (finding["target"]["status"]["state"] == "satisfied") == (entry.status is Status.KEPT)
        assert [prop["value"] for prop in finding["props"] if prop["name"] == "status"] == [entry.words]
    assert {finding["target"]["status"]["state"] for finding in findings} == {"satisfied", "not-satisfied"}


def test_every_reference_resolves(found: dict[str, Any]) -> None:
    controls = found[oscal.CATALOG]["catalog"]["controls"]
    ids = {control["id"] for control in controls}
    objectives = {part["id"] for control in controls for part in control["parts"]}
    params = {param["id"] for control in controls for param in control.get("params", [])}
    results = found[oscal.RESULTS]["assessment-results"]
    plan = found[oscal.PLAN]["plan-of-action-and-milestones"]
    assert set(values(found[oscal.COMPONENT], "control-id")) == ids
    assert set(values(found[oscal.COMPONENT], "param-id")) == params
    assert set(values(results, "target-id")) == objectives
    assert set(values(results, "observation-uuid")) == set(values(results["results"][0]["observations"], "uuid"))
    assert set(values(plan, "finding-uuid")) == {finding["uuid"] for finding in plan["findings"]}
    assert results["import-ap"]["href"].removeprefix("#") in set(values(results["back-matter"], "uuid"))


def test_identifiers_are_tokens_and_uuids_of_version_5(found: dict[str, Any]) -> None:
    token = re.compile(r"[^\W\d][\w.\-]*")
    for name in ("id", "control-id", "param-id", "target-id", "name"):
        found_ids = [each for each in values({k: v for k, v in found.items() if k != oscal.PLAN}, name) if isinstance(each, str)]
        assert found_ids
        assert all(token.fullmatch(each) for each in found_ids)
    uuids = list(values(found, "uuid"))
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", each) for each in uuids)


def test_evidence_is_named_by_record_and_digest(found: dict[str, Any]) -> None:
    for each in found[oscal.RESULTS]["assessment-results"]["results"][0]["observations"]:
        props = {prop["name"]: prop["value"] for prop in each["props"]}
        assert props["sha256"] == "d" * 64
        assert each["relevant-evidence"][0]["href"] == f"records/{int(props['log-index']):012d}"


@pytest.mark.skipif(SCHEMA is None, reason="NIST's schema is not at hand (see tests/policies/reports/schemas.py)")
@pytest.mark.parametrize("given", [report(), report(log=passing()), report(log=[])], ids=["all verdicts", "nothing broken", "no run"])
def test_the_schema_of_nist_accepts_them(given: Report) -> None:
    import jsonschema_rs

    validator = jsonschema_rs.validator_for(SCHEMA)
    for name, each in documents(given).items():
        assert [str(error) for error in validator.iter_errors(each)] == [], name
