"""The stack's configuration, validated once into one frozen object.

Sizes, regions, domains, addresses and public certificates come from `Pulumi.<platform>.yaml`; the figures that were promised come from
the platform's catalog, or else the house's floor (`infra.figures`). Every error names the key, the value and the rule.
`kept:protect` is true unless a local stack says otherwise: elsewhere what is stateful is always protected.

The one secret of the configuration, `kept:originPullKey`, is not in here: it stays an output marked as secret (`infra.__main__`).

>>> read(pulumi.Config("kept").get, load_catalog).region
'nyc3'
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from infra import names
from infra.addresses import AddressPlan
from infra.errors import ConfigError
from infra.figures import Figures, figures_of, metropolis
from infra.rules import Get, Rules
from promises.model import Catalog

ENVIRONMENTS = ("production", "staging", "local")
POSTGRES_VERSIONS = ("16", "17")

ORIGIN_PULL_KEY = "originPullKey"
"""The private key of `originPullCertificate`: set it with `pulumi config set --secret`."""


@dataclass(frozen=True)
class Machines:
    """The hosts: an image's slug, sizes by role, and how many serve the application. `volume_gib` is a data volume's size."""

    image: str
    app_count: int
    app_size: str
    jobs_size: str
    vault_size: str
    collector_size: str
    volume_gib: int


@dataclass(frozen=True)
class Cluster:
    """The database: its version, its size and how many nodes."""

    version: str
    size: str
    nodes: int


@dataclass(frozen=True)
class Software:
    """What hosts fetch, each by its digest: the bundle of wheels from the platform's bucket, Vault's package from its publisher."""

    bundle_sha256: str
    vault_package: str
    vault_package_sha256: str


@dataclass(frozen=True)
class Config:
    """One stack. `protect` guards what is stateful against deletion; certificates are public and PEM.

    `dkim` is the selector and the public key of the platform's mail, None where it sends none. `account_notices` says whether this stack
    looks after the notices of the edge's account: of several stacks of one account only one need.
    """

    platform: str
    environment: str
    protect: bool
    region: str
    backup_region: str
    addresses: AddressPlan
    domain: str
    account_id: str
    alert_email: str
    account_notices: bool
    mail_exchangers: tuple[str, ...]
    dkim: tuple[str, str] | None
    ssh_public_key: str
    ssh_addresses: tuple[str, ...]
    internal_authority: str
    origin_pull_certificate: str
    machines: Machines
    cluster: Cluster
    software: Software
    figures: Figures

    @property
    def hostname(self) -> str:
        """The public name, always behind the edge."""
        return names.public(self.domain)

    def tag(self, role: str) -> str:
        return names.tag(self.platform, role)


def read(get: Get, load_catalog: Callable[[str], Catalog]) -> Config:
    """Read and validate; `get` answers a key without its `kept:`, or None where it is not set."""
    rules = Rules(get)
    platform = rules.matching("platform", r"[a-z][a-z0-9]{1,20}", "a lower-case word, as the catalog's file is named")
    figures = figures_of(load_catalog(platform))
    environment = rules.one_of("environment", ENVIRONMENTS, default="production")
    region = rules.one_of("region", figures.regions)
    return Config(
        platform=platform,
        environment=environment,
        protect=_protect(rules, environment),
        region=region,
        backup_region=_backup_region(rules, region, figures),
        addresses=rules.address_plan("addressBlock"),
        domain=rules.domain("domain"),
        account_id=rules.matching("accountId", r"[0-9a-f]{32}", "the Cloudflare account's 32 hexadecimal digits"),
        alert_email=rules.matching("alertEmail", r"[a-z0-9._+-]+@([a-z0-9][a-z0-9-]*\.)+[a-z]{2,}", "an address of those on duty"),
        account_notices=rules.flag("accountNotices", "true"),
        mail_exchangers=rules.domains("mailExchangers"),
        dkim=_dkim(rules) if figures.sends_mail_by_postmark else None,
        ssh_public_key=rules.matching("sshPublicKey", r"ssh-ed25519 [A-Za-z0-9+/=]{68}( \S+)?", "a public key of type ssh-ed25519"),
        ssh_addresses=_ssh_addresses(rules, figures),
        internal_authority=rules.certificate("internalAuthority"),
        origin_pull_certificate=rules.certificate("originPullCertificate"),
        machines=_machines(rules),
        cluster=_cluster(rules),
        software=_software(rules),
        figures=figures,
    )


def _machines(rules: Rules) -> Machines:
    return Machines(
        image=rules.matching("image", r"debian-1[3-9]-x64", "an image of Debian 13 or newer, like debian-13-x64"),
        app_count=rules.number("appCount", 1, 20),
        app_size=rules.size("appSize", "s-2vcpu-2gb"),
        jobs_size=rules.size("jobsSize", "s-2vcpu-4gb"),
        vault_size=rules.size("vaultSize", "s-2vcpu-2gb"),
        collector_size=rules.size("collectorSize", "s-1vcpu-2gb"),
        volume_gib=rules.number("volumeGib", 10, 1000),
    )


def _cluster(rules: Rules) -> Cluster:
    return Cluster(
        version=rules.one_of("databaseVersion", POSTGRES_VERSIONS),
        size=rules.size("databaseSize", "db-s-2vcpu-4gb"),
        nodes=rules.number("databaseNodes", 1, 3),
    )


def _software(rules: Rules) -> Software:
    return Software(
        bundle_sha256=rules.sha256("bundleSha256"),
        vault_package=rules.matching("vaultPackage", r"https://[a-zA-Z0-9./_+~-]+\.deb", "the https address of a Debian package"),
        vault_package_sha256=rules.sha256("vaultPackageSha256"),
    )


def _dkim(rules: Rules) -> tuple[str, str]:
    said = rules.matching("dkim", r"[a-z0-9]{1,63}:[A-Za-z0-9+/=]{200,800}", "selector:key, as Postmark shows them")
    selector, _, key = said.partition(":")
    return selector, key


def _ssh_addresses(rules: Rules, figures: Figures) -> tuple[str, ...]:
    """The catalog's where it names them: what was promised is not said a second time."""
    if figures.ssh_addresses is None:
        return rules.networks("sshAddresses")
    if (said := rules.get("sshAddresses")) is not None:
        rules.refuse("sshAddresses", said, "no such key, for firewall.https-only of the catalog names the addresses")
    return figures.ssh_addresses


def _backup_region(rules: Rules, region: str, figures: Figures) -> str:
    chosen = rules.one_of("backupRegion", figures.regions)
    if metropolis(chosen) == metropolis(region):
        rules.refuse("backupRegion", chosen, f"another metropolitan area than {region}'s")
    return chosen


def _protect(rules: Rules, environment: str) -> bool:
    protect = rules.flag("protect", "true")
    if not protect and environment != "local":
        rules.refuse("protect", "false", f"true: only a stack with kept:environment local may be destroyed, this one is {environment}")
    return protect


__all__ = ["ENVIRONMENTS", "ORIGIN_PULL_KEY", "Cluster", "Config", "ConfigError", "Machines", "Software", "read"]
