"""One set of functions: `kept verify --state`, the pack over gRPC and `pulumi policy analyze` say the same of the same stack.

And one direction of doubt: what a stack with unknown values passes, the full stack passes.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.judging import judge_plan
from policies.pack import message
from policies.readers import state
from policies.readers.state import PLACEHOLDER
from promises.loading import load_catalog
from promises.observations import Outcome
from tests.policies.controls.cases import BROKEN
from tests.policies.controls.compliant import Change, document
from tests.policies.test_pack import PROJECT, analyzer, whole

__all__ = ["analyzer"]

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CATALOG = load_catalog("illumacom", None)
PULUMI = shutil.which("pulumi")

CASES: dict[str, tuple[Change, ...]] = {"nothing changed": (), **{name: changes for name, (changes, _) in BROKEN.items()}}
ANALYZED = ("nothing changed", *list(BROKEN)[:: max(1, len(BROKEN) // 4)])
"""What the engine's own command is asked: it takes some seconds each time."""


def by_the_command(found: dict[str, Any]) -> Counter[tuple[str, str]]:
    """Control and finding, as `kept verify --state` judges; the values are all known, so what cannot be judged counts too."""
    runs = judge_plan(state.read(found), CATALOG, NOW)
    bad = (Outcome.FAIL, Outcome.UNKNOWN)
    return Counter((run.control, message(run.promise, seen)) for run in runs for seen in run.observations if seen.outcome in bad)


@pytest.mark.parametrize("case", CASES)
def test_the_pack_says_what_the_command_says(analyzer: Any, case: str) -> None:
    found = document(*CASES[case])
    said = Counter((each.policyName, each.message.splitlines()[-1]) for each in whole(analyzer, state.read(found)))
    assert said == by_the_command(found)


@pytest.mark.skipif(PULUMI is None, reason="`pulumi` is not on PATH")
@pytest.mark.parametrize("case", ANALYZED)
def test_the_engines_own_command_says_what_ours_says(case: str, tmp_path: Path) -> None:
    """`pulumi policy analyze --file`: no program, no stack, no login."""
    found = document(*CASES[case])
    for entry in found["deployment"]["resources"]:
        entry |= {"custom": True, "id": "i", "inputs": entry["outputs"]}
    found["deployment"]["manifest"] = {"time": NOW.isoformat(), "magic": "", "version": ""}
    file = tmp_path / "state.json"
    file.write_text(json.dumps(found))
    command = [PULUMI, "policy", "analyze", "--file", str(file), "--policy-pack", str(PROJECT / "policies"), "--json", "--non-interactive"]
    hidden = ("PYTHONPATH", "http_proxy", "https_proxy", "grpc_proxy", "all_proxy")
    environ = {key: value for key, value in os.environ.items() if key not in hidden}
    environ |= {"PULUMI_SKIP_UPDATE_CHECK": "true", "PULUMI_BACKEND_URL": f"file://{tmp_path}", "PULUMI_CONFIG_PASSPHRASE": "x"}
    answer = subprocess.run(command, capture_output=True, text=True, env=environ, check=False, timeout=300, cwd=tmp_path)  # type: ignore[arg-type]
    events = [json.loads(line).get("policyEvent") for line in answer.stdout.splitlines() if line.startswith("{")]
    said = Counter(
        (each["policyName"], each["message"].splitlines()[-1])
        for each in events
        if each and each["enforcementLevel"] == "mandatory" and not each["policyName"].endswith(".resource")
    )
    assert said == by_the_command(found), answer.stderr[-2000:]
    assert (answer.returncode == 0) == (not said)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all values, containers included."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from leaves(each, (*path, key))


def hidden(found: dict[str, Any], places: list[float]) -> dict[str, Any]:
    """The same with some outputs (by their place among all of them) not known yet."""
    changed = copy.deepcopy(found)
    for place in places:
        outputs = [(entry["outputs"], path) for entry in changed["deployment"]["resources"] for path in leaves(entry["outputs"])]
        target, (*way, last) = outputs[int(place * len(outputs))]
        for step in way:
            target = target[step]
        target[last] = PLACEHOLDER
    return changed


def passes(found: dict[str, Any]) -> set[str]:
    """The controls under which nothing failed and nothing is open."""
    runs = judge_plan(state.read(found), CATALOG, NOW)
    return {
        run.control
        for run in runs
        if run.complete and {each.outcome for each in run.observations} <= {Outcome.PASS, Outcome.NOT_APPLICABLE}
    }


@cache
def failures(case: str) -> set[str]:
    runs = judge_plan(state.read(document(*BROKEN[case][0])), CATALOG, NOW)
    return {run.control for run in runs if any(each.outcome is Outcome.FAIL for each in run.observations)}


@given(
    st.sampled_from(sorted(BROKEN)),
    st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=6),
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_stack_with_unknown_values_never_passes_what_the_full_one_fails(case: str, places: list[float]) -> None:
    found = document(*BROKEN[case][0])
    assert not passes(hidden(found, places)) & failures(case)


@given(st.sampled_from(sorted(BROKEN)), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nor_when_all_that_one_resource_answers_is_unknown(case: str, number: int) -> None:
    found = document(*BROKEN[case][0])
    changed = copy.deepcopy(found)
    resources = changed["deployment"]["resources"]
    outputs = resources[number % len(resources)]["outputs"]
    outputs.update(dict.fromkeys(outputs, PLACEHOLDER))
    assert not passes(changed) & failures(case)
