"""Cloudflare's kinds: nearly all are "send what the program says, show what came back", so they are a table.

The plugin adds a few defaults of its own to what it sends (`defaults`); what comes back as null is not shown. The owner (`zoneId` or
`accountId`) stands in the path, never in the body.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from localcloud.kinds.compute import Create
from localcloud.kinds.session import Created, Session
from localcloud.kinds.spelling import Document, camel, snake, without, without_nulls

OWNERS = ("zoneId", "accountId")


def _unchanged(body: Document) -> Document:
    return body


@dataclass(frozen=True)
class Kind:
    """`path` below the owner; `method` creates; `single` objects have no id of their own and take their owner's."""

    path: str
    owner: str = "zone"
    method: str = "POST"
    single: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    complete: Callable[[Document], Document] = _unchanged
    shown: Callable[[Document], Document] = _unchanged

    def create(self, session: Session, inputs: Document) -> Created:
        owner, where = self._place(inputs)
        body = self.complete({**self.defaults, **snake(without(inputs, *OWNERS), self.renamed)})
        made = session.result(self.method, where, body)
        outputs = camel(self.shown(without_nulls(made)), self.renamed)
        identifier = inputs[owner] if self.single else str(made["id"])
        return Created(identifier, {**without(outputs, "id"), owner: inputs[owner]})

    def _place(self, inputs: Document) -> tuple[str, str]:
        """A ruleset and an Access application can hang on a zone or on an account: the program says which."""
        kind = "account" if inputs.get("accountId") else "zone" if inputs.get("zoneId") else self.owner
        owner = f"{kind}Id"
        return owner, f"/{kind}s/{inputs[owner]}/{self.path}"


def zone(session: Session, inputs: Document) -> Created:
    made = without_nulls(session.result("POST", "/zones", {"paused": False, "type": "full", **snake(inputs)}))
    shown = {**made, "account": {"id": made["account"]["id"]}}
    return Created(made["id"], without(camel(shown), "id"))


def zone_setting(session: Session, inputs: Document) -> Created:
    """The value is the API's own and keeps its spelling."""
    setting, owner = inputs["settingId"], inputs["zoneId"]
    made = session.result("PATCH", f"/zones/{owner}/settings/{setting}", {"value": inputs["value"]})
    shown = {"editable": made["editable"], "modifiedOn": made["modified_on"], "value": made["value"]}
    return Created(setting, {**shown, "settingId": setting, "zoneId": owner})


def leaked_credential_check(session: Session, inputs: Document) -> Created:
    """The plugin gives it an id in this odd form."""
    owner, enabled = inputs["zoneId"], inputs.get("enabled", False)
    session.result("POST", f"/zones/{owner}/leaked-credential-checks", {"enabled": enabled})
    return Created(f"{{{str(enabled).lower()}}}_{{{owner}}}", {"enabled": enabled, "zoneId": owner})


def account(session: Session, inputs: Document) -> Created:
    made = without_nulls(session.result("POST", "/accounts", snake(inputs)))
    return Created(made["id"], without(camel(made), "id"))


def account_member(session: Session, inputs: Document) -> Created:
    """Roles are shown as the program says them: by id."""
    owner = inputs["accountId"]
    first = session.result("POST", f"/accounts/{owner}/members", snake(without(inputs, "accountId")))
    made = camel(without_nulls(session.result("GET", f"/accounts/{owner}/members/{first['id']}")))
    return Created(first["id"], {**without(made, "id"), **inputs})


def token(session: Session, inputs: Document) -> Created:
    """Of the user or of an account; the resources of a policy are an object written as JSON text. The secret is answered once."""
    owner = inputs.get("accountId")
    body = snake(without(inputs, "accountId"))
    body["policies"] = [{**policy, "resources": json.loads(policy["resources"])} for policy in body["policies"]]
    made = without_nulls(session.result("POST", f"/accounts/{owner}/tokens" if owner else "/user/tokens", body))
    return Created(made["id"], {**without(camel(made), "id"), **inputs})


def _complete_rules(body: Document) -> Document:
    return {**body, "rules": [_complete_rule(rule) for rule in body.get("rules") or []]}


def _complete_rule(rule: Document) -> Document:
    full = {"action_parameters": {}, "enabled": True, **rule}
    if limit := full.get("ratelimit"):
        full["ratelimit"] = {"requests_to_origin": False, **limit}
    return full


def _shown_rules(made: Document) -> Document:
    return {**made, "rules": [without(rule, "version", "last_updated") for rule in made["rules"]]}


def _shown_record(made: Document) -> Document:
    """`meta` is shown as JSON text."""
    return {**made, "meta": "{}"}


def _complete_logpush(body: Document) -> Document:
    options = body.get("output_options")
    return {**body, "output_options": {"CVE-2021-44228": False, **options}} if options else body


_LOGPUSH = {
    "filter": "",
    "frequency": "high",
    "kind": "",
    "logpull_options": "",
    "max_upload_bytes": 0,
    "max_upload_interval_seconds": 0,
    "max_upload_records": 0,
}
_HEALTHCHECK = {
    "consecutive_fails": 1,
    "consecutive_successes": 1,
    "description": "",
    "interval": 60,
    "retries": 2,
    "suspended": False,
    "timeout": 5,
}
_ACCESS = {"includes": "include", "excludes": "exclude", "requires": "require"}
_APPLICATION = {"app_launcher_visible": True, "http_only_cookie_attribute": True}

_MONITOR = {
    "allow_insecure": False,
    "description": "",
    "expected_body": "",
    "follow_redirects": False,
    "interval": 60,
    "probe_zone": "",
    "retries": 2,
    "timeout": 5,
}
_POOL = {"description": "", "enabled": True, "minimum_origins": 1, "notification_email": ""}
_BALANCER = {"enabled": True, "session_affinity": "none", "steering_policy": ""}


def _complete_pool(body: Document) -> Document:
    return {**body, "origins": [{"flatten_cname": True, "weight": 1, **origin} for origin in body["origins"]]}


_TABLE: Mapping[str, Kind] = {
    "zoneDnssec:ZoneDnssec": Kind("dnssec", method="PATCH", single=True),
    "dnsRecord:DnsRecord": Kind("dns_records", defaults={"proxied": False}, shown=_shown_record),
    "ruleset:Ruleset": Kind("rulesets", defaults={"description": ""}, complete=_complete_rules, shown=_shown_rules),
    "authenticatedOriginPullsSettings:AuthenticatedOriginPullsSettings": Kind("origin_tls_client_auth/settings", method="PUT", single=True),
    "authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate": Kind("origin_tls_client_auth"),
    "universalSslSetting:UniversalSslSetting": Kind("ssl/universal/settings", method="PATCH", single=True),
    "botManagement:BotManagement": Kind("bot_management", method="PUT", single=True, defaults={"is_robots_txt_managed": False}),
    "logpushJob:LogpushJob": Kind(
        "logpush/jobs", defaults=_LOGPUSH, renamed={"cve202144228": "CVE-2021-44228"}, complete=_complete_logpush
    ),
    "certificatePack:CertificatePack": Kind("ssl/certificate_packs/order"),
    "managedTransforms:ManagedTransforms": Kind("managed_headers", method="PATCH", single=True),
    "accessRule:AccessRule": Kind("firewall/access_rules/rules", defaults={"notes": ""}),
    "loadBalancerMonitor:LoadBalancerMonitor": Kind("load_balancers/monitors", owner="account", defaults=_MONITOR),
    "loadBalancerPool:LoadBalancerPool": Kind("load_balancers/pools", owner="account", defaults=_POOL, complete=_complete_pool),
    "loadBalancer:LoadBalancer": Kind("load_balancers", defaults=_BALANCER),
    "healthcheck:Healthcheck": Kind("healthchecks", defaults=_HEALTHCHECK),
    "notificationPolicy:NotificationPolicy": Kind(
        "alerting/v3/policies", owner="account", renamed={"emails": "email", "pagerduties": "pagerduty"}
    ),
    "notificationPolicyWebhooks:NotificationPolicyWebhooks": Kind("alerting/v3/destinations/webhooks", owner="account"),
    "zeroTrustAccessPolicy:ZeroTrustAccessPolicy": Kind(
        "access/policies", owner="account", defaults={"session_duration": "24h"}, renamed=_ACCESS
    ),
    "zeroTrustAccessApplication:ZeroTrustAccessApplication": Kind("access/apps", owner="account", defaults=_APPLICATION),
}

KINDS: Mapping[str, Create] = {
    "cloudflare:index/zone:Zone": zone,
    "cloudflare:index/zoneSetting:ZoneSetting": zone_setting,
    "cloudflare:index/account:Account": account,
    "cloudflare:index/accountMember:AccountMember": account_member,
    "cloudflare:index/accountToken:AccountToken": token,
    "cloudflare:index/apiToken:ApiToken": token,
    "cloudflare:index/leakedCredentialCheck:LeakedCredentialCheck": leaked_credential_check,
    **{f"cloudflare:index/{token}": kind.create for token, kind in _TABLE.items()},
}
