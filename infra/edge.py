"""The edge: the zone, the one proxied name, what TLS it speaks, and the web application firewall.

DDoS protection is on by default and its overrides can only weaken it, so there is none here. The entry-point ruleset of the
managed phase *executes* each managed ruleset for every request (`true`), with no exception and no override.
"""

from __future__ import annotations

import pulumi
import pulumi_cloudflare as cloudflare

from infra.balancer import Balancer
from infra.config import Config

HSTS_SECONDS = 365 * 24 * 3600


class Edge(pulumi.ComponentResource):
    """The zone and everything in it."""

    def __init__(self, config: Config, balancer: Balancer) -> None:
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
        cloudflare.ZoneDnssec("dnssec", zone_id=self.zone.id, status="active", opts=self._inside)
        self._transport(config)
        self._managed_firewall(config)
        self.register_outputs({"zone_id": self.zone.id})

    def _transport(self, config: Config) -> None:
        """TLS to the visitor and to the origin; a setting that is not said is not relied upon."""
        hsts = {"enabled": True, "max_age": HSTS_SECONDS, "include_subdomains": True, "preload": True, "nosniff": True}
        settings = {
            "min_tls_version": config.figures.minimum_tls,
            "tls_1_3": "on",
            "ssl": "strict",
            "always_use_https": "on",
            "automatic_https_rewrites": "on",
            "security_header": {"strict_transport_security": hsts},
        }
        for setting, value in settings.items():
            name = setting.replace("_", "-")
            cloudflare.ZoneSetting(name, zone_id=self.zone.id, setting_id=setting, value=value, opts=self._inside)

    def _managed_firewall(self, config: Config) -> None:
        cloudflare.Ruleset(
            "managed-firewall",
            zone_id=self.zone.id,
            kind="zone",
            name="managed firewall",
            phase="http_request_firewall_managed",
            rules=[executed(ruleset) for ruleset in config.figures.managed_rulesets],
            opts=self._inside,
        )


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
