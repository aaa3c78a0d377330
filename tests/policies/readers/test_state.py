"""Real states, written by the engine, as the controls see them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policies.readers import state
from policies.readers.state import PLACEHOLDER, REDACTED, UNKNOWN
from services.errors import BadData

ENGINE = Path(__file__).resolve().parents[2] / "data" / "engine"


@pytest.fixture(params=["digitalocean", "cloudflare"])
def document(request: pytest.FixtureRequest) -> Any:
    return json.loads((ENGINE / f"{request.param}.state.json").read_text())


def digitalocean() -> Any:
    return json.loads((ENGINE / "digitalocean.state.json").read_text())


def test_every_resource_of_a_real_state_is_read(document: Any) -> None:
    stack = state.read(document)
    assert stack.name == "illumacom"
    assert len(stack.resources) == len(document["deployment"]["resources"])


def test_secrets_are_redacted_at_every_depth(document: Any) -> None:
    shown = repr(state.read(document).resources)
    assert "ciphertext" not in shown
    assert "v1:" not in shown


def test_a_secret_exported_in_the_clear_is_redacted_too() -> None:
    document = digitalocean()
    (cluster,) = (each for each in document["deployment"]["resources"] if each["type"].endswith(":DatabaseCluster"))
    cluster["outputs"]["password"] = {state.SIGNATURE_KEY: state.SECRET, "plaintext": '"hunter2"'}
    (read,) = state.read(document).of("digitalocean:index/databaseCluster:DatabaseCluster")
    assert read.get("password") == REDACTED
    assert "hunter2" not in repr(read)


def test_the_bridges_bookkeeping_is_left_out(document: Any) -> None:
    assert "__" not in repr([sorted(each.inputs) + sorted(each.outputs) for each in state.read(document).resources])
    assert "__defaults" not in repr(state.read(document).resources)


def test_the_output_counts_before_the_input() -> None:
    (cluster,) = state.read(digitalocean()).of("digitalocean:index/databaseCluster:DatabaseCluster")
    assert cluster.inputs["maintenanceWindows"] == [{"day": "sunday", "hour": "03:00"}]
    assert cluster.get("maintenanceWindows") == [{"day": "sunday", "hour": "03:00:00"}]
    assert cluster.get("nothing", "default") == "default"
    assert cluster.name == "db"


def test_a_placeholder_is_unknown_and_unknown_is_no_truth_value() -> None:
    read = state.resource({"urn": "urn:pulumi:s::p::a:b/c:C::n", "type": "a:b/c:C", "inputs": {"x": [{"y": PLACEHOLDER}]}})
    assert read.get("x") == [{"y": UNKNOWN}]
    with pytest.raises(ValueError, match="neither true nor false"):
        bool(read.get("x")[0]["y"])


def test_a_resource_that_waits_for_its_deletion_is_still_judged() -> None:
    document = digitalocean()
    before = len(state.read(document).resources)
    document["deployment"]["resources"].append({**document["deployment"]["resources"][-1], "delete": True})
    assert len(state.read(document).resources) == before + 1


def test_a_stack_without_resources_is_empty_and_has_a_digest() -> None:
    stack = state.read({"version": 3, "deployment": {"manifest": {}}})
    assert stack.resources == ()
    assert len(stack.digest) == 64


def touch_times(document: Any) -> None:
    for each in document["deployment"]["resources"]:
        each["modified"] = "2030-01-01T00:00:00Z"
    document["deployment"]["manifest"]["time"] = "2030-01-01T00:00:00Z"


def reorder(document: Any) -> None:
    document["deployment"]["resources"].reverse()
    for each in document["deployment"]["resources"]:
        each.get("dependencies", []).reverse()


def encrypt_anew(document: Any) -> None:
    for each in document["deployment"]["resources"]:
        for value in (each.get("outputs") or {}).values():
            if isinstance(value, dict) and "ciphertext" in value:
                value["ciphertext"] = "v1:other"


def refresh_nothings(document: Any) -> None:
    """What a plugin's first refresh does."""
    for each in document["deployment"]["resources"]:
        outputs = each.get("outputs") or {}
        outputs.update({key: [] for key, value in outputs.items() if value is None})
        outputs["nothing"] = {}


SAME: dict[str, Callable[[Any], None]] = {
    "times": touch_times,
    "the order": reorder,
    "a secret's ciphertext": encrypt_anew,
    "null or empty": refresh_nothings,
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME.keys())
def test_the_digest_does_not_depend_on(change: Callable[[Any], None], document: Any) -> None:
    before = state.read(copy.deepcopy(document)).digest
    change(document)
    assert state.read(document).digest == before


def last(document: Any) -> Any:
    return document["deployment"]["resources"][-1]


DIFFERENT: dict[str, Callable[[Any], None]] = {
    "an output": lambda document: last(document)["outputs"].update(name="other"),
    "an input": lambda document: last(document)["inputs"].update(name="other"),
    "protection": lambda document: last(document).update(protect=True),
    "false instead of nothing": lambda document: last(document)["outputs"].update(other=False),
    "a resource gone": lambda document: document["deployment"]["resources"].pop(),
}


@pytest.mark.parametrize("change", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_the_digest_depends_on(change: Callable[[Any], None], document: Any) -> None:
    before = state.read(copy.deepcopy(document)).digest
    change(document)
    assert state.read(document).digest != before


def test_a_checkpoint_and_a_bare_deployment_are_the_same_stack(document: Any) -> None:
    deployment = document["deployment"]
    whole = state.read(document).digest
    assert state.read({"version": 3, "checkpoint": {"stack": "s", "latest": deployment}}).digest == whole
    assert state.read({"manifest": {}, **deployment}).digest == whole


def test_a_pending_operation_is_judged_by_its_program_and_nothing_it_would_answer_is_known(document: Any) -> None:
    before = len(state.read(document).resources)
    entry = {"urn": "urn:pulumi:s::p::a:b/c:C::n", "type": "a:b/c:C", "inputs": {"x": 1}, "outputs": {"y": 2}}
    document["deployment"]["pending_operations"] = [{"type": "creating", "resource": entry}]
    assert state.pending_operations(document) == 1
    found = state.read(document).resources
    assert len(found) == before + 1
    assert found[-1].get("x") == 1
    assert found[-1].get("y") is UNKNOWN


def test_resources_of_several_types_come_in_the_order_of_the_stack() -> None:
    kinds = ("digitalocean:index/vpc:Vpc", "digitalocean:index/droplet:Droplet", "digitalocean:index/vpc:Vpc")
    stack = state.read(digitalocean())
    assert stack.of(*kinds) == tuple(each for each in stack.resources if each.type in kinds)
    assert stack.of("nothing") == ()


ENTRY = {"urn": "urn:pulumi:s::p::a:b/c:C::n", "type": "a:b/c:C"}

REFUSED = {
    "resources that are no list": {"version": 3, "deployment": {"resources": {}}},
    "pending operations that are no list": {"version": 3, "deployment": {"pending_operations": "x"}},
    "a pending operation without a resource": {"version": 3, "deployment": {"pending_operations": [{"type": "creating"}]}},
    "a checkpoint of nothing": {"version": 3, "checkpoint": {"latest": None}},
    "no version": {"deployment": {"resources": []}},
    "an old version": {"version": 1, "deployment": {"resources": []}},
    "a version yet to come": {"version": 99, "deployment": {"resources": []}},
    "inputs that are a list": {"version": 3, "deployment": {"resources": [{**ENTRY, "inputs": [1]}]}},
    "outputs that are a word": {"version": 3, "deployment": {"resources": [{**ENTRY, "outputs": "x"}]}},
    "dependencies that are numbers": {"version": 3, "deployment": {"resources": [{**ENTRY, "dependencies": [1]}]}},
    "a parent that is an object": {"version": 3, "deployment": {"resources": [{**ENTRY, "parent": {}}]}},
    "a URN that is a number": {"version": 3, "deployment": {"resources": [{**ENTRY, "urn": 5}]}},
    "no deployment": {"version": 3},
    "a list": {"deployment": []},
    "a resource without a URN": {"deployment": {"resources": [{"type": "a:b:C"}]}},
    "a resource that is a word": {"deployment": {"resources": ["vpc"]}},
}


@pytest.mark.parametrize("document", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_state_is_refused(document: Any) -> None:
    with pytest.raises(BadData):
        state.read(document)
