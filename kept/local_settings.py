"""The settings file of a local run: what it says (`document`) and how it is written (`render`). No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud.servers.endpoints import Endpoints
    from localcloud.servers.objects import Identity

HEADER = "# Written by `kept local up`; changes are lost at the next one. Secrets are in the files it names.\n"


def document(endpoints: Endpoints, platform: str, account: str, roles: Mapping[str, str], identities: Sequence[Identity]) -> dict[str, Any]:
    """Settings as `services.settings.Settings` demands them."""
    token, ca_file = str(endpoints.clouds_token_file), str(endpoints.ca_file)
    return {
        "schema_version": 1,
        "environment": "local",
        "platform": platform,
        "data": str(endpoints.folder / platform),
        "digitalocean": {"endpoint": endpoints.clouds_endpoint, "token_file": token},
        "cloudflare": {"endpoint": f"{endpoints.clouds_endpoint}/client/v4", "token_file": token, "account_id": account},
        "objects": _objects(endpoints, identities),
        "database": {
            "host": endpoints.postgres_host,
            "port": endpoints.postgres_port,
            "name": platform,
            "user": endpoints.postgres_user,
            "password_file": str(endpoints.postgres_password_file),
            "ca_file": ca_file,
        },
        "vault": {"address": endpoints.vault_address, "ca_file": ca_file, "roles": _roles(endpoints, roles)},
        "evidence": {
            "origin": f"kept.local/{platform}",
            "bucket": f"{platform}-evidence",
            "anchor_bucket": f"anchor-{platform}",
            "anchor_identity": "evidence_anchor",
        },
        "backups": {"bucket": f"{platform}-backups"},
    }


def render(values: Mapping[str, Any], header: str = HEADER) -> str:
    """TOML of nested tables of strings, integers and booleans, each of which JSON writes as TOML does."""
    return header + "\n".join(_lines((), values)) + "\n"


def _objects(endpoints: Endpoints, identities: Sequence[Identity]) -> dict[str, Any]:
    from localcloud.servers.objects import ADMINISTRATOR, secret_name

    return {
        "endpoint": endpoints.objects_endpoint,
        "region": endpoints.objects_region,
        "ca_file": str(endpoints.ca_file),
        "identities": {
            each.name: {"access_key": each.access_key, "secret_key_file": str(endpoints.secrets / secret_name(each.name))}
            for each in (ADMINISTRATOR, *identities)
        },
    }


def _roles(endpoints: Endpoints, roles: Mapping[str, str]) -> dict[str, Any]:
    return {
        role: {"role_id": role_id, "secret_id_file": str(endpoints.secrets / f"vault_{role}_secret_id")} for role, role_id in roles.items()
    }


def _lines(path: tuple[str, ...], table: Mapping[str, Any]) -> Iterator[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, dict)}
    if path and (plain or not table):  # an empty table is said too
        yield f"\n[{'.'.join(_key(part) for part in path)}]"
    for key, value in plain.items():
        yield f"{_key(key)} = {json.dumps(value, ensure_ascii=False)}"
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _lines((*path, key), value)


def _key(part: str) -> str:
    """A bare key, or one in quotes where it holds anything else than letters, digits, `_` and `-`."""
    return part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else json.dumps(part, ensure_ascii=False)
