"""Apps, Kubernetes, reserved addresses, snapshots, CDN, and what is changed by parts: what they answer, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

DROPLET = {"name": "web", "region": "nyc3", "size": "s-1vcpu-1gb", "image": "debian-12-x64"}
RULE = {"protocol": "tcp", "ports": "443", "sources": {"addresses": ["173.245.48.0/20"]}}
APP = {"name": "shop", "region": "nyc", "services": [{"name": "web"}]}
POOL = {"name": "a", "size": "s-2vcpu-4gb", "count": 2}
CLUSTER = {"name": "k", "region": "nyc3", "version": "1.33", "node_pools": [POOL]}
ORIGIN = "files.nyc3.digitaloceanspaces.com"


@pytest.fixture
def droplet(cloud) -> int:
    return int(cloud.ok("POST", "/v2/droplets", DROPLET)["droplet"]["id"])


@pytest.fixture
def kubernetes(cloud) -> str:
    return str(cloud.ok("POST", "/v2/kubernetes/clusters", CLUSTER)["kubernetes_cluster"]["id"])


def test_an_app_is_deployed_at_once_and_again_with_each_change(cloud) -> None:
    app = cloud.ok("POST", "/v2/apps", {"spec": APP})["app"]
    first = app["pending_deployment"]["id"]
    steps = cloud.ok("GET", f"/v2/apps/{app['id']}/deployments/{first}")["deployment"]["progress"]["steps"]
    assert {step["status"] for step in steps} == {"SUCCESS"}
    changed = cloud.ok("PUT", f"/v2/apps/{app['id']}", {"spec": {**APP, "workers": [{"name": "mail"}]}})["app"]
    assert (changed["id"], changed["created_at"]) == (app["id"], app["created_at"])
    cloud.ok("POST", f"/v2/apps/{app['id']}/deployments", {})
    deployments = cloud.ok("GET", f"/v2/apps/{app['id']}/deployments")["deployments"]
    assert [len(each["spec"].get("workers", [])) for each in deployments] == [1, 1, 0]
    read = cloud.ok("GET", f"/v2/apps/{app['id']}")["app"]
    assert read["active_deployment"]["id"] == deployments[0]["id"]
    assert "pending_deployment" not in read
    assert cloud.ok("DELETE", f"/v2/apps/{app['id']}") == {"id": app["id"]}
    assert cloud.everything()["resources"][1:] == []


def test_a_cluster_of_kubernetes_keeps_its_pools(cloud, kubernetes: str) -> None:
    path = f"/v2/kubernetes/clusters/{kubernetes}"
    cluster = cloud.ok("GET", path)["kubernetes_cluster"]
    assert (cluster["version"], cluster["status"]["state"]) == ("1.33.6-do.0", "running")
    assert [len(pool["nodes"]) for pool in cluster["node_pools"]] == [2]
    scaling = {**POOL, "name": "b", "count": 1, "auto_scale": True, "min_nodes": 1, "max_nodes": 3}
    pool = cloud.ok("POST", f"{path}/node_pools", scaling)["node_pool"]
    changed = cloud.ok("PUT", f"{path}/node_pools/{pool['id']}", {"name": "b", "count": 3})["node_pool"]
    assert (changed["id"], len(changed["nodes"]), changed["max_nodes"]) == (pool["id"], 3, 3)
    cloud.ok("DELETE", f"{path}/node_pools/{pool['id']}")
    (left,) = cloud.ok("GET", f"{path}/node_pools")["node_pools"]
    assert cloud.call("DELETE", f"{path}/node_pools/{left['id']}").status_code == 422


def test_a_cluster_of_kubernetes_goes_up_only(cloud, kubernetes: str) -> None:
    path = f"/v2/kubernetes/clusters/{kubernetes}"
    (later,) = cloud.ok("GET", f"{path}/upgrades")["available_upgrade_versions"]
    assert cloud.call("POST", f"{path}/upgrade", {"version": "1.32.10-do.1"}).status_code == 422
    cloud.ok("POST", f"{path}/upgrade", {"version": later["slug"]})
    assert cloud.ok("GET", f"{path}/upgrades")["available_upgrade_versions"] == []
    changed = cloud.ok("PUT", path, {"name": "k", "auto_upgrade": True, "maintenance_policy": {"day": "sunday", "start_time": "03:00"}})
    assert changed["kubernetes_cluster"]["maintenance_policy"]["day"] == "sunday"
    assert changed["kubernetes_cluster"]["auto_upgrade"] is True


def test_a_cluster_of_kubernetes_is_a_member_of_its_vpc(cloud) -> None:
    vpc = cloud.ok("POST", "/v2/vpcs", {"name": "app", "region": "nyc3"})["vpc"]["id"]
    made = cloud.ok("POST", "/v2/kubernetes/clusters", {**CLUSTER, "vpc_uuid": vpc})["kubernetes_cluster"]["id"]
    assert cloud.call("DELETE", f"/v2/vpcs/{vpc}").status_code == 403
    cloud.ok("DELETE", f"/v2/kubernetes/clusters/{made}")
    cloud.ok("DELETE", f"/v2/vpcs/{vpc}")


def test_a_reserved_address_is_assigned_set_free_and_outlives_its_droplet(cloud, droplet: int) -> None:
    ip = cloud.ok("POST", "/v2/reserved_ips", {"region": "nyc3"})["reserved_ip"]
    assert (ip["droplet"], ip["region"]["slug"]) == (None, "nyc3")
    path = f"/v2/reserved_ips/{ip['ip']}"
    assert cloud.call("POST", f"{path}/actions", {"type": "unassign"}).status_code == 422
    action = cloud.ok("POST", f"{path}/actions", {"type": "assign", "droplet_id": droplet})["action"]
    assert cloud.ok("GET", f"{path}/actions/{action['id']}")["action"]["status"] == "completed"
    assert cloud.ok("GET", path)["reserved_ip"]["droplet"]["id"] == droplet
    cloud.ok("DELETE", f"/v2/droplets/{droplet}")
    assert cloud.ok("GET", path)["reserved_ip"]["droplet"] is None
    assert [each["type"] for each in cloud.ok("GET", f"{path}/actions")["actions"]] == ["assign_ip"]
    cloud.ok("DELETE", path)
    assert cloud.ok("GET", "/v2/reserved_ips")["reserved_ips"] == []


def test_an_address_reserved_for_a_droplet_is_assigned_to_it(cloud, droplet: int) -> None:
    assert cloud.ok("POST", "/v2/reserved_ips", {"droplet_id": droplet})["reserved_ip"]["droplet"]["id"] == droplet
    made = cloud.ok("POST", "/v2/reserved_ipv6", {"region_slug": "nyc3"})["reserved_ipv6"]
    cloud.ok("POST", f"/v2/reserved_ipv6/{made['ip']}/actions", {"type": "assign", "droplet_id": droplet})
    assert cloud.ok("GET", f"/v2/reserved_ipv6/{made['ip']}")["reserved_ipv6"]["droplet"]["id"] == droplet


def test_snapshots_outlive_what_they_are_of(cloud, droplet: int) -> None:
    volume = cloud.ok("POST", "/v2/volumes", {"name": "v", "region": "nyc3", "size_gigabytes": 10})["volume"]["id"]
    of_volume = cloud.ok("POST", f"/v2/volumes/{volume}/snapshots", {"name": "before"})["snapshot"]
    cloud.ok("POST", f"/v2/droplets/{droplet}/actions", {"type": "snapshot", "name": "golden"})
    (of_droplet,) = cloud.ok("GET", f"/v2/droplets/{droplet}/snapshots")["snapshots"]
    assert cloud.ok("GET", f"/v2/volumes/{volume}/snapshots")["snapshots"] == [of_volume]
    cloud.ok("DELETE", f"/v2/volumes/{volume}")
    cloud.ok("DELETE", f"/v2/droplets/{droplet}")
    assert [row["name"] for row in cloud.ok("GET", "/v2/snapshots")["snapshots"]] == ["before", "golden"]
    assert [row["name"] for row in cloud.ok("GET", "/v2/snapshots", resource_type="volume")["snapshots"]] == ["before"]
    again = cloud.ok("POST", "/v2/droplets", {**DROPLET, "image": of_droplet["id"]})["droplet"]
    assert again["image"]["id"] == of_droplet["id"]
    cloud.ok("DELETE", f"/v2/snapshots/{of_droplet['id']}")
    assert cloud.call("POST", "/v2/droplets", {**DROPLET, "image": of_droplet["id"]}).status_code == 422


def test_images_are_found_by_slug_and_by_number(cloud) -> None:
    rows = cloud.ok("GET", "/v2/images", type="distribution", per_page="200")["images"]
    debian = next(row for row in rows if row["slug"] == "debian-12-x64")
    assert cloud.ok("GET", f"/v2/images/{debian['id']}") == cloud.ok("GET", "/v2/images/debian-12-x64")
    assert cloud.ok("POST", "/v2/droplets", {**DROPLET, "image": debian["id"]})["droplet"]["image"]["slug"] == "debian-12-x64"


def test_a_firewall_changes_by_parts(cloud, droplet: int) -> None:
    path = "/v2/firewalls/" + cloud.ok("POST", "/v2/firewalls", {"name": "web", "inbound_rules": [RULE]})["firewall"]["id"]
    open_to_all = {**RULE, "sources": {"addresses": ["0.0.0.0/0"]}}
    cloud.ok("POST", f"{path}/rules", {"inbound_rules": [open_to_all]})
    cloud.ok("DELETE", f"{path}/rules", {"inbound_rules": [RULE]})
    cloud.ok("POST", f"{path}/droplets", {"droplet_ids": [droplet]})
    cloud.ok("POST", f"{path}/tags", {"tags": ["web"]})
    read = cloud.ok("GET", path)["firewall"]
    assert (read["inbound_rules"], read["droplet_ids"], read["tags"]) == ([open_to_all], [droplet], ["web"])
    before = cloud.everything()
    assert cloud.call("POST", f"{path}/rules", {"inbound_rules": [{**RULE, "ports": "70000"}]}).status_code == 422
    assert cloud.everything() == before


def test_droplets_are_acted_on_and_deleted_by_tag(cloud) -> None:
    for name, tags in (("a", ["old"]), ("b", ["old"]), ("c", ["new"])):
        cloud.ok("POST", "/v2/droplets", {**DROPLET, "name": name, "tags": tags})
    assert len(cloud.ok("POST", "/v2/droplets/actions", {"type": "power_off"}, tag_name="old")["actions"]) == 2
    assert cloud.call("DELETE", "/v2/droplets").status_code == 422
    cloud.ok("DELETE", "/v2/droplets", tag_name="old")
    assert [row["name"] for row in cloud.ok("GET", "/v2/droplets")["droplets"]] == ["c"]


def test_a_cdn_stands_before_a_bucket_once(cloud) -> None:
    made = cloud.ok("POST", "/v2/cdn/endpoints", {"origin": ORIGIN, "ttl": 3600})["endpoint"]
    assert made["endpoint"] == "files.nyc3.cdn.digitaloceanspaces.com"
    assert cloud.call("POST", "/v2/cdn/endpoints", {"origin": ORIGIN}).status_code == 409
    assert cloud.ok("PUT", f"/v2/cdn/endpoints/{made['id']}", {"ttl": 60})["endpoint"] == {**made, "ttl": 60}
    cloud.ok("DELETE", f"/v2/cdn/endpoints/{made['id']}/cache", {"files": ["*"]})


def test_a_peering_is_seen_from_its_vpc(cloud) -> None:
    first, second = (cloud.ok("POST", "/v2/vpcs", {"name": name, "region": "nyc3"})["vpc"]["id"] for name in ("application", "keys"))
    made = cloud.ok("POST", f"/v2/vpcs/{first}/peerings", {"name": "p", "vpc_id": second})["peering"]
    assert cloud.ok("GET", f"/v2/vpcs/{second}/peerings")["peerings"] == [made]
    cloud.ok("PATCH", f"/v2/vpcs/{first}/peerings/{made['id']}", {"name": "q"})
    assert cloud.ok("GET", f"/v2/vpc_peerings/{made['id']}")["vpc_peering"]["name"] == "q"
    assert cloud.call("DELETE", f"/v2/vpcs/{first}").status_code == 403


def test_a_promoted_replica_is_a_cluster_of_its_own(cloud) -> None:
    body = {"name": "shop", "engine": "pg", "region": "nyc3", "size": "db-s-2vcpu-4gb", "num_nodes": 2}
    path = "/v2/databases/" + cloud.ok("POST", "/v2/databases", body)["database"]["id"]
    replica = cloud.ok("POST", f"{path}/replicas", {"name": "r", "region": "nyc3", "size": "db-s-2vcpu-4gb"})["replica"]
    cloud.ok("PUT", f"{path}/replicas/r/promote", {})
    assert cloud.ok("GET", f"{path}/replicas")["replicas"] == []
    promoted = cloud.ok("GET", f"/v2/databases/{replica['id']}")["database"]
    assert (promoted["name"], promoted["num_nodes"]) == ("r", 1)


def test_a_pool_is_of_a_user_and_a_database_that_are_there(cloud) -> None:
    body = {"name": "shop", "engine": "pg", "region": "nyc3", "size": "db-s-2vcpu-4gb", "num_nodes": 2}
    path = "/v2/databases/" + cloud.ok("POST", "/v2/databases", body)["database"]["id"]
    pool = {"name": "web", "mode": "transaction", "size": 10, "db": "orders", "user": "app"}
    cloud.ok("POST", f"{path}/users", {"name": "app"})
    assert cloud.call("POST", f"{path}/pools", pool).status_code == 422
    cloud.ok("POST", f"{path}/dbs", {"name": "orders"})
    assert cloud.call("POST", f"{path}/pools", {**pool, "user": "nobody"}).status_code == 422
    made = cloud.ok("POST", f"{path}/pools", pool)["pool"]
    assert (made["connection"]["user"], made["connection"]["database"]) == ("app", "orders")
    cloud.ok("PUT", f"{path}/pools/web", {"db": "defaultdb", "mode": "session", "size": 5})
    assert cloud.ok("GET", f"{path}/pools/web")["pool"]["connection"]["database"] == "defaultdb"


def test_the_default_project_has_a_name_of_its_own(cloud, droplet: int) -> None:
    cloud.ok("POST", "/v2/projects/default/resources", {"resources": [f"do:droplet:{droplet}"]})
    assert [row["urn"] for row in cloud.ok("GET", "/v2/projects/default/resources")["resources"]] == [f"do:droplet:{droplet}"]
    assert cloud.ok("PATCH", "/v2/projects/default", {"name": "all"})["project"]["is_default"] is True
    assert cloud.ok("GET", "/v2/projects/default")["project"]["name"] == "all"


REFUSED: dict[str, tuple[str, str, Any, int]] = {
    "an app without a name": ("POST", "/v2/apps", {"spec": {"region": "nyc"}}, 422),
    "an app in a region that is none": ("POST", "/v2/apps", {"spec": {**APP, "region": "nyc3"}}, 422),
    "an app whose name is none": ("POST", "/v2/apps", {"spec": {**APP, "name": "A b"}}, 400),
    "a component without a name": ("POST", "/v2/apps", {"spec": {**APP, "workers": [{}]}}, 422),
    "a deployment of no app": ("GET", "/v2/apps/none/deployments", None, 404),
    "Kubernetes in a version nobody has": ("POST", "/v2/kubernetes/clusters", {**CLUSTER, "version": "1.9"}, 422),
    "Kubernetes without nodes": ("POST", "/v2/kubernetes/clusters", {**CLUSTER, "node_pools": []}, 422),
    "a pool of unknown size": ("POST", "/v2/kubernetes/clusters", {**CLUSTER, "node_pools": [{**POOL, "size": "huge"}]}, 422),
    "a pool that scales to nothing": ("POST", "/v2/kubernetes/clusters", {**CLUSTER, "node_pools": [{**POOL, "auto_scale": True}]}, 422),
    "Kubernetes maintained on no day": ("POST", "/v2/kubernetes/clusters", {**CLUSTER, "maintenance_policy": {"day": "x"}}, 422),
    "an address in an unknown region": ("POST", "/v2/reserved_ips", {"region": "mars1"}, 422),
    "an address for no droplet": ("POST", "/v2/reserved_ips", {"droplet_id": 7}, 404),
    "an image nobody has": ("POST", "/v2/droplets", {**DROPLET, "image": "debian-99-x64"}, 422),
    "an image's number nobody has": ("POST", "/v2/droplets", {**DROPLET, "image": 7}, 422),
    "a CDN before something else": ("POST", "/v2/cdn/endpoints", {"origin": "example.com"}, 422),
    "a CDN that keeps for an odd time": ("POST", "/v2/cdn/endpoints", {"origin": ORIGIN, "ttl": 7}, 422),
    "a snapshot of nothing": ("POST", "/v2/volumes/none/snapshots", {"name": "s"}, 404),
    "a grant without a bucket": ("POST", "/v2/spaces/keys", {"name": "k", "grants": [{"bucket": "", "permission": "read"}]}, 422),
    "full access to one bucket": ("POST", "/v2/spaces/keys", {"name": "k", "grants": [{"bucket": "b", "permission": "fullaccess"}]}, 422),
    "full access and another grant": (
        "POST",
        "/v2/spaces/keys",
        {"name": "k", "grants": [{"bucket": "", "permission": "fullaccess"}, {"bucket": "b", "permission": "read"}]},
        422,
    ),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused(cloud, method: str, path: str, body: Any, status: int) -> None:
    before = cloud.everything()
    answer = cloud.call(method, path, body)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"id", "message"}
    assert cloud.everything() == before


def test_keys_are_listed_by_bucket_and_permission(cloud) -> None:
    for name, permission in (("a", "read"), ("b", "readwrite")):
        cloud.ok("POST", "/v2/spaces/keys", {"name": name, "grants": [{"bucket": f"bucket-{name}", "permission": permission}]})
    assert [row["name"] for row in cloud.ok("GET", "/v2/spaces/keys", bucket="bucket-a")["keys"]] == ["a"]
    assert [row["name"] for row in cloud.ok("GET", "/v2/spaces/keys", permission="readwrite")["keys"]] == ["b"]
    assert len(cloud.ok("GET", "/v2/spaces/keys")["keys"]) == 2
