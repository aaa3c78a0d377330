"""Every operation of the official clients that belongs to a family we imitate has a route, or is absent on purpose, with a reason.

The operations are derived from the clients' own code, so a new version of a client that calls something new makes these tests fail.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Mapping

import pytest
from cloudflare.types.alerting.policy_create_params import PolicyCreateParams
from cloudflare.types.logpush.job_create_params import JobCreateParams
from cloudflare.types.rulesets import Phase

from localcloud.api import cloudflare, digitalocean
from localcloud.api.calls import Family
from localcloud.api.cloudflare.names import ALERT_TYPES, DATASETS
from localcloud.api.cloudflare.rulesets import PHASES
from localcloud.api.cloudflare.settings import SETTINGS
from tests.localcloud.api.client_paths import CLOUDFLARE_API, Operation, of_cloudflare, of_pydo, shape

_DIGITALOCEAN = """
    account actions apps cdn certificates databases domains droplets firewalls images kubernetes load_balancers monitoring projects regions
    reserved_ips reserved_ipv6 sizes snapshots spaces tags uptime volumes vpc_peerings vpcs
    """
DIGITALOCEAN = set(_DIGITALOCEAN.split())
"""The first part of the path."""

_CLOUDFLARE = """
    accounts/ acm/ alerting/ audit_logs/ bot_management/ client_certificates/ custom_certificates/ dns/ firewall/ healthchecks/ iam/ ips/
    leaked_credential_checks/ load_balancers/ logpush/ managed_transforms/ memberships/ mtls_certificates/ origin_ca_certificates/
    origin_tls_client_auth/ page_rules/ rulesets/ ssl/ url_normalization/ user/ zero_trust/access/ zero_trust/identity_providers/
    zero_trust/organizations/ zones/
    """
CLOUDFLARE = tuple(_CLOUDFLARE.split())
"""The file of the client's resource."""

ABSENT: Mapping[str, tuple[str, ...]] = {
    "nothing is built, and nothing runs in apps": (
        r"/v2/apps/.*/(restart|instances|logs|exec|health|cancel|propose|rollback.*|events.*|job-invocations.*|jobs/.*)",
        r"/v2/apps/(propose|tiers/instance_sizes/\{\}|.*metrics/bandwidth_daily|\{\}/alerts/\{\}/destinations)",
    ),
    "nothing is measured": (r"/v2/monitoring/(metrics|sinks)/?.*", r"/v2/databases/metrics/credentials"),
    "of other engines than Postgres": (r"/v2/databases/\{\}/(topics|schema-registry|indexes|eviction_policy|sql_mode).*",),
    "one Postgres stands behind every cluster": (r"/v2/databases/\{\}/(online-migration.*|do_settings)",),
    "what hangs on a resource is deleted by who made it": (
        r"/v2/.*/destroy_with_associated_resources/.*",
        r"/v2/droplets/.*/destroy_with.*",
    ),
    "droplets come one by one, and nothing boots": (r"/v2/droplets/(autoscale.*|\{\}/kernels)",),
    "images of one's own need an upload": (r"/v2/images/\{\}/(actions|account_transfer).*", r"(POST|PUT|DELETE) /v2/images.*"),
    "no Kubernetes runs": (
        r"/v2/kubernetes/clusters/\{\}/(kubeconfig|user|clusterlint|status_messages|node_pools/\{\}/(nodes/\{\}|recycle))",
        r"/v2/kubernetes/regist(ry|ries)",
    ),
    "the plugin knows no subnets and routes of a VPC": (r"/v2/vpcs/\{\}/(routes|subnets.*)",),
    "no billing": (
        r".*/(subscriptions?|invoices|receipts|payment-methods|pay-bad-debt|pay-invoice|billing|entitlements|available_rate_plans)(/.*)?",
        r".*/bulk/subscriptions",
        r".*/available_plans/\{\}",
    ),
    "no analytics: there is no traffic": (r".*/(dns_analytics|spectrum_analytics|observability|dns_records/usage).*", r".*/logs/audit/.+"),
    "no zone files, no transfers, no other views": (
        r".*/dns_records/(import|export|scan.*)",
        r".*/secondary_dns/.*",
        r".*/dns_settings/views.*",
        r".*/dnssec/zsk",
    ),
    "no log leaves the edge": (r".*/logpush/(edge/jobs|transformers.*|datasets/\{\}/fields|validate/origin)",),
    "one version of a ruleset is kept": (r".*/versions(/\{\})?",),
    "no pager, no invitations, no partners' tenants": (
        r".*/destinations/pagerduty/connect.*",
        r"DELETE .*/destinations/pagerduty",
        r".*/user/(invites|organizations|tenants).*",
        r".*/client-secret",
        r".*/memberships/\{\}",
    ),
    "no sign-in: one person with one token": (
        r".*/iam/user_groups.*",
        r".*/(oauth_clients|sso_connectors).*",
        r".*/oauth/scopes",
        r".*/access/(users|keys|logs|bookmarks|custom_pages|gateway_ca|ai-controls|policy-tests|idp_federation_grants|saml_certificates).*",
        r".*/access/apps/(ca|\{\}/(ca|settings|user_policy_checks|revoke_tokens))",
        r".*/access/organizations/.+",
        r".*/access/identity_providers/\{\}/.+",
        r".*/access/service_tokens/\{\}/(refresh|rotate)",
        r".*/access/certificates/settings",
        r".*/infrastructure/targets.*",
    ),
    "no load is balanced, nothing is looked at": (
        r".*/load_balancers/(regions|search|preview|monitor_groups).*",
        r".*/load_balancers/(pools|monitors)/\{\}/.+",
        r"PATCH .*/load_balancers/pools",
        r".*/accounts/\{\}/load_balancers(/\{\})?",
        r".*/healthchecks/preview.*",
    ),
    "deprecated, and switched off by Cloudflare": (r".*/firewall/(rules|waf).*",),
    "no real certificates": (
        r".*/(ssl/analyze|ssl/recommendation|custom_certificates/prioritize|acm/custom_trust_store.*)",
        r".*/ssl/verification/\{\}",
        r".*/mtls_certificates/\{\}/associations",
    ),
    "not among what a stack of ours could use": (r".*/zones/\{\}/(environments|custom_ns).*", r".*/settings/transformations.*"),
}
"""Reason -> patterns of paths, or of method and path."""

SETTING = re.compile(rf"{CLOUDFLARE_API}/zones/\{{\}}/settings/(\w+)")

CLIENTS = {
    "pydo": (digitalocean.FAMILY, lambda: {each for each in of_pydo() if each.family in DIGITALOCEAN}),
    "cloudflare": (cloudflare.FAMILY, lambda: {each for each in of_cloudflare() if each.family.startswith(CLOUDFLARE)}),
}


def routed(family: Family, operation: Operation) -> bool:
    """A route of the same shape; one of a zone's settings is routed when the setting is known."""
    have = {(route.method, shape(route.template)) for route in family.routes}
    named = SETTING.fullmatch(operation.path)
    return (operation.method, operation.path) in have or bool(named and named[1] in SETTINGS)


def reasons(operation: Operation) -> list[str]:
    written = (operation.path, f"{operation.method} {operation.path}")
    return [reason for reason, patterns in ABSENT.items() if any(re.fullmatch(each, text) for each in patterns for text in written)]


@pytest.mark.parametrize("client", CLIENTS)
def test_every_operation_has_a_route_or_a_reason(client: str) -> None:
    family, operations = CLIENTS[client]
    missing = sorted(each for each in operations() if not routed(family, each) and not reasons(each))
    assert missing == []


@pytest.mark.parametrize(("client", "fewest"), [("pydo", 180), ("cloudflare", 230)])
def test_what_is_derived_is_the_clients_whole_surface(client: str, fewest: int) -> None:
    """Else the test above could pass for want of operations; each family has some, and most are routed."""
    family, operations = CLIENTS[client]
    found = operations()
    assert sum(routed(family, each) for each in found) >= fewest
    families = {each.family for each in found}
    if client == "pydo":
        assert families == DIGITALOCEAN
    else:
        assert [each for each in CLOUDFLARE if not any(name.startswith(each) for name in families)] == []


def test_a_reason_is_given_for_what_is_absent_alone() -> None:
    """A pattern that no operation needs, or that hides a route of ours, is stale."""
    everything = [(family, each) for family, operations in CLIENTS.values() for each in operations()]
    for reason, patterns in ABSENT.items():
        for pattern in patterns:
            met = [
                pair
                for pair in everything
                if any(re.fullmatch(pattern, text) for text in (pair[1].path, f"{pair[1].method} {pair[1].path}"))
            ]
            assert met, f"{reason}: {pattern} fits nothing"
            assert [each for family, each in met if routed(family, each)] == [], f"{reason}: {pattern} hides a route"


OWN: Mapping[str, set[tuple[str, str]]] = {
    "the plugin's way, or the API's older one": {
        ("PATCH", "/v2/vpcs/{}"),
        ("PUT", "/v2/databases/{}/migrate"),
    },
}


def test_a_route_no_client_knows_is_one_of_the_plugins() -> None:
    """Of DigitalOcean's: a misspelt path would be seen here."""
    known = {(each.method, each.path) for each in of_pydo()}
    ours = {(route.method, shape(route.template)) for route in digitalocean.FAMILY.routes}
    assert ours - known - set().union(*OWN.values()) == set()


def literals(kind: object) -> Iterator[str]:
    if typing.get_origin(kind) is typing.Literal:
        yield from typing.get_args(kind)
    for part in typing.get_args(kind):
        yield from literals(part)


NAMES = {
    "alert types": (ALERT_TYPES, lambda: typing.get_type_hints(PolicyCreateParams, include_extras=True)["alert_type"]),
    "datasets": (DATASETS, lambda: typing.get_type_hints(JobCreateParams, include_extras=True)["dataset"]),
    "phases of rulesets": (PHASES, lambda: Phase),
}


@pytest.mark.parametrize(("ours", "theirs"), NAMES.values(), ids=NAMES.keys())
def test_names_are_those_of_the_client(ours: tuple[str, ...], theirs: typing.Callable[[], object]) -> None:
    assert set(ours) == set(literals(theirs()))
