"""The edge: the zone, its records, what TLS it speaks, the web application firewall, and how the origin knows it.

DDoS protection is on by default and its overrides can only weaken it, so there is none here. The entry-point ruleset of the managed
phase *executes* each managed ruleset for every request (`true`), with no exception and no override.

To the origin the edge shows a certificate of our own (zone-level authenticated origin pulls): the one that Cloudflare shares among
all its customers would let any of them in. Its private key is the configuration's one secret; it stands encrypted in the state.

The account is no resource of a stack: it outlives it, several stacks share it, and destroying a stack would delete it. That it
enforces two-factor authentication is set once by its owner and asked for by a live control.
"""

from __future__ import annotations

import pulumi
import pulumi_cloudflare as cloudflare

from infra import baseline
from infra.balancer import Balancer
from infra.config import Config
from infra.records import TTL_SECONDS, Record, records


class Edge(pulumi.ComponentResource):
    """The zone and everything in it."""

    def __init__(self, config: Config, balancer: Balancer, origin_pull_key: pulumi.Output[str]) -> None:
        super().__init__("kept:infra:Edge", "edge")
        self._inside = pulumi.ResourceOptions(parent=self)
        self.zone = cloudflare.Zone(
            "zone",
            name=config.domain,
            account=cloudflare.ZoneAccountArgs(id=config.account_id),
            type="full",
            opts=pulumi.ResourceOptions(parent=self, protect=config.protect),
        )
        cloudflare.DnsRecord(
            "app",
            zone_id=self.zone.id,
            name=config.hostname,
            type="A",
            content=balancer.load_balancer.ip,
            ttl=1,
            proxied=True,
            opts=self._inside,
        )
        for record in records(config):
            self._record(record)
        cloudflare.ZoneDnssec("dnssec", zone_id=self.zone.id, status="active", opts=self._inside)
        self._settings(config)
        self._ruleset("managed-firewall", "http_request_firewall_managed", [executed(each) for each in config.figures.managed_rulesets])
        self._ruleset("rate-limits", "http_ratelimit", rate_limits())
        self._origin_pulls(config, origin_pull_key)
        self._bots()
        self.register_outputs({"zone_id": self.zone.id})

    def _record(self, record: Record) -> None:
        cloudflare.DnsRecord(
            record.label,
            zone_id=self.zone.id,
            name=record.name,
            type=record.type,
            content=record.content,
            data=cloudflare.DnsRecordDataArgs(**record.data) if record.data else None,  # type: ignore[arg-type]  # one type's few fields
            priority=record.priority,
            ttl=TTL_SECONDS,
            proxied=False,
            opts=self._inside,
        )

    def _settings(self, config: Config) -> None:
        for setting, value in zone_settings(config.figures.minimum_tls).items():
            name = setting.replace("_", "-")
            cloudflare.ZoneSetting(name, zone_id=self.zone.id, setting_id=setting, value=value, opts=self._inside)

    def _ruleset(self, name: str, phase: str, rules: list[cloudflare.RulesetRuleArgs]) -> None:
        """The entry point of a phase of the zone."""
        title = name.replace("-", " ")
        cloudflare.Ruleset(name, zone_id=self.zone.id, kind="zone", name=title, phase=phase, rules=rules, opts=self._inside)

    def _origin_pulls(self, config: Config, key: pulumi.Output[str]) -> None:
        certificate = cloudflare.AuthenticatedOriginPullsCertificate(
            "origin-pulls",
            zone_id=self.zone.id,
            certificate=config.origin_pull_certificate,
            private_key=key,
            opts=pulumi.ResourceOptions(parent=self, additional_secret_outputs=["privateKey"]),
        )
        cloudflare.AuthenticatedOriginPullsSettings(
            "origin-pulls",
            zone_id=self.zone.id,
            enabled=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[certificate]),
        )

    def _bots(self) -> None:
        cloudflare.BotManagement("bots", zone_id=self.zone.id, fight_mode=True, enable_js=True, opts=self._inside)
        cloudflare.LeakedCredentialCheck("leaked-credentials", zone_id=self.zone.id, enabled=True, opts=self._inside)


def zone_settings(minimum_tls: str) -> dict[str, object]:
    """TLS to the visitor and to the origin, and what browsers are told; a setting that is not said is not relied upon."""
    hsts = {"enabled": True, "max_age": baseline.HSTS_SECONDS, "include_subdomains": True, "preload": True, "nosniff": True}
    return {
        "min_tls_version": minimum_tls,
        "tls_1_3": "on",
        "ssl": "strict",
        "always_use_https": "on",
        "automatic_https_rewrites": "on",
        "security_header": {"strict_transport_security": hsts},
        "0rtt": "off",  # an early request can be sent again by whoever saw it
        "browser_check": "on",
        "development_mode": "off",
    }


def executed(ruleset: str) -> cloudflare.RulesetRuleArgs:
    """A rule that runs one managed ruleset for every request; its reference keeps the rule's id through updates."""
    return cloudflare.RulesetRuleArgs(
        ref=f"execute-{ruleset[:8]}",
        description=f"execute managed ruleset {ruleset}",
        expression="true",
        action="execute",
        action_parameters=cloudflare.RulesetRuleActionParametersArgs(id=ruleset),
        enabled=True,
    )


def rate_limits() -> list[cloudflare.RulesetRuleArgs]:
    """Guessing at sign-ins, and floods from one address, end at the edge."""
    paths = " ".join(f'"{path}"' for path in baseline.SIGN_IN_PATHS)
    return [
        _limited("sign-in", f'(http.request.method eq "POST" and http.request.uri.path in {{{paths}}})', baseline.SIGN_INS_A_MINUTE),
        _limited("requests", "true", baseline.REQUESTS_A_MINUTE),
    ]


def _limited(reference: str, expression: str, requests: int) -> cloudflare.RulesetRuleArgs:
    return cloudflare.RulesetRuleArgs(
        ref=f"limit-{reference}",
        description=f"at most {requests} a minute: {reference}",
        expression=expression,
        action="block",
        ratelimit=cloudflare.RulesetRuleRatelimitArgs(
            characteristics=["ip.src", "cf.colo.id"],
            period=60,
            requests_per_period=requests,
            mitigation_timeout=baseline.BLOCKED_SECONDS,
        ),
        enabled=True,
    )
