"""A compliant stack passes every plan control; with one thing broken, exactly the controls concerned fail, on exactly that subject."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policies import early
from policies.controls import all_controls
from policies.controls.base import Question
from policies.controls.recipients import allowed
from policies.judging import Task, judge_plan, run
from policies.kinds import VOLUME, VOLUME_ATTACHMENT
from policies.readers.state import Stack
from promises.flows import inbound
from promises.loading import load_catalog, platforms
from promises.observations import Observation, Outcome, Surface
from tests.policies.controls.cases import BROKEN, FINE
from tests.policies.controls.cases_house import FINE_HOUSE, HOUSE
from tests.policies.controls.cases_others import ASKED, FINE_OTHERS, HIDDEN_OTHERS, OTHERS
from tests.policies.controls.compliant import Change, drop, plus, put, stack, unprotected, without

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CATALOGS = {platform: load_catalog(platform, None) for platform in platforms()}
CATALOG = CATALOGS["illumacom"]
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def judged(seen: Stack) -> dict[str, tuple[Observation, ...]]:
    return {run.control: run.observations for run in judge_plan(seen, CATALOG, NOW)}


def of(outcome: Outcome, seen: Stack) -> dict[str, str]:
    """The subjects with an outcome, joined, by control."""
    found = {name: [each.subject for each in runs if each.outcome is outcome] for name, runs in judged(seen).items()}
    return {name: "|".join(subjects) for name, subjects in found.items() if subjects}


@pytest.mark.parametrize("case", FINE)
def test_passes_what_is_right(case: str) -> None:
    """No failure and nothing left open, though a naive check might stumble."""
    seen = stack(*FINE[case])
    assert of(Outcome.FAIL, seen) == {}
    assert of(Outcome.UNKNOWN, seen) == {}
    assert all(any(each.outcome is Outcome.PASS for each in observations) for observations in judged(seen).values())


@pytest.mark.parametrize("case", BROKEN)
def test_flags_exactly_what_is_broken(case: str) -> None:
    changes, expected = BROKEN[case]
    seen = stack(*changes)
    assert of(Outcome.FAIL, seen) == expected
    for name in expected:
        failures = [each for each in judged(seen)[name] if each.outcome is Outcome.FAIL]
        assert all(each.expected and each.observed and each.mend for each in failures)


MISSING = {"logging.plan", "logs.plan"}
"""What fails for want of the thing itself: no collector, no bucket of logs."""


def test_proves_nothing_of_an_empty_stack() -> None:
    seen = stack(lambda entries: entries.clear())
    assert of(Outcome.PASS, seen) == {}
    assert set(of(Outcome.FAIL, seen)) == MISSING
    assert set(of(Outcome.UNKNOWN, seen)) | MISSING == set(judged(seen))


_SSH_RULE = f"inboundRules.{[flow.source for flow in inbound(CATALOG.flows, 'app')].index('operators')}"
_HOSTS = ("web0", "jobs0", "vault0", "logs0")
_SSH_OPEN = {"firewall.plan": "droplet web0", "flows.plan": "inbound flows of droplet web0", "ssh.plan": "port 22 of droplet web0"}
_SPARE = plus("spare", VOLUME, id="v7", name="spare", region="nyc3", size=10)
_BALANCED = {
    "edge.plan": "origin behind app.example.com",
    "firewall.plan": "balancer lb",
    "flows.plan": "flows of balancer lb",
    "ssh.plan": "|".join(f"port 22 of droplet {name}" for name in _HOSTS),
}

HIDDEN: dict[str, tuple[tuple[Change, ...], dict[str, str]]] = {
    "a region": ((put("web0", "region", UNKNOWN),), {"regions.plan": "droplet web0"}),
    "a network": ((put("web0", "vpcUuid", UNKNOWN),), {"network.plan": "droplet web0", "separation.plan": "droplet vault0"}),
    "a network's id": (
        (put("vpc", "id", UNKNOWN),),
        {
            "network.plan": "droplet web0|droplet jobs0|droplet logs0|balancer lb|database illumacom|replica rep",
            "flows.plan": "outbound flows of droplet web0|outbound flows of droplet jobs0|inbound flows of droplet logs0",
        },
    ),
    "whose trusted sources they are": (
        (put("trusted", "clusterId", UNKNOWN),),
        {"database.plan": "trusted sources of database illumacom"},
    ),
    "a trusted source": (
        (put("trusted", "rules.0.value", UNKNOWN),),
        {"database.plan": "trusted sources of database illumacom", "separation.plan": "droplet vault0"},
    ),
    "a host's tags": (
        (put("jobs0", "tags", UNKNOWN),),
        {"separation.plan": "droplet jobs0", "flows.plan": "flows of droplet jobs0", "ssh.plan": "port 22 of droplet jobs0"},
    ),
    "a key host's network": ((put("vault0", "vpcUuid", UNKNOWN),), {"separation.plan": "droplet vault0", "network.plan": "droplet vault0"}),
    "another host's volumes": (
        (put("vault0", "volumeIds", ["v9"]), put("jobs0", "volumeIds", UNKNOWN)),
        {"separation.plan": "droplet vault0", "volumes.plan": "volume data"},
    ),
    "which host gathers the logs": (
        (put("logs0", "tags", UNKNOWN),),
        {
            "logging.plan": "collector",
            "separation.plan": "droplet logs0",
            "flows.plan": "flows of droplet logs0",
            "ssh.plan": "port 22 of droplet logs0",
            "firewall.plan": "droplet logs0",
        },
    ),
    "whose log a sink takes": ((put("sink", "clusterId", UNKNOWN),), {"logging.plan": "log of database illumacom"}),
    "what a job of the edge writes": ((put("events", "dataset", UNKNOWN),), {"logging.plan": "Logpush of firewall_events"}),
    "whose a volume is": ((put("jobs0", "volumeIds", UNKNOWN),), {"volumes.plan": "volume data"}),
    "a volume's name": ((put("data", "name", UNKNOWN),), {"volumes.plan": "volume data"}),
    "a volume's id": ((put("data", "id", UNKNOWN),), {"volumes.plan": "volume data"}),
    "which volume is attached": (
        (_SPARE, plus("attached", VOLUME_ATTACHMENT, volumeId=UNKNOWN, dropletId=1001)),
        {"volumes.plan": "volume spare"},
    ),
    "to whom a volume is attached": (
        (
            _SPARE,
            plus("attached", VOLUME_ATTACHMENT, volumeId="v7", dropletId=UNKNOWN),
            plus("known", VOLUME_ATTACHMENT, volumeId="v1", dropletId=1002),
        ),
        {"volumes.plan": "volume spare"},
    ),
    "what the second host of a volume was told": (
        (plus("attached", VOLUME_ATTACHMENT, volumeId="v1", dropletId=1001), put("web0", "userData", UNKNOWN)),
        {"volumes.plan": "volume data", "ssh.plan": "logins of droplet web0", "logging.plan": "journal of droplet web0"},
    ),
    "whom a firewall covers besides": (
        (put("jobs", "tags", [UNKNOWN]),),
        {
            "flows.plan": "|".join(
                f"{side} flows of droplet {name}" for name in _HOSTS if name != "jobs0" for side in ("inbound", "outbound")
            ),
            "ssh.plan": "|".join(f"port 22 of droplet {name}" for name in _HOSTS if name != "jobs0"),
            "separation.plan": "droplet vault0",
        },
    ),
    "whom the key hosts' firewall covers": (
        (put("vault", "tags", [UNKNOWN]),),
        {
            "firewall.plan": "droplet vault0",
            "flows.plan": "|".join(f"{side} flows of droplet {name}" for name in _HOSTS for side in ("inbound", "outbound")),
            "ssh.plan": "|".join(f"port 22 of droplet {name}" for name in _HOSTS),
            "separation.plan": "droplet vault0",
        },
    ),
    "the balancer's rules": ((put("lb", "forwardingRules", UNKNOWN),), {**_BALANCED, "transport.plan": "entries of balancer lb"}),
    "one rule of the balancer's": ((put("lb", "forwardingRules", [UNKNOWN]),), {**_BALANCED, "transport.plan": "entries of balancer lb"}),
    "a port that the balancer sends to": (
        (put("lb", "forwardingRules.0.targetPort", UNKNOWN),),
        {**_BALANCED, "transport.plan": "entries of balancer lb"},
    ),
    "a declared key's fingerprint": (
        (put("operations", "fingerprint", UNKNOWN),),
        {"ssh.plan": "|".join(f"keys of droplet {name}" for name in _HOSTS)},
    ),
    "a declared key's number, by which one host names it": (
        (put("operations", "id", UNKNOWN), put("web0", "sshKeys", ["1000"])),
        {"ssh.plan": "keys of droplet web0"},
    ),
    "where a log goes": ((put("requests", "destinationConf", UNKNOWN),), {"recipients.plan": "Logpush job requests"}),
    "who is told of an attack": ((put("notice", "mechanisms", UNKNOWN),), {"recipients.plan": "notification policy ddos"}),
    "the balancer's tag": (
        (put("lb", "dropletTag", UNKNOWN),),
        {"separation.plan": "droplet vault0", "flows.plan": "flows of balancer lb"},
    ),
    "the balancer's hosts": (
        (put("lb", "dropletIds", [UNKNOWN]),),
        {"separation.plan": "droplet vault0", "flows.plan": "flows of balancer lb"},
    ),
    "a host's volumes": ((put("vault0", "volumeIds", UNKNOWN),), {"separation.plan": "droplet vault0"}),
    "a host's user data": (
        (put("jobs0", "userData", UNKNOWN),),
        {"ssh.plan": "logins of droplet jobs0", "volumes.plan": "volume data", "logging.plan": "journal of droplet jobs0"},
    ),
    "a key's grants": (
        (put("logs-writer", "grants", UNKNOWN),),
        {"grants.plan": "Spaces key illumacom-logs", "separation.plan": "Spaces key illumacom-logs"},
    ),
    "whether the stack is local": (
        (put("project", "environment", UNKNOWN), unprotected("db")),
        {"protection.plan": "database illumacom"},
    ),
    "a key's name": ((put("logs-writer", "name", UNKNOWN),), {"grants.plan": "Spaces key logs-writer"}),
    "a bucket's lifecycle": ((put("log-bucket", "lifecycleRules", UNKNOWN),), {"logs.plan": "lifecycle of bucket illumacom-logs"}),
    "a bucket's versions": ((put("log-bucket", "versioning", UNKNOWN),), {"logs.plan": "versions of bucket illumacom-logs"}),
    "a bucket's ACL": (
        (put("log-bucket", "acl", UNKNOWN),),
        {"logs.plan": "access to bucket illumacom-logs", "recipients.plan": "access to bucket illumacom-logs"},
    ),
    "the region of the backups": (
        (put("backups", "region", UNKNOWN),),
        {"areas.plan": "backups of database illumacom|backups of replica rep", "regions.plan": "bucket illumacom-backups"},
    ),
    "a sink's TLS": ((put("sink", "tls", UNKNOWN),), {"logging.plan": "log of database illumacom"}),
    "whether a log is on": ((put("events", "enabled", UNKNOWN),), {"logging.plan": "Logpush of firewall_events"}),
    "who is told": ((put("cpu", "alerts", UNKNOWN),), {"recipients.plan": "alert cpu"}),
    "who sends the mail": ((put("spf", "content", UNKNOWN),), {"recipients.plan": "record example.com TXT"}),
    "a host's keys": ((put("web0", "sshKeys", UNKNOWN),), {"ssh.plan": "keys of droplet web0"}),
    "the tags of a firewall": (
        (put("web", "tags", [UNKNOWN]),),
        {
            "firewall.plan": "droplet web0",
            "flows.plan": "|".join(f"{side} flows of droplet {name}" for name in _HOSTS for side in ("inbound", "outbound")),
            "ssh.plan": "|".join(f"port 22 of droplet {name}" for name in _HOSTS),
            "separation.plan": "droplet vault0",
        },
    ),
    "an address that may come in": ((put("web", f"{_SSH_RULE}.sourceAddresses.0", UNKNOWN),), _SSH_OPEN),
    "a port": ((put("web", f"{_SSH_RULE}.portRange", UNKNOWN),), _SSH_OPEN),
    "a port that is none": ((put("web", f"{_SSH_RULE}.portRange", "https"),), _SSH_OPEN),
    "the balancer's sources": (
        (put("lb", "firewall", UNKNOWN),),
        {"firewall.plan": "balancer lb", "flows.plan": "flows of balancer lb", "edge.plan": "origin behind app.example.com"},
    ),
    "a TLS version": ((put("min_tls_version", "value", UNKNOWN),), {"transport.plan": "min_tls_version of zone example.com"}),
    "the balancer's policy": ((put("lb", "tlsCipherPolicy", UNKNOWN),), {"transport.plan": "entries of balancer lb"}),
    "a secret": ((put("ssl", "value", "[secret]"),), {"transport.plan": "ssl of zone example.com"}),
    "whether a name is proxied": ((put("app", "proxied", UNKNOWN),), {"edge.plan": "record app.example.com A"}),
    "where a name leads": ((put("app", "content", UNKNOWN),), {"edge.plan": "origin behind app.example.com"}),
    "an origin that is not ours": ((put("app", "content", "8.8.8.8"),), {"edge.plan": "origin behind app.example.com"}),
    "a rule of the DDoS entry point": (
        (put("ddos", "rules.0.actionParameters", UNKNOWN),),
        {"edge.plan": "DDoS protection of zone example.com"},
    ),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_leaves_open_what_is_not_known(case: str) -> None:
    """An unknown value is never a pass, and never a failure by itself."""
    changes, expected = HIDDEN[case]
    seen = stack(*changes)
    assert of(Outcome.UNKNOWN, seen) == expected
    assert of(Outcome.FAIL, seen) == {}


DURING_PREVIEW = (
    put("zone", "id", UNKNOWN),
    *(put(name, "zoneId", UNKNOWN) for name in ("app", "waf", "custom", "ddos", "ssl", "tls_1_3")),
)


def test_flags_a_wrong_value_even_while_its_zone_is_not_known() -> None:
    others = tuple(put(name, "zoneId", UNKNOWN) for name in ("min_tls_version", "always_use_https", "spf"))
    seen = stack(*DURING_PREVIEW, *others, put("ssl", "value", "off"), without("tls_1_3"))
    assert of(Outcome.FAIL, seen) == {"transport.plan": "ssl of zone example.com"}
    assert "tls_1_3 of zone example.com" in of(Outcome.UNKNOWN, seen)["transport.plan"]


def test_takes_an_input_where_the_provider_reads_nothing_back() -> None:
    seen = stack(drop("web0", "region"))
    (droplet,) = (each for each in seen.resources if each.name == "web0")
    assert droplet.get("region") is None
    assert of(Outcome.FAIL, seen) == {"regions.plan": "droplet web0"}


@pytest.mark.parametrize("case", BROKEN)
def test_one_resource_alone_shows_no_failure_that_the_stack_does_not(case: str) -> None:
    """A resource policy never blocks what the stack policy of the same control passes."""
    changes, expected = BROKEN[case]
    assert shown_early(stack(*changes)) <= set(expected)


def shown_early(seen: Stack) -> set[str]:
    """The controls under which some resource alone shows a failure."""
    asked = {proof.control: promise for promise in CATALOG.promises for proof in promise.proofs}
    questions = {name: Question(asked[name], CATALOG, NOW) for name in early.EARLY if name in asked}
    return {name for name, question in questions.items() if any(early.fault(name, each, question) for each in seen.resources)}


@pytest.mark.parametrize("case", FINE_HOUSE)
def test_passes_what_is_right_in_the_house(case: str) -> None:
    seen = stack(*FINE_HOUSE[case])
    assert of(Outcome.FAIL, seen) == {}
    assert of(Outcome.UNKNOWN, seen) == {}


@pytest.mark.parametrize("case", HOUSE)
def test_flags_exactly_what_is_broken_in_the_house(case: str) -> None:
    """`*`: some subjects, which another case names."""
    changes, expected = HOUSE[case]
    found = of(Outcome.FAIL, stack(*changes))
    assert {name: subjects if expected.get(name) != "*" else "*" for name, subjects in found.items()} == expected
    for name in expected:
        failures = [each for each in judged(stack(*changes))[name] if each.outcome is Outcome.FAIL]
        assert all(each.expected and each.observed and each.mend for each in failures)


def elsewhere(outcome: Outcome, seen: Stack) -> dict[str, str]:
    """As `of`, of the controls that only another platform's catalog asks for."""
    found = {}
    for name, (platform, promise) in ASKED.items():
        catalog = CATALOGS[platform]
        observations = run(Task(catalog.promise(promise), all_controls()[name]), seen, catalog, lambda: NOW).observations
        found[name] = "|".join(each.subject for each in observations if each.outcome is outcome)
    return {name: subjects for name, subjects in found.items() if subjects}


@pytest.mark.parametrize("case", FINE_OTHERS)
def test_passes_what_is_right_on_another_platform(case: str) -> None:
    seen = stack(*FINE_OTHERS[case])
    assert elsewhere(Outcome.FAIL, seen) == {}
    assert elsewhere(Outcome.UNKNOWN, seen) == {}
    assert set(elsewhere(Outcome.PASS, seen)) == set(ASKED)


@pytest.mark.parametrize("case", OTHERS)
def test_flags_exactly_what_is_broken_on_another_platform(case: str) -> None:
    changes, expected = OTHERS[case]
    seen = stack(*changes)
    assert elsewhere(Outcome.FAIL, seen) == expected
    assert elsewhere(Outcome.UNKNOWN, seen) == {}


@pytest.mark.parametrize("case", HIDDEN_OTHERS)
def test_leaves_open_what_is_not_known_on_another_platform(case: str) -> None:
    changes, expected = HIDDEN_OTHERS[case]
    seen = stack(*changes)
    assert elsewhere(Outcome.UNKNOWN, seen) == expected
    assert elsewhere(Outcome.FAIL, seen) == {}


def test_every_control_of_a_plan_is_held_to_cases() -> None:
    """Whatever a catalog asks of a plan is asked here."""
    named = {
        proof.control
        for catalog in CATALOGS.values()
        for promise in catalog.promises
        for proof in promise.proofs
        if proof.surface is Surface.PLAN and proof.control
    }
    broken = {name for _, expected in (BROKEN | HOUSE | OTHERS).values() for name in expected}
    assert named == broken


def test_the_list_of_recipients_is_the_promises_own_or_the_platforms() -> None:
    """`sharing.never-sold` has none, and takes that of the promise that has one."""
    found = {
        (name, promise.id): allowed(Question(promise, catalog, NOW))
        for name, catalog in CATALOGS.items()
        for promise in catalog.promises
        if any(str(proof.control).startswith("recipients.") for proof in promise.proofs)
    }
    lists = {
        name: next(each.texts("processors") for each in catalog.promises if "processors" in each.parameters)
        for name, catalog in CATALOGS.items()
    }
    assert found == {(name, promise): lists[name] for name, promise in found}
    assert {promise for _, promise in found} >= {"sharing.processors", "sharing.none", "sharing.never-sold"}
    assert len(set(lists.values())) > 1


def test_every_package_is_somebodys() -> None:
    told = [each for each in judged(stack())["recipients.plan"] if each.subject.startswith("package ")]
    assert [(each.subject, each.outcome) for each in told] == [("package cloudflare", Outcome.PASS), ("package digitalocean", Outcome.PASS)]


def test_a_volume_that_no_host_has_is_left_out_with_a_reason() -> None:
    """Nothing is written to it; it is no pass either."""
    (spare,) = (each for each in judged(stack(_SPARE))["volumes.plan"] if each.subject == "volume spare")
    assert (spare.outcome, spare.observed) == (Outcome.NOT_APPLICABLE, "no host has it")
