"""The stack's configuration: what is refused names the key, the value and the rule."""

from __future__ import annotations

import pytest

from infra import config as configuration
from infra.config import ConfigError
from promises.loading import load_catalog
from tests.infra.support import GOOD, PLATFORMS, catalog, read


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_tracked_stack_file_is_read(platform: str) -> None:
    config = read(platform)
    assert config.platform == platform
    assert config.environment == "production"
    assert config.hostname == f"app.{platform}.example"
    assert config.protect


def test_what_is_read_is_what_was_said() -> None:
    config = read()
    assert config.region == "nyc3"
    assert config.tag("vault") == "illumacom-vault"
    assert config.cluster.nodes == 2
    assert config.addresses.application == "10.10.0.0/20"
    assert config.dkim is not None
    assert config.dkim[0] == "postmark"
    assert config.mail_exchangers == ()
    assert config.account_notices


def test_what_is_stateful_is_protected_unless_a_local_stack_says_otherwise() -> None:
    assert read().protect
    assert read(environment="local").protect
    assert not read(environment="local", protect="false").protect


CERTIFICATE = GOOD["internalAuthority"]

REFUSED = {
    "a region outside the promise": ({"region": "fra1"}, "kept:region: 'fra1': expected one of nyc3"),
    "a region without Spaces": ({"region": "nyc1"}, "kept:region: 'nyc1'"),
    "backups in the same metropolitan area": ({"region": "sfo3", "backupRegion": "sfo2"}, "another metropolitan area than sfo3's"),
    "backups outside the promise": ({"backupRegion": "ams3"}, "kept:backupRegion: 'ams3': expected one of"),
    "a public block": ({"addressBlock": "8.8.0.0/16"}, "kept:addressBlock: '8.8.0.0/16': expected a private IPv4 block"),
    "a block with host bits": ({"addressBlock": "10.10.0.1/16"}, "kept:addressBlock"),
    "a block that is all of 10/8": ({"addressBlock": "10.0.0.0/8"}, "kept:addressBlock"),
    "a block that the cloud reserves": ({"addressBlock": "10.244.0.0/16"}, "kept:addressBlock"),
    "a domain with a scheme": ({"domain": "https://illumacom.example"}, "kept:domain"),
    "a short account id": ({"accountId": "abc"}, "kept:accountId: 'abc': expected the Cloudflare account's 32"),
    "an address that is none": ({"alertEmail": "on duty"}, "kept:alertEmail: 'on duty': expected an address"),
    "mail exchangers that are none": ({"mailExchangers": "mx1.example.com, 1.2.3.4"}, "kept:mailExchangers"),
    "a mail key without its selector": ({"dkim": "A" * 300}, "kept:dkim"),
    "an RSA key": ({"sshPublicKey": "ssh-rsa AAAA"}, "kept:sshPublicKey"),
    "addresses said beside the catalog's": ({"sshAddresses": "198.51.100.7/32"}, "no such key, for firewall.https-only of the catalog"),
    "an image that the user data is not made for": (
        {"image": "ubuntu-24-04-x64"},
        "kept:image: 'ubuntu-24-04-x64': expected an image of Debian",
    ),
    "a Debian whose database client is older than the server": ({"image": "debian-12-x64"}, "expected an image of Debian 13 or newer"),
    "no application host": ({"appCount": "0"}, "kept:appCount: '0': expected a number from 1 to 20"),
    "a count in words": ({"appCount": "two"}, "kept:appCount"),
    "a volume that is too small": ({"volumeGib": "1"}, "kept:volumeGib: '1': expected a number from 10 to 1000"),
    "a size with a space": ({"vaultSize": "s 2"}, "kept:vaultSize"),
    "an old Postgres": ({"databaseVersion": "12"}, "kept:databaseVersion: '12': expected one of 16, 17"),
    "a digest that is none": ({"bundleSha256": "abc"}, "kept:bundleSha256: 'abc': expected a SHA-256"),
    "a package over plain HTTP": ({"vaultPackage": "http://packages.example/x.deb"}, "kept:vaultPackage"),
    "an unknown environment": ({"environment": "test"}, "kept:environment"),
    "protection off in production": ({"protect": "false"}, "kept:protect: 'false': expected true"),
    "protection off in staging": ({"protect": "false", "environment": "staging"}, "this one is staging"),
    "protection that is neither": ({"protect": "no"}, "kept:protect: 'no': expected true or false"),
    "notices that are neither": ({"accountNotices": "yes"}, "kept:accountNotices: 'yes': expected true or false"),
    "a certificate that is none": ({"internalAuthority": "abc"}, "kept:internalAuthority: 'abc': expected one certificate in PEM"),
    "two certificates": ({"originPullCertificate": CERTIFICATE * 2}, "kept:originPullCertificate: '-----BEGIN CERTIFICATE-----...'"),
}


@pytest.mark.parametrize(("changes", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_value_that_breaks_its_rule_is_refused(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match="expected") as error:
        read(**changes)
    assert message in str(error.value)


@pytest.mark.parametrize("key", GOOD)
def test_every_key_that_is_needed_is_asked_for_by_name(key: str) -> None:
    with pytest.raises(ConfigError, match=f"kept:{key}: is not set: expected"):
        configuration.read({**GOOD, key: None}.get, catalog)


def test_a_private_key_in_a_certificates_place_is_not_repeated() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
    with pytest.raises(ConfigError, match="kept:originPullCertificate") as error:
        read(originPullCertificate=CERTIFICATE + key)
    assert "c2VjcmV0" not in str(error.value)


SSH = {
    "nobody": (None, "is not set"),
    "nothing": ("", "''"),
    "everybody": ("0.0.0.0/0", "'0.0.0.0/0'"),
    "half of everybody": ("0.0.0.0/1", "'0.0.0.0/1'"),
    "a wide block": ("198.51.0.0/16", "none wider than /24"),
    "everybody in IPv6": ("::/0", "'::/0'"),
    "an address without its prefix": ("198.51.100.7", "'198.51.100.7'"),
    "host bits": ("198.51.100.7/24", "'198.51.100.7/24'"),
    "one good and one wide": ("198.51.100.7/32, 10.0.0.0/8", "10.0.0.0/8"),
}


@pytest.mark.parametrize(("value", "message"), SSH.values(), ids=SSH.keys())
def test_where_the_catalog_names_no_addresses_the_stack_file_must(value: str | None, message: str) -> None:
    with pytest.raises(ConfigError, match="kept:sshAddresses") as error:
        read("lumina", sshAddresses=value)
    assert message in str(error.value)


def test_operators_of_two_sites_are_let_in() -> None:
    assert read("lumina", sshAddresses="198.51.100.7/32, 2001:db8::/48").ssh_addresses == ("198.51.100.7/32", "2001:db8::/48")
    assert read().ssh_addresses == load_catalog("illumacom", None).promise("firewall.https-only").texts("ssh_addresses")
