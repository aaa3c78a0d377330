"""The program, rehearsed whole: what it registers for each tracked stack file."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest

from infra.buckets import PURPOSES
from infra.grants import GRANTS
from infra.log_fields import IDENTIFYING
from policies.readers import rehearsal, state
from policies.readers.state import REDACTED, UNKNOWN, Resource, Stack
from promises.flows import HOSTS
from tests.infra.support import PLATFORMS, PROJECT

NOW = datetime(2026, 11, 23, tzinfo=UTC)

VPC = "digitalocean:index/vpc:Vpc"
PEERING = "digitalocean:index/vpcPeering:VpcPeering"
DROPLET = "digitalocean:index/droplet:Droplet"
VOLUME = "digitalocean:index/volume:Volume"
FIREWALL = "digitalocean:index/firewall:Firewall"
BALANCER = "digitalocean:index/loadBalancer:LoadBalancer"
CLUSTER = "digitalocean:index/databaseCluster:DatabaseCluster"
TRUSTED = "digitalocean:index/databaseFirewall:DatabaseFirewall"
SINK = "digitalocean:index/databaseLogsinkRsyslog:DatabaseLogsinkRsyslog"
BUCKET = "digitalocean:index/spacesBucket:SpacesBucket"
POLICY = "digitalocean:index/spacesBucketPolicy:SpacesBucketPolicy"
KEY = "digitalocean:index/spacesKey:SpacesKey"
LOGPUSH = "cloudflare:index/logpushJob:LogpushJob"
RULESET = "cloudflare:index/ruleset:Ruleset"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
PULL_CERTIFICATE = "cloudflare:index/authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate"
PULL_SETTINGS = "cloudflare:index/authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings"
NOTICE = "cloudflare:index/notificationPolicy:NotificationPolicy"

STATEFUL = {
    CLUSTER,
    "digitalocean:index/databaseDb:DatabaseDb",
    "digitalocean:index/databaseUser:DatabaseUser",
    VOLUME,
    BUCKET,
    "cloudflare:index/zone:Zone",
}

NAMELESS = {
    TRUSTED,
    "digitalocean:index/databasePostgresqlConfig:DatabasePostgresqlConfig",
    "digitalocean:index/projectResources:ProjectResources",
    "digitalocean:index/monitorAlert:MonitorAlert",
    "cloudflare:index/zoneDnssec:ZoneDnssec",
    "cloudflare:index/zoneSetting:ZoneSetting",
    "cloudflare:index/botManagement:BotManagement",
    "cloudflare:index/leakedCredentialCheck:LeakedCredentialCheck",
    PULL_CERTIFICATE,
    PULL_SETTINGS,
}
"""Kinds that have no name, or say what they are in another field."""

BY_IDENTIFIER = {
    "vpcUuid",
    "vpcIds",
    "privateNetworkUuid",
    "clusterId",
    "zoneId",
    "projectId",
    "project",
    "resources",
    "checkId",
    "sshKeys",
    "volumeIds",
    "sourceLoadBalancerUids",
    "content",
    "server",
    "destinationConf",
    "privateKey",
    "caCert",
}
"""Inputs that name another resource by what the cloud calls it, and secrets: only these may be unknown before anything exists."""


@cache
def rehearsed(platform: str, **config: str) -> Stack:
    return state.read(rehearsal.rehearse_project(PROJECT, platform, now=NOW, config={f"kept:{key}": each for key, each in config.items()}))


@pytest.fixture(scope="module", params=PLATFORMS)
def stack(request: pytest.FixtureRequest) -> Stack:
    return rehearsed(request.param)


@pytest.fixture(scope="module")
def illumacom() -> Stack:
    return rehearsed("illumacom")


@pytest.fixture(scope="module")
def luggage() -> Stack:
    return rehearsed("luggage")


def only(stack: Stack, kind: str, name: str = "") -> Resource:
    (found,) = (each for each in stack.of(kind) if name in ("", each.name))
    return found


def test_everything_stateful_is_protected_and_nothing_else(stack: Stack) -> None:
    assert {each.type for each in stack.resources if each.protect} == STATEFUL | {DROPLET}
    assert all(each.protect for each in stack.of(*STATEFUL))
    with_volume = {each.name.removesuffix("-data") for each in stack.of(VOLUME)}
    assert {each.name for each in stack.of(DROPLET) if each.protect} == with_volume


def test_no_host_is_ever_without_its_firewall(stack: Stack) -> None:
    covering = {each.name: each.urn for each in stack.of(FIREWALL)}
    assert len(stack.of(DROPLET)) == 7
    for machine in stack.of(DROPLET):
        assert covering[machine.name.rpartition("-")[0]] in machine.dependencies


def test_a_local_stack_can_be_destroyed() -> None:
    local = rehearsed("illumacom", environment="local", protect="false")
    assert not any(each.protect for each in local.resources)
    assert all(bucket.get("forceDestroy") is True for bucket in local.of(BUCKET))


def test_a_protected_stacks_buckets_are_never_emptied_by_the_engine(stack: Stack) -> None:
    assert all(bucket.get("forceDestroy") is False for bucket in stack.of(BUCKET))


def test_every_resource_has_a_name_of_its_own_choice(stack: Stack) -> None:
    custom = [each for each in stack.resources if not each.type.startswith(("pulumi:", "kept:")) and each.type not in NAMELESS]
    assert [each.urn for each in custom if not isinstance(each.inputs.get("name"), str)] == []
    assert len(custom) > 60


def unknown_names(value: Any, name: str = "") -> set[str]:
    if value is UNKNOWN or value == REDACTED or str(value).startswith("planned:"):
        return {name}
    if isinstance(value, dict):
        return set().union(*(unknown_names(each, key) for key, each in value.items()))
    return set().union(*(unknown_names(each, name) for each in value)) if isinstance(value, list) else set()


def test_what_policies_judge_is_known_before_anything_exists(stack: Stack) -> None:
    found = set().union(*(unknown_names(dict(each.inputs)) for each in stack.resources))
    assert found == BY_IDENTIFIER


def test_the_one_private_key_is_a_secret_and_stands_nowhere_else(stack: Stack) -> None:
    secret = {(each.type, name) for each in stack.resources for name, value in each.inputs.items() if value == REDACTED}
    public = {(SINK, "caCert")}  # a certificate, which the plugin takes for a secret
    assert secret - {(LOGPUSH, "destinationConf")} - public == {(PULL_CERTIFICATE, "privateKey")}
    assert "PRIVATE KEY" not in repr([dict(each.inputs) for each in stack.resources])


def test_keys_lie_apart_from_what_they_encrypt(stack: Stack) -> None:
    application, keys = only(stack, VPC, "application"), only(stack, VPC, "keys")
    apart = [each for each in stack.of(DROPLET) if keys.urn in each.dependencies]
    assert sorted(each.name for each in apart) == ["vault-1", "vault-2", "vault-3"]
    assert all(each.get("tags") == [f"{stack_name(stack)}-vault"] for each in apart)
    together = [each for each in stack.of(DROPLET, BALANCER, CLUSTER) if each not in apart]
    assert len(together) == 6
    assert all(application.urn in each.dependencies and keys.urn not in each.dependencies for each in together)
    assert set(only(stack, PEERING).dependencies) == {application.urn, keys.urn}


def stack_name(stack: Stack) -> str:
    return stack.resources[0].urn.split(":")[2]


def test_what_holds_data_has_a_volume_of_its_own_and_no_backup_of_the_clouds(stack: Stack) -> None:
    volumes = {each.name for each in stack.of(VOLUME)}
    assert volumes == {f"{host}-data" for host in ("vault-1", "vault-2", "vault-3", "jobs-1", "collector-1")}
    for machine in stack.of(DROPLET):
        own = [urn for urn in machine.dependencies if urn.endswith(f"::{machine.name}-data")]
        assert len(own) == (0 if machine.name.startswith("app") else 1)
        assert (machine.get("backups"), machine.get("monitoring"), machine.get("ipv6")) == (False, True, False)


def test_every_role_has_one_firewall_that_covers_its_tag(stack: Stack) -> None:
    assert {each.name: each.get("tags") for each in stack.of(FIREWALL)} == {role: [f"{stack_name(stack)}-{role}"] for role in HOSTS}
    assert {tag for each in stack.of(DROPLET) for tag in each.get("tags")} == {f"{stack_name(stack)}-{role}" for role in HOSTS}


def test_only_the_edge_reaches_the_balancer_and_only_the_balancer_the_application(stack: Stack) -> None:
    balancer = only(stack, BALANCER)
    assert balancer.get("firewall")["allows"]
    assert all(entry.startswith("cidr:") for entry in balancer.get("firewall")["allows"])
    served = [rule for rule in only(stack, FIREWALL, "app").get("inboundRules") if rule["portRange"] == "443"]
    assert {"protocol": "tcp", "portRange": "443", "sourceLoadBalancerUids": [balancer.get("id")]}.items() <= served[0].items()


def test_a_database_and_its_user_wait_for_the_list_of_trusted_sources(stack: Stack) -> None:
    trusted = only(stack, TRUSTED)
    assert [rule["value"] for rule in trusted.get("rules")] == [f"{stack_name(stack)}-{role}" for role in ("app", "jobs")]
    waiting = stack.of("digitalocean:index/databaseDb:DatabaseDb", "digitalocean:index/databaseUser:DatabaseUser")
    assert len(waiting) == 2
    assert all(trusted.urn in each.dependencies for each in waiting)


def test_the_databases_log_goes_to_the_collector_over_tls(stack: Stack) -> None:
    sink = only(stack, SINK)
    assert (sink.get("tls"), sink.get("port")) == (True, 6514)
    assert sink.get("caCert") == REDACTED  # said, and taken for a secret
    assert any(urn.endswith("::collector-1") for urn in sink.dependencies)


def test_every_bucket_is_private_versioned_and_forgets_as_it_must(stack: Stack) -> None:
    assert {each.name for each in stack.of(BUCKET)} == {purpose.name for purpose in PURPOSES}
    for bucket in stack.of(BUCKET):
        assert bucket.get("acl") == "private"
        assert bucket.get("versioning") == {"enabled": True}
        (rule,) = bucket.get("lifecycleRules")
        assert rule["abortIncompleteMultipartUploadDays"] == 2
        assert ("noncurrentVersionExpiration" in rule) == (bucket.name != "evidence")
        assert ("expiration" in rule) == (bucket.name == "logs")


def test_backups_and_evidence_lie_in_another_metropolitan_area(stack: Stack) -> None:
    home = only(stack, CLUSTER).get("region")
    apart = {bucket.name for bucket in stack.of(BUCKET) if bucket.get("region").rstrip("0123456789") != home.rstrip("0123456789")}
    assert apart == {"backups", "evidence"}


def test_logs_are_kept_as_long_as_was_promised(illumacom: Stack) -> None:
    (rule,) = only(illumacom, BUCKET, "logs").get("lifecycleRules")
    assert rule["expiration"] == {"days": 400}


def test_one_key_a_purpose_each_with_one_grant_on_one_bucket(stack: Stack) -> None:
    platform = stack_name(stack)
    found = {each.get("name"): each.get("grants") for each in stack.of(KEY)}
    assert found == {
        f"{platform}-{grant.purpose}": [{"bucket": f"{platform}-{grant.bucket}", "permission": grant.permission}] for grant in GRANTS
    }
    assert found[f"{platform}-backup_reader"][0]["permission"] == "read"
    assert not any(grant["permission"] == "fullaccess" for grants in found.values() for grant in grants)


def test_no_bucket_has_a_policy_for_the_cloud_refuses_one_beside_limited_keys(stack: Stack) -> None:
    assert stack.of(POLICY) == ()


def test_the_origin_demands_our_own_certificate(stack: Stack) -> None:
    certificate, settings = only(stack, PULL_CERTIFICATE), only(stack, PULL_SETTINGS)
    assert "BEGIN CERTIFICATE" in certificate.get("certificate")
    assert settings.get("enabled") is True
    assert certificate.urn in settings.dependencies


def test_each_phase_has_one_entry_point_and_nothing_weakens_the_ddos_rulesets(stack: Stack) -> None:
    phases = Counter(each.get("phase") for each in stack.of(RULESET))
    assert phases == {"http_request_firewall_managed": 1, "http_ratelimit": 1}


def test_only_the_one_public_name_leads_to_a_machine_and_it_is_proxied(stack: Stack) -> None:
    leading = [each for each in stack.of(RECORD) if each.get("type") in ("A", "AAAA", "CNAME")]
    assert [(each.get("name"), each.get("proxied")) for each in leading] == [(f"app.{stack_name(stack)}.example", True)]


def test_where_browsing_is_anonymous_no_log_of_the_edge_tells_visitors_apart(luggage: Stack, illumacom: Stack) -> None:
    fields = [each.get("outputOptions")["fieldNames"] for each in luggage.of(LOGPUSH)]
    assert len(fields) == 2
    assert all(named and not set(named) & IDENTIFYING for named in fields)
    assert all("ClientIP" in each.get("outputOptions")["fieldNames"] for each in illumacom.of(LOGPUSH))


def test_an_account_of_several_stacks_is_given_its_notices_by_one() -> None:
    assert len(rehearsed("lumina").of(NOTICE)) == 4
    assert rehearsed("lumina", accountNotices="false").of(NOTICE) == ()


def test_a_bad_configuration_stops_the_program_before_it_registers_anything() -> None:
    with pytest.raises(rehearsal.ProgramError, match=r"kept:region: 'fra1'.*expected one of"):
        rehearsed("illumacom", region="fra1")


def test_two_rehearsals_register_the_same(illumacom: Stack) -> None:
    assert rehearsed.__wrapped__("illumacom").digest == illumacom.digest
