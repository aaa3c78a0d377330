"""The side door: see what was called, change things behind everyone's back, make calls fail."""

from __future__ import annotations

from typing import Any

import pytest

RULE = {"protocol": "tcp", "ports": "443", "sources": {"addresses": ["173.245.48.0/20"]}}


@pytest.fixture
def firewall(cloud) -> str:
    return str(cloud.ok("POST", "/v2/firewalls", {"name": "web", "inbound_rules": [RULE]})["firewall"]["id"])


def test_calls_are_listed_with_their_answers_and_without_secrets(cloud) -> None:
    cloud.call("GET", "/v2/vpcs", page="2")
    cloud.call("POST", "/v2/certificates", {"name": "a", "private_key": "hidden"})
    calls = cloud.ok("GET", "/__local__/calls", path="/v2/")["calls"]
    assert [(each["method"], each["path"], each["query"], each["status"]) for each in calls] == [
        ("GET", "/v2/vpcs", "page=2", 200),
        ("POST", "/v2/certificates", "", 422),
    ]
    assert calls[1]["body"] == {"name": "a", "private_key": "[secret]"}
    assert len(cloud.ok("GET", "/__local__/calls", path="/v2/", method="POST")["calls"]) == 1
    cloud.ok("GET", "/__local__/resources")
    assert [each for each in cloud.ok("GET", "/__local__/calls", path="/__local__/")["calls"] if each["method"] == "GET"] == []
    cloud.ok("DELETE", "/__local__/calls")
    assert cloud.ok("GET", "/__local__/calls", path="/v2/")["calls"] == []


def test_a_resource_changes_behind_everyones_back(cloud, firewall: str) -> None:
    """Drift: fields are replaced, a null removes one, and no rule of the API is asked."""
    path = f"/v2/firewalls/{firewall}"
    opened = [{**RULE, "sources": {"addresses": ["0.0.0.0/0"]}}]
    cloud.ok("PATCH", f"/__local__/resources{path}", {"inbound_rules": opened, "status": None})
    read = cloud.ok("GET", path)["firewall"]
    assert read["inbound_rules"] == opened
    assert "status" not in read
    cloud.ok("DELETE", f"/__local__/resources{path}")
    assert cloud.call("GET", path).status_code == 404


def test_a_cloudflare_setting_changes_behind_everyones_back(cloud) -> None:
    zone = cloud.cf("POST", "/zones", {"name": "example.com", "account": {"id": cloud.account}})["id"]
    path = f"/client/v4/zones/{zone}/settings/min_tls_version"
    cloud.ok("PATCH", path, {"value": "1.2"})
    cloud.ok("PATCH", f"/__local__/resources{path}", {"value": "1.0"})
    assert cloud.ok("GET", path)["result"]["value"] == "1.0"


def test_what_is_not_there_cannot_be_changed(cloud) -> None:
    before = cloud.everything()
    for method in ("PATCH", "DELETE"):
        assert cloud.call(method, "/__local__/resources/v2/firewalls/none", {"a": 1}).status_code == 404
    assert cloud.everything() == before


def test_resources_are_listed_below_a_path(cloud, firewall: str) -> None:
    (row,) = cloud.ok("GET", "/__local__/resources", path="/v2/firewalls")["resources"]
    assert (row["collection"], row["id"], row["resource"]["name"]) == ("/v2/firewalls", firewall, "web")


@pytest.mark.parametrize(
    ("path", "document"), [("/v2/vpcs", {"id": "server_error", "message": "out of order"}), ("/client/v4/zones", None)]
)
def test_the_next_calls_fail_as_asked_and_then_no_more(cloud, path: str, document: Any) -> None:
    cloud.ok("POST", "/__local__/faults", {"path": path, "method": "GET", "status": 503, "message": "out of order", "times": 2})
    answers = [cloud.call("GET", path) for _ in range(3)]
    assert [each.status_code for each in answers] == [503, 503, 200]
    assert answers[0].json() == document or answers[0].json()["errors"][0]["message"] == "out of order"


def test_a_failed_call_changes_nothing(cloud) -> None:
    before = cloud.everything()
    cloud.ok("POST", "/__local__/faults", {"path": "/v2/vpcs", "status": 500})
    assert cloud.call("POST", "/v2/vpcs", {"name": "app", "region": "nyc3"}).status_code == 500
    assert cloud.everything() == before


def test_a_delay_is_met_and_spent(cloud) -> None:
    """How long it took is not asked: that it was spent, and the call answered, is."""
    cloud.ok("POST", "/__local__/faults", {"path": "/v2/", "seconds": 0.01})
    assert len(cloud.ok("GET", "/__local__/faults")["faults"]) == 1
    assert cloud.call("GET", "/v2/vpcs").status_code == 200
    assert cloud.ok("GET", "/__local__/faults")["faults"] == []


@pytest.mark.parametrize("body", [{"status": 500}, {"path": "/v2/"}, {"path": "v2", "status": 500}])
def test_a_fault_must_say_where_and_what(cloud, body: dict[str, Any]) -> None:
    assert cloud.call("POST", "/__local__/faults", body).status_code == 422
    assert cloud.ok("GET", "/__local__/faults")["faults"] == []


def test_faults_can_be_called_off(cloud) -> None:
    cloud.ok("POST", "/__local__/faults", {"path": "/v2/", "status": 500, "times": 9})
    cloud.ok("DELETE", "/__local__/faults")
    assert cloud.call("GET", "/v2/vpcs").status_code == 200


def test_a_reset_empties_the_cloud(cloud, firewall: str) -> None:
    cloud.ok("POST", "/__local__/reset", {})
    assert cloud.call("GET", f"/v2/firewalls/{firewall}").status_code == 404
    assert [row["resource"]["name"] for row in cloud.everything()["resources"]] == ["default"]
