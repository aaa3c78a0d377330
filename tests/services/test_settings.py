"""What the settings file may say, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.errors import UsageError
from services.settings import load

FILE = """
schema_version = 1
environment = "{environment}"
platform = "illumacom"
data = "/data"
[digitalocean]
endpoint = "https://api.digitalocean.com"
token_file = "/t"
[cloudflare]
endpoint = "{cloudflare}"
token_file = "/t"
account_id = "a"
[objects]
endpoint = "https://nyc3.digitaloceanspaces.com"
region = "us-east-1"
ca_file = "/ca"
identities = {{}}
[database]
host = "db"
port = 25060
name = "illumacom"
user = "u"
password_file = "/p"
ca_file = "/ca"
[vault]
address = "https://vault:8200"
ca_file = "/ca"
roles = {{}}
[evidence]
origin = "o"
bucket = "e"
[backups]
bucket = "b"
{more}
"""

HTTPS = "https://api.cloudflare.com/client/v4"
PLAIN_HOP = '[probes.hops."the mail"]\nhost = "mail"\nport = 25\nprotocol = "plain"\nvantage = "outside"'


def write(folder: Path, environment: str = "production", cloudflare: str = HTTPS, more: str = "") -> Path:
    path = folder / "settings.toml"
    path.write_text(FILE.format(environment=environment, cloudflare=cloudflare, more=more))
    return path


def test_probes_may_be_left_out_and_then_nothing_is_declared(tmp_path: Path):
    probes = load(write(tmp_path), {}).probes
    assert (probes.names, probes.origins, probes.hosts, probes.hops, probes.buckets) == ({}, {}, {}, {}, {})


def test_a_public_name_needs_nothing_but_itself(tmp_path: Path):
    found = load(write(tmp_path, more='[probes.names."app.shop.example"]'), {}).probes.names["app.shop.example"]
    assert (found.host, found.port, found.page) == ("", 443, "/healthz")


@pytest.mark.parametrize("environment", ["production", "staging"])
@pytest.mark.parametrize(
    ("change", "named"), [({"cloudflare": "http://x"}, "cloudflare.endpoint"), ({"more": PLAIN_HOP}, "probes.hops.the mail")]
)
def test_a_hop_without_tls_is_refused_everywhere_but_locally(tmp_path: Path, environment: str, change: dict[str, str], named: str):
    with pytest.raises(UsageError, match=named) as refused:
        load(write(tmp_path, environment, **change), {})
    assert environment in refused.value.message
    assert ": : " not in refused.value.message
    assert load(write(tmp_path, "local", **change), {})


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('[probes.hops.a]\nhost = "h"\nport = 1', "probes.hops.a.vantage"),
        ('[probes.hops.a]\nhost = "h"\nport = 1\nvantage = "inside"\nprotocol = "ssh"', "probes.hops.a.protocol"),
        ('[probes.origins.a]\nhost = "h"', "probes.origins.a.name"),
        ("[probes]\nspeed = 9", "probes.speed"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, more: str, key: str):
    with pytest.raises(UsageError, match=key):
        load(write(tmp_path, more=more), {})


def test_a_variable_overrides_a_key_of_the_section(tmp_path: Path):
    assert load(write(tmp_path), {"KEPT_PROBES__SOURCE": "127.66.6.6"}).probes.source == "127.66.6.6"
