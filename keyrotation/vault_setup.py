"""Bring a Vault or OpenBao server to the declared table of `keyrotation.vault_roles`, and say where it differs from it.

`apply` may be repeated: what is there and right stays as it is, what is missing or was changed is set again, nothing is
deleted. It needs a token that may do all this (the root token of the local server, an operator's token elsewhere) and never
prints what it gets. `differences` only reads.

>>> credentials = apply(Vault(address, ca_file, token=root))
>>> role_id, secret_id = credentials["app"]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keyrotation.vault_roles import (
    MERCHANT_MOUNT,
    MOUNTS,
    PLATFORM_KEYS,
    PLATFORM_MOUNT,
    ROLES,
    PlatformKey,
    approle_settings,
    policy_name,
    policy_text,
)
from services.vault import NotFound, Vault

NEVER_ON = ("exportable", "allow_plaintext_backup", "deletion_allowed")
"""Flags that no key may have. The first two can be switched on but never off again."""


def apply(vault: Vault) -> dict[str, tuple[str, str]]:
    """Make the server as declared and issue one new secret id a role: role -> (role id, secret id).

    Secret ids issued earlier stay valid; call `ensure` alone when the ones at hand still work.
    """
    ensure(vault)
    return {role: issue(vault, role) for role in ROLES}


def ensure(vault: Vault) -> None:
    """Mounts, key settings, platform keys, policies and approles as declared; no credentials."""
    _ensure_mounts(vault)
    vault.write(f"{MERCHANT_MOUNT}/config/keys", {"disable_upsert": True})
    for key in PLATFORM_KEYS:
        if _read(vault, f"{PLATFORM_MOUNT}/keys/{key.name}") is None:
            vault.write(f"{PLATFORM_MOUNT}/keys/{key.name}", {"type": key.type, "exportable": False})
    for role in ROLES:
        vault.write(f"sys/policies/acl/{policy_name(role)}", {"policy": policy_text(role)})
        vault.write(f"auth/approle/role/{role}", approle_settings(role))


def issue(vault: Vault, role: str) -> tuple[str, str]:
    """The role's id and a fresh secret id."""
    role_id = vault.read(f"auth/approle/role/{role}/role-id")["role_id"]
    secret_id = vault.write(f"auth/approle/role/{role}/secret-id", {})["secret_id"]
    return str(role_id), str(secret_id)


def differences(vault: Vault) -> tuple[str, ...]:
    """Where the server is not as declared, one sentence each; empty when all is well."""
    return (
        *_mount_differences(vault),
        *(line for key in PLATFORM_KEYS for line in _key_differences(vault, key)),
        *(line for role in ROLES for line in _role_differences(vault, role)),
    )


def _ensure_mounts(vault: Vault) -> None:
    mounted = vault.read("sys/mounts")
    for mount in MOUNTS:
        if f"{mount}/" not in mounted:
            vault.write(f"sys/mounts/{mount}", {"type": "transit"})
    if "approle/" not in vault.read("sys/auth"):
        vault.write("sys/auth/approle", {"type": "approle"})


def _mount_differences(vault: Vault) -> Iterator[str]:
    mounted = vault.read("sys/mounts")
    for mount in MOUNTS:
        kind = mounted.get(f"{mount}/", {}).get("type", "nothing")
        if kind != "transit":
            yield f"mount {mount}/: expected transit, found {kind}"
    kind = vault.read("sys/auth").get("approle/", {}).get("type", "nothing")
    if kind != "approle":
        yield f"auth approle/: expected approle, found {kind}"
    settings = _read(vault, f"{MERCHANT_MOUNT}/config/keys") or {}
    if settings.get("disable_upsert") is not True:
        yield f"{MERCHANT_MOUNT}/config/keys: expected disable_upsert true, found {settings.get('disable_upsert', 'nothing')}"


def _key_differences(vault: Vault, key: PlatformKey) -> Iterator[str]:
    path = f"{PLATFORM_MOUNT}/keys/{key.name}"
    found = _read(vault, path)
    if found is None:
        yield f"{path}: expected a {key.type} key, found nothing"
        return
    if found.get("type") != key.type:
        yield f"{path}: expected type {key.type}, found {found.get('type')}"
    for flag in NEVER_ON:
        if found.get(flag) is not False:
            yield f"{path}: expected {flag} false, found {found.get(flag)}"


def _role_differences(vault: Vault, role: str) -> Iterator[str]:
    stored = _read(vault, f"sys/policies/acl/{policy_name(role)}") or {}
    if stored.get("policy") != policy_text(role):
        yield f"policy {policy_name(role)}: its text is not the declared one" if stored else f"policy {policy_name(role)} is missing"
    found = _read(vault, f"auth/approle/role/{role}")
    if found is None:
        yield f"approle {role} is missing"
        return
    for name, expected in approle_settings(role).items():
        if found.get(name) != expected:
            yield f"approle {role}: expected {name} {expected}, found {found.get(name)}"


def _read(vault: Vault, path: str) -> dict[str, Any] | None:
    try:
        return vault.read(path)
    except NotFound:
        return None
