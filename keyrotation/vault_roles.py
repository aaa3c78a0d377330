"""What Vault must hold, as a table: mounts, keys of the platform, and one policy for each role.

The table is the smallest grant that lets each role do its work (deny is Vault's default, so only what is allowed stands here):

    app              makes and opens data keys, reads key versions; cannot create, rotate or delete a key
    rotate           rotates and rewraps, reads the age of every key; cannot decrypt, export, trim or delete
    create           creates a merchant's key; naming `exportable` or `allow_plaintext_backup` at all is refused
    backup_writer    makes a data key for one backup; cannot open an older one
    backup_reader    opens the data key of a backup; cannot make one
    evidence_record  signs records;     evidence_log  signs checkpoints (no role signs both)
    evidence_rotate  adds a version to either of these keys and closes old ones to signing; signs nothing

Two kinds of transit mount: `pii/` holds one key per merchant and nothing else, so that a rule with `+` covers exactly those
(Vault lets the longest literal prefix win, which makes mixed mounts treacherous); `transit/` holds the platform's own keys.
No role may restore, back up, export or trim a key: `restore` would set times and flags as the blob says.

Not protected: whoever holds Vault's root token, or enough unseal shares to make one, is bound by none of this.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pydantic import JsonValue

MERCHANT_MOUNT = "pii"
PLATFORM_MOUNT = "transit"
MOUNTS = (MERCHANT_MOUNT, PLATFORM_MOUNT)

TOKEN_TTL_SECONDS = 3600
TOKEN_MAX_TTL_SECONDS = 4 * 3600


@dataclass(frozen=True)
class PlatformKey:
    """A transit key of the platform itself; never exportable, never deletable."""

    name: str
    type: str
    kind: str


PLATFORM_KEYS = (
    PlatformKey("evidence-record", "ed25519", "evidence"),
    PlatformKey("evidence-log", "ed25519", "evidence"),
    PlatformKey("backup", "aes256-gcm96", "backup"),
)

Rule = Mapping[str, JsonValue]


def _allow(*capabilities: str, never: tuple[str, ...] = (), only: str = "") -> Rule:
    """Capabilities on a path; a parameter in `never` is refused whatever its value, and with `only` every other one is."""
    rule: dict[str, JsonValue] = {"capabilities": list(capabilities)}
    if never:
        rule["denied_parameters"] = {name: [] for name in never}
    if only:
        rule["allowed_parameters"] = {only: []}
    return rule


_LEAKS = ("exportable", "allow_plaintext_backup")
_EVIDENCE_PUBLIC_KEYS = {"transit/keys/evidence-record": _allow("read"), "transit/keys/evidence-log": _allow("read")}

ROLES: Mapping[str, Mapping[str, Rule]] = MappingProxyType(
    {
        "app": {
            "pii/datakey/plaintext/+": _allow("update"),
            "pii/decrypt/+": _allow("update"),
            "pii/keys/+": _allow("read"),
        },
        "rotate": {
            "pii/keys": _allow("list"),
            "pii/keys/+": _allow("read"),
            "pii/keys/+/rotate": _allow("update"),
            "pii/keys/+/config": _allow("update", never=(*_LEAKS, "deletion_allowed")),
            "pii/rewrap/+": _allow("update"),
            "transit/keys": _allow("list"),
            "transit/keys/+": _allow("read"),
            "transit/keys/backup/rotate": _allow("update"),
            "transit/keys/backup/config": _allow("update", never=(*_LEAKS, "deletion_allowed")),
        },
        "create": {"pii/keys/+": _allow("create", "update", never=_LEAKS)},
        "backup_writer": {"transit/datakey/plaintext/backup": _allow("update")},
        "backup_reader": {"transit/decrypt/backup": _allow("update")},
        "evidence_record": {"transit/sign/evidence-record": _allow("update"), **_EVIDENCE_PUBLIC_KEYS},
        "evidence_log": {"transit/sign/evidence-log": _allow("update"), **_EVIDENCE_PUBLIC_KEYS},
        "evidence_rotate": {
            "transit/keys/evidence-record/rotate": _allow("update"),
            "transit/keys/evidence-log/rotate": _allow("update"),
            "transit/keys/evidence-record/config": _allow("update", only="min_encryption_version"),
            "transit/keys/evidence-log/config": _allow("update", only="min_encryption_version"),
            **_EVIDENCE_PUBLIC_KEYS,
        },
    }
)


def policy_text(role: str) -> str:
    """The role's policy as Vault stores it: JSON with sorted keys, so that equal tables give equal texts."""
    return json.dumps({"path": {path: dict(rule) for path, rule in ROLES[role].items()}}, indent=2, sort_keys=True)


def policy_name(role: str) -> str:
    return f"kept-{role}"


def approle_settings(role: str) -> dict[str, JsonValue]:
    """How tokens of the role are made. Only our own policy: Vault's `default` one would add what no job needs."""
    return {
        "token_policies": [policy_name(role)],
        "token_no_default_policy": True,
        "token_ttl": TOKEN_TTL_SECONDS,
        "token_max_ttl": TOKEN_MAX_TTL_SECONDS,
        "bind_secret_id": True,
    }
