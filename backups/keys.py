"""The data key of one object: made by Vault for the writer, unwrapped by Vault for each reader, never stored and never shown.

Writer and reader use different roles: the writer's may make a key and open none, the reader's may open and make none. Whoever
reads asks Vault anew, so that every verification proves that the wrapped key can still be opened.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field

from backups.errors import Damaged, Fault
from backups.header import KeyReference
from services.errors import Refused
from services.vault import Invalid, NotFound, Vault

MOUNT = "transit"
TRANSIT_KEY = "backup"
KEY_BYTES = 32

Unwrap = Callable[[KeyReference], bytes]
"""From the wrapped key to the 32 bytes."""


@dataclass(frozen=True)
class DataKey:
    """A fresh key; its bytes stay out of its representation."""

    reference: KeyReference
    plain: bytes = field(repr=False)


def make(vault: Vault) -> DataKey:
    """A new random key, plain and wrapped, with the role backup_writer."""
    answer = vault.write(f"{MOUNT}/datakey/plaintext/{TRANSIT_KEY}", {"bits": KEY_BYTES * 8})
    wrapped = answer.get("ciphertext")
    if not isinstance(wrapped, str) or not wrapped.startswith("vault:v"):
        raise Refused("Vault made no data key for a backup", f"does {MOUNT}/keys/{TRANSIT_KEY} exist? `kept vault setup`")
    version = int(wrapped.split(":")[1].removeprefix("v"))
    reference = KeyReference(wrapped=wrapped, transit_key=TRANSIT_KEY, transit_version=version)
    return DataKey(reference, _decoded(answer.get("plaintext")))


def unwrapper(vault: Vault) -> Unwrap:
    """Open wrapped keys with the role backup_reader; `Damaged` when Vault says that it is none of its own."""

    def unwrap(reference: KeyReference) -> bytes:
        try:
            answer = vault.write(f"{MOUNT}/decrypt/{reference.transit_key}", {"ciphertext": reference.wrapped})
        except (Invalid, NotFound):
            what = f"{reference.transit_key} version {reference.transit_version}"
            raise Damaged(Fault.KEY, f"Vault cannot open the wrapped data key with {what}", "was the transit key destroyed?") from None
        return _decoded(answer.get("plaintext"))

    return unwrap


def _decoded(text: object) -> bytes:
    """32 bytes out of Vault's base64; the text itself goes into no message."""
    try:
        plain = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except binascii.Error:
        plain = b""
    if len(plain) != KEY_BYTES:
        raise Damaged(Fault.KEY, f"Vault's data key is not {KEY_BYTES} bytes long")
    return plain
