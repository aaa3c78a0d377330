"""The stack's configuration: what is refused names the key, the value and the rule."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from infra import config as configuration
from infra.config import ConfigError
from promises.loading import load_catalog
from promises.model import Catalog

GOOD = {
    "platform": "illumacom",
    "region": "nyc3",
    "backupRegion": "sfo3",
    "vpcRange": "10.10.0.0/20",
    "domain": "illumacom.example",
    "accountId": "0123456789abcdef" * 2,
    "sshPublicKey": "ssh-ed25519 " + "A" * 68 + " operations",
    "image": "debian-12-x64",
    "appCount": "2",
    "appSize": "s-2vcpu-2gb",
    "jobsSize": "s-2vcpu-4gb",
    "databaseVersion": "17",
    "databaseSize": "db-s-2vcpu-4gb",
    "databaseNodes": "2",
}


def catalog(platform: str) -> Catalog:
    return load_catalog(platform, None)


def read(**changes: str | None) -> configuration.Config:
    values = GOOD | changes
    return configuration.read(values.get, catalog)


def test_a_complete_configuration_is_read() -> None:
    config = read()
    assert config.region == "nyc3"
    assert config.hostname == "app.illumacom.example"
    assert config.app_tag == "illumacom-app"
    assert config.database_nodes == 2


def test_what_is_stateful_is_protected_unless_a_local_stack_says_otherwise() -> None:
    assert read().protect
    assert read(environment="local").protect
    assert not read(environment="local", protect="false").protect


REFUSED = {
    "a region outside the promise": ({"region": "fra1"}, "kept:region: 'fra1': expected one of nyc3"),
    "a region without Spaces": ({"region": "nyc1"}, "kept:region: 'nyc1'"),
    "backups in the same metropolitan area": ({"region": "sfo3", "backupRegion": "sfo2"}, "another metropolitan area than sfo3's"),
    "a public network": ({"vpcRange": "8.8.0.0/20"}, "kept:vpcRange: '8.8.0.0/20': expected a private IPv4 network"),
    "a network with host bits": ({"vpcRange": "10.10.0.1/20"}, "kept:vpcRange"),
    "a network that is all of 10/8": ({"vpcRange": "10.0.0.0/8"}, "kept:vpcRange"),
    "a domain with a scheme": ({"domain": "https://illumacom.example"}, "kept:domain"),
    "a short account id": ({"accountId": "abc"}, "kept:accountId: 'abc': expected the Cloudflare account's 32"),
    "an RSA key": ({"sshPublicKey": "ssh-rsa AAAA"}, "kept:sshPublicKey"),
    "no application host": ({"appCount": "0"}, "kept:appCount: '0': expected a number from 1 to 20"),
    "a count in words": ({"appCount": "two"}, "kept:appCount"),
    "an old Postgres": ({"databaseVersion": "12"}, "kept:databaseVersion: '12': expected one of 16, 17"),
    "an unknown environment": ({"environment": "test"}, "kept:environment"),
    "protection off in production": ({"protect": "false"}, "kept:protect: 'false': expected true"),
    "protection off in staging": ({"protect": "false", "environment": "staging"}, "this one is staging"),
    "protection that is neither": ({"protect": "no"}, "kept:protect: 'no': expected true or false"),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_value_that_breaks_its_rule_is_refused(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match="expected") as error:
        read(**changes)
    assert message in str(error.value)


@pytest.mark.parametrize("key", GOOD)
def test_every_key_that_is_needed_is_asked_for_by_name(key: str) -> None:
    with pytest.raises(ConfigError, match=f"kept:{key}: is not set: expected"):
        read(**{key: None})


def with_parameter(promise_id: str, name: str, value: object) -> Catalog:
    whole = catalog("illumacom")
    promises = tuple(
        replace(promise, parameters=MappingProxyType({**promise.parameters, name: value})) if promise.id == promise_id else promise
        for promise in whole.promises
    )
    return replace(whole, promises=promises)


def test_figures_follow_the_catalog() -> None:
    figures = configuration.figures_of(with_parameter("transport.tls", "minimum_version", "1.3"))
    assert figures.minimum_tls == "1.3"
    assert figures.public_ports == (443,)
    assert "173.245.48.0/20" in figures.edge_ranges


BAD_FIGURES = {
    "a UDP port": ("firewall.https-only", "public_ports", ("udp/443",)),
    "a port range": ("firewall.https-only", "public_ports", ("tcp/1-1024",)),
    "an old TLS": ("transport.tls", "minimum_version", "1.1"),
}


@pytest.mark.parametrize(("promise", "name", "value"), BAD_FIGURES.values(), ids=BAD_FIGURES.keys())
def test_a_figure_that_the_program_cannot_carry_is_refused(promise: str, name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=promise):
        configuration.figures_of(with_parameter(promise, name, value))
