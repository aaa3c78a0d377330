"""Members, tokens, the audit log, settings at once, records at once, Logpush, alerts, Access: what they answer, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.api.cloudflare.settings import SETTINGS

ADMINISTRATOR = "05784afa30c1afe1440e79d9351c7430"
POLICY = {
    "effect": "allow",
    "permission_groups": [{"id": "c8fed203ed3043cba015a93ad1616f1f"}],
    "resources": {"com.cloudflare.api.account.*": "*"},
}
TOKEN = {"name": "reader", "policies": [POLICY], "expires_on": "2027-01-01T00:00:00Z"}
DESTINATION = {"destination_conf": "s3://logs/a?region=nyc3&access-key-id=DO00A&secret-access-key=hidden&endpoint=nyc3.spaces.test"}


@pytest.fixture
def zone(cloud) -> str:
    return str(cloud.cf("POST", "/zones", {"name": "example.com", "account": {"id": cloud.account}})["id"])


@pytest.fixture
def account(cloud) -> str:
    return f"/accounts/{cloud.account}"


def test_a_member_is_added_once_and_gets_other_roles(cloud, account: str) -> None:
    body = {"email": "ops@example.com", "roles": [ADMINISTRATOR]}
    member = cloud.cf("POST", f"{account}/members", body)
    assert (member["status"], member["user"]["two_factor_authentication_enabled"]) == ("pending", False)
    assert cloud.call("POST", f"/client/v4{account}/members", body).status_code == 400
    role = next(each for each in cloud.cf("GET", f"{account}/roles") if each["id"] != ADMINISTRATOR)
    changed = cloud.cf("PUT", f"{account}/members/{member['id']}", {"roles": [role]})
    assert [each["name"] for each in changed["roles"]] == [role["name"]]
    cloud.cf("DELETE", f"{account}/members/{member['id']}")
    assert cloud.cf("GET", f"{account}/members") == []


@pytest.mark.parametrize("owner", ["user", "account"])
def test_a_tokens_secret_is_answered_when_made_and_when_rolled(cloud, account: str, owner: str) -> None:
    path = "/user/tokens" if owner == "user" else f"{account}/tokens"
    token = cloud.cf("POST", path, TOKEN)
    assert len(token["value"]) == 40
    read = cloud.cf("GET", f"{path}/{token['id']}")
    assert read == {field: value for field, value in token.items() if field != "value"}
    assert cloud.cf("GET", path) == [read]
    assert cloud.cf("PUT", f"{path}/{token['id']}/value", {}) != token["value"]
    changed = cloud.cf("PUT", f"{path}/{token['id']}", {**TOKEN, "name": "other", "status": "disabled"})
    assert (changed["id"], changed["name"], changed["status"]) == (token["id"], "other", "disabled")
    assert changed["issued_on"] == token["issued_on"]
    assert token["value"] not in str(cloud.everything())
    assert cloud.cf("GET", f"{path}/verify")["status"] == "active"
    assert "Zone Read" in {each["name"] for each in cloud.cf("GET", f"{path}/permission_groups")}


def test_the_audit_log_tells_of_changes_newest_first_and_not_of_reading(cloud, account: str, zone: str) -> None:
    cloud.cf("PATCH", f"/zones/{zone}/settings/min_tls_version", {"value": "1.2"})
    cloud.cf("GET", f"/zones/{zone}/settings")
    cloud.call("PATCH", f"/client/v4/zones/{zone}/settings/min_tls_version", {"value": "9"})
    rows = cloud.cf("GET", f"{account}/audit_logs")
    assert [(row["action"]["type"], row["resource"]["id"]) for row in rows] == [("update", "min_tls_version"), ("create", "zones")]
    later = cloud.cf("GET", f"{account}/logs/audit", since=rows[0]["when"][:10])
    assert [row["action"]["type"] for row in later] == ["update", "create"]
    assert cloud.cf("GET", f"{account}/audit_logs", before="2000-01-01") == []


def test_settings_change_together_or_not_at_all(cloud, zone: str) -> None:
    items = [{"id": "min_tls_version", "value": "1.2"}, {"id": "tls_1_3", "value": "zrt"}]
    assert [each["value"] for each in cloud.cf("PATCH", f"/zones/{zone}/settings", {"items": items})] == ["1.2", "zrt"]
    wrong = [{"id": "always_use_https", "value": "on"}, {"id": "nonsense", "value": "on"}]
    assert cloud.call("PATCH", f"/client/v4/zones/{zone}/settings", {"items": wrong}).status_code == 400
    assert cloud.cf("GET", f"/zones/{zone}/settings/always_use_https")["value"] == "off"


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_default_is_a_value_that_is_accepted(cloud, zone: str, setting: str) -> None:
    default = cloud.cf("GET", f"/zones/{zone}/settings/{setting}")["value"]
    assert cloud.cf("PATCH", f"/zones/{zone}/settings/{setting}", {"value": default})["value"] == default
    assert cloud.call("PATCH", f"/client/v4/zones/{zone}/settings/{setting}", {"value": True}).status_code == 400


def test_records_change_together_or_not_at_all(cloud, zone: str) -> None:
    path = f"/zones/{zone}/dns_records"
    old = [cloud.cf("POST", path, {"name": name, "type": "A", "content": "203.0.113.1"}) for name in ("a", "b", "c")]
    batch = {
        "deletes": [{"id": old[0]["id"]}],
        "patches": [{"id": old[1]["id"], "content": "203.0.113.2"}],
        "puts": [{"id": old[2]["id"], "name": "c", "type": "A", "content": "203.0.113.3"}],
        "posts": [{"name": "a", "type": "TXT", "content": "was an address"}],
    }
    done = cloud.cf("POST", f"{path}/batch", batch)
    assert {name: len(rows) for name, rows in done.items()} == {"deletes": 1, "patches": 1, "puts": 1, "posts": 1}
    assert [row["content"] for row in cloud.cf("GET", path)] == ["203.0.113.2", "203.0.113.3", "was an address"]
    before = cloud.everything()
    assert cloud.call("POST", f"/client/v4{path}/batch", {"deletes": [{"id": old[1]["id"]}], "posts": [{"type": "A"}]}).status_code == 400
    assert cloud.everything() == before


def test_a_record_sent_in_parts_is_answered_as_one_text_too(cloud, zone: str) -> None:
    path = f"/zones/{zone}/dns_records"
    caa = cloud.cf("POST", path, {"name": "@", "type": "CAA", "data": {"flags": 0, "tag": "issue", "value": "letsencrypt.org"}})
    assert (caa["content"], caa["data"]["tag"]) == ('0 issue "letsencrypt.org"', "issue")
    service = {"priority": 1, "weight": 5, "port": 443, "target": "a.example.com"}
    assert cloud.cf("POST", path, {"name": "_x._tcp", "type": "SRV", "data": service})["content"] == "5 443 a.example.com"


def test_a_destination_of_logs_is_checked_before_there_is_a_job(cloud, zone: str) -> None:
    base = f"/zones/{zone}/logpush"
    assert cloud.cf("POST", f"{base}/ownership", DESTINATION)["filename"]
    assert cloud.cf("POST", f"{base}/ownership/validate", {**DESTINATION, "ownership_challenge": "x"})["valid"] is True
    assert cloud.cf("POST", f"{base}/validate/destination/exists", DESTINATION) == {"exists": False}
    job = cloud.cf("POST", f"{base}/jobs", {"dataset": "http_requests", **DESTINATION})
    assert isinstance(job["id"], int)
    assert cloud.cf("POST", f"{base}/validate/destination/exists", DESTINATION) == {"exists": True}
    assert cloud.cf("GET", f"{base}/datasets/http_requests/jobs") == [job]


def test_a_secret_in_an_address_is_not_among_the_calls(cloud, zone: str) -> None:
    cloud.cf("POST", f"/zones/{zone}/logpush/jobs", {"dataset": "http_requests", **DESTINATION})
    (call,) = cloud.ok("GET", "/__local__/calls", path=f"/client/v4/zones/{zone}/logpush")["calls"]
    assert "hidden" not in str(call)
    assert "endpoint=nyc3.spaces.test" in str(call)


def test_one_silence_or_many_are_changed(cloud, account: str) -> None:
    path = f"{account}/alerting/v3/silences"
    silence = cloud.cf("POST", path, {"policy_id": "p", "start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-02T00:00:00Z"})
    (changed,) = cloud.cf("PUT", path, [{"id": silence["id"], "end_time": "2026-01-03T00:00:00Z"}])
    assert changed == {**silence, "end_time": "2026-01-03T00:00:00Z"}


def test_a_service_tokens_secret_is_answered_once(cloud, account: str) -> None:
    made = cloud.cf("POST", f"{account}/access/service_tokens", {"name": "ci"})
    assert len(made["client_secret"]) == 64
    assert "client_secret" not in cloud.cf("GET", f"{account}/access/service_tokens/{made['id']}")


def test_a_hold_and_transforms_come_and_go(cloud, zone: str) -> None:
    path = f"/zones/{zone}"
    assert cloud.cf("POST", f"{path}/hold", {}, include_subdomains="true") == {"hold": True, "hold_after": "", "include_subdomains": True}
    assert cloud.cf("DELETE", f"{path}/hold")["hold"] is False
    headers = {"managed_request_headers": [{"id": "add_visitor_location_headers", "enabled": True}], "managed_response_headers": []}
    assert cloud.cf("PATCH", f"{path}/managed_headers", headers) == headers
    cloud.cf("DELETE", f"{path}/managed_headers")
    assert cloud.cf("GET", f"{path}/managed_headers")["managed_request_headers"] == []


REFUSED: dict[str, tuple[str, str, Any, int]] = {
    "a member without a role": ("POST", "/accounts/ACCOUNT/members", {"email": "a@example.com"}, 400),
    "a role that is none": ("POST", "/accounts/ACCOUNT/members", {"email": "a@example.com", "roles": ["boss"]}, 400),
    "a token without policies": ("POST", "/user/tokens", {"name": "t"}, 400),
    "a token that may do nothing": ("POST", "/user/tokens", {"name": "t", "policies": [{**POLICY, "permission_groups": []}]}, 400),
    "a token of no name": ("POST", "/user/tokens", {"policies": [POLICY]}, 400),
    "a page rule without a target": ("POST", "/zones/ZONE/pagerules", {"actions": [{"id": "always_use_https"}]}, 400),
    "a group that includes nobody": ("POST", "/accounts/ACCOUNT/access/groups", {"name": "g"}, 400),
    "an alert nobody knows": (
        "POST",
        "/accounts/ACCOUNT/alerting/v3/policies",
        {"name": "n", "alert_type": "moon", "mechanisms": {"email": [{"id": "a@example.com"}]}},
        400,
    ),
    "a rule about what is no address": (
        "POST",
        "/zones/ZONE/firewall/access_rules/rules",
        {"mode": "block", "configuration": {"target": "moon", "value": "x"}},
        400,
    ),
    "logs to nowhere": ("POST", "/zones/ZONE/logpush/ownership", {"destination_conf": "logs"}, 400),
    "a dataset nobody knows": ("GET", "/zones/ZONE/logpush/datasets/moon/jobs", None, 400),
    "a setting that is no list": ("PATCH", "/zones/ZONE/settings/ciphers", {"value": "AES"}, 400),
    "a number that is none": ("PATCH", "/zones/ZONE/settings/browser_cache_ttl", {"value": "14400"}, 400),
    "settings of nothing": ("PATCH", "/zones/ZONE/settings", {}, 400),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused(cloud, zone: str, method: str, path: str, body: Any, status: int) -> None:
    cloud.cf("GET", f"/accounts/{cloud.account}")
    before = cloud.everything()
    answer = cloud.call(method, "/client/v4" + path.replace("ZONE", zone).replace("ACCOUNT", cloud.account), body)
    assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["code"]
    assert cloud.everything() == before
