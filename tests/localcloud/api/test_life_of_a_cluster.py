"""A managed cluster and an account from end to end: every path that the longer tests do not pass."""

from __future__ import annotations

import base64
from typing import Any

import pytest

CLUSTER = {"name": "shop", "engine": "pg", "size": "db-s-2vcpu-4gb", "region": "nyc3", "num_nodes": 2}


@pytest.fixture
def cluster(cloud) -> str:
    return f"/v2/databases/{cloud.ok('POST', '/v2/databases', CLUSTER)['database']['id']}"


def read(cloud, cluster: str) -> dict[str, Any]:
    return dict(cloud.ok("GET", cluster)["database"])


CHANGES: dict[str, tuple[str, dict[str, Any], int, dict[str, Any]]] = {
    "resized": ("resize", {"size": "db-s-4vcpu-8gb", "num_nodes": 3}, 202, {"size": "db-s-4vcpu-8gb", "num_nodes": 3}),
    "moved": ("migrate", {"region": "sfo3"}, 202, {"region": "sfo3"}),
    "upgraded": ("upgrade", {"version": "18"}, 204, {"version": "18"}),
    "updated": ("install_update", {}, 204, {}),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_cluster_is_changed(cloud, cluster: str, case: str) -> None:
    """Exactly what was asked for changes."""
    verb, body, status, expected = CHANGES[case]
    before = read(cloud, cluster)
    assert cloud.call("PUT", f"{cluster}/{verb}", body).status_code == status
    assert read(cloud, cluster) == {**before, **expected}


def test_a_maintenance_window_is_written_in_full(cloud, cluster: str) -> None:
    cloud.ok("PUT", f"{cluster}/maintenance", {"day": "sunday", "hour": "03:00"})
    window = read(cloud, cluster)["maintenance_window"]
    assert (window["day"], window["hour"]) == ("sunday", "03:00:00")


def test_storage_may_grow_by_itself(cloud, cluster: str) -> None:
    assert cloud.ok("GET", f"{cluster}/autoscale")["autoscale"]["storage"]["enabled"] is False
    wanted = {"storage": {"enabled": True, "threshold_percent": 70, "increment_gib": 20}}
    cloud.ok("PUT", f"{cluster}/autoscale", wanted)
    assert cloud.ok("GET", f"{cluster}/autoscale")["autoscale"] == wanted


def test_what_checks_ask_a_cluster(cloud, cluster: str) -> None:
    assert base64.b64decode(cloud.ok("GET", f"{cluster}/ca")["ca"]["certificate"]).startswith(b"-----BEGIN CERTIFICATE-----")
    assert len(cloud.ok("GET", f"{cluster}/backups")["backups"]) == 1
    assert cloud.ok("GET", f"{cluster}/events")["events"][0]["event_type"] == "cluster_create"
    assert "17" in cloud.ok("GET", "/v2/databases/options")["options"]["pg"]["versions"]


def test_the_clusters_own_user_and_database_are_among_the_others(cloud, cluster: str) -> None:
    cloud.ok("POST", f"{cluster}/users", {"name": "app"})
    cloud.ok("POST", f"{cluster}/dbs", {"name": "orders"})
    assert [(each["name"], each["role"]) for each in cloud.ok("GET", f"{cluster}/users")["users"]] == [
        ("doadmin", "primary"),
        ("app", "normal"),
    ]
    assert [each["name"] for each in cloud.ok("GET", f"{cluster}/dbs")["dbs"]] == ["defaultdb", "orders"]
    assert cloud.ok("GET", f"{cluster}/users/doadmin")["user"]["role"] == "primary"


def test_a_password_is_renewed_and_a_sink_changed(cloud, cluster: str) -> None:
    first = cloud.ok("POST", f"{cluster}/users", {"name": "app"})["user"]["password"]
    renewed = cloud.ok("POST", f"{cluster}/users/app/reset_auth", {})["user"]["password"]
    assert first != renewed == cloud.ok("GET", f"{cluster}/users/app")["user"]["password"]
    sink = cloud.ok("POST", f"{cluster}/logsink", {"sink_name": "a", "sink_type": "rsyslog", "config": {"server": "x"}})["sink"]["sink_id"]
    cloud.ok("PUT", f"{cluster}/logsink/{sink}", {"config": {"server": "y"}})
    assert cloud.ok("GET", f"{cluster}/logsink/{sink}")["config"] == {"server": "y"}


def test_deleting_a_cluster_takes_everything_in_it(cloud, cluster: str) -> None:
    cloud.ok("POST", f"{cluster}/users", {"name": "app"})
    cloud.ok("PUT", f"{cluster}/firewall", {"rules": [{"type": "tag", "value": "app"}]})
    cloud.ok("DELETE", cluster)
    assert not [row for row in cloud.everything()["resources"] if row["collection"].startswith("/v2/databases")]


def test_what_the_account_is(cloud) -> None:
    assert cloud.ok("GET", "/v2/account")["account"]["status"] == "active"
    assert "nyc3" in [each["slug"] for each in cloud.ok("GET", "/v2/regions")["regions"]]
    assert "s-1vcpu-1gb" in [each["slug"] for each in cloud.ok("GET", "/v2/sizes", per_page="200")["sizes"]]


def test_a_key_is_found_by_its_number_and_by_its_fingerprint(cloud) -> None:
    """The fingerprint is the one `ssh-keygen -l -E md5` prints."""
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXwq3rQxw6mJm8m0u9yqIY7T2Vd1s4S0o0cT5N0bq1X ops"
    key = cloud.ok("POST", "/v2/account/keys", {"name": "ops", "public_key": public})["ssh_key"]
    assert cloud.call("POST", "/v2/account/keys", {"name": "again", "public_key": public}).status_code == 422
    for name in (key["id"], key["fingerprint"]):
        assert cloud.ok("GET", f"/v2/account/keys/{name}")["ssh_key"] == key
    assert cloud.ok("PUT", f"/v2/account/keys/{key['id']}", {"name": "operations"})["ssh_key"]["name"] == "operations"
    assert len(cloud.ok("GET", "/v2/account/keys")["ssh_keys"]) == 1


def test_a_spaces_key_shows_its_secret_once(cloud) -> None:
    made = cloud.ok("POST", "/v2/spaces/keys", {"name": "backup", "grants": [{"bucket": "b", "permission": "read"}]})["key"]
    assert made["secret_key"]
    assert "secret_key" not in cloud.ok("GET", f"/v2/spaces/keys/{made['access_key']}")["key"]
    changed = cloud.ok("PUT", f"/v2/spaces/keys/{made['access_key']}", {"name": "backup", "grants": []})["key"]
    assert (changed["grants"], changed["access_key"]) == ([], made["access_key"])


def test_a_cloudflare_account_enforces_two_factors_when_told_to(cloud) -> None:
    path = f"/accounts/{cloud.account}"
    assert cloud.cf("GET", path)["settings"]["enforce_twofactor"] is False
    cloud.cf("PUT", path, {"name": "shop", "settings": {"enforce_twofactor": True}})
    assert cloud.cf("GET", path)["settings"] == {"enforce_twofactor": True, "abuse_contact_email": None}
    member = cloud.cf("POST", f"{path}/members", {"email": "ops@example.com", "roles": ["05784afa30c1afe1440e79d9351c7430"]})
    assert member["user"]["two_factor_authentication_enabled"] is False
    assert cloud.cf("GET", f"{path}/members/{member['id']}") == member
    assert cloud.cf("GET", f"{path}/members") == [member]
    assert [each["name"] for each in cloud.cf("GET", "/accounts")] == ["shop"]
    assert cloud.cf("GET", "/user/tokens/verify")["status"] == "active"


def test_the_less_usual_paths_of_a_zone(cloud) -> None:
    zone = "/zones/" + cloud.cf("POST", "/zones", {"name": "example.com", "account": {"id": cloud.account}})["id"]
    assert cloud.cf("PATCH", zone, {"paused": True})["paused"] is True
    host = {"hostname": "app.example.com", "cert_id": "c", "enabled": True}
    assert cloud.cf("PUT", f"{zone}/origin_tls_client_auth/hostnames", {"config": [host]})[0]["status"] == "active"
    assert cloud.cf("GET", f"{zone}/origin_tls_client_auth/hostnames/app.example.com")["enabled"] is True
    assert cloud.cf("POST", f"{zone}/logpush/ownership", {"destination_conf": "s3://logs"})["valid"] is True
    pack = cloud.cf("POST", f"{zone}/ssl/certificate_packs/order", {"type": "advanced", "hosts": ["example.com"]})
    assert cloud.cf("GET", f"{zone}/ssl/certificate_packs/{pack['id']}")["status"] == "active"
    account = f"/accounts/{cloud.account}"
    assert cloud.cf("PUT", f"{account}/access/organizations", {"name": "shop"}) == cloud.cf("GET", f"{account}/access/organizations")
    check = cloud.cf("POST", f"{zone}/healthchecks", {"name": "app", "address": "a"})
    assert cloud.cf("PATCH", f"{zone}/healthchecks/{check['id']}", {"address": "b"}) == {**check, "address": "b"}
    assert cloud.cf("GET", f"{zone}/healthchecks", name="other") == []
