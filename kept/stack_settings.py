"""The settings file of an environment, from what its stack says (docs/pulumi.md, the output `settings`). No I/O, and no secret.

What only the host or an operator knows stays as an earlier settings file says: where its data and secrets lie, the role ids of Vault,
the declared probes, the second place of checkpoints. Without an earlier file these are the places of docs/deploy.md.

A key that ends in `_file` names the file that holds a secret on the jobs host; the secrets themselves go from the stack into Vault
(`secrets_of`), from where the host takes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from services.errors import BadData

HEADER = "# Written by `kept settings from-stack`; what the stack says is written anew each time. Secrets are in the files it names.\n"
HINT = "deploy the stack with the program of this version, then run it again"

SECRETS = PurePosixPath("/etc/kept/secrets")
DATA = PurePosixPath("/var/lib/kept")
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
"""What signs the certificates of Spaces: a public authority."""

VAULT_MOUNT = "kv"

OPERATORS = (("digitalocean", "token_file"), ("cloudflare", "token_file"), ("database", "password_file"), ("database", "ca_file"))
"""Keys that an earlier file decides, beside the whole of `data`, `probes`, Vault's roles and the evidence's second place."""


@dataclass(frozen=True)
class Change:
    """One key of the settings: what it says now (None: nothing) and what it would say (None: it would go)."""

    key: str
    now: str | None
    then: str | None


def document(said: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as `services.settings.Settings` demands them; `BadData` names what the stack does not say."""
    platform = _text(said, "platform")
    found: dict[str, Any] = {
        "schema_version": 1,
        "environment": _text(said, "environment"),
        "platform": platform,
        "data": earlier.get("data", str(DATA / platform)),
        "digitalocean": {"endpoint": _text(said, "digitalocean.endpoint"), "token_file": str(SECRETS / "digitalocean_token")},
        "cloudflare": {
            "endpoint": _text(said, "cloudflare.endpoint"),
            "token_file": str(SECRETS / "cloudflare_token"),
            "account_id": _text(said, "cloudflare.account_id"),
        },
        "objects": _objects(said, _table(earlier, "objects")),
        "database": {
            **{key: _text(said, f"database.{key}") for key in ("host", "name", "user")},
            "port": _number(said, "database.port"),
            "password_file": str(SECRETS / "database_password"),
            "ca_file": str(SECRETS.parent / "database_ca.pem"),
        },
        "vault": _vault(said, _table(earlier, "vault")),
        "evidence": {**_table(earlier, "evidence"), **{key: _text(said, f"evidence.{key}") for key in ("origin", "bucket")}},
        "backups": {"bucket": _text(said, "backups.bucket")},
    }
    for section, key in OPERATORS:
        found[section][key] = _table(earlier, section).get(key, found[section][key])
    return found | ({"probes": earlier["probes"]} if "probes" in earlier else {})


def changes(now: Mapping[str, Any], then: Mapping[str, Any]) -> tuple[Change, ...]:
    """Every key that would not stay as it is, sorted."""
    before, after = dict(_flat((), now)), dict(_flat((), then))
    return tuple(
        Change(key, before.get(key), after.get(key)) for key in sorted(before.keys() | after.keys()) if before.get(key) != after.get(key)
    )


def secrets_of(credentials: Mapping[str, Any], platform: str) -> dict[str, Mapping[str, str]]:
    """What goes into Vault, by path: one secret key an identity of the buckets, and the database's password."""
    keys = _table(credentials, "objects")
    found: dict[str, Mapping[str, str]] = {}
    found |= {f"{VAULT_MOUNT}/data/{platform}/objects/{name}": {"secret_key": str(secret)} for name, secret in sorted(keys.items())}
    password = _table(credentials, "database").get("password")
    if password:
        found[f"{VAULT_MOUNT}/data/{platform}/database"] = {"password": str(password)}
    if not found or not all(all(secret.values()) for secret in found.values()):
        raise BadData("the stack's output `credentials` holds no secrets, or empty ones", HINT)
    return found


def _objects(said: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Jobs use one endpoint: that of the buckets for backups and evidence, which lie together, apart from the platform."""
    endpoints = {_text(said, f"objects.buckets.{purpose}.endpoint") for purpose in ("backups", "evidence")}
    if len(endpoints) != 1:
        raise BadData(f"the buckets for backups and for evidence have several endpoints: {', '.join(sorted(endpoints))}", HINT)
    identities = _table(_table(said, "objects"), "identities")
    return {
        "endpoint": endpoints.pop(),
        "region": _text(said, "objects.region"),
        "ca_file": earlier.get("ca_file", AUTHORITIES),
        "identities": {name: _identity(name, said, earlier) for name in sorted(identities)},
    }


def _identity(name: str, said: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, str]:
    file = _table(_table(earlier, "identities"), name).get("secret_key_file", str(SECRETS / f"objects_{name}"))
    return {"access_key": _text(said, f"objects.identities.{name}.access_key"), "secret_key_file": file}


def _vault(said: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "address": _text(said, "vault.address"),
        "ca_file": earlier.get("ca_file", str(SECRETS.parent / "vault_ca.pem")),
        "roles": _table(earlier, "roles"),
    }


def _table(table: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = table.get(name)
    return dict(found) if isinstance(found, Mapping) else {}


def _value(said: Mapping[str, Any], path: str) -> Any:
    found: Any = said
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _text(said: Mapping[str, Any], path: str) -> str:
    found = _value(said, path)
    if not isinstance(found, str) or not found:
        raise BadData(f"the stack's output `settings` does not say {path}", HINT)
    return found


def _number(said: Mapping[str, Any], path: str) -> int:
    """Numbers of a state may come as floats."""
    found = _value(said, path)
    if isinstance(found, bool) or not isinstance(found, int | float) or int(found) != found:
        raise BadData(f"the stack's output `settings` does not say {path}", HINT)
    return int(found)


def _flat(path: tuple[str, ...], value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat((*path, str(key)), each)
    else:
        yield ".".join(path), str(value)
