"""Remediation: off by default; where it is on, exactly what is wrong is mended, everything else comes back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pulumi.runtime.proto import analyzer_pb2

from policies import early
from policies.controls.base import Question
from policies.kinds import BALANCER, BUCKET, DROPLET, ZONE_SETTING
from policies.readers.state import UNKNOWN, Resource
from policies.remediation import HOUSE, MENDS, mended
from promises.loading import load_catalog
from tests.policies.test_pack import PLACEHOLDER, analyzer, properties

__all__ = ["analyzer"]

CATALOG = load_catalog("illumacom", None)
QUESTION = Question(CATALOG.promise("transport.tls"), CATALOG, datetime(2026, 11, 23, tzinfo=UTC))
TLS = "transport.plan"
PLAIN = [{"entryProtocol": "http", "entryPort": 80}]

WRONG: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    "an old lowest version": (TLS, ZONE_SETTING, {"settingId": "min_tls_version", "value": "1.0"}, {"value": "1.2"}),
    "TLS 1.3 off": (TLS, ZONE_SETTING, {"settingId": "tls_1_3", "value": "off"}, {"value": "on"}),
    "an origin that is not checked": (TLS, ZONE_SETTING, {"settingId": "ssl", "value": "full"}, {"value": "strict"}),
    "no redirect at the edge": (TLS, ZONE_SETTING, {"settingId": "always_use_https", "value": "off"}, {"value": "on"}),
    "a setting without a value": (TLS, ZONE_SETTING, {"settingId": "ssl"}, {"value": "strict"}),
    "weak ciphers": (TLS, BALANCER, {"tlsCipherPolicy": "DEFAULT", "name": "b"}, {"tlsCipherPolicy": "STRONG"}),
    "a balancer that answers plain HTTP": (
        TLS,
        BALANCER,
        {"tlsCipherPolicy": "STRONG", "forwardingRules": PLAIN, "redirectHttpToHttps": False},
        {"redirectHttpToHttps": True},
    ),
    "a public bucket": (HOUSE, BUCKET, {"acl": "public-read", "versioning": {"enabled": True}}, {"acl": "private"}),
    "a bucket without versions": (HOUSE, BUCKET, {"acl": "private"}, {"versioning": {"enabled": True}}),
    "versions switched off": (HOUSE, BUCKET, {"acl": "private", "versioning": {"enabled": False}}, {"versioning": {"enabled": True}}),
    "an unmonitored droplet": (HOUSE, DROPLET, {"name": "web0", "monitoring": False}, {"monitoring": True}),
}

RIGHT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a higher lowest version": (TLS, ZONE_SETTING, {"settingId": "min_tls_version", "value": "1.3"}),
    "TLS 1.3 with early data": (TLS, ZONE_SETTING, {"settingId": "tls_1_3", "value": "zrt"}),
    "another setting": (TLS, ZONE_SETTING, {"settingId": "brotli", "value": "off"}),
    "a value that is not known": (TLS, ZONE_SETTING, {"settingId": "ssl", "value": UNKNOWN}),
    "a balancer without plain HTTP": (TLS, BALANCER, {"tlsCipherPolicy": "STRONG", "forwardingRules": [{"entryProtocol": "https"}]}),
    "a balancer not known yet": (TLS, BALANCER, {"tlsCipherPolicy": UNKNOWN, "forwardingRules": UNKNOWN}),
    "a good bucket": (HOUSE, BUCKET, {"acl": "private", "versioning": {"enabled": True}}),
    "a bucket not known yet": (HOUSE, BUCKET, {"acl": UNKNOWN, "versioning": {"enabled": UNKNOWN}}),
    "a monitored droplet": (HOUSE, DROPLET, {"monitoring": True}),
    "a policy that mends nothing": ("regions.plan", DROPLET, {"region": "fra1"}),
    "a type that a policy does not mend": (TLS, DROPLET, {"monitoring": False}),
}


@pytest.mark.parametrize(("policy", "kind", "props", "changed"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_mended_and_nothing_else(policy: str, kind: str, props: dict[str, Any], changed: dict[str, Any]) -> None:
    before = dict(props)
    found = mended(policy, kind, props, QUESTION)
    assert found == {**props, **changed}
    assert props == before
    assert mended(policy, kind, found, QUESTION) is None


@pytest.mark.parametrize(("policy", "kind", "props"), RIGHT.values(), ids=RIGHT.keys())
def test_what_is_right_or_not_known_is_left_alone(policy: str, kind: str, props: dict[str, Any]) -> None:
    assert mended(policy, kind, props, QUESTION) is None


@pytest.mark.parametrize("case", [name for name, each in WRONG.items() if each[1] == ZONE_SETTING])
def test_a_mended_resource_passes_the_check_that_refused_it(case: str) -> None:
    policy, kind, props, changed = WRONG[case]

    def faulty(inputs: dict[str, Any]) -> bool:
        resource = Resource("urn", kind, "x", inputs, {}, protect=False, parent=None, dependencies=())
        return early.fault(policy, resource, QUESTION) is not None

    assert faulty(props)
    assert not faulty({**props, **changed})


def asked(analyzer: Any, kind: str, inputs: dict[str, Any]) -> list[Any]:
    urn = f"urn:pulumi:illumacom::kept::{kind}::x"
    request = analyzer_pb2.AnalyzeRequest(type=kind, properties=properties(inputs), urn=urn, name="x")
    return list(analyzer.Remediate(request, timeout=60).remediations)


def configure(analyzer: Any, level: int) -> None:
    names = [HOUSE if policy == HOUSE else f"{policy}.resource" for policy in MENDS]
    config = {name: analyzer_pb2.PolicyConfig(enforcementLevel=level) for name in names}
    analyzer.Configure(analyzer_pb2.ConfigureAnalyzerRequest(policyConfig=config), timeout=60)


@pytest.fixture
def remediating(analyzer: Any) -> Iterator[Any]:
    configure(analyzer, analyzer_pb2.REMEDIATE)
    yield analyzer
    configure(analyzer, analyzer_pb2.MANDATORY)


@pytest.mark.parametrize("case", WRONG)
def test_the_running_pack_mends_nothing_by_default(analyzer: Any, case: str) -> None:
    _policy, kind, props, _changed = WRONG[case]
    assert asked(analyzer, kind, props) == []


@pytest.mark.parametrize(("policy", "kind", "props", "changed"), WRONG.values(), ids=WRONG.keys())
def test_the_running_pack_mends_where_it_is_told_to(
    remediating: Any, policy: str, kind: str, props: dict[str, Any], changed: dict[str, Any]
) -> None:
    """Bookkeeping and what is not known yet come back untouched."""
    kept = {"__defaults": [], "zoneId": PLACEHOLDER}
    (found,) = asked(remediating, kind, {**kept, **props})
    assert found.policyName.removesuffix(".resource") == policy
    assert dict(found.properties) == dict(properties({**kept, **props, **changed}))


@pytest.mark.parametrize("case", [name for name, each in RIGHT.items() if UNKNOWN not in each[2].values()])
def test_the_running_pack_leaves_what_is_right(remediating: Any, case: str) -> None:
    _policy, kind, props = RIGHT[case]
    expected = [HOUSE] if kind == DROPLET and props.get("monitoring") is not True else []  # another policy's business
    assert [each.policyName for each in asked(remediating, kind, props)] == expected
