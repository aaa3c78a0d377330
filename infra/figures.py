"""The figures that the infrastructure carries: a catalog's where it promises them, the house's floor (`infra.baseline`) elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from infra import baseline
from infra.errors import ConfigError
from promises.flows import Flow
from promises.model import Catalog, Promise

TLS_VERSIONS = ("1.2", "1.3")


@dataclass(frozen=True)
class Figures:
    """`edge_ranges` and `ssh_addresses` are CIDRs, `public_ports` TCP ports, `managed_rulesets` ids.

    `regions` are slugs, the only ones where data may lie. A log expires after `log_days`. `ssh_addresses` is None where the catalog names
    none (the stack's file then does). `anonymous` says that browsing is promised to be anonymous: no log of the edge may hold a
    visitor's address.
    """

    regions: tuple[str, ...]
    public_ports: tuple[int, ...]
    edge_ranges: tuple[str, ...]
    ssh_addresses: tuple[str, ...] | None
    minimum_tls: str
    managed_rulesets: tuple[str, ...]
    log_days: int
    anonymous: bool
    sends_mail_by_postmark: bool
    flows: tuple[Flow, ...]


def figures_of(catalog: Catalog) -> Figures:
    """What a platform's infrastructure must carry; `ConfigError` names the figure that the program cannot."""
    found = {promise.id: promise for promise in catalog.promises}
    firewall, logs = found.get("firewall.https-only"), found.get("retention.security-logs")
    tls, waf = found.get("transport.tls"), found.get("edge.waf-and-ddos")
    return Figures(
        regions=_regions(found.get("region.us-only"), found.get("transfer.safeguards")),
        public_ports=tuple(_tcp_port(port) for port in (firewall.texts("public_ports") if firewall else baseline.PUBLIC_PORTS)),
        edge_ranges=firewall.texts("edge_ranges") if firewall else baseline.EDGE_RANGES,
        ssh_addresses=firewall.texts("ssh_addresses") if firewall else None,
        minimum_tls=_tls_version(tls.text("minimum_version")) if tls else baseline.MINIMUM_TLS,
        managed_rulesets=waf.texts("managed_rulesets") if waf else baseline.MANAGED_RULESETS,
        log_days=logs.duration("no_expiry_before") // timedelta(days=1) if logs else _mapped_log_days(catalog),
        anonymous="minimisation.browsing-anonymous" in found,
        sends_mail_by_postmark=any(party.name == "postmark" for party in catalog.data_map.third_parties),
        flows=_flows(catalog),
    )


def _mapped_log_days(catalog: Catalog) -> int:
    """Where nothing is promised about logs, the data map's longest period is a ceiling: what expired is gone for good by then."""
    periods = [each.period for stream in catalog.data_map.log_streams for each in stream.retention]
    if not periods:
        return baseline.LOG_DAYS
    return max(periods) // timedelta(days=1) - baseline.NONCURRENT_DAYS - 1


def metropolis(region: str) -> str:
    """The metropolitan area of a region: nyc1 and nyc3 are one."""
    return region.rstrip("0123456789")


def _regions(*promises: Promise | None) -> tuple[str, ...]:
    """The regions that every promise about them allows."""
    allowed: Iterable[str] = baseline.REGIONS
    for promise, parameter in zip(promises, ("region_prefixes", "regions"), strict=True):
        if promise is not None:
            allowed = [each for each in allowed if metropolis(each) in promise.texts(parameter) or each in promise.texts(parameter)]
    return tuple(allowed)


def _flows(catalog: Catalog) -> tuple[Flow, ...]:
    """The table must be there: a stack without one would be a stack that nobody reaches, or one without firewalls."""
    if not catalog.flows:
        raise ConfigError(f"promises/catalog/{catalog.platform}.yaml: flows: is not set: expected the table of flows (docs/catalog.md)")
    return catalog.flows


def _tcp_port(text: str) -> int:
    protocol, _, port = text.partition("/")
    if protocol != "tcp" or not port.isdigit():
        raise ConfigError(f"firewall.https-only: public_ports: {text!r}: expected TCP ports, like tcp/443")
    return int(port)


def _tls_version(text: str) -> str:
    version = text.removeprefix("TLS").strip()
    if version not in TLS_VERSIONS:
        raise ConfigError(f"transport.tls: minimum_version: {text!r}: expected one of {', '.join(TLS_VERSIONS)}")
    return version
