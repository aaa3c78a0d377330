"""Vault's transit engine as the key rotation sees it: keys with their newest version, and data keys wrapped by them.

A thin shell over `services.vault`. Facts it stands on (OpenBao 2.7; `docs/keys.md`):

* A batch holds at most 240 items: servers limit the strings of a request, and 249 is the hard limit for the largest form.
* `rewrap` answers 200 even when every item failed, so each item is read, matched by its `reference` (the kid).
* One bad item makes a whole `decrypt` batch a 400; then each wrap is asked for alone, so that one bad row hides no other.
* Versions are compared as numbers ("10" < "9" as text); a wrap names its version in its prefix, `vault:v<version>:`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from keyrotation.vault_roles import MERCHANT_MOUNT
from services.errors import BadData
from services.vault import Invalid, NotFound, Vault

MAX_BATCH = 240


@dataclass(frozen=True)
class TransitKey:
    """A key in Vault. `path` is `<mount>/keys/<name>` without `keys`; `created_at` is that of its newest version."""

    path: str
    version: int
    created_at: datetime
    exportable: bool
    soft_deleted: bool
    auto_rotate: timedelta


def merchant_path(merchant: UUID) -> str:
    """The path of a merchant's key-encryption key, as `TransitKey.path` says it."""
    return f"{MERCHANT_MOUNT}/{merchant}"


def read_key(vault: Vault, path: str) -> TransitKey | None:
    """One key, or None when Vault has none there. `exportable` is true when raw key bytes could leave Vault in any way."""
    mount, name = path.split("/")
    try:
        answer = vault.read(f"{mount}/keys/{name}")
    except NotFound:
        return None
    version = int(answer["latest_version"])
    return TransitKey(
        path=path,
        version=version,
        created_at=_created(answer["keys"][str(version)]),
        exportable=bool(answer["exportable"] or answer["allow_plaintext_backup"]),
        soft_deleted=bool(answer.get("soft_deleted", False)),
        auto_rotate=timedelta(seconds=int(answer.get("auto_rotate_period", 0))),
    )


@dataclass(frozen=True)
class SigningVersion:
    """One version of an Ed25519 key: its 32 public bytes, and whether Vault still signs with it."""

    number: int
    public: bytes
    created_at: datetime
    signs: bool


def read_versions(vault: Vault, path: str) -> tuple[SigningVersion, ...]:
    """Every version of a signing key, oldest first; `NotFound` when Vault has no such key."""
    mount, name = path.split("/")
    answer = vault.read(f"{mount}/keys/{name}")
    oldest = int(answer.get("min_encryption_version", 0))
    found = [
        SigningVersion(int(number), base64.b64decode(entry["public_key"]), _created(entry), int(number) >= oldest)
        for number, entry in answer["keys"].items()
    ]
    return tuple(sorted(found, key=lambda version: version.number))


def require_key(vault: Vault, path: str) -> TransitKey:
    """One key; `NotFound` when Vault has none there."""
    key = read_key(vault, path)
    if key is None:
        raise NotFound(f"Vault has no key {path}", "was its merchant erased?")
    return key


def create_merchant_key(create: Vault, merchant: UUID, auto_rotate: timedelta) -> None:
    """Make a merchant's key (nothing happens when it is there); Vault turns it by itself after `auto_rotate`, as a second line."""
    create.write(f"{MERCHANT_MOUNT}/keys/{merchant}", {"auto_rotate_period": _seconds(auto_rotate)})


def turn(rotate: Vault, path: str) -> None:
    """Add a version to a key. Not idempotent: read the version before and after."""
    mount, name = path.split("/")
    rotate.write(f"{mount}/keys/{name}/rotate", {})


def set_auto_rotate(rotate: Vault, path: str, period: timedelta) -> None:
    mount, name = path.split("/")
    rotate.write(f"{mount}/keys/{name}/config", {"auto_rotate_period": _seconds(period)})


def new_data_key(app: Vault, merchant: UUID) -> tuple[bytes, str]:
    """A fresh 256-bit data key and its wrap by the merchant's newest version. No associated data: rewrap would drop it."""
    answer = app.write(f"{MERCHANT_MOUNT}/datakey/plaintext/{merchant}", {"bits": 256})
    return base64.b64decode(answer["plaintext"]), str(answer["ciphertext"])


def unwrap(app: Vault, merchant: UUID, wrapped: str) -> bytes:
    """Open one wrap; `Invalid` when Vault refuses it (another key's, damaged, or the key is gone)."""
    answer = app.write(f"{MERCHANT_MOUNT}/decrypt/{merchant}", {"ciphertext": wrapped})
    return base64.b64decode(answer["plaintext"])


def unwrap_many(app: Vault, merchant: UUID, wraps: Mapping[int, str]) -> dict[int, bytes | None]:
    """Open wraps by kid; None for those Vault refused."""
    opened: dict[int, bytes | None] = {}
    for batch in _batches(wraps):
        try:
            results = app.write(f"{MERCHANT_MOUNT}/decrypt/{merchant}", {"batch_input": _items(batch)})["batch_results"]
        except Invalid:
            opened.update({kid: _unwrap_or_none(app, merchant, wrapped) for kid, wrapped in batch.items()})
        else:
            found = _by_reference(results, "plaintext")
            opened.update({kid: base64.b64decode(found[kid]) if kid in found else None for kid in batch})
    return opened


def rewrap_many(rotate: Vault, merchant: UUID, wraps: Mapping[int, str]) -> dict[int, str | None]:
    """Wraps by the newest version, by kid; None for those Vault refused."""
    renewed: dict[int, str | None] = {}
    for batch in _batches(wraps):
        results = rotate.write(f"{MERCHANT_MOUNT}/rewrap/{merchant}", {"batch_input": _items(batch)})["batch_results"]
        found = _by_reference(results, "ciphertext")
        renewed.update({kid: found.get(kid) for kid in batch})
    return renewed


def version_of(wrapped: str) -> int:
    """By which version a wrap was made; `BadData` when it is no wrap."""
    scheme, _, rest = wrapped.partition(":v")
    number, separator, _ = rest.partition(":")
    if scheme != "vault" or not separator or not number.isdecimal():
        raise BadData("a wrapped key does not begin with vault:v<version>:", "restore this row of kept.data_key from a backup")
    return int(number)


def _unwrap_or_none(app: Vault, merchant: UUID, wrapped: str) -> bytes | None:
    try:
        return unwrap(app, merchant, wrapped)
    except Invalid:
        return None


def _items(wraps: Mapping[int, str]) -> list[dict[str, str]]:
    return [{"ciphertext": wrapped, "reference": str(kid)} for kid, wrapped in wraps.items()]


def _by_reference(results: list[dict[str, Any]], field: str) -> dict[int, str]:
    """The items that went well; an item with an error, or without what was asked for, is missing."""
    return {int(item["reference"]): item[field] for item in results if not item.get("error") and item.get(field)}


def _batches(wraps: Mapping[int, str]) -> Iterator[dict[int, str]]:
    items = iter(wraps.items())
    while batch := dict(islice(items, MAX_BATCH)):
        yield batch


def _created(version: Any) -> datetime:
    """Vault tells the creation of a symmetric key's version in seconds, that of a signing key's as a text."""
    if isinstance(version, int):
        return datetime.fromtimestamp(version, UTC)
    return datetime.fromisoformat(version["creation_time"])


def _seconds(period: timedelta) -> str:
    return f"{int(period.total_seconds())}s"
