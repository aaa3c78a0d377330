"""The live controls of the whole house against the program itself, provisioned into the local cloud: it passes, each drift is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kept.provision import provision
from policies.controls import all_controls
from policies.judging import Task, run, run_live
from promises.loading import load_catalog
from promises.observations import ControlRun, Outcome
from services.clients import Clients
from services.settings import Settings
from tests.policies.controls.test_live import Cloud

NOW = datetime(2026, 11, 23, tzinfo=UTC)
CATALOG = load_catalog("illumacom", None)
SHOP = load_catalog("luggage", None)

CONTROLS = {
    "flows.live": "firewall.https-only",
    "ssh.live": "ssh.keys-from-authorised-ips",
    "volumes.live": "storage.servers-encrypted",
    "separation.live": "keys.apart-from-data",
    "areas.live": "backup.other-region",
    "logs.live": "retention.security-logs",
    "grants.live": "access.rbac",
    "logging.live": "logging.central-anomaly-detection",
    "recipients.live": "sharing.processors",
    "accounts.live": "access.mfa",
}
INVENTORIES = ("region.us-only", "network.private-vpc", "database.no-public-access", "firewall.https-only", "edge.waf-and-ddos")

Undo = Callable[[], Any]


class House:
    """The provisioned platform, seen from outside its controls."""

    def __init__(self, settings: Settings, resources: list[dict[str, Any]]) -> None:
        self.settings = settings
        self.cloud = Cloud(settings)
        self.store = Clients(settings).objects("admin")
        self.resources = resources

    def named(self, kind: str, name: str) -> str:
        """The id of a resource by its kind's last word and its given name."""
        return next(
            str(each["id"])
            for each in self.resources
            if each["type"].endswith(f":{kind}") and each["outputs"].get("name", "").endswith(name)
        )

    @property
    def zone(self) -> str:
        return next(str(each["id"]) for each in self.resources if each["type"].endswith(":Zone"))


@pytest.fixture(scope="module")
def house(local: Settings) -> Iterator[House]:
    cloud = Cloud(local)
    cloud.call("POST", "/__local__/reset", {})
    document, _ = provision(local, "illumacom", local.data.parent, lambda _: None)
    found = House(local, document["deployment"]["resources"])
    yield found
    cloud.call("POST", "/__local__/reset", {})
    (local.data / "state.json").unlink()
    cloud.close()
    found.cloud.close()
    found.store.close()


def ran(house: House, control: str, promise: str) -> ControlRun:
    task, clients = Task(CATALOG.promise(promise), all_controls()[control]), Clients(house.settings)
    try:
        return run(task, clients, CATALOG, lambda: NOW)
    finally:
        clients.digitalocean.close()
        clients.cloudflare.close()


def failing(seen: ControlRun) -> list[str]:
    return [each.subject for each in seen.observations if each.outcome is Outcome.FAIL]


@pytest.mark.parametrize("control", CONTROLS)
def test_the_program_itself_passes(house: House, control: str) -> None:
    seen = ran(house, control, CONTROLS[control])
    assert [each for each in seen.observations if each.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)] == []
    assert seen.population
    assert seen.complete


@pytest.mark.parametrize("promise", INVENTORIES)
def test_the_account_is_what_the_program_made(house: House, promise: str) -> None:
    seen = ran(house, "inventory.live", promise)
    assert [each for each in seen.observations if each.outcome is not Outcome.PASS] == []
    assert seen.population


def _rule_added(house: House, side: str, rule: dict[str, Any]) -> Undo:
    path = f"/v2/firewalls/{house.named('Firewall', '-jobs')}"
    before = house.cloud.call("GET", path)["firewall"]
    kept = {key: before[key] for key in ("name", "inbound_rules", "outbound_rules", "droplet_ids", "tags")}
    house.cloud.call("PUT", path, {**kept, side: [*kept[side], rule]})
    return lambda: house.cloud.call("PUT", path, kept)


def _made(house: House, path: str, key: str, identity: str = "id", **body: Any) -> Undo:
    made = house.cloud.make(path, key, **body)[identity]
    return lambda: house.cloud.call("DELETE", f"/v2/{path}/{made}")


def _plain_volume(house: House) -> Undo:
    body = {"name": "stray", "region": "nyc3", "size_gigabytes": 1}
    volume, host = house.cloud.make("volumes", "volume", **body)["id"], int(house.named("Droplet", "-app-1"))
    told = {"droplet_id": host, "region": "nyc3"}
    house.cloud.call("POST", f"/v2/volumes/{volume}/actions", {"type": "attach", **told})

    def undo() -> None:
        house.cloud.call("POST", f"/v2/volumes/{volume}/actions", {"type": "detach", **told})
        house.cloud.call("DELETE", f"/v2/volumes/{volume}")

    return undo


def _tagged(house: House) -> Undo:
    body = {"resources": [{"resource_id": house.named("Droplet", "-vault-1"), "resource_type": "droplet"}]}
    house.cloud.call("POST", "/v2/tags/illumacom-app/resources", body)
    return lambda: house.cloud.call("DELETE", "/v2/tags/illumacom-app/resources", body)


def _replica(house: House) -> Undo:
    cluster = house.named("DatabaseCluster", "-database")
    size = house.cloud.call("GET", f"/v2/databases/{cluster}")["database"]["size"]
    house.cloud.call("POST", f"/v2/databases/{cluster}/replicas", {"name": "near", "region": "sfo3", "size": size})
    return lambda: house.cloud.call("DELETE", f"/v2/databases/{cluster}/replicas/near")


def _lifecycle(house: House, **rule: Any) -> Undo:
    before: Any = house.store.get_bucket_lifecycle_configuration(Bucket="illumacom-logs")["Rules"]
    added: Any = {"ID": "drift", "Status": "Enabled", "Filter": {"Prefix": "edge/"}, **rule}
    house.store.put_bucket_lifecycle_configuration(Bucket="illumacom-logs", LifecycleConfiguration={"Rules": [*before, added]})
    return lambda: house.store.put_bucket_lifecycle_configuration(Bucket="illumacom-logs", LifecycleConfiguration={"Rules": before})


def _public(house: House, bucket: str) -> Undo:
    house.store.put_bucket_acl(Bucket=bucket, ACL="public-read")
    return lambda: house.store.put_bucket_acl(Bucket=bucket, ACL="private")


def _unversioned(house: House) -> Undo:
    house.store.put_bucket_versioning(Bucket="illumacom-logs", VersioningConfiguration={"Status": "Suspended"})
    return lambda: house.store.put_bucket_versioning(Bucket="illumacom-logs", VersioningConfiguration={"Status": "Enabled"})


def _job_off(house: House) -> Undo:
    jobs = f"client/v4/zones/{house.zone}/logpush/jobs"
    job = next(each for each in house.cloud.call("GET", f"/{jobs}")["result"] if each["dataset"] == "firewall_events")
    house.cloud.change(f"{jobs}/{job['id']}", enabled=False)
    return lambda: house.cloud.change(f"{jobs}/{job['id']}", enabled=True)


def _elsewhere(house: House) -> Undo:
    jobs = f"client/v4/zones/{house.zone}/logpush/jobs"
    job = house.cloud.call("GET", f"/{jobs}")["result"][0]
    house.cloud.change(f"{jobs}/{job['id']}", destination_conf="s3://lake/x?region=us-east-1&endpoint=s3.stranger.example")
    return lambda: house.cloud.change(f"{jobs}/{job['id']}", destination_conf=job["destination_conf"])


def _edge_made(house: House, path: str, **body: Any) -> Undo:
    made = house.cloud.edge("POST", path, **body)["id"]
    return lambda: house.cloud.edge("DELETE", f"{path}/{made}")


def _plain_sink(house: House) -> Undo:
    sinks = f"v2/databases/{house.named('DatabaseCluster', '-database')}/logsink"
    sink = house.cloud.call("GET", f"/{sinks}")["sinks"][0]
    house.cloud.change(f"{sinks}/{sink['sink_id']}", config={**sink["config"], "tls": False})
    return lambda: house.cloud.change(f"{sinks}/{sink['sink_id']}", config=sink["config"])


def _two_factor_off(house: House) -> Undo:
    path = f"client/v4/accounts/{house.cloud.account}"
    house.cloud.change(path, settings={"enforce_twofactor": False})
    return lambda: house.cloud.change(path, settings={"enforce_twofactor": True})


def _member_without(house: House) -> Undo:
    path = f"client/v4/accounts/{house.cloud.account}/members"
    member = house.cloud.call("GET", f"/{path}")["result"][0]
    house.cloud.change(f"{path}/{member['id']}", user={**member["user"], "two_factor_authentication_enabled": False})
    return lambda: house.cloud.change(f"{path}/{member['id']}", user=member["user"])


_ANYWHERE = {"addresses": ["0.0.0.0/0"]}
_HOOKS = "accounts/{}/alerting/v3/destinations/webhooks"

DRIFTS: dict[str, tuple[Callable[[House], Undo], dict[str, str]]] = {
    "a private port that no flow declares": (
        lambda house: _rule_added(house, "inbound_rules", {"protocol": "tcp", "ports": "9000", "sources": {"tags": ["illumacom-app"]}}),
        {"flows.live": "inbound flows of droplet illumacom-jobs-1"},
    ),
    "a way out that no flow declares": (
        lambda house: _rule_added(house, "outbound_rules", {"protocol": "tcp", "ports": "25", "destinations": _ANYWHERE}),
        {"flows.live": "outbound flows of droplet illumacom-jobs-1"},
    ),
    "SSH from another host": (
        lambda house: _rule_added(house, "inbound_rules", {"protocol": "tcp", "ports": "20-30", "sources": {"tags": ["illumacom-app"]}}),
        {"flows.live": "inbound flows of droplet illumacom-jobs-1", "ssh.live": "port 22 of droplet illumacom-jobs-1"},
    ),
    "an SSH key in no code": (
        lambda house: _made(house, "account/keys", "ssh_key", name="drift", public_key=f"ssh-ed25519 {'A' * 67}="),
        {"ssh.live": "SSH key drift"},
    ),
    "a volume that nobody encrypts": (_plain_volume, {"volumes.live": "volume stray"}),
    "a key host that is an application host too": (_tagged, {"separation.live": "droplet illumacom-vault-1"}),
    "a replica beside the backups": (_replica, {"areas.live": "backups of replica near"}),
    "logs that expire": (lambda house: _lifecycle(house, Expiration={"Days": 30}), {"logs.live": "lifecycle of bucket illumacom-logs"}),
    "replaced log lines that expire": (
        lambda house: _lifecycle(house, NoncurrentVersionExpiration={"NoncurrentDays": 7}),
        {"logs.live": "lifecycle of bucket illumacom-logs"},
    ),
    "logs without versions": (_unversioned, {"logs.live": "versions of bucket illumacom-logs"}),
    "a public bucket of logs": (
        lambda house: _public(house, "illumacom-logs"),
        {"logs.live": "access to bucket illumacom-logs", "recipients.live": "access to bucket illumacom-logs: its ACL is public-read"},
    ),
    "a public bucket of objects": (
        lambda house: _public(house, "illumacom-objects"),
        {"recipients.live": "access to bucket illumacom-objects: its ACL is public-read"},
    ),
    "a key to everything": (
        lambda house: _made(house, "spaces/keys", "key", "access_key", name="drift", grants=[{"bucket": "", "permission": "fullaccess"}]),
        {"grants.live": "Spaces key drift", "separation.live": "Spaces key drift"},
    ),
    "a log of the edge that is off": (_job_off, {"logging.live": "Logpush of firewall_events"}),
    "a log of the database in plain": (_plain_sink, {"logging.live": "log of database illumacom-database"}),
    "a log of the edge that goes to a stranger": (_elsewhere, {"recipients.live": "*"}),
    "a webhook of a stranger": (
        lambda house: _edge_made(house, _HOOKS.format(house.cloud.account), name="drift", url="https://hooks.stranger.example/x"),
        {"recipients.live": "webhook drift"},
    ),
    "mail that goes to a stranger": (
        lambda house: _edge_made(
            house,
            f"zones/{house.zone}/dns_records",
            name="mail.illumacom.example",
            type="MX",
            content="mx.stranger.example",
            priority=1,
            ttl=1,
        ),
        {"recipients.live": "record mail.illumacom.example MX"},
    ),
    "an account without a second factor": (_two_factor_off, {"accounts.live": "Cloudflare account"}),
    "a member without a second factor": (_member_without, {"accounts.live": "*"}),
}


@pytest.mark.parametrize("case", DRIFTS)
def test_drift_is_found_where_it_is_and_nowhere_else(house: House, case: str) -> None:
    """`*`: some subject whose name is made up by the cloud."""
    drift, expected = DRIFTS[case]
    undo = drift(house)
    try:
        found = {control: failing(ran(house, control, promise)) for control, promise in CONTROLS.items()}
    finally:
        undo()
    for control, subjects in found.items():
        wanted = expected.get(control)
        assert subjects if wanted == "*" else subjects == ([wanted] if wanted else []), control


_SERVICE = {"name": "web", "image": {"registry_type": "DOCKER_HUB", "repository": "x"}}

STRANGERS: dict[str, tuple[Callable[[House], Undo], dict[str, str]]] = {
    "a droplet": (
        lambda house: _made(
            house, "droplets", "droplet", name="stray", region="nyc3", size="s-1vcpu-1gb", image="debian-12-x64", tags=["illumacom-app"]
        ),
        {"region.us-only": "droplet stray", "network.private-vpc": "droplet stray", "firewall.https-only": "droplet stray"},
    ),
    "a volume": (
        lambda house: _made(house, "volumes", "volume", name="stray", region="nyc3", size_gigabytes=1),
        {"region.us-only": "volume stray"},
    ),
    "a rule of a firewall": (
        lambda house: _rule_added(house, "inbound_rules", {"protocol": "tcp", "ports": "9000", "sources": _ANYWHERE}),
        {"firewall.https-only": "firewall illumacom-jobs"},
    ),
    "a record": (
        lambda house: _edge_made(
            house, f"zones/{house.zone}/dns_records", name="old.illumacom.example", type="A", content="203.0.113.77", proxied=True, ttl=1
        ),
        {"edge.waf-and-ddos": "record old.illumacom.example"},
    ),
    "a replica": (
        _replica,
        {"region.us-only": "replica near", "network.private-vpc": "replica near", "database.no-public-access": "replica near"},
    ),
    "an app": (
        lambda house: _made(
            house,
            "apps",
            "app",
            spec={
                "name": "stray",
                "region": "nyc",
                "services": [{"name": "web", "image": {"registry_type": "DOCKER_HUB", "repository": "x"}}],
            },
        ),
        {"region.us-only": "app stray", "firewall.https-only": "app stray"},
    ),
    "a droplet that is tagged for a platform that does not share the account": (
        lambda house: _made(
            house, "droplets", "droplet", name="lumina-app-1", region="nyc3", size="s-1vcpu-1gb", image="debian-12-x64", tags=["lumina-app"]
        ),
        {
            "region.us-only": "droplet lumina-app-1",
            "network.private-vpc": "droplet lumina-app-1",
            "firewall.https-only": "droplet lumina-app-1",
        },
    ),
}


@pytest.mark.parametrize("case", STRANGERS)
def test_what_no_code_declares_is_found_by_name(house: House, case: str) -> None:
    make, expected = STRANGERS[case]
    undo = make(house)
    try:
        found = {promise: failing(ran(house, "inventory.live", promise)) for promise in INVENTORIES}
    finally:
        undo()
    assert found == {promise: [expected[promise]] if promise in expected else [] for promise in INVENTORIES}


def test_what_the_code_declares_and_is_gone_is_found(house: House) -> None:
    record = house.named("DnsRecord", "app.illumacom.example")
    path = f"zones/{house.zone}/dns_records/{record}"
    before = house.cloud.edge("GET", path)
    house.cloud.call("DELETE", f"/__local__/resources/client/v4/{path}")
    try:
        assert failing(ran(house, "inventory.live", "edge.waf-and-ddos")) == ["record app.illumacom.example"]
    finally:
        house.cloud.edge("POST", f"zones/{house.zone}/dns_records", **{k: before[k] for k in ("name", "type", "content", "proxied", "ttl")})


PATHS = {
    "flows.live": "/v2/firewalls",
    "ssh.live": "/v2/account/keys",
    "volumes.live": "/v2/volumes",
    "separation.live": "/v2/spaces/keys",
    "areas.live": "/v2/databases",
    "grants.live": "/v2/spaces/keys",
    "logging.live": "/v2/databases",
    "recipients.live": "/v2/monitoring",
    "accounts.live": "/client/v4/accounts/",
    "inventory.live": "/v2/firewalls",
}


@pytest.mark.parametrize("status", [401, 403, 500])
@pytest.mark.parametrize("control", PATHS)
def test_what_cannot_be_read_is_unknown_and_named(house: House, control: str, status: int) -> None:
    house.cloud.fail(PATHS[control], status, times=40)
    try:
        seen = ran(house, control, CONTROLS.get(control, "firewall.https-only"))
    finally:
        house.cloud.heal()
    unknown = [each for each in seen.observations if each.outcome is Outcome.UNKNOWN]
    assert any(str(status) in each.observed for each in unknown)
    assert failing(seen) == []


@pytest.mark.parametrize("control", ["flows.live", "accounts.live"])
def test_one_refusal_for_too_many_calls_is_tried_again(house: House, control: str) -> None:
    house.cloud.fail(PATHS[control], 429, times=1)
    seen = ran(house, control, CONTROLS[control])
    assert {each.outcome for each in seen.observations} == {Outcome.PASS}


def test_buckets_are_asked_once_a_verification(house: House) -> None:
    """Several controls need what they say, others only where they are; one that is run by itself asks for itself."""
    needing = ("areas.live", "logs.live", "recipients.live", "regions.live")

    def asked(look: Callable[[], object]) -> int:
        house.cloud.call("DELETE", "/__local__/calls")
        look()
        calls = house.cloud.call("GET", "/__local__/calls?method=GET")["calls"]
        return sum("illumacom-logs" in each["path"] and "versioning" in str(each) for each in calls)

    clients = Clients(house.settings)
    try:
        found: dict[str, ControlRun] = {}
        assert asked(lambda: found.update({each.control: each for each in run_live(clients, CATALOG, NOW, lambda: NOW)})) == 1
    finally:
        clients.digitalocean.close()
        clients.cloudflare.close()
    assert {found[name].complete for name in needing} == {True}
    assert asked(lambda: ran(house, "logs.live", CONTROLS["logs.live"])) == 1


def test_without_a_stored_state_nothing_is_compared(house: House) -> None:
    """Drift is never passed over for want of something to compare with."""
    state = house.settings.data / "state.json"
    text = state.read_text()
    for broken in (None, "not JSON", "[]"):
        state.unlink() if broken is None else state.write_text(broken)
        try:
            for control, promise in (("inventory.live", "region.us-only"), ("volumes.live", CONTROLS["volumes.live"])):
                seen = ran(house, control, promise)
                assert not seen.complete
                assert {each.outcome for each in seen.observations} == {Outcome.UNKNOWN}
        finally:
            state.write_text(text)
