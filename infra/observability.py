"""Who is told when: the platform from outside, its hosts and its database from inside, the edge's own notices.

Mail goes to one address, that of those on duty (`kept:alertEmail`); it holds names of machines and figures, nothing about people.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_cloudflare as cloudflare
import pulumi_digitalocean as do

from infra.config import Config
from infra.figures import metropolis
from promises.flows import HOSTS

UPTIME_REGIONS = {
    **dict.fromkeys(("nyc", "atl", "tor"), "us_east"),
    "sfo": "us_west",
    **dict.fromkeys(("ams", "fra", "lon"), "eu_west"),
}
"""From where the public name is tried, by the areas that data may lie in; elsewhere from south-east Asia."""

CERTIFICATE_DAYS = 14
"""An edge certificate that ends so soon was not renewed."""


@dataclass(frozen=True)
class Threshold:
    """A figure of hosts that somebody must look at when it stays above a value, in percent."""

    name: str
    insight: str
    above: float
    window: str


THRESHOLDS = (
    Threshold("cpu", "v1/insights/droplet/cpu", 90, "30m"),
    Threshold("memory", "v1/insights/droplet/memory_utilization_percent", 90, "10m"),
    Threshold("disk", "v1/insights/droplet/disk_utilization_percent", 80, "10m"),
)

NOTICES = {
    "ddos": "dos_attack_l7",
    "certificates": "universal_ssl_event_type",
    "origin-pull-certificate": "zone_aop_custom_certificate_expiration_type",
    "log-delivery": "failing_logpush_job_disabled_alert",
}
"""Alert types of the edge's account."""


class Observability(pulumi.ComponentResource):
    """Checks, alerts and notices."""

    def __init__(self, config: Config, tags: list[do.Tag]) -> None:
        super().__init__("kept:infra:Observability", "observability")
        self._config = config
        self._inside = pulumi.ResourceOptions(parent=self)
        self._uptime()
        for threshold in THRESHOLDS:
            self._hosts(threshold, tags)
        for name, alert_type in NOTICES.items() if config.account_notices else ():
            self._notice(name, alert_type)
        self.register_outputs({})

    def _uptime(self) -> None:
        config = self._config
        check = do.UptimeCheck(
            "public",
            name=f"{config.platform}-public",
            type="https",
            target=f"https://{config.hostname}/healthz",
            regions=list(uptime_regions(config.figures.regions)),
            enabled=True,
            opts=self._inside,
        )
        receivers = [do.UptimeAlertNotificationArgs(emails=[config.alert_email])]
        do.UptimeAlert(
            "down", check_id=check.id, name=f"{config.platform}-down", type="down", period="2m", notifications=receivers, opts=self._inside
        )
        do.UptimeAlert(
            "certificate",
            check_id=check.id,
            name=f"{config.platform}-certificate",
            type="ssl_expiry",
            comparison="less_than",
            threshold=CERTIFICATE_DAYS,
            period="2m",
            notifications=receivers,
            opts=self._inside,
        )

    def _hosts(self, threshold: Threshold, tags: list[do.Tag]) -> None:
        do.MonitorAlert(
            f"hosts-{threshold.name}",
            type=threshold.insight,
            description=f"{self._config.platform}: {threshold.name} of a host",
            compare="GreaterThan",
            value=threshold.above,
            window=threshold.window,
            enabled=True,
            tags=[self._config.tag(role) for role in HOSTS],
            alerts=do.MonitorAlertAlertsArgs(emails=[self._config.alert_email]),
            opts=pulumi.ResourceOptions(parent=self, depends_on=tags),
        )

    def _notice(self, name: str, alert_type: str) -> None:
        email = cloudflare.NotificationPolicyMechanismsEmailArgs(id=self._config.alert_email)
        cloudflare.NotificationPolicy(
            f"notice-{name}",
            account_id=self._config.account_id,
            name=f"{self._config.platform}: {name}",
            alert_type=alert_type,
            enabled=True,
            mechanisms=cloudflare.NotificationPolicyMechanismsArgs(emails=[email]),
            opts=self._inside,
        )


def uptime_regions(regions: tuple[str, ...]) -> tuple[str, ...]:
    """From where to try: where the platform's data may lie, each once."""
    return tuple(sorted({UPTIME_REGIONS.get(metropolis(each), "se_asia") for each in regions}))
