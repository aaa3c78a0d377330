"""What an account holds against what is declared: every sort of difference is found, and what is no drift is not."""

from __future__ import annotations

from typing import Any

import pytest

from policies.controls.inventory import ABOUT, told
from policies.inventory import IDENTITY, Difference, compare
from policies.kinds import DROPLET, FIREWALL, RECORD, REPLICA, RULESET, SPACES_KEY, TRUSTED, VPC
from policies.readers.live import resource
from policies.readers.state import UNKNOWN, Resource, Stack
from promises.observations import Outcome
from tests.policies.controls.compliant import CATALOG

IN = {"protocol": "tcp", "portRange": "443", "sourceTags": ["web"]}
OUT = {"protocol": "tcp", "portRange": "53", "destinationAddresses": ["10.0.0.0/8"]}
WALL: dict[str, Any] = {"id": "f1", "tags": ["web"], "inboundRules": [IN], "outboundRules": [OUT]}
TAG, ADDRESS = {"type": "tag", "value": "web"}, {"type": "ip_addr", "value": "10.0.0.9"}
GRANT = {"bucket": "illumacom-logs", "permission": "read"}
NAME: dict[str, Any] = {"id": "r1", "content": "203.0.113.10", "proxied": True}


def named(kind: str, **said: Any) -> Resource:
    return resource(kind, "x", **said)


def whys(kind: str, live: list[Resource], declared: list[Resource]) -> list[str]:
    return [each.why for each in compare(Stack("", tuple(live), ""), Stack("", tuple(declared), ""), (kind,), CATALOG)]


CHANGED: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "one more way in": (
        FIREWALL,
        WALL,
        {"inboundRules": [IN, {**IN, "portRange": "444"}]},
        "permits tcp/444 tag web, which was not declared",
    ),
    "one way in less": (FIREWALL, WALL, {"inboundRules": []}, "does not permit tcp/443 tag web, which was declared"),
    "one more way out": (
        FIREWALL,
        WALL,
        {"outboundRules": [OUT, {**OUT, "portRange": "54"}]},
        "permits tcp/54 10.0.0.0/8, which was not declared",
    ),
    "one way out less": (FIREWALL, WALL, {"outboundRules": []}, "does not permit tcp/53 10.0.0.0/8, which was declared"),
    "a firewall of more hosts": (FIREWALL, WALL, {"tags": ["web", "Jobs"]}, "its tags are jobs, web, not web"),
    "a firewall of nobody": (FIREWALL, WALL, {"tags": []}, "its tags are none, not web"),
    "one more trusted source": (
        TRUSTED,
        {"clusterId": "c1", "rules": [TAG]},
        {"rules": [TAG, ADDRESS]},
        "trusts ip_addr 10.0.0.9, which was not declared",
    ),
    "one trusted source less": (
        TRUSTED,
        {"clusterId": "c1", "rules": [TAG, ADDRESS]},
        {"rules": [TAG]},
        "does not trust ip_addr 10.0.0.9, which was declared",
    ),
    "a source of another sort": (
        TRUSTED,
        {"clusterId": "c1", "rules": [TAG]},
        {"rules": [{**TAG, "type": "app"}]},
        "trusts app web, which was not declared",
    ),
    "a key that may more": (
        SPACES_KEY,
        {"id": "k", "grants": [GRANT]},
        {"grants": [{**GRANT, "permission": "readwrite"}]},
        "its grants are not those declared",
    ),
    "a key of another bucket": (
        SPACES_KEY,
        {"id": "k", "grants": [GRANT]},
        {"grants": [{**GRANT, "bucket": ""}]},
        "its grants are not those declared",
    ),
    "a name that leads elsewhere": (RECORD, NAME, {"content": "203.0.113.11"}, "it does not lead where it was declared to"),
    "a name past the edge": (RECORD, NAME, {"proxied": False}, "it does not lead where it was declared to"),
}


@pytest.mark.parametrize("case", CHANGED)
def test_what_was_changed_is_told(case: str) -> None:
    kind, before, change, why = CHANGED[case]
    assert whys(kind, [named(kind, **{**before, **change})], [named(kind, **before)]) == [why]


SAME: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "rules in another order, cut up and spelled otherwise": (
        FIREWALL,
        WALL,
        {"tags": ["WEB"], "inboundRules": [{**IN, "sourceTags": ["Web", "web"]}, {**IN, "portRange": "443-443"}]},
    ),
    "trusted sources in another order": (TRUSTED, {"clusterId": "c1", "rules": [TAG, ADDRESS]}, {"rules": [ADDRESS, TAG]}),
    "grants in another order": (
        SPACES_KEY,
        {"id": "k", "grants": [GRANT, {**GRANT, "permission": "write"}]},
        {"grants": [{**GRANT, "permission": "write"}, GRANT]},
    ),
    "a name in capitals, with its root": (RECORD, {**NAME, "content": "App.example.com"}, {"content": "app.example.com."}),
    "a text in quotes": (RECORD, {**NAME, "content": '"v=spf1 -all"'}, {"content": "v=spf1 -all"}),
    "an id that is a number elsewhere": (DROPLET, {"id": "1001"}, {"id": 1001.0}),
    "a size, which other controls judge": (DROPLET, {"id": "1001", "size": "a"}, {"size": "b"}),
}


@pytest.mark.parametrize("case", SAME)
def test_what_is_the_same_in_other_words_is_no_drift(case: str) -> None:
    kind, before, change = SAME[case]
    assert whys(kind, [named(kind, **{**before, **change})], [named(kind, **before)]) == [""]


def test_a_name_whose_end_was_not_known_when_it_was_declared_leads_where_it_leads() -> None:
    assert whys(RECORD, [named(RECORD, **NAME)], [named(RECORD, **{**NAME, "content": UNKNOWN})]) == [""]


NEW, GONE = "in the account, and in no code", "in the code, and gone from the account"


@pytest.mark.parametrize("kind", sorted(IDENTITY))
def test_strangers_and_what_is_gone_are_told_of_every_kind(kind: str) -> None:
    one = named(kind, **{**dict.fromkeys(IDENTITY[kind], "1"), "phase": "ddos_l7"})
    other = named(kind, **{**dict.fromkeys(IDENTITY[kind], "2"), "phase": "ddos_l7"})
    assert whys(kind, [one], []) == [NEW]
    assert whys(kind, [], [one]) == [GONE]
    assert whys(kind, [one], [other]) == [NEW, GONE]
    assert whys(kind, [one], [one]) == [""]


def test_a_replica_is_known_by_its_cluster_and_its_name() -> None:
    one, other = (resource(REPLICA, "near", clusterId=cluster) for cluster in ("c1", "c2"))
    assert whys(REPLICA, [one], [other]) == [NEW, GONE]
    assert whys(REPLICA, [one], [resource(REPLICA, "far", clusterId="c1")]) == [NEW, GONE]


def test_what_was_declared_without_a_known_id_matches_nothing() -> None:
    assert whys(DROPLET, [named(DROPLET, id="1")], [named(DROPLET, id=UNKNOWN)]) == [NEW]
    assert whys(DROPLET, [named(DROPLET, id="1")], [named(DROPLET, id="")]) == [NEW]


NO_DRIFT = {
    "a region's default network": named(VPC, id="d", default=True),
    "the key of whoever runs the stack": resource(SPACES_KEY, "illumacom-provisioning", id="k", grants=[]),
}


@pytest.mark.parametrize("case", NO_DRIFT)
def test_what_is_nobodys_to_declare(case: str) -> None:
    assert whys(NO_DRIFT[case].type, [NO_DRIFT[case]], []) == []


def test_what_only_looks_like_it_is_drift() -> None:
    assert whys(VPC, [named(VPC, id="d", default=False)], []) == [NEW]
    assert whys(DROPLET, [named(DROPLET, id="1", default=True)], []) == [NEW]
    assert whys(DROPLET, [resource(DROPLET, "illumacom-provisioning", id="1")], []) == [NEW]
    assert whys(SPACES_KEY, [resource(SPACES_KEY, "lumina-provisioning", id="k", grants=[])], []) == [NEW]


def test_rulesets_of_phases_that_nobody_reads_are_not_missed() -> None:
    assert whys(RULESET, [], [named(RULESET, id="r", phase="http_request_late_transform")]) == []


def test_a_difference_is_a_failure_and_none_is_a_pass() -> None:
    assert told(Difference("droplet x")).outcome is Outcome.PASS
    assert (told(Difference("droplet x", NEW)).outcome, told(Difference("droplet x", NEW)).observed) == (Outcome.FAIL, NEW)


def test_every_promise_about_drift_has_kinds_that_can_be_told_apart() -> None:
    asking = {promise.id for promise in CATALOG.promises for proof in promise.proofs if proof.control == "inventory.live"}
    assert asking == set(ABOUT)
    assert {kind for kinds in ABOUT.values() for kind in kinds} <= set(IDENTITY)
