"""Where the servers of one environment are: the settings file, read once at the border.

One TOML file per environment, written by `kept local up` (and later `kept settings from-stack`). Any value can be overridden by
an environment variable: `KEPT_` + the path in upper case joined by two underscores, e.g. `KEPT_DATABASE__HOST`. Secrets are
never in the file: a key that ends in `_file` names the file that holds one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.errors import UsageError
from services.probe_settings import Probes


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cloud(Section):
    """An HTTP API: its base address and the file that holds its token."""

    endpoint: str
    token_file: Path


class Cloudflare(Cloud):
    account_id: str


class Identity(Section):
    access_key: str
    secret_key_file: Path


class Objects(Section):
    """An S3 server, path style. `identities` are named after their purpose: admin, evidence, backup_writer, backup_reader."""

    endpoint: str
    region: str
    ca_file: Path
    identities: dict[str, Identity]


class Database(Section):
    host: str
    port: int
    name: str
    user: str
    password_file: Path
    ca_file: Path


class AppRole(Section):
    role_id: str
    secret_id_file: Path


class Vault(Section):
    """Vault or OpenBao; `roles` are named as in `keyrotation.vault_roles`."""

    address: str
    ca_file: Path
    roles: dict[str, AppRole]


class Evidence(Section):
    """`anchor_bucket`, where named, takes a second copy of every checkpoint; `anchor_identity` is who writes it there."""

    origin: str
    bucket: str
    anchor_bucket: str = ""
    anchor_identity: str = "evidence"


class Backups(Section):
    bucket: str


class Settings(Section):
    schema_version: Literal[1]
    environment: Literal["local", "staging", "production"]
    platform: str
    data: Path
    """Folder for the stack's state, reports and spooled records."""
    digitalocean: Cloud
    cloudflare: Cloudflare
    objects: Objects
    database: Database
    vault: Vault
    evidence: Evidence
    backups: Backups
    probes: Probes = Field(default_factory=Probes)

    @model_validator(mode="after")
    def _plain_only_locally(self) -> Self:
        """A hop without TLS is possible in a local environment alone."""
        endpoints = {
            "digitalocean.endpoint": self.digitalocean.endpoint,
            "cloudflare.endpoint": self.cloudflare.endpoint,
            "objects.endpoint": self.objects.endpoint,
            "vault.address": self.vault.address,
        }
        plain = [key for key, address in endpoints.items() if not address.startswith("https://")]
        plain += [f"probes.hops.{name}" for name, hop in self.probes.hops.items() if hop.protocol == "plain"]
        if plain and self.environment != "local":
            raise ValueError(f"{', '.join(plain)}: without TLS, which a local environment alone may use, and this is {self.environment}")
        return self


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read and validate a settings file; `UsageError` names the key that is wrong and what to do."""
    try:
        document = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise UsageError(f"no settings file at {path}", "run `kept local up`, or name a file with KEPT_SETTINGS") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}", "mend it, or run `kept local up` to write it anew") from error
    _override(document, environ)
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = [str(path), ".".join(str(part) for part in first["loc"]), first["msg"].removeprefix("Value error, ")]
        raise UsageError(
            ": ".join(part for part in where if part), "mend that key, or run `kept local up` to write the file anew"
        ) from error


def secret(path: Path) -> str:
    """The secret in a file, without its line end."""
    try:
        return path.read_text().strip()
    except OSError as error:
        raise UsageError(f"cannot read the secret file {path}: {error.strerror}", "check its path and who may read it") from error


def _override(document: dict[str, Any], environ: Mapping[str, str]) -> None:
    for name, value in environ.items():
        if not name.startswith("KEPT_") or "__" not in name:
            continue
        *path, key = name.removeprefix("KEPT_").lower().split("__")
        section = document
        for part in path:
            section = section.setdefault(part, {})
        section[key] = value
