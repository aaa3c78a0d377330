"""The pack as the engine runs it: a process of its own, with `policies/` as working directory, asked over gRPC."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from policies.early import EARLY
from policies.readers import rehearsal, state
from policies.readers.state import UNKNOWN, Stack
from promises.hygiene import rules
from promises.loading import load_catalog, platforms
from promises.observations import Surface
from tests.policies.controls.cases import BROKEN, FINE
from tests.policies.controls.compliant import USER_DATA, drop, put, stack
from tests.policies.hygiene import compliant as clean

PROJECT = Path(__file__).resolve().parents[2]
PLACEHOLDER = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


@pytest.fixture(scope="module")
def analyzer() -> Iterator[analyzer_pb2_grpc.AnalyzerStub]:
    """Lower-case proxy settings would catch the channel to loopback, and PYTHONPATH would hide what an installation lacks."""
    hidden = ("PYTHONPATH", "http_proxy", "https_proxy", "grpc_proxy", "all_proxy")
    environment = {key: value for key, value in os.environ.items() if key not in hidden}
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:0", str(PROJECT / "policies")]
    pack = subprocess.Popen(command, cwd=PROJECT / "policies", env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert pack.stdout is not None
        port = int(pack.stdout.readline())
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.enable_http_proxy", 0)]) as channel:
            yield analyzer_pb2_grpc.AnalyzerStub(channel)
    finally:
        pack.kill()
        pack.communicate()


def properties(outputs: dict[str, Any]) -> struct_pb2.Struct:
    message = struct_pb2.Struct()
    message.update(_wire(outputs))
    return message


def _wire(value: Any) -> Any:
    """Unknown values travel as the engine's placeholder."""
    if isinstance(value, dict):
        return {key: _wire(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_wire(each) for each in value]
    return PLACEHOLDER if value is UNKNOWN else value


def whole(analyzer: Any, seen: Stack, *, hygiene: bool = False) -> list[Any]:
    """The diagnostics over the whole stack: those of the promises, or those of hygiene."""
    resources = [
        analyzer_pb2.AnalyzerResource(
            type=each.type,
            properties=properties(dict(each.outputs)),
            urn=each.urn,
            name=each.name,
            dependencies=each.dependencies,
            options=analyzer_pb2.AnalyzerResourceOptions(protect=each.protect),
        )
        for each in seen.resources
    ]
    answer = analyzer.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=resources), timeout=60)
    return [each for each in answer.diagnostics if each.policyName.startswith("hygiene.") is hygiene]


def each_alone(analyzer: Any, seen: Stack) -> list[Any]:
    """The diagnostics over each resource before its creation."""
    found: list[Any] = []
    for each in seen.resources:
        request = analyzer_pb2.AnalyzeRequest(type=each.type, properties=properties(dict(each.outputs)), urn=each.urn, name=each.name)
        found += analyzer.Analyze(request, timeout=60).diagnostics
    return found


def test_a_digest_of_user_data_is_judged_by_what_the_resource_policy_saw(analyzer: Any) -> None:
    """The engine hands the stack policy the provider's SHA-1; without the text nobody would know."""
    digest = put("web0", "userData", "c0af657a8122db11fb8541f90feab7871c2c3d71")
    unseen = stack(digest, put("web0", "id", "7001"))
    lonely = [replace(each, urn=f"{each.urn}-alone") if each.name == "web0" else each for each in unseen.resources]
    told = [each.message for each in whole(analyzer, state.stack_of(tuple(lonely)))]
    assert len(told) == 2
    assert all("user data is not known yet" in each for each in told)
    each_alone(analyzer, stack())
    assert [each.message for each in whole(analyzer, stack(digest))] == []
    each_alone(analyzer, stack(put("web0", "userData", USER_DATA.replace("ssh_pwauth: false", "ssh_pwauth: true"))))
    (finding,) = whole(analyzer, stack(digest))
    assert "ssh_pwauth is True" in finding.message
    each_alone(analyzer, stack())


PLANNED = {
    proof.control
    for platform in platforms()
    for promise in load_catalog(platform, None).promises
    for proof in promise.proofs
    if proof.surface is Surface.PLAN and proof.control
}
"""The plan controls of every catalog: one pack serves all platforms."""


def test_the_pack_tells_what_it_holds(analyzer: Any) -> None:
    info = analyzer.GetAnalyzerInfo(empty_pb2.Empty(), timeout=60)
    assert info.name == "kept"
    every = {policy.name: policy for policy in info.policies}
    assert every.pop("house.settings").enforcementLevel == analyzer_pb2.DISABLED
    policies = {name: policy for name, policy in every.items() if not name.startswith("hygiene.")}
    assert set(every) - set(policies) == {f"hygiene.{name}" for name in rules()}
    for name in every.keys() - policies.keys():
        assert every[name].enforcementLevel == analyzer_pb2.ADVISORY
        assert every[name].framework.name == "hygiene"
        assert all(part in every[name].remediation_steps for part in ("In the program:", "On the console:", "By a command:"))
    assert set(policies) == PLANNED | {f"{name}.resource" for name in EARLY}
    for policy in policies.values():
        assert policy.enforcementLevel == analyzer_pb2.MANDATORY
        assert policy.severity
        assert policy.framework.reference
        assert policy.remediation_steps


@pytest.mark.parametrize("case", FINE)
def test_a_compliant_stack_gives_no_diagnostics(analyzer: Any, case: str) -> None:
    seen = stack(*FINE[case])
    assert [each.message for each in whole(analyzer, seen)] == []


def test_the_program_itself_gives_no_diagnostics(analyzer: Any) -> None:
    """What `pulumi up` would create for illumacom, before and after."""
    seen = state.read(rehearsal.rehearse_project(PROJECT, "illumacom", now=datetime(2026, 11, 23, tzinfo=UTC)))
    assert [each.message for each in whole(analyzer, seen)] == []
    assert [each.message for each in each_alone(analyzer, seen)] == []


def test_compliant_resources_give_no_diagnostics(analyzer: Any) -> None:
    assert [each.message for each in each_alone(analyzer, stack())] == []


@pytest.mark.parametrize("case", BROKEN)
def test_one_thing_broken_gives_exactly_the_right_diagnostics(analyzer: Any, case: str) -> None:
    """One for each subject that fails, mandatory, naming the subject; and no resource policy of another control."""
    changes, expected = BROKEN[case]
    seen = stack(*changes)
    found = whole(analyzer, seen)
    subjects = [(name, subject) for name, joined in expected.items() for subject in joined.split("|")]
    assert [(each.policyName, each.message.split(": expected")[0].splitlines()[-1]) for each in found] == sorted_like(found, subjects)
    assert all(each.enforcementLevel == analyzer_pb2.MANDATORY for each in found)
    assert {each.policyName.removesuffix(".resource") for each in each_alone(analyzer, seen)} <= set(expected)


def sorted_like(found: list[Any], subjects: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The expected pairs in the order in which the policies spoke."""
    order = list(dict.fromkeys(each.policyName for each in found))
    return sorted(subjects, key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))


BEFORE_CREATION = {
    "a droplet in Frankfurt": "regions.plan.resource",
    "a droplet that does not say its network": "network.plan.resource",
    "an empty list of trusted sources": "database.plan.resource",
    "SSH hidden in a range": "firewall.plan.resource",
    "TLS 1.1 at the edge": "transport.plan.resource",
    "an override only logs": "edge.plan.resource",
    "a public name that is not proxied": "edge.plan.resource",
}


@pytest.mark.parametrize("case", BEFORE_CREATION)
def test_what_one_resource_shows_is_flagged_before_it_exists(analyzer: Any, case: str) -> None:
    found = each_alone(analyzer, stack(*BROKEN[case][0]))
    assert [each.policyName for each in found] == [BEFORE_CREATION[case]]
    assert found[0].enforcementLevel == analyzer_pb2.MANDATORY


def test_what_a_preview_cannot_know_is_an_advisory_that_names_it(analyzer: Any) -> None:
    found = {each.policyName: each for each in whole(analyzer, stack(put("web0", "vpcUuid", PLACEHOLDER)))}
    assert set(found) == {"network.plan", "separation.plan"}
    assert {each.enforcementLevel for each in found.values()} == {analyzer_pb2.ADVISORY}
    assert "droplet web0" in found["network.plan"].message


def test_what_cannot_be_judged_is_a_violation_once_nothing_is_unknown(analyzer: Any) -> None:
    (found,) = whole(analyzer, stack(put("app", "content", "8.8.8.8")))
    assert found.policyName == "edge.plan"
    assert found.enforcementLevel == analyzer_pb2.MANDATORY


def test_a_wrong_value_is_flagged_beside_an_unknown_one(analyzer: Any) -> None:
    found = whole(analyzer, stack(put("web0", "vpcUuid", PLACEHOLDER), drop("jobs0", "vpcUuid")))
    assert [(each.policyName, each.enforcementLevel) for each in found if each.policyName == "network.plan"] == [
        ("network.plan", analyzer_pb2.MANDATORY),
        ("network.plan", analyzer_pb2.ADVISORY),
    ]
    assert [each.policyName for each in found if each.enforcementLevel == analyzer_pb2.MANDATORY] == ["network.plan"]


def test_hygiene_is_advised_and_names_the_subject_and_the_mending(analyzer: Any) -> None:
    assert whole(analyzer, clean.stack(), hygiene=True) == []
    (found,) = whole(analyzer, clean.stack(put("tls_1_3", "value", "off")), hygiene=True)
    assert (found.policyName, found.enforcementLevel) == ("hygiene.zone.tls13", analyzer_pb2.ADVISORY)
    assert "tls_1_3 of zone example.com" in found.message
    assert "To mend it: declare" in found.message


def test_hygiene_says_nothing_of_what_a_preview_cannot_know(analyzer: Any) -> None:
    assert whole(analyzer, clean.stack(put("tls_1_3", "value", PLACEHOLDER)), hygiene=True) == []
