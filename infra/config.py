"""The stack's configuration, validated once into one frozen object.

Sizes, regions, domains and addresses come from `Pulumi.<platform>.yaml`; the figures that were promised (who may reach what, the
lowest TLS version, the WAF's rulesets) come from the platform's catalog and stand nowhere else. Every error names the key, the
value and the rule. `kept:protect` is true unless a local stack says otherwise: elsewhere what is stateful is always protected.

>>> read(pulumi.Config("kept").get, load_catalog).region
'nyc3'
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from promises.model import Catalog

DATABASE_PORT = 25060
"""Where a managed cluster listens (pools: the next port)."""

SPACES_REGIONS = ("nyc3", "sfo2", "sfo3", "atl1")
"""The regions of the United States that offer Spaces, managed Postgres and droplets together."""

ENVIRONMENTS = ("production", "staging", "local")
POSTGRES_VERSIONS = ("16", "17")
TLS_VERSIONS = ("1.2", "1.3")


class ConfigError(ValueError):
    """A key of the stack's configuration breaks its rule."""


@dataclass(frozen=True)
class Figures:
    """What the catalog says: `edge_ranges` and `ssh_addresses` are CIDRs, `public_ports` TCP ports, `managed_rulesets` ids."""

    region_prefixes: tuple[str, ...]
    public_ports: tuple[int, ...]
    edge_ranges: tuple[str, ...]
    ssh_addresses: tuple[str, ...]
    minimum_tls: str
    managed_rulesets: tuple[str, ...]


@dataclass(frozen=True)
class Config:
    """One stack. `protect` guards what is stateful against deletion; `app_count` and `database_nodes` are numbers of machines."""

    platform: str
    environment: str
    protect: bool
    region: str
    backup_region: str
    vpc_range: str
    domain: str
    account_id: str
    ssh_public_key: str
    image: str
    app_count: int
    app_size: str
    jobs_size: str
    database_version: str
    database_size: str
    database_nodes: int
    figures: Figures

    @property
    def app_tag(self) -> str:
        return f"{self.platform}-app"

    @property
    def jobs_tag(self) -> str:
        return f"{self.platform}-jobs"

    @property
    def hostname(self) -> str:
        """The public name, always behind the edge."""
        return f"app.{self.domain}"


Get = Callable[[str], str | None]


def read(get: Get, load_catalog: Callable[[str], Catalog]) -> Config:
    """Read and validate; `get` answers a key without its `kept:`, or None where it is not set."""
    platform = _matching(get, "platform", r"[a-z][a-z0-9]{1,20}", "a lower-case word, as the catalog's file is named")
    figures = figures_of(load_catalog(platform))
    environment = _one_of(get, "environment", ENVIRONMENTS, default="production")
    region = _region(get, "region", figures)
    return Config(
        platform=platform,
        environment=environment,
        protect=_protect(get, environment),
        region=region,
        backup_region=_backup_region(get, region, figures),
        vpc_range=_private_range(get, "vpcRange"),
        domain=_matching(get, "domain", r"([a-z0-9][a-z0-9-]*\.)+[a-z]{2,}", "a domain name in lower case"),
        account_id=_matching(get, "accountId", r"[0-9a-f]{32}", "the Cloudflare account's 32 hexadecimal digits"),
        ssh_public_key=_matching(get, "sshPublicKey", r"ssh-ed25519 [A-Za-z0-9+/=]{68}( \S+)?", "a public key of type ssh-ed25519"),
        image=_matching(get, "image", r"[a-z]+-[0-9a-z.-]+", "an image's slug, like debian-12-x64"),
        app_count=_number(get, "appCount", 1, 20),
        app_size=_matching(get, "appSize", r"[a-z0-9_-]+", "a droplet size, like s-2vcpu-2gb"),
        jobs_size=_matching(get, "jobsSize", r"[a-z0-9_-]+", "a droplet size, like s-2vcpu-2gb"),
        database_version=_one_of(get, "databaseVersion", POSTGRES_VERSIONS),
        database_size=_matching(get, "databaseSize", r"[a-z0-9_-]+", "a database size, like db-s-2vcpu-4gb"),
        database_nodes=_number(get, "databaseNodes", 1, 3),
        figures=figures,
    )


def figures_of(catalog: Catalog) -> Figures:
    """The figures that the infrastructure carries, out of the promises that name them."""
    firewall = catalog.promise("firewall.https-only")
    return Figures(
        region_prefixes=catalog.promise("region.us-only").texts("region_prefixes"),
        public_ports=tuple(_tcp_port(port) for port in firewall.texts("public_ports")),
        edge_ranges=firewall.texts("edge_ranges"),
        ssh_addresses=firewall.texts("ssh_addresses"),
        minimum_tls=_tls_version(catalog.promise("transport.tls").text("minimum_version")),
        managed_rulesets=catalog.promise("edge.waf-and-ddos").texts("managed_rulesets"),
    )


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


def _refuse(key: str, value: str | None, rule: str) -> NoReturn:
    said = "is not set" if value is None else repr(value)
    raise ConfigError(f"kept:{key}: {said}: expected {rule}")


def _matching(get: Get, key: str, pattern: str, rule: str) -> str:
    value = get(key)
    if value is None or not re.fullmatch(pattern, value):
        _refuse(key, value, rule)
    return value


def _one_of(get: Get, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    value = get(key) or default
    if value not in allowed:
        _refuse(key, value, f"one of {', '.join(allowed)}")
    return value


def _number(get: Get, key: str, least: int, most: int) -> int:
    value = get(key)
    if value is None or not value.isdecimal() or not least <= int(value) <= most:
        _refuse(key, value, f"a number from {least} to {most}")
    return int(value)


def _region(get: Get, key: str, figures: Figures) -> str:
    """A region that offers all we need and lies where the policy says data stays."""
    allowed = tuple(each for each in SPACES_REGIONS if _metropolis(each) in figures.region_prefixes)
    return _one_of(get, key, allowed)


def _backup_region(get: Get, region: str, figures: Figures) -> str:
    chosen = _region(get, "backupRegion", figures)
    if _metropolis(chosen) == _metropolis(region):
        _refuse("backupRegion", chosen, f"another metropolitan area than {region}'s")
    return chosen


def _metropolis(region: str) -> str:
    return region.rstrip("0123456789")


def _private_range(get: Get, key: str) -> str:
    value, rule = get(key), "a private IPv4 network of /16 to /24, like 10.10.0.0/20"
    try:
        network = ipaddress.IPv4Network(value or "")
    except ValueError:
        _refuse(key, value, rule)
    if not network.is_private or not 16 <= network.prefixlen <= 24:
        _refuse(key, value, rule)
    return str(network)


def _protect(get: Get, environment: str) -> bool:
    value = get("protect") or "true"
    if value not in ("true", "false"):
        _refuse("protect", value, "true or false")
    if value == "false" and environment != "local":
        _refuse("protect", value, f"true: only a stack with kept:environment local may be destroyed, this one is {environment}")
    return value == "true"
