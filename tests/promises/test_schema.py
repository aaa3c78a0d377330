"""The generated schema accepts what the loader accepts, and refuses what an editor can see to be wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from promises.kinds import kinds
from promises.loading import FOLDER, platforms
from promises.schema import schema


class Editor(yaml.SafeLoader):
    """YAML as editors read it (1.2, core schema): a date is text, and so are on, off, yes and no."""


Editor.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if not tag.endswith(":timestamp") and (first in "tTfF" or not tag.endswith(":bool"))]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text: str) -> Any:
    return yaml.load(text, Editor)


def text(platform: str) -> str:
    return (Path(FOLDER) / f"{platform}.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema_rs.Draft202012Validator(json.loads(json.dumps(schema(kinds()))), validate_formats=True)


@pytest.mark.parametrize("platform", platforms())
def test_every_catalog_is_valid(platform: str, validator: Any) -> None:
    validator.validate(read(text(platform)))


REFUSED = {
    "an unknown key": ("platform: illumacom", "platform: illumacom\nowner: us"),
    "an unknown promise": ("id: keys.rotation", "id: keys.rotated"),
    "a figure without a unit": ("max_age: 90 days", "max_age: 90"),
    "a figure in another unit": ("max_age: 90 days", "max_age: 90 hours"),
    "a missing figure": ("      max_age: 90 days\n", ""),
    "a short digest": ("clause: 5f1f20d5", "clause: 5f1f"),
    "a day that is none": ("in_force: 2026-03-04", "in_force: 2026-13-04"),
    "a job left out": ("  verify: 1 day\n", ""),
    "a number bound twice": ("{number: 90 days, parameter: after_shipment}", "{number: 90 days, parameter: after_shipment, reason: none}"),
    "a clause without a reviewer": (', reviewer: ""}', "}"),
    "a legal basis that is none": ("legal_basis: contract", "legal_basis: habit"),
    "a domain in capitals": ("domains: [operations.example]", "domains: [Operations.example]"),
    "a domain of one word": ("domains: [operations.example]", "domains: [operations]"),
    "a domain with its scheme": ("domains: [operations.example]", "domains: ['https://operations.example']"),
    "one domain for a list": ("domains: [operations.example]", "domains: operations.example"),
    "a holding without retention": ("    retention:\n      - {anchor: made, promise: retention.financial, parameter: period}\n", ""),
}


@pytest.mark.parametrize(("before", "after"), REFUSED.values(), ids=REFUSED.keys())
def test_what_an_editor_can_see(before: str, after: str, validator: Any) -> None:
    whole = text("illumacom")
    assert before in whole
    assert not validator.is_valid(read(whole.replace(before, after, 1)))


FURTHER = {
    "a control": ("{surface: job, control: backups.sealed, max_age: {schedule: backup.run, plus: 12 hours}}", True),
    "a plan": ("{surface: live, planned: later, max_age: 2 days}", True),
    "both": ("{surface: live, control: keys.seen, planned: later, max_age: 2 days}", False),
    "neither": ("{surface: live, max_age: 2 days}", False),
    "no age": ("{surface: live, control: keys.seen}", False),
    "an age shifted twice": ("{surface: live, control: keys.seen, max_age: {schedule: verify, plus: 1 day, minus: 1 day}}", False),
    "an unknown surface": ("{surface: air, control: keys.seen, max_age: 2 days}", False),
}


@pytest.mark.parametrize("case", FURTHER)
def test_a_further_proof(case: str, validator: Any) -> None:
    proof, valid = FURTHER[case]
    whole = text("illumacom")
    before = "  - id: keys.rotation\n"
    assert before in whole
    assert validator.is_valid(read(whole.replace(before, f"{before}    proofs: [{proof}]\n"))) is valid


def test_it_knows_every_promise_with_its_meaning() -> None:
    offered = schema(kinds())["properties"]["promises"]["items"]["oneOf"]
    assert {each["properties"]["id"]["const"]: each["title"] for each in offered} == {
        kind.id: kind.title for kind in kinds().by_id.values()
    }
    assert not re.search(r"[\u201c\u201d]", json.dumps(offered))
