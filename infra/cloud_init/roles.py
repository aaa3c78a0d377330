"""The user data of each role of hosts. Pure: the same configuration always gives the same text, known before anything exists.

Names, not addresses, stand in it: that a collector is made anew makes no other host anew.
"""

from __future__ import annotations

from infra import names
from infra.buckets import PURPOSES, region_of
from infra.cloud_init import application, hardening, jobs, logs, report, vault, volume, waiting
from infra.cloud_init.document import Part, render
from infra.config import Config

COLLECTOR = names.host("collector", 1)


def user_data(config: Config, role: str, number: int) -> str:
    """The whole document of one host; `role` is one of `promises.flows.HOSTS`."""
    name = names.host(role, number)
    base = hardening.hardened(number, config.internal_authority, reboots=role != "vault")
    own = {"app": _app, "jobs": _jobs, "vault": _vault, "collector": _collector}[role](config, name)
    return render(base, *own, report.reported())


def log_port(config: Config) -> int:
    """Where the collector listens: the one port that the table of flows opens to it for logs."""
    return next(flow.first for flow in config.figures.flows if flow.target == "collector" and flow.source == "database")


def bucket_address(config: Config, purpose: str) -> str:
    """The https address of a bucket."""
    region = next(region_of(config, each) for each in PURPOSES if each.name == purpose)
    return f"https://{names.bucket(config.platform, purpose)}.{region}.digitaloceanspaces.com"


def _app(config: Config, _name: str) -> tuple[Part, ...]:
    text = application.site(config.hostname, config.figures.public_ports[0], config.figures.minimum_tls)
    return (_sent(config), application.served(text, config.origin_pull_certificate))


def _jobs(config: Config, name: str) -> tuple[Part, ...]:
    software = jobs.installed(bucket_address(config, "wheels"), config.software.bundle_sha256)
    return (_volume(config, name), _sent(config), software)


def _vault(config: Config, name: str) -> tuple[Part, ...]:
    peers = [names.internal(config.platform, each) for each in names.hosts("vault", names.VAULT_NODES)]
    text = vault.configuration(f"{config.platform}-keys", name, names.internal(config.platform, name), peers)
    server = vault.node(text, config.software.vault_package, config.software.vault_package_sha256)
    return (_volume(config, name, vault.SERVICE), _sent(config), server, waiting.waits(vault.SERVICE, hardening.KEY))


def _collector(config: Config, name: str) -> tuple[Part, ...]:
    collected = logs.collected(log_port(config), bucket_address(config, "logs"))
    return (_volume(config, name, logs.SERVICE), collected, waiting.waits(logs.SERVICE, hardening.KEY))


def _volume(config: Config, name: str, *services: str) -> Part:
    return volume.encrypted_volume(names.machine(config.platform, name), *services)


def _sent(config: Config) -> Part:
    return logs.sent(names.internal(config.platform, COLLECTOR), log_port(config))
